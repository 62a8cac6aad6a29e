
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'udpchat' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'udpchat'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'udpchat' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run the server')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a server and chat')
            [CompletionResult]::new('send', 'send', [CompletionResultType]::ParameterValue, 'Send a message from a program or a script')
            [CompletionResult]::new('tail', 'tail', [CompletionResultType]::ParameterValue, 'Print messages, old and new, for a program')
            [CompletionResult]::new('bot', 'bot', [CompletionResultType]::ParameterValue, 'Run a bot: JSON lines in both directions')
            [CompletionResult]::new('link', 'link', [CompletionResultType]::ParameterValue, 'Print a link to a server, with its key, for others')
            [CompletionResult]::new('discover', 'discover', [CompletionResultType]::ParameterValue, 'List the servers of the local network')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find out which step on the way to a server fails')
            [CompletionResult]::new('announce', 'announce', [CompletionResultType]::ParameterValue, 'Announce something to all users')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the state of a running server')
            [CompletionResult]::new('reload', 'reload', [CompletionResultType]::ParameterValue, 'Have a running server read its settings again')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Stop a running server, and wait until it has ended')
            [CompletionResult]::new('log-level', 'log-level', [CompletionResultType]::ParameterValue, 'Show or set how much a running server logs')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Show what was done to the server: who, what and when')
            [CompletionResult]::new('bench', 'bench', [CompletionResultType]::ParameterValue, 'Measure a server with many clients')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Manage the server''s accounts')
            [CompletionResult]::new('invite', 'invite', [CompletionResultType]::ParameterValue, 'Invite others to open an account')
            [CompletionResult]::new('room', 'room', [CompletionResultType]::ParameterValue, 'Manage the server''s rooms')
            [CompletionResult]::new('message', 'message', [CompletionResultType]::ParameterValue, 'Delete what was written')
            [CompletionResult]::new('ban', 'ban', [CompletionResultType]::ParameterValue, 'Keep accounts and addresses out')
            [CompletionResult]::new('session', 'session', [CompletionResultType]::ParameterValue, 'List and end the sessions of a running server')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Show the server''s key')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Check, copy and prune the server''s database')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Check, show or write the files of settings')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the menu, or the help of one subcommand or chat command')
            break
        }
        'udpchat;serve' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen on this address, IPv4 or IPv6; repeatable [default: 0.0.0.0:7777,[::]:7777]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--registration', '--registration', [CompletionResultType]::ParameterName, 'Who may create accounts: anybody (open), who has a code of `udpchat invite` (invitation), or only `udpchat user add` (closed)')
            [CompletionResult]::new('--rooms', '--rooms', [CompletionResultType]::ParameterName, 'Who may create rooms: every user (open), or only `udpchat room add` (closed)')
            [CompletionResult]::new('--show-addresses', '--show-addresses', [CompletionResultType]::ParameterName, 'Who sees in `/contacts` at which address others are: every user (all), moderators and administrators, or nobody')
            [CompletionResult]::new('--announce-name', '--announce-name', [CompletionResultType]::ParameterName, 'The name under which it is announced [default: that of this machine]')
            [CompletionResult]::new('--keep-days', '--keep-days', [CompletionResultType]::ParameterName, 'Remove entries older than N days (0: never)')
            [CompletionResult]::new('--keep-messages', '--keep-messages', [CompletionResultType]::ParameterName, 'Keep at most the last N entries of a conversation (0: all)')
            [CompletionResult]::new('--keep-megabytes', '--keep-megabytes', [CompletionResultType]::ParameterName, 'Keep at most the last N million bytes of a conversation (0: all)')
            [CompletionResult]::new('--keep-files-days', '--keep-files-days', [CompletionResultType]::ParameterName, 'Remove attached files after N days, whatever becomes of their messages (0: as long as these are kept)')
            [CompletionResult]::new('--backup-dir', '--backup-dir', [CompletionResultType]::ParameterName, 'Have the server make backups of itself in this directory, which must be there')
            [CompletionResult]::new('--backup-every', '--backup-every', [CompletionResultType]::ParameterName, 'How often, such as 30m, 6h or 1d')
            [CompletionResult]::new('--backup-keep', '--backup-keep', [CompletionResultType]::ParameterName, 'How many of them are kept: when a new one is whole, the oldest goes')
            [CompletionResult]::new('--http', '--http', [CompletionResultType]::ParameterName, 'Serve a page and metrics by HTTP on this address, such as 127.0.0.1:9777; see HTTP')
            [CompletionResult]::new('--http-name', '--http-name', [CompletionResultType]::ParameterName, 'A name by which browsers may ask for the page, beside localhost and addresses; repeatable')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Be one of several servers, which share a log in these NATS servers, such as nats://10.0.0.1:4222; see udpchat-cluster(7)')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'This server''s name among them: lower-case letters, digits and -')
            [CompletionResult]::new('--cluster-name', '--cluster-name', [CompletionResultType]::ParameterName, 'The name of the cluster, which its log has in NATS')
            [CompletionResult]::new('--cluster-replicas', '--cluster-replicas', [CompletionResultType]::ParameterName, 'How many copies of the log NATS keeps; 1 is for trying it out')
            [CompletionResult]::new('--cluster-creds', '--cluster-creds', [CompletionResultType]::ParameterName, 'A file with credentials for NATS: a line NAME:PASSWORD, or a file that the tools of NATS have made')
            [CompletionResult]::new('--cluster-address', '--cluster-address', [CompletionResultType]::ParameterName, 'An address by which clients reach this server, which is not one of the others; repeatable')
            [CompletionResult]::new('--cluster-peers', '--cluster-peers', [CompletionResultType]::ParameterName, 'Tell clients that the servers at these addresses have the same key and the same users, and can take this one''s place; repeatable')
            [CompletionResult]::new('--limit-message-rate', '--limit-message-rate', [CompletionResultType]::ParameterName, 'Messages that one account may send a second; 0: no limit [default: 20]')
            [CompletionResult]::new('--limit-message-burst', '--limit-message-burst', [CompletionResultType]::ParameterName, 'Messages that one account may send at once after a pause; 0: no limit [default: 200]')
            [CompletionResult]::new('--limit-byte-rate', '--limit-byte-rate', [CompletionResultType]::ParameterName, 'Bytes of messages that one account may send a second; 0: no limit [default: 64K]')
            [CompletionResult]::new('--limit-byte-burst', '--limit-byte-burst', [CompletionResultType]::ParameterName, 'Bytes of messages that one account may send at once after a pause; 0: no limit [default: 1M]')
            [CompletionResult]::new('--limit-day-bytes', '--limit-day-bytes', [CompletionResultType]::ParameterName, 'Bytes of messages that one account may send a day; 0: no limit [default: 200M]')
            [CompletionResult]::new('--limit-account-bytes', '--limit-account-bytes', [CompletionResultType]::ParameterName, 'Bytes of stored messages of one account; 0: no limit [default: 1G]')
            [CompletionResult]::new('--limit-all-bytes', '--limit-all-bytes', [CompletionResultType]::ParameterName, 'Bytes of stored messages of all accounts together; 0: no limit [default: 0]')
            [CompletionResult]::new('--limit-file', '--limit-file', [CompletionResultType]::ParameterName, 'Bytes of one attached file; 0: no limit [default: 100M]')
            [CompletionResult]::new('--limit-files-account', '--limit-files-account', [CompletionResultType]::ParameterName, 'Bytes of the attached files of one account; 0: no limit [default: 1G]')
            [CompletionResult]::new('--limit-files', '--limit-files', [CompletionResultType]::ParameterName, 'Bytes of the attached files of all accounts together; 0: no limit [default: 10G]')
            [CompletionResult]::new('--limit-files-day', '--limit-files-day', [CompletionResultType]::ParameterName, 'Bytes of files that one account may upload a day; 0: no limit [default: 2G]')
            [CompletionResult]::new('--limit-request-rate', '--limit-request-rate', [CompletionResultType]::ParameterName, 'Other requests that one account may make a second; 0: no limit [default: 50]')
            [CompletionResult]::new('--limit-request-burst', '--limit-request-burst', [CompletionResultType]::ParameterName, 'Other requests that one account may make at once after a pause; 0: no limit [default: 1000]')
            [CompletionResult]::new('--limit-in-flight', '--limit-in-flight', [CompletionResultType]::ParameterName, 'Messages and requests of one account that the store handles at once; 0: no limit [default: 64]')
            [CompletionResult]::new('--limit-sessions', '--limit-sessions', [CompletionResultType]::ParameterName, 'Signed-in sessions of all accounts together; 0: no limit [default: 200000]')
            [CompletionResult]::new('--limit-sign-in-rate', '--limit-sign-in-rate', [CompletionResultType]::ParameterName, 'Passwords that are tried by all together, a second; 0: no limit [default: 100]')
            [CompletionResult]::new('--limit-sign-in-burst', '--limit-sign-in-burst', [CompletionResultType]::ParameterName, 'Passwords that are tried at once after a pause; 0: no limit [default: 4000]')
            [CompletionResult]::new('--limit-sign-up-rate', '--limit-sign-up-rate', [CompletionResultType]::ParameterName, 'Accounts that are opened by all together, an hour; 0: no limit [default: 360]')
            [CompletionResult]::new('--limit-sign-up-burst', '--limit-sign-up-burst', [CompletionResultType]::ParameterName, 'Accounts that are opened at once after a pause; 0: no limit [default: 2400]')
            [CompletionResult]::new('--limit-address-sign-up-rate', '--limit-address-sign-up-rate', [CompletionResultType]::ParameterName, 'Accounts that are opened from one address (IPv6: /64), an hour; 0: no limit [default: 120]')
            [CompletionResult]::new('--limit-address-sign-up-burst', '--limit-address-sign-up-burst', [CompletionResultType]::ParameterName, 'Accounts that are opened at once from one address after a pause; 0: no limit [default: 1100]')
            [CompletionResult]::new('--limit-room-rate', '--limit-room-rate', [CompletionResultType]::ParameterName, 'Rooms that all accounts make together, an hour; 0: no limit [default: 60]')
            [CompletionResult]::new('--limit-room-burst', '--limit-room-burst', [CompletionResultType]::ParameterName, 'Rooms that all accounts make at once after a pause; 0: no limit [default: 1000]')
            [CompletionResult]::new('--limit-account-room-rate', '--limit-account-room-rate', [CompletionResultType]::ParameterName, 'Rooms that one account makes, an hour; 0: no limit [default: 6]')
            [CompletionResult]::new('--limit-account-room-burst', '--limit-account-room-burst', [CompletionResultType]::ParameterName, 'Rooms that one account makes at once after a pause; 0: no limit [default: 10]')
            [CompletionResult]::new('--limit-room-change-rate', '--limit-room-change-rate', [CompletionResultType]::ParameterName, 'Rooms that one account joins or changes, and users whom it invites, a minute; 0: no limit [default: 30]')
            [CompletionResult]::new('--limit-room-change-burst', '--limit-room-change-burst', [CompletionResultType]::ParameterName, 'The same at once after a pause; 0: no limit [default: 30]')
            [CompletionResult]::new('--limit-strangers', '--limit-strangers', [CompletionResultType]::ParameterName, 'Sessions that are not signed in, of all addresses together; 0: no limit [default: 16384]')
            [CompletionResult]::new('--limit-handshake-rate', '--limit-handshake-rate', [CompletionResultType]::ParameterName, 'Sessions that are begun, of all addresses together, a second; 0: no limit [default: 2000]')
            [CompletionResult]::new('--limit-buffers', '--limit-buffers', [CompletionResultType]::ParameterName, 'Memory for the send and receive buffers of all sessions; 0: no limit [default: 256M]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--announce', '--announce', [CompletionResultType]::ParameterName, 'Announce the server in the local network, by multicast DNS, with its name and its key, for `udpchat discover`')
            [CompletionResult]::new('--http-public', '--http-public', [CompletionResultType]::ParameterName, 'Let --http be an address that other machines reach')
            [CompletionResult]::new('--cluster-unchecked', '--cluster-unchecked', [CompletionResultType]::ParameterName, 'Do not ask the NATS servers whether what they call stored survives a loss of power')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;connect' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as this user at once')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of this file (-: standard input)')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'The client''s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]')
            [CompletionResult]::new('--server-key', '--server-key', [CompletionResultType]::ParameterName, 'Connect only if the server''s key has this fingerprint')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h')
            [CompletionResult]::new('--code-file', '--code-file', [CompletionResultType]::ParameterName, 'Set the password of --user, or open that account, with the operator''s code on the first line of this file (-: standard input)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether lines are coloured; auto follows NO_COLOR, CLICOLOR_FORCE, CLICOLOR and the terminal')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'How a part of a line is painted, such as own=bold or name=#ff8800; a table in the settings')
            [CompletionResult]::new('--log-chat', '--log-chat', [CompletionResultType]::ParameterName, 'Add each message to a file of its conversation below this directory, as plain text that stays there')
            [CompletionResult]::new('--download-dir', '--download-dir', [CompletionResultType]::ParameterName, 'Where files of others are saved [default: $XDG_DOWNLOAD_DIR, else ~/Downloads, else the current directory]')
            [CompletionResult]::new('--save-files-below', '--save-files-below', [CompletionResultType]::ParameterName, 'Save files of others there by themselves if they are smaller than this, in bytes or as 64K or 5M; without it none are')
            [CompletionResult]::new('--notify', '--notify', [CompletionResultType]::ParameterName, 'For which messages the terminal rings: none, those that mention you, private ones too, or all')
            [CompletionResult]::new('--notify-by', '--notify-by', [CompletionResultType]::ParameterName, 'How it rings: bell, or a notification by the terminal''s OSC 9 or OSC 777, which has the conversation''s name only')
            [CompletionResult]::new('--mention', '--mention', [CompletionResultType]::ParameterName, 'A word that counts as a mention, beside your name; may be repeated')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--accept-new', '--accept-new', [CompletionResultType]::ParameterName, 'Trust an unknown server key without asking; a changed key is still refused')
            [CompletionResult]::new('--frugal', '--frugal', [CompletionResultType]::ParameterName, 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost')
            [CompletionResult]::new('--plain', '--plain', [CompletionResultType]::ParameterName, 'For a screen reader: words in the place of symbols, no colours, and nothing is drawn again')
            [CompletionResult]::new('--unannounced', '--unannounced', [CompletionResultType]::ParameterName, 'Do not tell others that this session comes and goes, for programs; `/contacts` lists it all the same')
            [CompletionResult]::new('--restricted', '--restricted', [CompletionResultType]::ParameterName, 'Refuse all commands that read or write files or run programs, for a login shell')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;send' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Who gets it: a user, a room with its #, everyone, or notes (your own)')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How far it has to come')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Say it once only: what the user has sent under the same KEY before, from anywhere, is not sent again')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Send this file; a text goes with it')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as this user at once')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of this file (-: standard input)')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'The client''s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]')
            [CompletionResult]::new('--server-key', '--server-key', [CompletionResultType]::ParameterName, 'Connect only if the server''s key has this fingerprint')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object that says what was reached')
            [CompletionResult]::new('--accept-new', '--accept-new', [CompletionResultType]::ParameterName, 'Trust an unknown server key without asking; a changed key is still refused')
            [CompletionResult]::new('--frugal', '--frugal', [CompletionResultType]::ParameterName, 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;tail' {
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Begin with this time, or with what no earlier --since last has printed; else with the last 10 lines of each conversation')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as this user at once')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of this file (-: standard input)')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'The client''s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]')
            [CompletionResult]::new('--server-key', '--server-key', [CompletionResultType]::ParameterName, 'Connect only if the server''s key has this fingerprint')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on with what comes, until a signal')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with what comes, until a signal')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print each entry as a JSON object on a line of its own')
            [CompletionResult]::new('--accept-new', '--accept-new', [CompletionResultType]::ParameterName, 'Trust an unknown server key without asking; a changed key is still refused')
            [CompletionResult]::new('--frugal', '--frugal', [CompletionResultType]::ParameterName, 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;bot' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as this user at once')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of this file (-: standard input)')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'The client''s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]')
            [CompletionResult]::new('--server-key', '--server-key', [CompletionResultType]::ParameterName, 'Connect only if the server''s key has this fingerprint')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--accept-new', '--accept-new', [CompletionResultType]::ParameterName, 'Trust an unknown server key without asking; a changed key is still refused')
            [CompletionResult]::new('--frugal', '--frugal', [CompletionResultType]::ParameterName, 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;link' {
            [CompletionResult]::new('--room', '--room', [CompletionResultType]::ParameterName, 'A room that who opens the link is asked to join; its # may be left out')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Take the key of the server in this directory')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'The client''s directory, whose known servers are looked through [default: $XDG_STATE_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;discover' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for answers, in seconds, 1 to 60')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Show them as one JSON object')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;doctor' {
            [CompletionResult]::new('--server-key', '--server-key', [CompletionResultType]::ParameterName, 'The fingerprint that the server''s key must have')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'The client''s directory, with the known servers [default: $XDG_STATE_HOME/udpchat]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as this user, with the ticket of this machine or the password of --password-file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of this file (-: standard input)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the handshake, 1 to 60')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Store a note to yourself, and compare the clocks; needs --user')
            [CompletionResult]::new('--nat', '--nat', [CompletionResultType]::ParameterName, 'Measure for how long a NAT on the way remembers a silent session; takes a minute')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Show the report as one JSON object, at the end')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;announce' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;status' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Show it again every second')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Only say whether the server is well; the exit code is 0 if it is')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;reload' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;stop' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait so many seconds at most; the server ends all the same')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;log-level' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;audit' {
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Show the last N actions')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;bench' {
            [CompletionResult]::new('--clients', '--clients', [CompletionResultType]::ParameterName, 'How many clients to play')
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'Messages under way at a time, of each client in pairs and of the one in fanout')
            [CompletionResult]::new('--messages', '--messages', [CompletionResultType]::ParameterName, 'End pairs and fanout after so many messages of each speaker, whatever --seconds says')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Messages a second that each client says, in paced and bulk, or actions in mixed')
            [CompletionResult]::new('--seconds', '--seconds', [CompletionResultType]::ParameterName, 'How long to measure; bulk and storm measure until they are done')
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'Bytes of text in a message')
            [CompletionResult]::new('--bytes', '--bytes', [CompletionResultType]::ParameterName, 'Bytes of text in each stream of bulk, rounded up to whole messages of 16 KiB')
            [CompletionResult]::new('--repeat', '--repeat', [CompletionResultType]::ParameterName, 'Measure so many times, and report the median of each figure')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Measure several servers of a cluster, over which the clients are spread')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Compare with the measurement whose --json wrote FILE')
            [CompletionResult]::new('--plot', '--plot', [CompletionResultType]::ParameterName, 'Draw the latencies as SVG')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--frugal', '--frugal', [CompletionResultType]::ParameterName, 'Play clients for whom packets cost money, as `connect --frugal` is one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as one JSON object')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;completions' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Create an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the accounts, with the day each was created, and which are bots')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show an account and its devices')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Print a code with which a user sets another password')
            [CompletionResult]::new('bot', 'bot', [CompletionResultType]::ParameterValue, 'Mark an account as a bot''s, or no longer')
            [CompletionResult]::new('role', 'role', [CompletionResultType]::ParameterValue, 'Make an account a moderator or an administrator, or a member again')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give an account another name')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Let nobody sign in to an account, and end its sessions')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let the user of a disabled account sign in again')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete an account for good; its messages stay, or go with --purge')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the help of one of these subcommands')
            break
        }
        'udpchat;user;add' {
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of this file (-: standard input)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;show' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;reset' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Also print a link to the server, which others reach under this name or address')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;bot' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;role' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;rename' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;disable' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why, as the user is told it')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;enable' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;delete' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--purge', '--purge', [CompletionResultType]::ParameterName, 'Delete what the account has said, too')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;user;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Create an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the accounts, with the day each was created, and which are bots')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show an account and its devices')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Print a code with which a user sets another password')
            [CompletionResult]::new('bot', 'bot', [CompletionResultType]::ParameterValue, 'Mark an account as a bot''s, or no longer')
            [CompletionResult]::new('role', 'role', [CompletionResultType]::ParameterValue, 'Make an account a moderator or an administrator, or a member again')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give an account another name')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Let nobody sign in to an account, and end its sessions')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let the user of a disabled account sign in again')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete an account for good; its messages stay, or go with --purge')
            break
        }
        'udpchat;user;help;add' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;user;help;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;user;help;show' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;user;help;reset' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;user;help;bot' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;user;help;role' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;user;help;rename' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;user;help;disable' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;user;help;enable' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;user;help;delete' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;invite' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Print a code with which somebody opens an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the invitations that are good, without their codes')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Void an invitation; the accounts that it has opened stay')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the help of one of these subcommands')
            break
        }
        'udpchat;invite;create' {
            [CompletionResult]::new('--uses', '--uses', [CompletionResultType]::ParameterName, 'How many accounts it opens')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'How long it is good, such as 12h or 7d; up to 366d')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Also print a link to the server, which others reach under this name or address')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;invite;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;invite;revoke' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;invite;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Print a code with which somebody opens an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the invitations that are good, without their codes')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Void an invitation; the accounts that it has opened stay')
            break
        }
        'udpchat;invite;help;create' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;invite;help;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;invite;help;revoke' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;room' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Create a room')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the rooms: members, owners, sizes and last use')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a room and its members, with their roles')
            [CompletionResult]::new('owner', 'owner', [CompletionResultType]::ParameterValue, 'Make a user the owner of a room')
            [CompletionResult]::new('access', 'access', [CompletionResultType]::ParameterValue, 'Set who may join a room, and who may write there')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a room for good, with what was written there')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the help of one of these subcommands')
            break
        }
        'udpchat;room;add' {
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Whose it is: an account of this server')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--private', '--private', [CompletionResultType]::ParameterName, 'Let only those join whom somebody has invited')
            [CompletionResult]::new('--read-only', '--read-only', [CompletionResultType]::ParameterName, 'Let only moderators and owners write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;room;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;room;show' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;room;owner' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;room;access' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;room;delete' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;room;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Create a room')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the rooms: members, owners, sizes and last use')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a room and its members, with their roles')
            [CompletionResult]::new('owner', 'owner', [CompletionResultType]::ParameterValue, 'Make a user the owner of a room')
            [CompletionResult]::new('access', 'access', [CompletionResultType]::ParameterValue, 'Set who may join a room, and who may write there')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a room for good, with what was written there')
            break
        }
        'udpchat;room;help;add' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;room;help;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;room;help;show' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;room;help;owner' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;room;help;access' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;room;help;delete' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;message' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a message of any user')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the help of one of these subcommands')
            break
        }
        'udpchat;message;delete' {
            [CompletionResult]::new('--room', '--room', [CompletionResultType]::ParameterName, 'In this room, named with or without its #')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Between these two users')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--everyone', '--everyone', [CompletionResultType]::ParameterName, 'In the conversation everyone')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;message;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a message of any user')
            break
        }
        'udpchat;message;help;delete' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;ban' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Keep an account out, or all who come from an address')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List who is kept out, until when and why')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Let those in again who were kept out')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the help of one of these subcommands')
            break
        }
        'udpchat;ban;add' {
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Until when: a date or a time')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'For how long, such as 3d or 12h')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why, as those are told it who are banned')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;ban;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;ban;remove' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;ban;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Keep an account out, or all who come from an address')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List who is kept out, until when and why')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Let those in again who were kept out')
            break
        }
        'udpchat;ban;help;add' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;ban;help;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;ban;help;remove' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;session' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sessions: who is connected, from where and since when')
            [CompletionResult]::new('end', 'end', [CompletionResultType]::ParameterValue, 'End the sessions of a user, or one session')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the help of one of these subcommands')
            break
        }
        'udpchat;session;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;session;end' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;session;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sessions: who is connected, from where and since when')
            [CompletionResult]::new('end', 'end', [CompletionResultType]::ParameterValue, 'End the sessions of a user, or one session')
            break
        }
        'udpchat;session;help;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;session;help;end' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;key' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the fingerprint of the server''s key, and a link with it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the help of one of these subcommands')
            break
        }
        'udpchat;key;show' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Also print a link to the server, which others reach under this name or address')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;key;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the fingerprint of the server''s key, and a link with it')
            break
        }
        'udpchat;key;help;show' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;store' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the database; the exit code is 0 if nothing is wrong')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Back up the database, also while the server runs')
            [CompletionResult]::new('rescue', 'rescue', [CompletionResultType]::ParameterValue, 'Copy what can be read of a damaged database; the server must be stopped')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Put a backup in the database''s place; the server must be stopped')
            [CompletionResult]::new('retain', 'retain', [CompletionResultType]::ParameterValue, 'Show or set how much of a conversation is kept')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the help of one of these subcommands')
            break
        }
        'udpchat;store;check' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the report as one JSON object')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;store;backup' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace the file if it is there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;store;rescue' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace the file if it is there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;store;restore' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'If there is a database, move it aside')
            [CompletionResult]::new('--leave-cluster', '--leave-cluster', [CompletionResultType]::ParameterName, 'Take it out of the cluster of which it is, so that a server can have it alone')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check the backup and tell what is in it; write nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;store;retain' {
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'Let entries expire that are older than N days (0: never)')
            [CompletionResult]::new('--messages', '--messages', [CompletionResultType]::ParameterName, 'Keep at most the last N entries of a conversation (0: all)')
            [CompletionResult]::new('--megabytes', '--megabytes', [CompletionResultType]::ParameterName, 'Keep at most the last N million bytes of a conversation (0: all)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--default', '--default', [CompletionResultType]::ParameterName, 'Remove the conversation''s own limits')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;store;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the database; the exit code is 0 if nothing is wrong')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Back up the database, also while the server runs')
            [CompletionResult]::new('rescue', 'rescue', [CompletionResultType]::ParameterValue, 'Copy what can be read of a damaged database; the server must be stopped')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Put a backup in the database''s place; the server must be stopped')
            [CompletionResult]::new('retain', 'retain', [CompletionResultType]::ParameterValue, 'Show or set how much of a conversation is kept')
            break
        }
        'udpchat;store;help;check' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;store;help;backup' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;store;help;rescue' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;store;help;restore' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;store;help;retain' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;config' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the settings; the exit code is 0 if nothing is wrong, and else 2')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show each setting and its source: a variable, a line of a file, or the default')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a file of settings, each explained and commented out')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the help of one of these subcommands')
            break
        }
        'udpchat;config;check' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this file of settings [default: the one that the variable names, else the usual one]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;config;show' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'With this profile of the client''s file')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this file of settings [default: the one that the variable names, else the usual one]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;config;init' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this file of settings [default: the one that the variable names, else the usual one]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The server''s directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a file that exists')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'udpchat;config;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the settings; the exit code is 0 if nothing is wrong, and else 2')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show each setting and its source: a variable, a line of a file, or the default')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a file of settings, each explained and commented out')
            break
        }
        'udpchat;config;help;check' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;config;help;show' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;config;help;init' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run the server')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a server and chat')
            [CompletionResult]::new('send', 'send', [CompletionResultType]::ParameterValue, 'Send a message from a program or a script')
            [CompletionResult]::new('tail', 'tail', [CompletionResultType]::ParameterValue, 'Print messages, old and new, for a program')
            [CompletionResult]::new('bot', 'bot', [CompletionResultType]::ParameterValue, 'Run a bot: JSON lines in both directions')
            [CompletionResult]::new('link', 'link', [CompletionResultType]::ParameterValue, 'Print a link to a server, with its key, for others')
            [CompletionResult]::new('discover', 'discover', [CompletionResultType]::ParameterValue, 'List the servers of the local network')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find out which step on the way to a server fails')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Manage the server''s accounts')
            [CompletionResult]::new('invite', 'invite', [CompletionResultType]::ParameterValue, 'Invite others to open an account')
            [CompletionResult]::new('room', 'room', [CompletionResultType]::ParameterValue, 'Manage the server''s rooms')
            [CompletionResult]::new('message', 'message', [CompletionResultType]::ParameterValue, 'Delete what was written')
            [CompletionResult]::new('ban', 'ban', [CompletionResultType]::ParameterValue, 'Keep accounts and addresses out')
            [CompletionResult]::new('session', 'session', [CompletionResultType]::ParameterValue, 'List and end the sessions of a running server')
            [CompletionResult]::new('announce', 'announce', [CompletionResultType]::ParameterValue, 'Announce something to all users')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the state of a running server')
            [CompletionResult]::new('reload', 'reload', [CompletionResultType]::ParameterValue, 'Have a running server read its settings again')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Stop a running server, and wait until it has ended')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Show the server''s key')
            [CompletionResult]::new('log-level', 'log-level', [CompletionResultType]::ParameterValue, 'Show or set how much a running server logs')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Show what was done to the server: who, what and when')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Check, copy and prune the server''s database')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Check, show or write the files of settings')
            [CompletionResult]::new('bench', 'bench', [CompletionResultType]::ParameterValue, 'Measure a server with many clients')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            break
        }
        'udpchat;help;serve' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;connect' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;send' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;tail' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;bot' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;link' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;discover' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;doctor' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Create an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the accounts, with the day each was created, and which are bots')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show an account and its devices')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Print a code with which a user sets another password')
            [CompletionResult]::new('bot', 'bot', [CompletionResultType]::ParameterValue, 'Mark an account as a bot''s, or no longer')
            [CompletionResult]::new('role', 'role', [CompletionResultType]::ParameterValue, 'Make an account a moderator or an administrator, or a member again')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give an account another name')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Let nobody sign in to an account, and end its sessions')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let the user of a disabled account sign in again')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete an account for good; its messages stay, or go with --purge')
            break
        }
        'udpchat;help;user;add' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user;show' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user;reset' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user;bot' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user;role' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user;rename' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user;disable' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user;enable' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;user;delete' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;invite' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Print a code with which somebody opens an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the invitations that are good, without their codes')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Void an invitation; the accounts that it has opened stay')
            break
        }
        'udpchat;help;invite;create' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;invite;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;invite;revoke' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;room' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Create a room')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the rooms: members, owners, sizes and last use')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a room and its members, with their roles')
            [CompletionResult]::new('owner', 'owner', [CompletionResultType]::ParameterValue, 'Make a user the owner of a room')
            [CompletionResult]::new('access', 'access', [CompletionResultType]::ParameterValue, 'Set who may join a room, and who may write there')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a room for good, with what was written there')
            break
        }
        'udpchat;help;room;add' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;room;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;room;show' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;room;owner' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;room;access' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;room;delete' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;message' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a message of any user')
            break
        }
        'udpchat;help;message;delete' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;ban' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Keep an account out, or all who come from an address')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List who is kept out, until when and why')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Let those in again who were kept out')
            break
        }
        'udpchat;help;ban;add' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;ban;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;ban;remove' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;session' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sessions: who is connected, from where and since when')
            [CompletionResult]::new('end', 'end', [CompletionResultType]::ParameterValue, 'End the sessions of a user, or one session')
            break
        }
        'udpchat;help;session;list' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;session;end' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;announce' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;status' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;reload' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;stop' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;key' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the fingerprint of the server''s key, and a link with it')
            break
        }
        'udpchat;help;key;show' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;log-level' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;audit' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;store' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the database; the exit code is 0 if nothing is wrong')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Back up the database, also while the server runs')
            [CompletionResult]::new('rescue', 'rescue', [CompletionResultType]::ParameterValue, 'Copy what can be read of a damaged database; the server must be stopped')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Put a backup in the database''s place; the server must be stopped')
            [CompletionResult]::new('retain', 'retain', [CompletionResultType]::ParameterValue, 'Show or set how much of a conversation is kept')
            break
        }
        'udpchat;help;store;check' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;store;backup' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;store;rescue' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;store;restore' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;store;retain' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;config' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the settings; the exit code is 0 if nothing is wrong, and else 2')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show each setting and its source: a variable, a line of a file, or the default')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a file of settings, each explained and commented out')
            break
        }
        'udpchat;help;config;check' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;config;show' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;config;init' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;bench' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
        'udpchat;help;completions' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Write the log to this file (a client writes none without it)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How each line of the log is written')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v what happens, -vv why, -vvv everything')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
