//! `history [USER|#ROOM|everyone] [--before WHEN|ENTRY] [N]`: what was said, page by page.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::client::env::Tone;
use crate::client::looking_back::Before;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct History;

impl Entry for History {
    fn name(&self) -> &'static str {
        "history"
    }
    fn summary(&self) -> &'static str {
        "show what was said; again, what was said before"
    }
}

impl ChatCommand for History {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "[USER|#ROOM|everyone] [--before WHEN|ENTRY] [N]",
            least: 0,
            most: 4,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let mut named = None;
        let mut before = Before::Now;
        let mut want = None;
        let words: Vec<&str> = arguments
            .iter()
            .flat_map(|word| word.split_whitespace())
            .collect();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--before" {
                let read = words.next().and_then(|word| core.moment(now, word));
                let Some(read) = read else {
                    core.show(
                        Tone::Error,
                        "--before takes a time (14:02, 2026-03-17, 2026-03-17T14:02) or an entry's number",
                    );
                    return;
                };
                before = read;
            } else if let Ok(number) = word.parse::<usize>() {
                want = Some(number);
            } else if named.is_none() {
                named = Some(word);
            } else {
                let text = format!("usage: history {}", self.usage().arguments);
                core.show(Tone::Error, &text);
                return;
            }
        }
        core.with_account(|account, effects| account.look_back(now, named, before, want, effects));
    }
}
