//! `udpchat serve`: runs the server.

mod answers;
mod args;
#[cfg_attr(not(feature = "cluster"), path = "alone.rs")]
mod cluster;
mod lifecycle;
mod limits;
mod others;
mod prepared;
mod reload;
mod run;

use super::command::Subcommand;

pub use reload::check;

pub fn command() -> Subcommand {
    Subcommand::new("serve", "Run the server", run::run)
        .section("SIGNALS", SIGNALS)
        .section("SYSTEMD", SYSTEMD)
        .section("MANY CLIENTS", MANY_CLIENTS)
        .section("ANNOUNCEMENT", ANNOUNCEMENT)
        .section("HTTP", HTTP)
        .section("RETENTION", RETENTION)
        .section("BACKUPS", BACKUPS)
        .section("SETTINGS", SETTINGS)
        .section("FILES", FILES)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    A server for those whom you invite, with a directory of its own:\n\
    udpchat serve --data ~/chat --registration invitation\n\
    On one address and another port, keeping messages for a year:\n\
    udpchat serve --data ~/chat --listen 127.0.0.1:7778 --keep-days 365";

const SETTINGS: &str = "\
    Each option can also be set by a variable of the environment, listed below, and in DIR/server.toml or the \
    file of --config: `keep-days = 30` there is --keep-days 30. See udpchat-config(1).";

const SIGNALS: &str = "\
    SIGINT and SIGTERM stop the server in order: it tells its clients and closes the database, within 10 seconds; if something hangs, it is ended then, and the next start takes what is left from the message log. A second \
    signal stops it at once.\n\
    SIGHUP opens the log file again, so that it can be rotated, and reads the settings again; nobody is \
    signed out. They are checked first: on an error all stay as they are, and the log says why. data, listen, \
    limit-buffers, limit-strangers, limit-handshake-rate, announce, announce-name, backup-dir, http, http-name and http-public take effect at the next start, all others at once, and the log names what has changed. \
    Options on the command line and variables stay. A SIGHUP that was ignored at the start, as by nohup(1), \
    stays ignored.";

const SYSTEMD: &str = "\
    systemd is told when the server listens and its database is open, how many are online, when it reads its settings again and when it \
    stops (Type=notify); with WatchdogSec= it is told that the server lives only as long as the network thread and the storage thread answer. \
    The server takes over sockets that systemd has opened (ListenDatagram=). They stay open while it is restarted, and what clients send \
    meanwhile waits in them: after `systemctl restart udpchat` they are signed in again within a moment. Their addresses must be those of --listen, if \
    it is given, and their buffers are those of the socket unit. While that unit is active, systemd starts the server again for the next packet: `systemctl \
    stop udpchat.socket udpchat` stops both. On a host without IPv6, take its line out of the socket unit (`systemctl edit udpchat.socket`).";

const MANY_CLIENTS: &str = "\
    The server asks for socket buffers of 16 MiB. Without the right to administer the network \
    (CAP_NET_ADMIN), Linux grants at most net.core.rmem_max and net.core.wmem_max, 208 KiB by default. If \
    thousands of clients send at the same moment, some packets are then dropped and sent again.";

const ANNOUNCEMENT: &str = "\
    With --announce, every machine of the local network can learn that this server exists, its name, addresses and key; \
    without it the server sends no multicast. It is announced as DNS-SD service _udpchat._udp, with the key's fingerprint in the \
    TXT record, on the interfaces of --listen, and withdrawn when the server stops in order. If it cannot be announced, the log \
    says why and the server runs all the same. Another server of the same name gets a number after its own.";

const HTTP: &str = "\
    With --http 127.0.0.1:9777 the server shows what it does to a browser on the same machine: / is a page with the last hour as \
    plots, which renews itself, /metrics is for Prometheus (OpenMetrics, or its older text format), /healthz answers `ok` while \
    the process lives, and /readyz `ready` while it takes messages and stores them, otherwise 503 and why. Nobody is asked for a \
    password, and no text of a message and no name of a user or room is shown; what others learn is how much is written when. An \
    address that other machines reach is refused without --http-public; what is then served is not encrypted: put a proxy before \
    it, or use `ssh -L 9777:127.0.0.1:9777`. A request has to name the server by an address, as localhost, or by a name of \
    --http-name, so that no web site can read the page through a browser on this machine; only a request by HTTP/1.0, as load balancers \
    probe, may name none, since no browser sends such. Only GET and HEAD are answered, 32 \
    connections at once, each for at most 15 seconds; for one more, the one is closed that has asked for nothing the longest, and it waits if \
    all have. If the port is in use the server does not start. Built \
    with `cargo build --no-default-features` the program has no --http.";

const RETENTION: &str = "\
    Without a --keep option everything is kept. With several, an entry expires as soon as it exceeds any \
    limit. `udpchat store retain` sets the limits of one conversation. The server checks once an hour; after \
    a jump of the clock by more than a day it removes nothing until the next check. An attached file goes with the last \
    message that has it; with --keep-files-days it goes after that time, and its messages stay.";

const BACKUPS: &str = "\
    With --backup-dir the server makes a backup of itself as often as --backup-every says, counted from the newest that is \
    there, also over restarts. Clients do not wait for it. Each is a directory that is named by its time (UTC), as \
    udpchat-20261130T001500Z; `udpchat store restore` takes it. It is made under a name that ends with .part, checked as by \
    `udpchat store check`, and has its name only then. Attached files that the backup before has too are \
    not copied: both have the same file (a hard link), which is compared with its hash each time, and copied again if it \
    is damaged. To copy backups elsewhere, keep the links (`rsync -aH`). When a new one is whole, the oldest beyond \
    --backup-keep are removed.\n\
    The directory must belong to the server's user or root and not be writable for others; it may not be the server's own or in \
    it, and two servers may not share one. It is never made, since a disk that is not mounted would not be noticed. Each backup is a line in the \
    log, as `INFO udpchat::backup: backup made name=...`; one that fails is `ERROR udpchat::backup: backup failed again_s=60 \
    why=...`, and is tried again after a minute, then after twice as long each time, up to an hour. `udpchat status` \
    shows the last one. Backups hold the server's keys and everybody's messages: keep them as you keep the server.";

const FILES: &str = "\
    DIR/udpchat.redb holds accounts, keys and tables. The message log in DIR/udpchat.redb.segments holds the \
    messages, and every change since the tables were last updated, at most some seconds ago: both are always \
    needed, so copy a database with `udpchat store backup`, which makes one file. If the message log is \
    missing, cut short, damaged or belongs to another database, the server's log and udpchat status name \
    that, and clients are told that messages were lost. DIR/udpchat.generation detects that an older database \
    was restored. If one of these two exists without the database, the server does not start. \
    DIR/udpchat.redb.files holds attached files. \
    udpchat-store(7) describes the files. udpchat user, room, status and store reach a running server \
    through DIR/control.sock. Before a newer udpchat changes the schema, it copies the database to \
    DIR/udpchat.redb.schema-N.DAY. Only the owner may have access to the directory (mode 0700): one that \
    others can enter, as systemd makes it without StateDirectoryMode=0700, is made private. Only serve, \
    user add and store restore make a database where there is none.";
