
use builtin;
use str;

set edit:completion:arg-completer[udpchat] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'udpchat'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'udpchat'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand serve 'Run the server'
            cand connect 'Connect to a server and chat'
            cand send 'Send a message from a program or a script'
            cand tail 'Print messages, old and new, for a program'
            cand bot 'Run a bot: JSON lines in both directions'
            cand link 'Print a link to a server, with its key, for others'
            cand discover 'List the servers of the local network'
            cand doctor 'Find out which step on the way to a server fails'
            cand announce 'Announce something to all users'
            cand status 'Show the state of a running server'
            cand reload 'Have a running server read its settings again'
            cand stop 'Stop a running server, and wait until it has ended'
            cand log-level 'Show or set how much a running server logs'
            cand audit 'Show what was done to the server: who, what and when'
            cand bench 'Measure a server with many clients'
            cand completions 'Print a completion script for a shell'
            cand user 'Manage the server''s accounts'
            cand invite 'Invite others to open an account'
            cand room 'Manage the server''s rooms'
            cand message 'Delete what was written'
            cand ban 'Keep accounts and addresses out'
            cand session 'List and end the sessions of a running server'
            cand key 'Show the server''s key'
            cand store 'Check, copy and prune the server''s database'
            cand config 'Check, show or write the files of settings'
            cand help 'Show the menu, or the help of one subcommand or chat command'
        }
        &'udpchat;serve'= {
            cand --listen 'Listen on this address, IPv4 or IPv6; repeatable [default: 0.0.0.0:7777,[::]:7777]'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --registration 'Who may create accounts: anybody (open), who has a code of `udpchat invite` (invitation), or only `udpchat user add` (closed)'
            cand --rooms 'Who may create rooms: every user (open), or only `udpchat room add` (closed)'
            cand --show-addresses 'Who sees in `/contacts` at which address others are: every user (all), moderators and administrators, or nobody'
            cand --announce-name 'The name under which it is announced [default: that of this machine]'
            cand --keep-days 'Remove entries older than N days (0: never)'
            cand --keep-messages 'Keep at most the last N entries of a conversation (0: all)'
            cand --keep-megabytes 'Keep at most the last N million bytes of a conversation (0: all)'
            cand --keep-files-days 'Remove attached files after N days, whatever becomes of their messages (0: as long as these are kept)'
            cand --backup-dir 'Have the server make backups of itself in this directory, which must be there'
            cand --backup-every 'How often, such as 30m, 6h or 1d'
            cand --backup-keep 'How many of them are kept: when a new one is whole, the oldest goes'
            cand --http 'Serve a page and metrics by HTTP on this address, such as 127.0.0.1:9777; see HTTP'
            cand --http-name 'A name by which browsers may ask for the page, beside localhost and addresses; repeatable'
            cand --cluster 'Be one of several servers, which share a log in these NATS servers, such as nats://10.0.0.1:4222; see udpchat-cluster(7)'
            cand --node 'This server''s name among them: lower-case letters, digits and -'
            cand --cluster-name 'The name of the cluster, which its log has in NATS'
            cand --cluster-replicas 'How many copies of the log NATS keeps; 1 is for trying it out'
            cand --cluster-creds 'A file with credentials for NATS: a line NAME:PASSWORD, or a file that the tools of NATS have made'
            cand --cluster-address 'An address by which clients reach this server, which is not one of the others; repeatable'
            cand --cluster-peers 'Tell clients that the servers at these addresses have the same key and the same users, and can take this one''s place; repeatable'
            cand --limit-message-rate 'Messages that one account may send a second; 0: no limit [default: 20]'
            cand --limit-message-burst 'Messages that one account may send at once after a pause; 0: no limit [default: 200]'
            cand --limit-byte-rate 'Bytes of messages that one account may send a second; 0: no limit [default: 64K]'
            cand --limit-byte-burst 'Bytes of messages that one account may send at once after a pause; 0: no limit [default: 1M]'
            cand --limit-day-bytes 'Bytes of messages that one account may send a day; 0: no limit [default: 200M]'
            cand --limit-account-bytes 'Bytes of stored messages of one account; 0: no limit [default: 1G]'
            cand --limit-all-bytes 'Bytes of stored messages of all accounts together; 0: no limit [default: 0]'
            cand --limit-file 'Bytes of one attached file; 0: no limit [default: 100M]'
            cand --limit-files-account 'Bytes of the attached files of one account; 0: no limit [default: 1G]'
            cand --limit-files 'Bytes of the attached files of all accounts together; 0: no limit [default: 10G]'
            cand --limit-files-day 'Bytes of files that one account may upload a day; 0: no limit [default: 2G]'
            cand --limit-request-rate 'Other requests that one account may make a second; 0: no limit [default: 50]'
            cand --limit-request-burst 'Other requests that one account may make at once after a pause; 0: no limit [default: 1000]'
            cand --limit-in-flight 'Messages and requests of one account that the store handles at once; 0: no limit [default: 64]'
            cand --limit-sessions 'Signed-in sessions of all accounts together; 0: no limit [default: 200000]'
            cand --limit-sign-in-rate 'Passwords that are tried by all together, a second; 0: no limit [default: 100]'
            cand --limit-sign-in-burst 'Passwords that are tried at once after a pause; 0: no limit [default: 4000]'
            cand --limit-sign-up-rate 'Accounts that are opened by all together, an hour; 0: no limit [default: 360]'
            cand --limit-sign-up-burst 'Accounts that are opened at once after a pause; 0: no limit [default: 2400]'
            cand --limit-address-sign-up-rate 'Accounts that are opened from one address (IPv6: /64), an hour; 0: no limit [default: 120]'
            cand --limit-address-sign-up-burst 'Accounts that are opened at once from one address after a pause; 0: no limit [default: 1100]'
            cand --limit-room-rate 'Rooms that all accounts make together, an hour; 0: no limit [default: 60]'
            cand --limit-room-burst 'Rooms that all accounts make at once after a pause; 0: no limit [default: 1000]'
            cand --limit-account-room-rate 'Rooms that one account makes, an hour; 0: no limit [default: 6]'
            cand --limit-account-room-burst 'Rooms that one account makes at once after a pause; 0: no limit [default: 10]'
            cand --limit-room-change-rate 'Rooms that one account joins or changes, and users whom it invites, a minute; 0: no limit [default: 30]'
            cand --limit-room-change-burst 'The same at once after a pause; 0: no limit [default: 30]'
            cand --limit-strangers 'Sessions that are not signed in, of all addresses together; 0: no limit [default: 16384]'
            cand --limit-handshake-rate 'Sessions that are begun, of all addresses together, a second; 0: no limit [default: 2000]'
            cand --limit-buffers 'Memory for the send and receive buffers of all sessions; 0: no limit [default: 256M]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --announce 'Announce the server in the local network, by multicast DNS, with its name and its key, for `udpchat discover`'
            cand --http-public 'Let --http be an address that other machines reach'
            cand --cluster-unchecked 'Do not ask the NATS servers whether what they call stored survives a loss of power'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;connect'= {
            cand --config 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]'
            cand --user 'Sign in as this user at once'
            cand --password-file 'Read the password from the first line of this file (-: standard input)'
            cand --state 'The client''s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]'
            cand --server-key 'Connect only if the server''s key has this fingerprint'
            cand --timeout 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h'
            cand --code-file 'Set the password of --user, or open that account, with the operator''s code on the first line of this file (-: standard input)'
            cand --color 'Whether lines are coloured; auto follows NO_COLOR, CLICOLOR_FORCE, CLICOLOR and the terminal'
            cand --theme 'How a part of a line is painted, such as own=bold or name=#ff8800; a table in the settings'
            cand --log-chat 'Add each message to a file of its conversation below this directory, as plain text that stays there'
            cand --download-dir 'Where files of others are saved [default: $XDG_DOWNLOAD_DIR, else ~/Downloads, else the current directory]'
            cand --save-files-below 'Save files of others there by themselves if they are smaller than this, in bytes or as 64K or 5M; without it none are'
            cand --notify 'For which messages the terminal rings: none, those that mention you, private ones too, or all'
            cand --notify-by 'How it rings: bell, or a notification by the terminal''s OSC 9 or OSC 777, which has the conversation''s name only'
            cand --mention 'A word that counts as a mention, beside your name; may be repeated'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --accept-new 'Trust an unknown server key without asking; a changed key is still refused'
            cand --frugal 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost'
            cand --plain 'For a screen reader: words in the place of symbols, no colours, and nothing is drawn again'
            cand --unannounced 'Do not tell others that this session comes and goes, for programs; `/contacts` lists it all the same'
            cand --restricted 'Refuse all commands that read or write files or run programs, for a login shell'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;send'= {
            cand --to 'Who gets it: a user, a room with its #, everyone, or notes (your own)'
            cand --wait 'How far it has to come'
            cand --id 'Say it once only: what the user has sent under the same KEY before, from anywhere, is not sent again'
            cand --file 'Send this file; a text goes with it'
            cand --config 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]'
            cand --user 'Sign in as this user at once'
            cand --password-file 'Read the password from the first line of this file (-: standard input)'
            cand --state 'The client''s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]'
            cand --server-key 'Connect only if the server''s key has this fingerprint'
            cand --timeout 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print one JSON object that says what was reached'
            cand --accept-new 'Trust an unknown server key without asking; a changed key is still refused'
            cand --frugal 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;tail'= {
            cand --since 'Begin with this time, or with what no earlier --since last has printed; else with the last 10 lines of each conversation'
            cand --config 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]'
            cand --user 'Sign in as this user at once'
            cand --password-file 'Read the password from the first line of this file (-: standard input)'
            cand --state 'The client''s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]'
            cand --server-key 'Connect only if the server''s key has this fingerprint'
            cand --timeout 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -f 'Go on with what comes, until a signal'
            cand --follow 'Go on with what comes, until a signal'
            cand --json 'Print each entry as a JSON object on a line of its own'
            cand --accept-new 'Trust an unknown server key without asking; a changed key is still refused'
            cand --frugal 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;bot'= {
            cand --config 'Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]'
            cand --user 'Sign in as this user at once'
            cand --password-file 'Read the password from the first line of this file (-: standard input)'
            cand --state 'The client''s directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]'
            cand --server-key 'Connect only if the server''s key has this fingerprint'
            cand --timeout 'Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --accept-new 'Trust an unknown server key without asking; a changed key is still refused'
            cand --frugal 'For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;link'= {
            cand --room 'A room that who opens the link is asked to join; its # may be left out'
            cand --data 'Take the key of the server in this directory'
            cand --state 'The client''s directory, whose known servers are looked through [default: $XDG_STATE_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;discover'= {
            cand --timeout 'How long to wait for answers, in seconds, 1 to 60'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Show them as one JSON object'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;doctor'= {
            cand --server-key 'The fingerprint that the server''s key must have'
            cand --state 'The client''s directory, with the known servers [default: $XDG_STATE_HOME/udpchat]'
            cand --user 'Sign in as this user, with the ticket of this machine or the password of --password-file'
            cand --password-file 'Read the password from the first line of this file (-: standard input)'
            cand --timeout 'How long to wait for the handshake, 1 to 60'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --store 'Store a note to yourself, and compare the clocks; needs --user'
            cand --nat 'Measure for how long a NAT on the way remembers a silent session; takes a minute'
            cand --json 'Show the report as one JSON object, at the end'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;announce'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;status'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand --watch 'Show it again every second'
            cand --check 'Only say whether the server is well; the exit code is 0 if it is'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;reload'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;stop'= {
            cand --timeout 'Wait so many seconds at most; the server ends all the same'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;log-level'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;audit'= {
            cand --last 'Show the last N actions'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;bench'= {
            cand --clients 'How many clients to play'
            cand --window 'Messages under way at a time, of each client in pairs and of the one in fanout'
            cand --messages 'End pairs and fanout after so many messages of each speaker, whatever --seconds says'
            cand --rate 'Messages a second that each client says, in paced and bulk, or actions in mixed'
            cand --seconds 'How long to measure; bulk and storm measure until they are done'
            cand --size 'Bytes of text in a message'
            cand --bytes 'Bytes of text in each stream of bulk, rounded up to whole messages of 16 KiB'
            cand --repeat 'Measure so many times, and report the median of each figure'
            cand --cluster 'Measure several servers of a cluster, over which the clients are spread'
            cand --baseline 'Compare with the measurement whose --json wrote FILE'
            cand --plot 'Draw the latencies as SVG'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --frugal 'Play clients for whom packets cost money, as `connect --frugal` is one'
            cand --json 'Report as one JSON object'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;completions'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand add 'Create an account'
            cand list 'List the accounts, with the day each was created, and which are bots'
            cand show 'Show an account and its devices'
            cand reset 'Print a code with which a user sets another password'
            cand bot 'Mark an account as a bot''s, or no longer'
            cand role 'Make an account a moderator or an administrator, or a member again'
            cand rename 'Give an account another name'
            cand disable 'Let nobody sign in to an account, and end its sessions'
            cand enable 'Let the user of a disabled account sign in again'
            cand delete 'Delete an account for good; its messages stay, or go with --purge'
            cand help 'Show the help of one of these subcommands'
        }
        &'udpchat;user;add'= {
            cand --password-file 'Read the password from the first line of this file (-: standard input)'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;list'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;show'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;reset'= {
            cand --host 'Also print a link to the server, which others reach under this name or address'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;bot'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;role'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;rename'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;disable'= {
            cand --reason 'Why, as the user is told it'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;enable'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;delete'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --purge 'Delete what the account has said, too'
            cand --yes 'Do not ask'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;user;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand add 'Create an account'
            cand list 'List the accounts, with the day each was created, and which are bots'
            cand show 'Show an account and its devices'
            cand reset 'Print a code with which a user sets another password'
            cand bot 'Mark an account as a bot''s, or no longer'
            cand role 'Make an account a moderator or an administrator, or a member again'
            cand rename 'Give an account another name'
            cand disable 'Let nobody sign in to an account, and end its sessions'
            cand enable 'Let the user of a disabled account sign in again'
            cand delete 'Delete an account for good; its messages stay, or go with --purge'
        }
        &'udpchat;user;help;add'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;user;help;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;user;help;show'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;user;help;reset'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;user;help;bot'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;user;help;role'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;user;help;rename'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;user;help;disable'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;user;help;enable'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;user;help;delete'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;invite'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand create 'Print a code with which somebody opens an account'
            cand list 'List the invitations that are good, without their codes'
            cand revoke 'Void an invitation; the accounts that it has opened stay'
            cand help 'Show the help of one of these subcommands'
        }
        &'udpchat;invite;create'= {
            cand --uses 'How many accounts it opens'
            cand --expires 'How long it is good, such as 12h or 7d; up to 366d'
            cand --host 'Also print a link to the server, which others reach under this name or address'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;invite;list'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;invite;revoke'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;invite;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand create 'Print a code with which somebody opens an account'
            cand list 'List the invitations that are good, without their codes'
            cand revoke 'Void an invitation; the accounts that it has opened stay'
        }
        &'udpchat;invite;help;create'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;invite;help;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;invite;help;revoke'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;room'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand add 'Create a room'
            cand list 'List the rooms: members, owners, sizes and last use'
            cand show 'Show a room and its members, with their roles'
            cand owner 'Make a user the owner of a room'
            cand access 'Set who may join a room, and who may write there'
            cand delete 'Delete a room for good, with what was written there'
            cand help 'Show the help of one of these subcommands'
        }
        &'udpchat;room;add'= {
            cand --owner 'Whose it is: an account of this server'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --private 'Let only those join whom somebody has invited'
            cand --read-only 'Let only moderators and owners write'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;room;list'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;room;show'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;room;owner'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;room;access'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;room;delete'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --yes 'Do not ask'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;room;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand add 'Create a room'
            cand list 'List the rooms: members, owners, sizes and last use'
            cand show 'Show a room and its members, with their roles'
            cand owner 'Make a user the owner of a room'
            cand access 'Set who may join a room, and who may write there'
            cand delete 'Delete a room for good, with what was written there'
        }
        &'udpchat;room;help;add'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;room;help;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;room;help;show'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;room;help;owner'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;room;help;access'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;room;help;delete'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;message'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand delete 'Delete a message of any user'
            cand help 'Show the help of one of these subcommands'
        }
        &'udpchat;message;delete'= {
            cand --room 'In this room, named with or without its #'
            cand --user 'Between these two users'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --everyone 'In the conversation everyone'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;message;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand delete 'Delete a message of any user'
        }
        &'udpchat;message;help;delete'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;ban'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand add 'Keep an account out, or all who come from an address'
            cand list 'List who is kept out, until when and why'
            cand remove 'Let those in again who were kept out'
            cand help 'Show the help of one of these subcommands'
        }
        &'udpchat;ban;add'= {
            cand --until 'Until when: a date or a time'
            cand --for 'For how long, such as 3d or 12h'
            cand --reason 'Why, as those are told it who are banned'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;ban;list'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;ban;remove'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;ban;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand add 'Keep an account out, or all who come from an address'
            cand list 'List who is kept out, until when and why'
            cand remove 'Let those in again who were kept out'
        }
        &'udpchat;ban;help;add'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;ban;help;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;ban;help;remove'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;session'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the sessions: who is connected, from where and since when'
            cand end 'End the sessions of a user, or one session'
            cand help 'Show the help of one of these subcommands'
        }
        &'udpchat;session;list'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;session;end'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;session;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand list 'List the sessions: who is connected, from where and since when'
            cand end 'End the sessions of a user, or one session'
        }
        &'udpchat;session;help;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;session;help;end'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;key'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand show 'Show the fingerprint of the server''s key, and a link with it'
            cand help 'Show the help of one of these subcommands'
        }
        &'udpchat;key;show'= {
            cand --host 'Also print a link to the server, which others reach under this name or address'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;key;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand show 'Show the fingerprint of the server''s key, and a link with it'
        }
        &'udpchat;key;help;show'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;store'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand check 'Check the database; the exit code is 0 if nothing is wrong'
            cand backup 'Back up the database, also while the server runs'
            cand rescue 'Copy what can be read of a damaged database; the server must be stopped'
            cand restore 'Put a backup in the database''s place; the server must be stopped'
            cand retain 'Show or set how much of a conversation is kept'
            cand help 'Show the help of one of these subcommands'
        }
        &'udpchat;store;check'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --json 'Print the report as one JSON object'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;store;backup'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --force 'Replace the file if it is there'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;store;rescue'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --force 'Replace the file if it is there'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;store;restore'= {
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --replace 'If there is a database, move it aside'
            cand --leave-cluster 'Take it out of the cluster of which it is, so that a server can have it alone'
            cand --dry-run 'Check the backup and tell what is in it; write nothing'
            cand --json 'Print JSON'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;store;retain'= {
            cand --days 'Let entries expire that are older than N days (0: never)'
            cand --messages 'Keep at most the last N entries of a conversation (0: all)'
            cand --megabytes 'Keep at most the last N million bytes of a conversation (0: all)'
            cand --config 'Read the server''s settings from this file [default: server.toml in the server''s directory; for root, without --data, /etc/udpchat/server.toml if it is there]'
            cand --data 'The server''s directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --default 'Remove the conversation''s own limits'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;store;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand check 'Check the database; the exit code is 0 if nothing is wrong'
            cand backup 'Back up the database, also while the server runs'
            cand rescue 'Copy what can be read of a damaged database; the server must be stopped'
            cand restore 'Put a backup in the database''s place; the server must be stopped'
            cand retain 'Show or set how much of a conversation is kept'
        }
        &'udpchat;store;help;check'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;store;help;backup'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;store;help;rescue'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;store;help;restore'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;store;help;retain'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;config'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand check 'Check the settings; the exit code is 0 if nothing is wrong, and else 2'
            cand show 'Show each setting and its source: a variable, a line of a file, or the default'
            cand init 'Write a file of settings, each explained and commented out'
            cand help 'Show the help of one of these subcommands'
        }
        &'udpchat;config;check'= {
            cand --config 'Use this file of settings [default: the one that the variable names, else the usual one]'
            cand --data 'The server''s directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;config;show'= {
            cand --profile 'With this profile of the client''s file'
            cand --config 'Use this file of settings [default: the one that the variable names, else the usual one]'
            cand --data 'The server''s directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;config;init'= {
            cand --config 'Use this file of settings [default: the one that the variable names, else the usual one]'
            cand --data 'The server''s directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]'
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand --force 'Replace a file that exists'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'udpchat;config;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand check 'Check the settings; the exit code is 0 if nothing is wrong, and else 2'
            cand show 'Show each setting and its source: a variable, a line of a file, or the default'
            cand init 'Write a file of settings, each explained and commented out'
        }
        &'udpchat;config;help;check'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;config;help;show'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;config;help;init'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand serve 'Run the server'
            cand connect 'Connect to a server and chat'
            cand send 'Send a message from a program or a script'
            cand tail 'Print messages, old and new, for a program'
            cand bot 'Run a bot: JSON lines in both directions'
            cand link 'Print a link to a server, with its key, for others'
            cand discover 'List the servers of the local network'
            cand doctor 'Find out which step on the way to a server fails'
            cand user 'Manage the server''s accounts'
            cand invite 'Invite others to open an account'
            cand room 'Manage the server''s rooms'
            cand message 'Delete what was written'
            cand ban 'Keep accounts and addresses out'
            cand session 'List and end the sessions of a running server'
            cand announce 'Announce something to all users'
            cand status 'Show the state of a running server'
            cand reload 'Have a running server read its settings again'
            cand stop 'Stop a running server, and wait until it has ended'
            cand key 'Show the server''s key'
            cand log-level 'Show or set how much a running server logs'
            cand audit 'Show what was done to the server: who, what and when'
            cand store 'Check, copy and prune the server''s database'
            cand config 'Check, show or write the files of settings'
            cand bench 'Measure a server with many clients'
            cand completions 'Print a completion script for a shell'
        }
        &'udpchat;help;serve'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;connect'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;send'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;tail'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;bot'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;link'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;discover'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;doctor'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand add 'Create an account'
            cand list 'List the accounts, with the day each was created, and which are bots'
            cand show 'Show an account and its devices'
            cand reset 'Print a code with which a user sets another password'
            cand bot 'Mark an account as a bot''s, or no longer'
            cand role 'Make an account a moderator or an administrator, or a member again'
            cand rename 'Give an account another name'
            cand disable 'Let nobody sign in to an account, and end its sessions'
            cand enable 'Let the user of a disabled account sign in again'
            cand delete 'Delete an account for good; its messages stay, or go with --purge'
        }
        &'udpchat;help;user;add'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user;show'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user;reset'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user;bot'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user;role'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user;rename'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user;disable'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user;enable'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;user;delete'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;invite'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand create 'Print a code with which somebody opens an account'
            cand list 'List the invitations that are good, without their codes'
            cand revoke 'Void an invitation; the accounts that it has opened stay'
        }
        &'udpchat;help;invite;create'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;invite;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;invite;revoke'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;room'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand add 'Create a room'
            cand list 'List the rooms: members, owners, sizes and last use'
            cand show 'Show a room and its members, with their roles'
            cand owner 'Make a user the owner of a room'
            cand access 'Set who may join a room, and who may write there'
            cand delete 'Delete a room for good, with what was written there'
        }
        &'udpchat;help;room;add'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;room;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;room;show'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;room;owner'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;room;access'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;room;delete'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;message'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand delete 'Delete a message of any user'
        }
        &'udpchat;help;message;delete'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;ban'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand add 'Keep an account out, or all who come from an address'
            cand list 'List who is kept out, until when and why'
            cand remove 'Let those in again who were kept out'
        }
        &'udpchat;help;ban;add'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;ban;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;ban;remove'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;session'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand list 'List the sessions: who is connected, from where and since when'
            cand end 'End the sessions of a user, or one session'
        }
        &'udpchat;help;session;list'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;session;end'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;announce'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;status'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;reload'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;stop'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;key'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand show 'Show the fingerprint of the server''s key, and a link with it'
        }
        &'udpchat;help;key;show'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;log-level'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;audit'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;store'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand check 'Check the database; the exit code is 0 if nothing is wrong'
            cand backup 'Back up the database, also while the server runs'
            cand rescue 'Copy what can be read of a damaged database; the server must be stopped'
            cand restore 'Put a backup in the database''s place; the server must be stopped'
            cand retain 'Show or set how much of a conversation is kept'
        }
        &'udpchat;help;store;check'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;store;backup'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;store;rescue'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;store;restore'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;store;retain'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;config'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
            cand check 'Check the settings; the exit code is 0 if nothing is wrong, and else 2'
            cand show 'Show each setting and its source: a variable, a line of a file, or the default'
            cand init 'Write a file of settings, each explained and commented out'
        }
        &'udpchat;help;config;check'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;config;show'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;config;init'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;bench'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
        &'udpchat;help;completions'= {
            cand --log 'Write the log to this file (a client writes none without it)'
            cand --log-format 'How each line of the log is written'
            cand -v 'Log more: -v what happens, -vv why, -vvv everything'
            cand --verbose 'Log more: -v what happens, -vv why, -vvv everything'
        }
    ]
    $completions[$command]
}
