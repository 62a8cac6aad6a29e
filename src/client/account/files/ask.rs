//! What the user asks for: to send a file, to save one, or to give that up.

use std::path::{Path, PathBuf};

use super::daily::{Room, SAVED_A_DAY_MAX_BYTES};
use super::{COPYING_MAX, Copying, FileTransfers};
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::recent::{Recent, Whose};
use crate::client::account::mending::target::{
    LineNumber, Named, Refused, STORED_SIGN, Target, WAITING_SIGN, look_back, place, placed_target,
    target,
};
use crate::client::account::sender::files::check_file;
use crate::client::account::sender::outbox::Typed;
use crate::client::account::sender::{Sender, amend, keys};
use crate::client::env::Fault;
use crate::client::name::{canonical_target, is_room};
use crate::client::path_word::PathWord;
use crate::client::storage::entry::{Entry, Said, SharedFile};
use crate::client::storage::transfers::Download;
use crate::client::transfers::{SaveAs, Transfers};
use crate::client::ui::files;
use crate::protocol::{ConversationId, EVERYONE_NAME, EntryId, FILE_MAX_BYTES, NOTES_NAME};

/// A file that the user wants to send.
pub(crate) struct File<'a> {
    pub(crate) target: &'a str,
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
    pub(crate) key: Option<String>,
    /// The entry that it answers.
    pub(crate) answers: Option<EntryId>,
}

/// What is to be saved, and as what.
pub(crate) struct Save<'a> {
    pub(crate) named: Named<'a>,
    pub(crate) save_as: Option<&'a str>,
}

/// Has a file copied, and then sent.
pub(crate) fn send(
    ctx: &mut Ctx<'_>,
    (transfers, sender): (&mut FileTransfers, &Sender),
    disk: Option<&mut dyn Transfers>,
    file: File<'_>,
) {
    if let Err((fault, text)) = begin(ctx, (transfers, sender), disk, file) {
        ctx.fail(fault, text);
    }
}

fn begin(
    ctx: &Ctx<'_>,
    (transfers, sender): (&mut FileTransfers, &Sender),
    disk: Option<&mut dyn Transfers>,
    file: File<'_>,
) -> Result<(), Refused> {
    let disk = disk.ok_or_else(|| (Fault::Failed, "this client sends no files".to_owned()))?;
    check_file(
        ctx,
        (&sender.outbox, transfers.copying()),
        (file.target, file.text),
    )?;
    if let Some(key) = &file.key {
        keys::check_key(key).map_err(|text| (Fault::Usage, text))?;
    }
    if transfers.copying.len() >= COPYING_MAX {
        let text = format!("{COPYING_MAX} files are being copied already; try again");
        return Err((Fault::Failed, text));
    }
    let id = transfers.new_id();
    let copying = Copying {
        target: file.target.to_owned(),
        text: file.text.to_owned(),
        key: file.key,
        answers: file.answers,
        typed: Typed {
            at: ctx.now.instant,
            line: ctx.effects.script_line,
        },
        path: file.path.to_string_lossy().into_owned(),
    };
    transfers.copying.insert(id, copying);
    let max = ctx.session.server.file_max.unwrap_or(FILE_MAX_BYTES);
    disk.copy(id, file.path, max);
    Ok(())
}

/// The same as it is typed: `[USER|#ROOM|everyone|notes] PATH [TEXT]`, and perhaps the message that it answers.
pub(crate) fn send_typed(
    ctx: &mut Ctx<'_>,
    (transfers, sender, recent): (&mut FileTransfers, &Sender, &mut Recent),
    disk: Option<&mut dyn Transfers>,
    (answered, typed): (Option<&str>, &str),
) {
    let (first, behind) = split_path(typed);
    let focus = ctx.focus.current.clone();
    let name = canonical_target(&first);
    let is_known = [EVERYONE_NAME, NOTES_NAME].contains(&&*name)
        || is_room(&name)
        || ctx.conversations.by_name(&name).is_some();
    let (target, path, text) = match focus {
        Some(focus) if !is_known || behind.is_empty() => (focus, first, behind),
        None if behind.is_empty() => {
            let text = "to whom, and which file? `/file bob chart.pdf`";
            return ctx.fail(Fault::Usage, text);
        }
        _ => {
            let (path, text) = split_path(behind);
            (first, path, text)
        }
    };
    let answers = answered.map(|word| answered_entry(ctx, (sender, recent), &target, word));
    let answers = match answers.transpose() {
        Ok(answers) => answers,
        Err((fault, text)) => return ctx.fail(fault, text),
    };
    let path = PathBuf::from(path);
    let file = File {
        target: &target,
        path: &path,
        text,
        key: None,
        answers,
    };
    send(ctx, (transfers, sender), disk, file);
}

