//! `search`: the newest messages on this device that have some words.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::env::Fault;
use crate::client::line::Line;
use crate::client::storage::entry::Said;
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId};
use crate::text::comparison::folded;

/// How many lines a search shows: the newest ones. The others are counted.
const FOUND_MAX: usize = 50;

/// A line, with the time and the place by which it is sorted.
type Found = (u64, ConversationId, EntryId, Line);

/// Shows the newest lines in which all these words occur, however they are written (see [`folded`]).
pub(crate) fn search(ctx: &mut Ctx<'_>, blocked: &BlockedUsers, words: &str) {
    let words: Vec<String> = words.split_whitespace().map(folded).collect();
    if words.iter().all(String::is_empty) {
        ctx.fail(Fault::Usage, render::NOTHING_SEEN);
        return;
    }
    let mut found: BinaryHeap<Reverse<Found>> = BinaryHeap::new();
    let mut count = 0_usize;
    let visited = ctx.state.visit_history(|id, entry, what| {
        if let Some(said @ Said::Text(_)) = what.said(id, ctx.own())
            && let Said::Text(text) = &said
            && contains_all(text, &words)
            && !blocked.hides(what.author, &said)
        {
            count += 1;
            let line = ctx.found_line((id, entry), &what, &said);
            found.push(Reverse((what.time_ms, id, entry, line)));
            if found.len() > FOUND_MAX {
                found.pop();
            }
        }
        true
    });
    if let Err(error) = visited {
        ctx.fail(Fault::Failed, error.to_string());
    }
    show(ctx, found, count);
}

fn show(ctx: &mut Ctx<'_>, found: BinaryHeap<Reverse<Found>>, count: usize) {
    let shown = found.len();
    // Reversed, the greatest come first in ascending order.
    for Reverse((_, _, _, line)) in found.into_sorted_vec().into_iter().rev() {
        ctx.effects.show_line(line);
    }
    let text = match (count, shown) {
        (0, _) => "no message on this device has these words".to_owned(),
        (count, shown) if count > shown => {
            format!("{count} found; the newest {shown} are shown")
        }
        (count, _) => format!("{count} found"),
    };
    ctx.notice(text);
}

fn contains_all(text: &str, words: &[String]) -> bool {
    let text = folded(text);
    words.iter().all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_are_found_however_they_are_written() {
        let words = ["STRASSE", "cafe\u{301}"].map(folded);
        assert!(contains_all(
            "Caf\u{e9} in der lan\u{ad}gen Stra\u{df}e",
            &words
        ));
        assert!(!contains_all("Cafe in der Stra\u{df}e", &words));
    }
}
