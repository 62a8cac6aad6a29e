//! `history` and `search`: what this device holds, and what it has to fetch from the server.
//!
//! Each entry names its predecessor, so the device knows where its copy has a gap: a page goes from entry to entry,
//! and asks the server where the next one is not here. What is fetched is checked like a delivery and kept, but it
//! does not move where the device stands.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::SignedIn;
use super::pending::PendingRequest;
use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::name::{canonical_target, truncate_name};
use crate::client::storage::StateError;
use crate::client::storage::entry::{Entry, Said};
use crate::client::ui::time::HistoryAnchor;
use crate::protocol::{ConversationId, Digest, EntryId, History, HistoryRequest, Message};
use crate::transport::{Channel, Now};

/// How many entries a page has if no number is given. Chosen: most of a screen.
const PAGE: usize = 20;

/// How many it may have. Chosen: as many lines as a terminal keeps; at the limit the rest is the next page.
const PAGE_MAX: usize = 1_000;

/// How many entries are asked for at once. A server gives fewer where they fit no message.
const FETCH: u32 = 100;

/// How often one `history` asks the server. Chosen: some thousand entries. At the limit the page ends, and the next
/// `history` goes on from there.
const FETCHES_MAX: u32 = 50;

/// How many lines a search shows: the newest ones. The others are counted.
const FOUND_MAX: usize = 50;

/// A page that is being put together, newest first.
#[derive(Debug)]
pub(in crate::client) struct Page {
    conversation: ConversationId,
    want: usize,
    before_ms: Option<u64>,
    /// Entries from here on are done with.
    cursor: EntryId,
    /// The entry that comes next, where that is known.
    expected: Option<EntryId>,
    lines: Vec<String>,
    oldest: Option<EntryId>,
    /// Where the server was asked last: asked once, a gap stays one.
    asked_at: Option<EntryId>,
    fetches: u32,
    damaged: usize,
    /// How many lines of users whom this one blocks were passed over.
    hidden: usize,
}

/// How a page ends.
enum Ending {
    /// It is full.
    Full,
    /// Nothing older exists for this user.
    Begin,
    /// What is older has been removed by the server.
    Expired,
    /// What is older is at the server, which cannot be asked.
    NoLink,
}

impl SignedIn {
    /// The user wants to look back. Without a name it is where they stand, or the page before the last one.
    pub(in crate::client) fn show_history(
        &mut self,
        now: Now,
        named: Option<&str>,
        before: HistoryAnchor,
        want: Option<usize>,
        effects: &mut Effects,
    ) {
        let named = named.map(str::to_owned).or_else(|| self.focus.clone());
        let last = self.page_end.take();
        let found = match &named {
            Some(name) => self.conversations.by_name(&canonical_target(name)),
            None => last.map(|(id, _)| id),
        };
        let Some(id) = found else {
            let text = match named {
                Some(name) => {
                    format!("no messages with {name} on this device")
                }
                None => {
                    "whose history? `/history USER`, `/history #ROOM` or `/history everyone`".into()
                }
            };
            effects.show(Tone::Error, text);
            return;
        };
        let continued = last.filter(|(of, _)| *of == id).map(|(_, entry)| entry);
        let (cursor, before_ms) = match (before, continued) {
            (HistoryAnchor::Entry(entry), _) | (HistoryAnchor::Now, Some(entry)) => (entry, None),
            (HistoryAnchor::Time(time_ms), _) => (EntryId(u64::MAX), Some(time_ms)),
            (HistoryAnchor::Now, None) => (EntryId(u64::MAX), None),
        };
        let expected = if cursor.0 == u64::MAX {
            self.conversations
                .get(id)
                .map(|known| known.stored.received_up_to)
        } else {
            self.prev_of(id, cursor, effects)
        };
        self.page = Some(Page {
            conversation: id,
            want: want.unwrap_or(PAGE).clamp(1, PAGE_MAX),
            before_ms,
            cursor,
            expected,
            lines: Vec::new(),
            oldest: None,
            asked_at: None,
            fetches: 0,
            damaged: 0,
            hidden: 0,
        });
        self.load_more(now, effects);
    }

