//! `udpchat serve`: runs the server.

mod args;
mod limits;
mod run;

use super::command::Subcommand;

/// The subcommand.
pub fn command() -> Subcommand {
    Subcommand::new("serve", "Run the server", run::run)
        .section("SIGNALS", SIGNALS)
        .section("MANY CLIENTS", MANY_CLIENTS)
        .section("RETENTION", RETENTION)
        .section("FILES", FILES)
}

const SIGNALS: &str = "\
    SIGINT and SIGTERM end the server in order: clients are told, the database is closed. A second signal ends \
    it at once.";

const MANY_CLIENTS: &str = "\
    The server asks for socket buffers of 16 MiB. Unless it may administer the network (CAP_NET_ADMIN), Linux \
    gives no more than net.core.rmem_max and net.core.wmem_max, which are 208 KiB where nobody has raised them: \
    of thousands of clients who say something in the same moment some then have to say it again.";

const RETENTION: &str = "\
    Without a --keep option everything is kept. With several, an entry expires with the first limit that it is \
    over. `udpchat store retain` gives a conversation limits of its own. The server looks once an hour; after a \
    jump of the clock by more than a day it removes nothing before the next time.";

const FILES: &str = "\
    DIR/udpchat.redb holds accounts, messages and keys, and DIR/udpchat.redb.journal what was done since that \
    file was last brought up to date: after a crash both are needed, after an orderly stop the first holds all. \
    If the journal is missing, cut short, damaged or another one when it is needed, the log and udpchat status \
    name it, and clients notice what is lost. DIR/udpchat.generation tells whether an older database was put \
    back; where either of the two is left and the database is gone, the server does not start. DIR/control.sock \
    is what udpchat user, status and store speak to. Before a newer udpchat changes the schema, it copies the \
    database to DIR/udpchat.redb.schema-N.DAY. The directory must be its owner's alone (mode 0700).";