/// The entry of a conversation that a file is to answer.
fn answered_entry(
    ctx: &mut Ctx<'_>,
    (sender, recent): (&Sender, &mut Recent),
    place: &str,
    word: &str,
) -> Result<EntryId, Refused> {
    let line = LineNumber::read(word);
    let line = line.ok_or_else(|| {
        let text = format!("which message? `--reply {STORED_SIGN}12`; `/lines` shows the numbers");
        (Fault::Usage, text)
    })?;
    let named = Named {
        place: Some(place),
        line: Some(line),
    };
    match placed_target(ctx, (sender, recent), named, Whose::Anybodys)? {
        Target::Entry(_, at, _) => Ok(at),
        Target::Waiting(..) => {
            let text = "that message waits to be sent; answer it once it is".to_owned();
            Err((Fault::Failed, text))
        }
    }
}

/// The first word of a line as a path, and what is behind it.
fn split_path(line: &str) -> (String, &str) {
    let line = line.trim_start();
    let word = PathWord::of(line);
    (word.plain, line[word.length..].trim())
}

/// Has a file saved that stands in a conversation: the named one, else the last.
pub(crate) fn save(
    ctx: &mut Ctx<'_>,
    (transfers, sender, recent): (&mut FileTransfers, &Sender, &mut Recent),
    disk: Option<&mut dyn Transfers>,
    save: &Save<'_>,
) {
    let Some(disk) = disk else {
        return ctx.fail(Fault::Failed, "this client saves no files");
    };
    let is_last = save.named.line.is_none();
    let save_as = match save.save_as.map(|typed| chosen(typed, is_last)).transpose() {
        Ok(save_as) => save_as,
        Err(text) => return ctx.fail(Fault::Usage, text),
    };
    let (place, file) = match meant(ctx, (sender, recent), save.named) {
        Ok(meant) => meant,
        Err((fault, text)) => return ctx.fail(fault, text),
    };
    let row = Download {
        id: transfers.new_id(),
        save_as: match save_as {
            Some(path) if !path.is_empty() => SaveAs::Chosen {
                path,
                name: file.name.clone(),
            },
            _ => SaveAs::Named(file.name.clone()),
        },
        name: file.name,
        size: file.size,
        root: file.root,
    };
    if let Err(why) = disk.check_place(&row.save_as) {
        let text = format!("not saved: {}: {why}", files::name(&row.name));
        return ctx.fail(Fault::Failed, text);
    }
    transfers.downloads.begin(ctx, place, row);
}

/// Where a file is to be saved. A number where the last file is meant is a message's without its sign.
fn chosen(typed: &str, is_last: bool) -> Result<String, String> {
    let (path, behind) = split_path(typed);
    if !behind.is_empty() {
        return Err("one name or path at a time; put one with blanks in quotation marks".into());
    }
    if path.starts_with(STORED_SIGN) {
        return Err(format!("one file at a time: `/save {path}` saves that one"));
    }
    let is_number = !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_digit());
    if is_last && is_number {
        let text = format!(
            "`/save {STORED_SIGN}{path}` saves the file of that message, `/save ./{path}` the last one under that name"
        );
        return Err(text);
    }
    Ok(path)
}

/// Has a file saved that has just come, if it is as small as the user wants that.
pub(crate) fn save_small(
    ctx: &mut Ctx<'_>,
    transfers: &mut FileTransfers,
    place: (ConversationId, EntryId),
    file: SharedFile,
) {
    if file.size >= transfers.save_below {
        return;
    }
    let name = files::name(&file.name);
    if transfers.downloads.are_full() {
        let text = format!("{name} is not saved: too many are being saved; `/files` shows them");
        return ctx.trouble(text);
    }
    match transfers.saved_today.add(ctx.now.unix_ms, file.size) {
        Room::Left => {}
        Room::Over => return,
        Room::OverNow => {
            let max = files::size(SAVED_A_DAY_MAX_BYTES);
            let text = format!(
                "{name} is not saved: files save themselves up to {max} a day; `/save` saves it"
            );
            return ctx.trouble(text);
        }
    }
    let row = Download {
        id: transfers.new_id(),
        save_as: SaveAs::Named(file.name.clone()),
        name: file.name,
        size: file.size,
        root: file.root,
    };
    // No line of a script has asked for it.
    let line = ctx.effects.script_line.take();
    transfers.downloads.begin(ctx, place, row);
    ctx.effects.script_line = line;
}