    fn prev_of(
        &self,
        id: ConversationId,
        entry: EntryId,
        effects: &mut Effects,
    ) -> Option<EntryId> {
        match self.state.entry(id, entry) {
            Ok(found) => found.map(|found| found.prev),
            Err(error) => {
                effects.show(Tone::Error, error.to_string());
                None
            }
        }
    }

    /// Puts a page together as far as it can be, and asks for the rest or shows it.
    fn load_more(&mut self, now: Now, effects: &mut Effects) {
        let Some(mut page) = self.page.take() else {
            return;
        };
        match self.fill(now, &mut page) {
            Ok(Some(ending)) => self.show_page(&page, &ending, effects),
            Ok(None) => {
                page.asked_at = Some(page.cursor);
                page.fetches += 1;
                let tag = self.take_tag();
                if self.pending.add(now.instant, tag, PendingRequest::History) {
                    let request = HistoryRequest {
                        tag,
                        conversation: page.conversation,
                        before: page.cursor,
                        limit: FETCH,
                    };
                    effects.send(Channel::Bulk, &Message::control(request));
                    self.page = Some(page);
                } else {
                    self.show_page(&page, &Ending::NoLink, effects);
                }
            }
            Err(error) => effects.show(Tone::Error, error.to_string()),
        }
    }

    /// Takes entries from this device until the page ends; nothing if the server is to be asked first.
    fn fill(&self, now: Now, page: &mut Page) -> Result<Option<Ending>, StateError> {
        let id = page.conversation;
        let floor = self
            .conversations
            .get(id)
            .map_or(EntryId::START, |known| known.floor);
        while page.lines.len() < page.want {
            let found = match page.expected {
                Some(EntryId::START) => return Ok(Some(Ending::Begin)),
                Some(expected) => self
                    .state
                    .entry(id, expected)?
                    .map(|entry| (expected, entry)),
                None => self.state.entry_before(id, page.cursor)?,
            };
            let Some((entry, what)) = found else {
                let was_asked = page.asked_at == Some(page.cursor);
                if !was_asked && self.can_ask() {
                    let may_ask = page.fetches < FETCHES_MAX;
                    return Ok((!may_ask).then_some(Ending::Full));
                }
                // The server has nothing between. What this device kept from before is still here.
                if page.expected.take().is_some()
                    && self.state.entry_before(id, page.cursor)?.is_some()
                {
                    continue;
                }
                let is_expired = floor > EntryId::START;
                return Ok(Some(match (was_asked, is_expired) {
                    (false, _) => Ending::NoLink,
                    (true, true) => Ending::Expired,
                    (true, false) => Ending::Begin,
                }));
            };
            page.cursor = entry;
            page.expected = Some(what.prev);
            if page.before_ms.is_some_and(|before| what.time_ms >= before) {
                continue;
            }
            let said = what.said(id, self.own());
            if said
                .as_ref()
                .is_some_and(|said| self.blocked.hides(what.author, said))
            {
                page.hidden += 1;
                continue;
            }
            let time = self.clock(now).show(what.time_ms);
            let line = match said {
                Some(said) => {
                    let who = self.who(id, what.author, what.author_name.as_deref());
                    self.entry_line((id, entry), who, &time, &said)
                }
                None => format!("{time} a message that cannot be shown (entry {entry})"),
            };
            page.lines.push(line);
            page.oldest = Some(entry);
        }
        Ok(Some(Ending::Full))
    }

