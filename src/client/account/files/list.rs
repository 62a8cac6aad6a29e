//! The list of the files that are on their way.

use super::FileTransfers;
use super::downloads::{Fetch, Phase};
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::target::{STORED_SIGN, WAITING_SIGN};
use crate::client::account::sender::Sender;
use crate::client::env::Tone;
use crate::client::ui::files;

/// Shows the files that are on their way, and how far each has come.
pub(crate) fn list(ctx: &mut Ctx<'_>, transfers: &FileTransfers, sender: &Sender) {
    let mut rows = Vec::new();
    for copying in transfers.copying.values() {
        let name = files::name(&copying.path);
        rows.push(row("", &name, ("to", &copying.target), "being copied"));
    }
    for (sequence, unsent, file) in sender.outbox.uploads() {
        let progress = match transfers.uploads.taken(sequence) {
            Some(taken) => format!("↑ {}", files::progress(taken, file.size)),
            None => format!("waits, {}", files::size(file.size)),
        };
        let (number, name) = (format!("{WAITING_SIGN}{sequence}"), files::name(&file.name));
        rows.push(row(&number, &name, ("to", &unsent.target), &progress));
    }
    for ((id, at), fetch) in &transfers.downloads.all {
        let (number, name) = (format!("{STORED_SIGN}{at}"), files::name(&fetch.row.name));
        rows.push(row(&number, &name, ("in", ctx.name_of(*id)), &state(fetch)));
    }
    if rows.is_empty() {
        return ctx.notice("no file is on its way; `/file` sends one, `/save` saves one");
    }
    ctx.effects.show_table(Tone::Plain, &rows);
}

fn row(number: &str, name: &str, (word, place): (&str, &str), state: &str) -> Vec<String> {
    vec![
        number.to_owned(),
        name.to_owned(),
        format!("{word} {place}"),
        state.to_owned(),
    ]
}

fn state(fetch: &Fetch) -> String {
    match &fetch.phase {
        Phase::Waiting(_) => format!("waits, {}", files::size(fetch.row.size)),
        Phase::Going(..) => format!("↓ {}", files::progress(fetch.done(), fetch.row.size)),
        Phase::Saving => "being saved".into(),
        Phase::Stuck(why) => format!("not saved: {why}"),
    }
}
