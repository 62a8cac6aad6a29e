//! Connects the receipts with the tables and the screen.

use std::time::Instant;

use super::{Awaited, News, Receipts, ToldReceipt};
use crate::client::account::ctx::Ctx;
use crate::client::env::Tone;
use crate::client::line::Line;
use crate::client::storage::entry::Said;
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId, Receipts as Marks, Stored};

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
        if let Some((conversation, entry)) = forgotten {
            ctx.state.put_awaited(conversation, entry, None);
        }
    }

    /// A conversation's log is another one behind this place: what waited there is lost.
    pub(crate) fn drop_after(&mut self, ctx: &mut Ctx<'_>, id: ConversationId, place: EntryId) {
        for lost in self.forget_after(id, place) {
            ctx.state.put_awaited(id, lost, None);
        }
    }

    /// Members have received.
    pub(crate) fn handle_marks(&mut self, ctx: &Ctx<'_>, receipts: &Marks) {
        let others = receipts.marks.iter();
        for mark in others.filter(|mark| mark.account != ctx.me.id) {
            self.mark(receipts.conversation, mark);
        }
    }

    /// Shows which receipts have come, and keeps what is still awaited. Returns what is to be confirmed once it is on the
    /// screen.
    pub(crate) fn show(&mut self, ctx: &mut Ctx<'_>) -> Vec<ToldReceipt> {
        let mut told = Vec::new();
        for news in self.news(ctx.now.instant) {
            let which = if news.is_late {
                message_of(ctx, &news)
            } else {
                None
            };
            let which = which.as_deref();
            let text = match (news.is_counted, news.count) {
                (true, Some((have, of))) => render::received_by_count(have, of, which),
                _ => render::received(&news.names, news.elapsed, news.count, which),
            };
            let line = Line::of(Tone::Receipt, text);
            ctx.effects.show_line(if news.is_again {
                line.with_note(render::AGAIN)
            } else {
                line
            });
            ctx.state
                .put_awaited(news.conversation, news.entry, Some(&news.awaited));
            told.push(news.told);
        }
        told
    }
}

fn message_of(ctx: &Ctx<'_>, news: &News) -> Option<String> {
    let found = ctx.state.entry(news.conversation, news.entry);
    // A database that fails says so at the end of the batch.
    let entry = found.ok().flatten()?;
    let time = ctx.clock().show(entry.time_ms);
    Some(match entry.said(news.conversation, ctx.own()) {
        Some(Said::Text(text)) => format!("{time} {}", render::quote(&text)),
        _ => time,
    })
}
