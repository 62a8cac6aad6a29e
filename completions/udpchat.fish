# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_udpchat_global_optspecs
    string join \n v/verbose log= log-format= h/help V/version
end

function __fish_udpchat_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_udpchat_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_udpchat_using_subcommand
    set -l cmd (__fish_udpchat_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c udpchat -n "__fish_udpchat_needs_command" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_needs_command" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_needs_command" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_needs_command" -s V -l version -d 'Print version'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "serve" -d 'Run the server'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "connect" -d 'Connect to a server and chat'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "send" -d 'Send a message from a program or a script'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "tail" -d 'Print messages, old and new, for a program'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "bot" -d 'Run a bot: JSON lines in both directions'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "link" -d 'Print a link to a server, with its key, for others'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "discover" -d 'List the servers of the local network'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "doctor" -d 'Find out which step on the way to a server fails'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "announce" -d 'Announce something to all users'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "status" -d 'Show the state of a running server'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "reload" -d 'Have a running server read its settings again'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "stop" -d 'Stop a running server, and wait until it has ended'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "log-level" -d 'Show or set how much a running server logs'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "audit" -d 'Show what was done to the server: who, what and when'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "bench" -d 'Measure a server with many clients'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "user" -d 'Manage the server\'s accounts'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "invite" -d 'Invite others to open an account'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "room" -d 'Manage the server\'s rooms'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "message" -d 'Delete what was written'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "ban" -d 'Keep accounts and addresses out'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "session" -d 'List and end the sessions of a running server'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "key" -d 'Show the server\'s key'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "store" -d 'Check, copy and prune the server\'s database'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "config" -d 'Check, show or write the files of settings'
complete -c udpchat -n "__fish_udpchat_needs_command" -f -a "help" -d 'Show the menu, or the help of one subcommand or chat command'
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l listen -d 'Listen on this address, IPv4 or IPv6; repeatable [default: 0.0.0.0:7777,[::]:7777]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l registration -d 'Who may create accounts: anybody (open), who has a code of `udpchat invite` (invitation), or only `udpchat user add` (closed)' -r -f -a "open\t''
invitation\t''
closed\t''"
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l rooms -d 'Who may create rooms: every user (open), or only `udpchat room add` (closed)' -r -f -a "open\t''
closed\t''"
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l show-addresses -d 'Who sees in `/contacts` at which address others are: every user (all), moderators and administrators, or nobody' -r -f -a "all\t''
moderators\t''
nobody\t''"
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l announce-name -d 'The name under which it is announced [default: that of this machine]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l keep-days -d 'Remove entries older than N days (0: never)' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l keep-messages -d 'Keep at most the last N entries of a conversation (0: all)' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l keep-megabytes -d 'Keep at most the last N million bytes of a conversation (0: all)' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l keep-files-days -d 'Remove attached files after N days, whatever becomes of their messages (0: as long as these are kept)' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l backup-dir -d 'Have the server make backups of itself in this directory, which must be there' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l backup-every -d 'How often, such as 30m, 6h or 1d' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l backup-keep -d 'How many of them are kept: when a new one is whole, the oldest goes' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l http -d 'Serve a page and metrics by HTTP on this address, such as 127.0.0.1:9777; see HTTP' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l http-name -d 'A name by which browsers may ask for the page, beside localhost and addresses; repeatable' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l cluster -d 'Be one of several servers, which share a log in these NATS servers, such as nats://10.0.0.1:4222; see udpchat-cluster(7)' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l node -d 'This server\'s name among them: lower-case letters, digits and -' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l cluster-name -d 'The name of the cluster, which its log has in NATS' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l cluster-replicas -d 'How many copies of the log NATS keeps; 1 is for trying it out' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l cluster-creds -d 'A file with credentials for NATS: a line NAME:PASSWORD, or a file that the tools of NATS have made' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l cluster-address -d 'An address by which clients reach this server, which is not one of the others; repeatable' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l cluster-peers -d 'Tell clients that the servers at these addresses have the same key and the same users, and can take this one\'s place; repeatable' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-message-rate -d 'Messages that one account may send a second; 0: no limit [default: 20]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-message-burst -d 'Messages that one account may send at once after a pause; 0: no limit [default: 200]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-byte-rate -d 'Bytes of messages that one account may send a second; 0: no limit [default: 64K]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-byte-burst -d 'Bytes of messages that one account may send at once after a pause; 0: no limit [default: 1M]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-day-bytes -d 'Bytes of messages that one account may send a day; 0: no limit [default: 200M]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-account-bytes -d 'Bytes of stored messages of one account; 0: no limit [default: 1G]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-all-bytes -d 'Bytes of stored messages of all accounts together; 0: no limit [default: 0]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-file -d 'Bytes of one attached file; 0: no limit [default: 100M]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-files-account -d 'Bytes of the attached files of one account; 0: no limit [default: 1G]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-files -d 'Bytes of the attached files of all accounts together; 0: no limit [default: 10G]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-files-day -d 'Bytes of files that one account may upload a day; 0: no limit [default: 2G]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-request-rate -d 'Other requests that one account may make a second; 0: no limit [default: 50]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-request-burst -d 'Other requests that one account may make at once after a pause; 0: no limit [default: 1000]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-in-flight -d 'Messages and requests of one account that the store handles at once; 0: no limit [default: 64]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-sessions -d 'Signed-in sessions of all accounts together; 0: no limit [default: 200000]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-sign-in-rate -d 'Passwords that are tried by all together, a second; 0: no limit [default: 100]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-sign-in-burst -d 'Passwords that are tried at once after a pause; 0: no limit [default: 4000]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-sign-up-rate -d 'Accounts that are opened by all together, an hour; 0: no limit [default: 360]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-sign-up-burst -d 'Accounts that are opened at once after a pause; 0: no limit [default: 2400]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-address-sign-up-rate -d 'Accounts that are opened from one address (IPv6: /64), an hour; 0: no limit [default: 120]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-address-sign-up-burst -d 'Accounts that are opened at once from one address after a pause; 0: no limit [default: 1100]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-room-rate -d 'Rooms that all accounts make together, an hour; 0: no limit [default: 60]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-room-burst -d 'Rooms that all accounts make at once after a pause; 0: no limit [default: 1000]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-account-room-rate -d 'Rooms that one account makes, an hour; 0: no limit [default: 6]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-account-room-burst -d 'Rooms that one account makes at once after a pause; 0: no limit [default: 10]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-room-change-rate -d 'Rooms that one account joins or changes, and users whom it invites, a minute; 0: no limit [default: 30]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-room-change-burst -d 'The same at once after a pause; 0: no limit [default: 30]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-strangers -d 'Sessions that are not signed in, of all addresses together; 0: no limit [default: 16384]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-handshake-rate -d 'Sessions that are begun, of all addresses together, a second; 0: no limit [default: 2000]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l limit-buffers -d 'Memory for the send and receive buffers of all sessions; 0: no limit [default: 256M]' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l announce -d 'Announce the server in the local network, by multicast DNS, with its name and its key, for `udpchat discover`'
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l http-public -d 'Let --http be an address that other machines reach'
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -l cluster-unchecked -d 'Do not ask the NATS servers whether what they call stored survives a loss of power'
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l config -d 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l user -d 'Sign in as this user at once' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l password-file -d 'Read the password from the first line of this file (-: standard input)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l state -d 'The client\'s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l server-key -d 'Connect only if the server\'s key has this fingerprint' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l timeout -d 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l code-file -d 'Set the password of --user, or open that account, with the operator\'s code on the first line of this file (-: standard input)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l color -d 'Whether lines are coloured; auto follows NO_COLOR, CLICOLOR_FORCE, CLICOLOR and the terminal' -r -f -a "auto\t'As the terminal and the environment say'
always\t'Also where the output is no terminal'
never\t''"
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l theme -d 'How a part of a line is painted, such as own=bold or name=#ff8800; a table in the settings' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l log-chat -d 'Add each message to a file of its conversation below this directory, as plain text that stays there' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l download-dir -d 'Where files of others are saved [default: $XDG_DOWNLOAD_DIR, else ~/Downloads, else the current directory]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l save-files-below -d 'Save files of others there by themselves if they are smaller than this, in bytes or as 64K or 5M; without it none are' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l notify -d 'For which messages the terminal rings: none, those that mention you, private ones too, or all' -r -f -a "none\t''
mention\t''
private\t''
all\t''"
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l notify-by -d 'How it rings: bell, or a notification by the terminal\'s OSC 9 or OSC 777, which has the conversation\'s name only' -r -f -a "bell\t''
osc9\t''
osc777\t''"
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l mention -d 'A word that counts as a mention, beside your name; may be repeated' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l accept-new -d 'Trust an unknown server key without asking; a changed key is still refused'
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l frugal -d 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost'
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l plain -d 'For a screen reader: words in the place of symbols, no colours, and nothing is drawn again'
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l unannounced -d 'Do not tell others that this session comes and goes, for programs; `/contacts` lists it all the same'
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -l restricted -d 'Refuse all commands that read or write files or run programs, for a login shell'
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l to -d 'Who gets it: a user, a room with its #, everyone, or notes (your own)' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l wait -d 'How far it has to come' -r -f -a "queued\t'It is durable on this machine'
stored\t'The server has stored it'
received\t'Everybody for whom it is has received it'"
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l id -d 'Say it once only: what the user has sent under the same KEY before, from anywhere, is not sent again' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l file -d 'Send this file; a text goes with it' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l config -d 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l user -d 'Sign in as this user at once' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l password-file -d 'Read the password from the first line of this file (-: standard input)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l state -d 'The client\'s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l server-key -d 'Connect only if the server\'s key has this fingerprint' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l timeout -d 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l json -d 'Print one JSON object that says what was reached'
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l accept-new -d 'Trust an unknown server key without asking; a changed key is still refused'
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -l frugal -d 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost'
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l since -d 'Begin with this time, or with what no earlier --since last has printed; else with the last 10 lines of each conversation' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l config -d 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l user -d 'Sign in as this user at once' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l password-file -d 'Read the password from the first line of this file (-: standard input)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l state -d 'The client\'s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l server-key -d 'Connect only if the server\'s key has this fingerprint' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l timeout -d 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -s f -l follow -d 'Go on with what comes, until a signal'
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l json -d 'Print each entry as a JSON object on a line of its own'
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l accept-new -d 'Trust an unknown server key without asking; a changed key is still refused'
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -l frugal -d 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost'
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand tail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l config -d 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l user -d 'Sign in as this user at once' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l password-file -d 'Read the password from the first line of this file (-: standard input)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l state -d 'The client\'s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l server-key -d 'Connect only if the server\'s key has this fingerprint' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l timeout -d 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l accept-new -d 'Trust an unknown server key without asking; a changed key is still refused'
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -l frugal -d 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost'
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand bot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand link" -l room -d 'A room that who opens the link is asked to join; its # may be left out' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand link" -l data -d 'Take the key of the server in this directory' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand link" -l state -d 'The client\'s directory, whose known servers are looked through [default: $XDG_STATE_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand link" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand link" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand link" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand link" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand discover" -l timeout -d 'How long to wait for answers, in seconds, 1 to 60' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand discover" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand discover" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand discover" -l json -d 'Show them as one JSON object'
complete -c udpchat -n "__fish_udpchat_using_subcommand discover" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand discover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l server-key -d 'The fingerprint that the server\'s key must have' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l state -d 'The client\'s directory, with the known servers [default: $XDG_STATE_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l user -d 'Sign in as this user, with the ticket of this machine or the password of --password-file' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l password-file -d 'Read the password from the first line of this file (-: standard input)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l timeout -d 'How long to wait for the handshake, 1 to 60' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l store -d 'Store a note to yourself, and compare the clocks; needs --user'
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l nat -d 'Measure for how long a NAT on the way remembers a silent session; takes a minute'
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -l json -d 'Show the report as one JSON object, at the end'
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand announce" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand announce" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand announce" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand announce" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand announce" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand announce" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand announce" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand status" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand status" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand status" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand status" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand status" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand status" -l watch -d 'Show it again every second'
complete -c udpchat -n "__fish_udpchat_using_subcommand status" -l check -d 'Only say whether the server is well; the exit code is 0 if it is'
complete -c udpchat -n "__fish_udpchat_using_subcommand status" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand reload" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand reload" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand reload" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand reload" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand reload" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand reload" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand stop" -l timeout -d 'Wait so many seconds at most; the server ends all the same' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand stop" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand stop" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand stop" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand stop" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand stop" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand stop" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand log-level" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand log-level" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand log-level" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand log-level" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand log-level" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand log-level" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand log-level" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand audit" -l last -d 'Show the last N actions' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand audit" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand audit" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand audit" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand audit" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand audit" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand audit" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l clients -d 'How many clients to play' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l window -d 'Messages under way at a time, of each client in pairs and of the one in fanout' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l messages -d 'End pairs and fanout after so many messages of each speaker, whatever --seconds says' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l rate -d 'Messages a second that each client says, in paced and bulk, or actions in mixed' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l seconds -d 'How long to measure; bulk and storm measure until they are done' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l size -d 'Bytes of text in a message' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l bytes -d 'Bytes of text in each stream of bulk, rounded up to whole messages of 16 KiB' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l repeat -d 'Measure so many times, and report the median of each figure' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l cluster -d 'Measure several servers of a cluster, over which the clients are spread' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l baseline -d 'Compare with the measurement whose --json wrote FILE' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l plot -d 'Draw the latencies as SVG' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l frugal -d 'Play clients for whom packets cost money, as `connect --frugal` is one'
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -l json -d 'Report as one JSON object'
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand completions" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand completions" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand completions" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "add" -d 'Create an account'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "list" -d 'List the accounts, with the day each was created, and which are bots'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "show" -d 'Show an account and its devices'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "reset" -d 'Print a code with which a user sets another password'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "bot" -d 'Mark an account as a bot\'s, or no longer'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "role" -d 'Make an account a moderator or an administrator, or a member again'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "rename" -d 'Give an account another name'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "disable" -d 'Let nobody sign in to an account, and end its sessions'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "enable" -d 'Let the user of a disabled account sign in again'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "delete" -d 'Delete an account for good; its messages stay, or go with --purge'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and not __fish_seen_subcommand_from add list show reset bot role rename disable enable delete help" -f -a "help" -d 'Show the help of one of these subcommands'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from add" -l password-file -d 'Read the password from the first line of this file (-: standard input)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from add" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from add" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from add" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from add" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from list" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from list" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from list" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from list" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from show" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from show" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from show" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from show" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from reset" -l host -d 'Also print a link to the server, which others reach under this name or address' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from reset" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from reset" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from reset" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from reset" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from reset" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from bot" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from bot" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from bot" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from bot" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from bot" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from bot" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from bot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from role" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from role" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from role" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from role" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from role" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from role" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from role" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from rename" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from rename" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from rename" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from rename" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from rename" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from disable" -l reason -d 'Why, as the user is told it' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from disable" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from disable" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from disable" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from disable" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from disable" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from enable" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from enable" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from enable" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from enable" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from enable" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from enable" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from delete" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from delete" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from delete" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from delete" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from delete" -l purge -d 'Delete what the account has said, too'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from delete" -l yes -d 'Do not ask'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from delete" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "add" -d 'Create an account'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the accounts, with the day each was created, and which are bots'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show an account and its devices'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "reset" -d 'Print a code with which a user sets another password'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "bot" -d 'Mark an account as a bot\'s, or no longer'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "role" -d 'Make an account a moderator or an administrator, or a member again'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "rename" -d 'Give an account another name'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "disable" -d 'Let nobody sign in to an account, and end its sessions'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "enable" -d 'Let the user of a disabled account sign in again'
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "delete" -d 'Delete an account for good; its messages stay, or go with --purge'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and not __fish_seen_subcommand_from create list revoke help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and not __fish_seen_subcommand_from create list revoke help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and not __fish_seen_subcommand_from create list revoke help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and not __fish_seen_subcommand_from create list revoke help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and not __fish_seen_subcommand_from create list revoke help" -f -a "create" -d 'Print a code with which somebody opens an account'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and not __fish_seen_subcommand_from create list revoke help" -f -a "list" -d 'List the invitations that are good, without their codes'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and not __fish_seen_subcommand_from create list revoke help" -f -a "revoke" -d 'Void an invitation; the accounts that it has opened stay'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and not __fish_seen_subcommand_from create list revoke help" -f -a "help" -d 'Show the help of one of these subcommands'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -l uses -d 'How many accounts it opens' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -l expires -d 'How long it is good, such as 12h or 7d; up to 366d' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -l host -d 'Also print a link to the server, which others reach under this name or address' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from list" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from list" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from list" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from list" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from revoke" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from revoke" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from revoke" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from revoke" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from revoke" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from help" -f -a "create" -d 'Print a code with which somebody opens an account'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the invitations that are good, without their codes'
complete -c udpchat -n "__fish_udpchat_using_subcommand invite; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Void an invitation; the accounts that it has opened stay'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -f -a "add" -d 'Create a room'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -f -a "list" -d 'List the rooms: members, owners, sizes and last use'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -f -a "show" -d 'Show a room and its members, with their roles'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -f -a "owner" -d 'Make a user the owner of a room'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -f -a "access" -d 'Set who may join a room, and who may write there'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -f -a "delete" -d 'Delete a room for good, with what was written there'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and not __fish_seen_subcommand_from add list show owner access delete help" -f -a "help" -d 'Show the help of one of these subcommands'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from add" -l owner -d 'Whose it is: an account of this server' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from add" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from add" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from add" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from add" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from add" -l private -d 'Let only those join whom somebody has invited'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from add" -l read-only -d 'Let only moderators and owners write'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from list" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from list" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from list" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from list" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from show" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from show" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from show" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from show" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from owner" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from owner" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from owner" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from owner" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from owner" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from owner" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from owner" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from access" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from access" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from access" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from access" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from access" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from access" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from access" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from delete" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from delete" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from delete" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from delete" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from delete" -l yes -d 'Do not ask'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from delete" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "add" -d 'Create a room'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the rooms: members, owners, sizes and last use'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a room and its members, with their roles'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "owner" -d 'Make a user the owner of a room'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "access" -d 'Set who may join a room, and who may write there'
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "delete" -d 'Delete a room for good, with what was written there'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and not __fish_seen_subcommand_from delete help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and not __fish_seen_subcommand_from delete help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and not __fish_seen_subcommand_from delete help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and not __fish_seen_subcommand_from delete help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and not __fish_seen_subcommand_from delete help" -f -a "delete" -d 'Delete a message of any user'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and not __fish_seen_subcommand_from delete help" -f -a "help" -d 'Show the help of one of these subcommands'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -l room -d 'In this room, named with or without its #' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -l user -d 'Between these two users' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -l everyone -d 'In the conversation everyone'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand message; and __fish_seen_subcommand_from help" -f -a "delete" -d 'Delete a message of any user'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and not __fish_seen_subcommand_from add list remove help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and not __fish_seen_subcommand_from add list remove help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and not __fish_seen_subcommand_from add list remove help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and not __fish_seen_subcommand_from add list remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and not __fish_seen_subcommand_from add list remove help" -f -a "add" -d 'Keep an account out, or all who come from an address'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and not __fish_seen_subcommand_from add list remove help" -f -a "list" -d 'List who is kept out, until when and why'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and not __fish_seen_subcommand_from add list remove help" -f -a "remove" -d 'Let those in again who were kept out'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and not __fish_seen_subcommand_from add list remove help" -f -a "help" -d 'Show the help of one of these subcommands'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -l until -d 'Until when: a date or a time' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -l for -d 'For how long, such as 3d or 12h' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -l reason -d 'Why, as those are told it who are banned' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from list" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from list" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from list" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from list" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from remove" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from remove" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from remove" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from remove" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from remove" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from help" -f -a "add" -d 'Keep an account out, or all who come from an address'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from help" -f -a "list" -d 'List who is kept out, until when and why'
complete -c udpchat -n "__fish_udpchat_using_subcommand ban; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Let those in again who were kept out'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and not __fish_seen_subcommand_from list end help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and not __fish_seen_subcommand_from list end help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and not __fish_seen_subcommand_from list end help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and not __fish_seen_subcommand_from list end help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and not __fish_seen_subcommand_from list end help" -f -a "list" -d 'List the sessions: who is connected, from where and since when'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and not __fish_seen_subcommand_from list end help" -f -a "end" -d 'End the sessions of a user, or one session'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and not __fish_seen_subcommand_from list end help" -f -a "help" -d 'Show the help of one of these subcommands'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from list" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from list" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from list" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from list" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from end" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from end" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from end" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from end" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from end" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from end" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from end" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the sessions: who is connected, from where and since when'
complete -c udpchat -n "__fish_udpchat_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "end" -d 'End the sessions of a user, or one session'
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and not __fish_seen_subcommand_from show help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and not __fish_seen_subcommand_from show help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and not __fish_seen_subcommand_from show help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and not __fish_seen_subcommand_from show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and not __fish_seen_subcommand_from show help" -f -a "show" -d 'Show the fingerprint of the server\'s key, and a link with it'
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and not __fish_seen_subcommand_from show help" -f -a "help" -d 'Show the help of one of these subcommands'
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from show" -l host -d 'Also print a link to the server, which others reach under this name or address' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from show" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from show" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from show" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from show" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show the fingerprint of the server\'s key, and a link with it'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -f -a "check" -d 'Check the database; the exit code is 0 if nothing is wrong'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -f -a "backup" -d 'Back up the database, also while the server runs'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -f -a "rescue" -d 'Copy what can be read of a damaged database; the server must be stopped'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -f -a "restore" -d 'Put a backup in the database\'s place; the server must be stopped'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -f -a "retain" -d 'Show or set how much of a conversation is kept'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and not __fish_seen_subcommand_from check backup rescue restore retain help" -f -a "help" -d 'Show the help of one of these subcommands'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from check" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from check" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from check" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from check" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from check" -l json -d 'Print the report as one JSON object'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from backup" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from backup" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from backup" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from backup" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from backup" -l force -d 'Replace the file if it is there'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from rescue" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from rescue" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from rescue" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from rescue" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from rescue" -l force -d 'Replace the file if it is there'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from rescue" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from rescue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -l replace -d 'If there is a database, move it aside'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -l leave-cluster -d 'Take it out of the cluster of which it is, so that a server can have it alone'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -l dry-run -d 'Check the backup and tell what is in it; write nothing'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -l json -d 'Print JSON'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -l days -d 'Let entries expire that are older than N days (0: never)' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -l messages -d 'Keep at most the last N entries of a conversation (0: all)' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -l megabytes -d 'Keep at most the last N million bytes of a conversation (0: all)' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -l config -d 'Read the server\'s settings from this file [default: server.toml in the server\'s directory; for root, without --data, /etc/udpchat/server.toml if it is there]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -l data -d 'The server\'s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -l default -d 'Remove the conversation\'s own limits'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from retain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "check" -d 'Check the database; the exit code is 0 if nothing is wrong'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "backup" -d 'Back up the database, also while the server runs'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "rescue" -d 'Copy what can be read of a damaged database; the server must be stopped'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "restore" -d 'Put a backup in the database\'s place; the server must be stopped'
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "retain" -d 'Show or set how much of a conversation is kept'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and not __fish_seen_subcommand_from check show init help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and not __fish_seen_subcommand_from check show init help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and not __fish_seen_subcommand_from check show init help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and not __fish_seen_subcommand_from check show init help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and not __fish_seen_subcommand_from check show init help" -f -a "check" -d 'Check the settings; the exit code is 0 if nothing is wrong, and else 2'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and not __fish_seen_subcommand_from check show init help" -f -a "show" -d 'Show each setting and its source: a variable, a line of a file, or the default'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and not __fish_seen_subcommand_from check show init help" -f -a "init" -d 'Write a file of settings, each explained and commented out'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and not __fish_seen_subcommand_from check show init help" -f -a "help" -d 'Show the help of one of these subcommands'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Use this file of settings [default: the one that the variable names, else the usual one]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from check" -l data -d 'The server\'s directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from check" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from check" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from show" -l profile -d 'With this profile of the client\'s file' -r -f
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Use this file of settings [default: the one that the variable names, else the usual one]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from show" -l data -d 'The server\'s directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from show" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from show" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from init" -l config -d 'Use this file of settings [default: the one that the variable names, else the usual one]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from init" -l data -d 'The server\'s directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from init" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from init" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from init" -l force -d 'Replace a file that exists'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from help" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from help" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from help" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "check" -d 'Check the settings; the exit code is 0 if nothing is wrong, and else 2'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show each setting and its source: a variable, a line of a file, or the default'
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "init" -d 'Write a file of settings, each explained and commented out'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "serve" -d 'Run the server'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "connect" -d 'Connect to a server and chat'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "send" -d 'Send a message from a program or a script'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "tail" -d 'Print messages, old and new, for a program'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "bot" -d 'Run a bot: JSON lines in both directions'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "link" -d 'Print a link to a server, with its key, for others'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "discover" -d 'List the servers of the local network'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "doctor" -d 'Find out which step on the way to a server fails'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "user" -d 'Manage the server\'s accounts'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "invite" -d 'Invite others to open an account'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "room" -d 'Manage the server\'s rooms'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "message" -d 'Delete what was written'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "ban" -d 'Keep accounts and addresses out'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "session" -d 'List and end the sessions of a running server'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "announce" -d 'Announce something to all users'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "status" -d 'Show the state of a running server'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "reload" -d 'Have a running server read its settings again'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "stop" -d 'Stop a running server, and wait until it has ended'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "key" -d 'Show the server\'s key'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "log-level" -d 'Show or set how much a running server logs'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "audit" -d 'Show what was done to the server: who, what and when'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "store" -d 'Check, copy and prune the server\'s database'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "config" -d 'Check, show or write the files of settings'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "bench" -d 'Measure a server with many clients'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and not __fish_seen_subcommand_from serve connect send tail bot link discover doctor user invite room message ban session announce status reload stop key log-level audit store config bench completions" -f -a "completions" -d 'Print a completion script for a shell'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from serve" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from serve" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from serve" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from connect" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from connect" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from send" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from send" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from send" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from tail" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from tail" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from tail" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from bot" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from bot" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from bot" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from link" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from link" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from link" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from discover" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from discover" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from discover" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from doctor" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from doctor" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from doctor" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "add" -d 'Create an account'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "list" -d 'List the accounts, with the day each was created, and which are bots'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "show" -d 'Show an account and its devices'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "reset" -d 'Print a code with which a user sets another password'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "bot" -d 'Mark an account as a bot\'s, or no longer'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "role" -d 'Make an account a moderator or an administrator, or a member again'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "rename" -d 'Give an account another name'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "disable" -d 'Let nobody sign in to an account, and end its sessions'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "enable" -d 'Let the user of a disabled account sign in again'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "delete" -d 'Delete an account for good; its messages stay, or go with --purge'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from invite" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from invite" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from invite" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from invite" -f -a "create" -d 'Print a code with which somebody opens an account'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from invite" -f -a "list" -d 'List the invitations that are good, without their codes'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from invite" -f -a "revoke" -d 'Void an invitation; the accounts that it has opened stay'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from room" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from room" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from room" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "add" -d 'Create a room'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "list" -d 'List the rooms: members, owners, sizes and last use'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "show" -d 'Show a room and its members, with their roles'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "owner" -d 'Make a user the owner of a room'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "access" -d 'Set who may join a room, and who may write there'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "delete" -d 'Delete a room for good, with what was written there'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from message" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from message" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from message" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from message" -f -a "delete" -d 'Delete a message of any user'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from ban" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from ban" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from ban" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from ban" -f -a "add" -d 'Keep an account out, or all who come from an address'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from ban" -f -a "list" -d 'List who is kept out, until when and why'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from ban" -f -a "remove" -d 'Let those in again who were kept out'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from session" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from session" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from session" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from session" -f -a "list" -d 'List the sessions: who is connected, from where and since when'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from session" -f -a "end" -d 'End the sessions of a user, or one session'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from announce" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from announce" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from announce" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from status" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from status" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from reload" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from reload" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from reload" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from stop" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from stop" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from key" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from key" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from key" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "show" -d 'Show the fingerprint of the server\'s key, and a link with it'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from log-level" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from log-level" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from log-level" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from audit" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from audit" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from audit" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from store" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from store" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from store" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "check" -d 'Check the database; the exit code is 0 if nothing is wrong'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "backup" -d 'Back up the database, also while the server runs'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "rescue" -d 'Copy what can be read of a damaged database; the server must be stopped'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "restore" -d 'Put a backup in the database\'s place; the server must be stopped'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "retain" -d 'Show or set how much of a conversation is kept'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from config" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from config" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from config" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "check" -d 'Check the settings; the exit code is 0 if nothing is wrong, and else 2'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Show each setting and its source: a variable, a line of a file, or the default'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "init" -d 'Write a file of settings, each explained and commented out'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from bench" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from bench" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from bench" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from completions" -l log -d 'Write the log to this file (a client writes none without it)' -r -F
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from completions" -l log-format -d 'How each line of the log is written' -r -f -a "text\t'For people'
json\t'A JSON object a line'"
complete -c udpchat -n "__fish_udpchat_using_subcommand help; and __fish_seen_subcommand_from completions" -s v -l verbose -d 'Log more: -v what happens, -vv why, -vvv everything'
complete -c udpchat -f
complete -c udpchat -n "__fish_udpchat_using_subcommand log-level" -f -a "warn info debug trace"
complete -c udpchat -n "__fish_udpchat_using_subcommand bench" -f -a "pairs fanout paced mixed bulk idle storm"
complete -c udpchat -n "__fish_udpchat_using_subcommand completions" -f -a "bash elvish fish powershell zsh"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from bot" -f -a "on off"
complete -c udpchat -n "__fish_udpchat_using_subcommand user; and __fish_seen_subcommand_from role" -f -a "member moderator administrator"
complete -c udpchat -n "__fish_udpchat_using_subcommand room; and __fish_seen_subcommand_from access" -f -a "public private readonly private-readonly"
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from backup" -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from rescue" -F
complete -c udpchat -n "__fish_udpchat_using_subcommand store; and __fish_seen_subcommand_from restore" -F
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from check" -f -a "client server"
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from show" -f -a "client server"
complete -c udpchat -n "__fish_udpchat_using_subcommand config; and __fish_seen_subcommand_from init" -f -a "client server"
