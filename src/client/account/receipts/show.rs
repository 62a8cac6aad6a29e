//! Keeps what is awaited in the device's database, and makes lines of the receipts that have come.

use std::time::Instant;

use super::stored::Told;
use super::{Awaited, News, Receipts, ToldReceipt};
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::quoted;
use crate::client::account::mending::why;
use crate::client::env::Tone;
use crate::client::line::Line;
use crate::client::program::Report;
use crate::client::ui::render;
use crate::protocol::{ConversationId, DeviceSeq, EntryId, Receipts as Marks, SaidBefore, Stored};

impl Receipts {
    /// A message is stored: its receipts are waited for.
    pub(crate) fn expect(&mut self, ctx: &mut Ctx<'_>, stored: &Stored, typed: Option<Instant>) {
        if stored.recipients == 0 {
            return;
        }
        let id = stored.conversation;
        let awaited = Awaited::new(stored.recipients, stored.online.min(stored.recipients));
        ctx.state.put_awaited(id, stored.entry, Some(&awaited));
        let place = (id, ctx.is_many(id));
        let forgotten = self.track(ctx.now.instant, place, stored.entry, awaited, typed);
        self.watch_silence(ctx.now.instant, (id, stored.entry));
        if let Some((conversation, entry)) = forgotten {
            ctx.state.put_awaited(conversation, entry, None);
        }
        self.note_heard(ctx);
    }

    /// A message turned out to be an entry that has its key: the receipts of that are waited for, and told, once more.
    pub(crate) fn expect_again(
        &mut self,
        ctx: &mut Ctx<'_>,
        before: &SaidBefore,
        typed: Option<Instant>,
    ) {
        if typed.is_none() {
            return;
        }
        ctx.ask_receipts(before.conversation);
        let stored = Stored {
            conversation: before.conversation,
            number: DeviceSeq(0),
            entry: before.entry,
            prev: EntryId::START,
            time_ms: before.time_ms,
            recipients: before.recipients,
            online: before.online,
            last_seen_ms: None,
            away: None,
        };
        self.expect(ctx, &stored, typed);
    }

    /// A message is stored: who is not there is told, with those that follow it.
    pub(crate) fn tell_stored(
        &mut self,
        ctx: &Ctx<'_>,
        stored: &Stored,
        when: (Option<Instant>, bool),
    ) {
        self.stored.add(ctx, stored, when);
    }

    /// A conversation's log is another one after this place: what waited there is lost.
    pub(crate) fn drop_after(&mut self, ctx: &mut Ctx<'_>, id: ConversationId, place: EntryId) {
        for lost in self.forget_after(id, place) {
            ctx.state.put_awaited(id, lost, None);
        }
    }

    /// Members have received.
    pub(crate) fn handle_marks(&mut self, ctx: &mut Ctx<'_>, receipts: &Marks) {
        let me = ctx.me.id;
        let others = receipts.marks.iter();
        for mark in others.filter(|mark| mark.account != me) {
            self.mark(receipts.conversation, mark);
        }
        self.note_heard(ctx);
    }

    /// Keeps who has received what, and tells a program.
    fn note_heard(&mut self, ctx: &mut Ctx<'_>) {
        for (conversation, entry, account, name) in std::mem::take(&mut self.heard) {
            why::heard(ctx, (conversation, entry), (account, &name));
            ctx.effects.report(Report::Received {
                conversation,
                place: ctx.name_of(conversation).to_owned(),
                entry,
                name,
                heard_ms: ctx.now.unix_ms,
            });
        }
    }

    /// Shows which receipts have come, one line for messages that the same have received, and keeps what is still awaited.
    /// Of some conversations further messages `are_sent` at this moment. Returns what is to be confirmed once it is on the
    /// screen.
    pub(crate) fn show(
        &mut self,
        ctx: &mut Ctx<'_>,
        are_sent: impl Fn(ConversationId) -> bool,
    ) -> Vec<ToldReceipt> {
        // A script's lines do not wait: they are read by nobody who would mind how many there are.
        let waits = ctx.conversations.is_attended;
        let stored = self
            .stored
            .take_due(ctx.now.instant, |id| waits && are_sent(id));
        for alike in stored.chunk_by(Told::is_like) {
            show_stored(ctx, alike);
        }
        let news = self.news(ctx.now.instant, are_sent);
        for news in &news {
            ctx.effects.own_received(news.conversation, news.entry);
        }
        for alike in news.chunk_by(News::is_like) {
            show_alike(ctx, alike);
        }
        for news in &news {
            if let (true, Some((have, _))) = (news.is_counted, news.count) {
                let (conversation, entry) = (news.conversation, news.entry);
                let count = u32::try_from(have).unwrap_or(u32::MAX);
                why::counted(ctx, (conversation, entry), count);
                ctx.effects.report(Report::Counted {
                    conversation,
                    place: ctx.name_of(conversation).to_owned(),
                    entry,
                    count,
                });
            }
            ctx.state
                .put_awaited(news.conversation, news.entry, Some(&news.awaited));
        }
        for (id, silence) in self.unanswered(ctx.now.instant) {
            let which = silence.is_late.then(|| message_of(ctx, (id, silence.last)));
            let which = last_of(silence.messages, which.flatten());
            let who = render::unheard(ctx.name_of(id));
            let line = render::stored(silence.messages, &who, which.as_deref());
            ctx.effects.show(Tone::Event, line);
        }
        news.into_iter().map(|news| news.told).collect()
    }
}

/// One line for messages that are stored, and for which the same are not there.
fn show_stored(ctx: &mut Ctx<'_>, alike: &[Told]) {
    let Some(last) = alike.last() else {
        return;
    };
    let place = (last.conversation, last.entry);
    let which = last.is_late.then(|| message_of(ctx, place)).flatten();
    let which = last_of(alike.len(), which);
    let line = render::stored(alike.len(), &last.who, which.as_deref());
    ctx.effects.show(Tone::Event, line);
}

/// How the last of so many messages is named.
fn last_of(messages: usize, which: Option<String>) -> Option<String> {
    match which {
        Some(which) if messages > 1 => Some(format!("the last {which}")),
        which => which,
    }
}

/// One line for messages that the same have received.
fn show_alike(ctx: &mut Ctx<'_>, alike: &[News]) {
    let Some(last) = alike.last() else {
        return;
    };
    let place = (last.conversation, last.entry);
    let which = last.is_late.then(|| message_of(ctx, place)).flatten();
    let is_one = alike.len() == 1;
    let which = last_of(alike.len(), which);
    let which = which.as_deref();
    let line = |names: &[String]| {
        let count = last.count.filter(|_| last.is_counted);
        let text = if let Some((have, of)) = count {
            render::received_by_count(alike.len(), (have, of), which)
        } else {
            let elapsed = last.elapsed.filter(|_| is_one);
            render::received(alike.len(), names, (elapsed, last.count), which)
        };
        let line = Line::of(Tone::Receipt, text);
        if last.is_again {
            line.with_note(render::AGAIN)
        } else {
            line
        }
    };
    let of = alike.iter().map(|news| (news.conversation, news.entry));
    ctx.effects
        .show_about(of.collect(), line(&last.all_names), line(&last.names));
}

fn message_of(ctx: &Ctx<'_>, (id, at): (ConversationId, EntryId)) -> Option<String> {
    let found = ctx.state.entry(id, at);
    // A database that fails says so at the end of the batch.
    let entry = found.ok().flatten()?;
    let time = ctx.clock().show(entry.time_ms);
    Some(match quoted(ctx, (id, at), &entry) {
        Some(quoted) => format!("{time} {quoted}"),
        None => time,
    })
}