    fn show_page(&mut self, page: &Page, ending: &Ending, effects: &mut Effects) {
        let name = self.name_of(page.conversation).to_owned();
        for line in page.lines.iter().rev() {
            effects.show(Tone::Said, line);
        }
        if page.damaged > 0 {
            effects.show(
                Tone::Error,
                format!("{}: {} damaged messages were left out", name, page.damaged),
            );
        }
        if page.hidden > 0 {
            let text = format!("{name}: messages from blocked users are hidden");
            effects.show(Tone::Notice, text);
        }
        let text = match (ending, page.oldest) {
            (Ending::Full, Some(oldest)) => {
                format!("{name}: repeat `/history` for older messages, or use `--before {oldest}`")
            }
            (Ending::Full, None) => {
                format!("{name}: not that far back yet; repeat `/history` to continue")
            }
            (Ending::Begin, _) => format!("{name}: start of your history"),
            (Ending::Expired, _) => format!("{name}: older messages have expired"),
            (Ending::NoLink, _) => {
                format!("{name}: older messages are on the server, which is not answering now")
            }
        };
        effects.show(Tone::Notice, text);
        self.page_end = page
            .oldest
            .or_else(|| (page.cursor.0 != u64::MAX).then_some(page.cursor))
            .map(|oldest| (page.conversation, oldest));
    }

    /// Older entries have come: each is checked, kept, and moves nothing.
    pub(in crate::client) fn handle_history(
        &mut self,
        now: Now,
        answer: History,
        effects: &mut Effects,
    ) -> Result<(), StateError> {
        let is_asked = matches!(self.pending.take(answer.tag), Some(PendingRequest::History));
        let Some(mut page) = self
            .page
            .take_if(|page| is_asked && page.conversation == answer.conversation)
        else {
            return Ok(());
        };
        let id = page.conversation;
        let mut before = page.cursor;
        for old in answer.entries.into_iter().rev() {
            if old.entry >= before || old.prev >= old.entry {
                break;
            }
            before = old.entry;
            if Digest::of(&old.content) != old.digest {
                page.damaged += 1;
                continue;
            }
            let entry = Entry {
                author: old.author,
                time_ms: old.time_ms,
                content: old.content,
                digest: old.digest,
                prev: old.prev,
                author_name: old.author_name.map(truncate_name),
            };
            self.state.put_entry(id, old.entry, &entry);
        }
        self.state.commit()?;
        self.page = Some(page);
        self.load_more(now, effects);
        Ok(())
    }

    /// There will be no answer: what is here is shown.
    pub(in crate::client) fn page_unanswered(&mut self, effects: &mut Effects) {
        if let Some(page) = self.page.take() {
            self.show_page(&page, &Ending::NoLink, effects);
        }
    }

    /// The next `history` begins from the end again.
    pub(in crate::client) const fn reset_paging(&mut self) {
        self.page_end = None;
    }

    /// Shows the newest lines in which all these words occur, whatever their case.
    pub(in crate::client) fn search(&self, now: Now, words: &str, effects: &mut Effects) {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let mut found = BinaryHeap::new();
        let mut count = 0_usize;
        let visited = self.state.visit_history(|id, entry, what| {
            if let Some(said @ Said::Text(_)) = what.said(id, self.own())
                && let Said::Text(text) = &said
                && contains_all(text, &words)
                && !self.blocked.hides(what.author, &said)
            {
                count += 1;
                let time = self.clock(now).show(what.time_ms);
                let who = self.who(id, what.author, what.author_name.as_deref());
                let line = self.entry_line((id, entry), who, &time, &said);
                let place = self.name_of(id);
                found.push(Reverse((
                    what.time_ms,
                    id,
                    entry,
                    format!("{place}  {line}"),
                )));
                if found.len() > FOUND_MAX {
                    found.pop();
                }
            }
            true
        });
        if let Err(error) = visited {
            effects.show(Tone::Error, error.to_string());
        }
        let shown = found.len();
        // Reversed, the greatest come first in ascending order.
        for Reverse((_, _, _, line)) in found.into_sorted_vec().into_iter().rev() {
            effects.show(Tone::Said, line);
        }
        let text = match (count, shown) {
            (0, _) => "no message on this device has these words".to_owned(),
            (count, shown) if count > shown => {
                format!("{count} found; the newest {shown} are shown")
            }
            (count, _) => format!("{count} found"),
        };
        effects.show(Tone::Notice, text);
    }
}

fn contains_all(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}