/// The file that is meant.
fn meant(
    ctx: &mut Ctx<'_>,
    (sender, recent): (&Sender, &mut Recent),
    named: Named<'_>,
) -> Result<((ConversationId, EntryId), SharedFile), Refused> {
    if named.line.is_some() {
        return match target(ctx, (sender, recent), named, Whose::Anybodys)? {
            Target::Entry(id, at, entry) => {
                let no_file = || {
                    let text = format!("{STORED_SIGN}{at} in {} is not a file", ctx.name_of(id));
                    (Fault::Failed, text)
                };
                let file = file_of(ctx, id, &entry).ok_or_else(no_file)?;
                Ok(((id, at), file))
            }
            Target::Waiting(..) => {
                let text = "it waits to be sent; the file is where it was".to_owned();
                Err((Fault::Failed, text))
            }
        };
    }
    let place = place(ctx, recent, named.place, Whose::Anybodys)?;
    let found = place.id.and_then(|id| {
        look_back(ctx, (id, EntryId(u64::MAX)), |ctx, at, entry| {
            let is_shown = !ctx.hidden.has(entry.author);
            let file = file_of(ctx, id, &entry).filter(|_| is_shown)?;
            Some(((id, at), file))
        })
    });
    found.ok_or_else(|| {
        let name = place.name;
        let text =
            format!("this device has no file in {name}; `/fetch {name}` gets older messages");
        (Fault::Failed, text)
    })
}

fn file_of(ctx: &Ctx<'_>, id: ConversationId, entry: &Entry) -> Option<SharedFile> {
    match entry.said(id, ctx.own())? {
        Said::File(file) => Some(file),
        _ => None,
    }
}

/// A file that is on its way.
enum OnItsWay {
    Sent(u64),
    Saved(ConversationId, EntryId),
}

/// Gives a file up that is on its way: one that is sent by the number under which it waits, one that is saved by that of its
/// message. Without a number it is the only one that there is.
pub(crate) fn cancel(
    ctx: &mut Ctx<'_>,
    (transfers, sender, recent): (&mut FileTransfers, &mut Sender, &mut Recent),
    named: Named<'_>,
) {
    let meant = if named.line.is_some() {
        target(ctx, (sender, recent), named, Whose::Anybodys).map(|target| match target {
            Target::Entry(id, at, _) => OnItsWay::Saved(id, at),
            Target::Waiting(sequence, _) => OnItsWay::Sent(sequence),
        })
    } else {
        only_one(transfers, sender)
    };
    match meant {
        Err((fault, text)) => ctx.fail(fault, text),
        Ok(OnItsWay::Sent(sequence)) => {
            if !sender.outbox.is_file(sequence) {
                let text =
                    format!("{WAITING_SIGN}{sequence} is not a file; `/delete` takes it back");
                ctx.fail(Fault::Failed, text);
            } else if let Some(unsent) = amend::take_back(ctx, &mut sender.outbox, sequence) {
                ctx.notice(format!("not sent: {}", unsent.described()));
            } else {
                ctx.fail(
                    Fault::Failed,
                    "it is at the server already; `/delete` deletes it",
                );
            }
        }
        Ok(OnItsWay::Saved(id, at)) => match transfers.downloads.remove(ctx, (id, at)) {
            Some(row) => ctx.notice(format!("not saved: {}", files::name(&row.name))),
            None => ctx.fail(
                Fault::Failed,
                "that is not being saved; `/files` shows what is",
            ),
        },
    }
}

/// The only file that is on its way.
fn only_one(transfers: &FileTransfers, sender: &Sender) -> Result<OnItsWay, Refused> {
    let sent = sender
        .outbox
        .uploads()
        .map(|(sequence, ..)| OnItsWay::Sent(sequence));
    let saved = transfers.downloads.all.keys();
    let saved = saved.map(|(id, at)| OnItsWay::Saved(*id, *at));
    let mut all = sent.chain(saved);
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err((Fault::Failed, "no file is on its way".into())),
        (Some(_), Some(_)) => {
            let text = "which one? `/files` shows their numbers".to_owned();
            Err((Fault::Usage, text))
        }
    }
}
