//! A person who pages back: `history` again and again, conversation by conversation, until the client says that there
//! is nothing before it.
//!
//! They do it while nobody says anything, so that every line on the screen that somebody said is of a page; what hosts and
//! network do meanwhile cuts pages short, and the next one must go on where the last one ended.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use udpchat::client::Tone;

use crate::entries::{Marker, edit_of, reactions_of, shown_marker_of};
use crate::kit::Rng;

/// How long a person waits who was told that the server does not answer.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// How many lines a page has where nothing else is asked for, and how many it may have.
const PAGE: usize = 20;
const PAGE_MAX: usize = 1_000;

/// What stands under a page, behind the conversation's name.
const FULL: &str = ": repeat `/history` for older messages";
const CUT_SHORT: &str = ": older messages are on the server";
const OLDEST: &[&str] = &[": start of your history", ": older messages have expired"];

/// A line of a page: what was said, its last edit and the reactions to it; nothing of these for what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PagedLine {
    pub marker: Option<Marker>,
    pub edit: Option<Marker>,
    pub reactions: BTreeSet<Marker>,
}

impl PagedLine {
    fn read(line: &str) -> Self {
        let said = line.split_once(": ").map_or(line, |(_, said)| said);
        Self {
            marker: shown_marker_of(line),
            edit: edit_of(said),
            reactions: reactions_of(said).into_iter().collect(),
        }
    }
}

/// What a person was shown of a conversation, oldest first.
pub struct PagedConversation {
    pub name: String,
    pub conversation: u64,
    pub shown: Vec<PagedLine>,
}

/// A person who pages back.
pub struct Paging {
    /// The conversations that are still to be read; the first is being read.
    conversations: VecDeque<(u64, String)>,
    rng: Rng,
    /// Up to which life and line the screen was looked at.
    looked_at: (usize, usize),
    /// Of the first conversation, oldest first.
    shown: VecDeque<PagedLine>,
    /// How many lines its pages have: another number would begin with the newest again.
    length: usize,
    /// How many lines were asked for, if a page was and has not been shown.
    wants: Option<usize>,
    /// When the next one is asked for.
    next_at: Duration,
    /// What was read to its beginning.
    pub read: Vec<PagedConversation>,
    /// Pages that were cut short because the server could not be asked.
    pub cut_short: usize,
}

/// Whether a line begins with a time, before which the day may stand.
fn begins_with_time(line: &str) -> bool {
    let is_time = |word: &str| {
        let parts = word.split_once(':');
        parts.is_some_and(|(hour, minute)| {
            hour.parse::<u8>().is_ok() && minute.parse::<u8>().is_ok()
        })
    };
    line.split(' ').take(3).any(is_time)
}

impl Paging {
    /// Begins to read these, on a screen of which nothing before this life and line is heeded.
    pub fn new(
        conversations: VecDeque<(u64, String)>,
        mut rng: Rng,
        looked_at: (usize, usize),
    ) -> Self {
        Self {
            conversations,
            length: length(&mut rng),
            rng,
            looked_at,
            shown: VecDeque::new(),
            wants: None,
            next_at: Duration::ZERO,
            read: Vec::new(),
            cut_short: 0,
        }
    }

    pub fn is_done(&self) -> bool {
        self.conversations.is_empty()
    }

    /// When the next page is asked for, if one is.
    pub fn deadline(&self) -> Option<Duration> {
        (!self.is_done() && self.wants.is_none()).then_some(self.next_at)
    }

    /// The next thing to type, if it is time.
    pub fn line(&mut self, now: Duration) -> Option<String> {
        self.deadline().filter(|at| *at <= now)?;
        let (_, name) = self.conversations.front()?;
        self.wants = Some(self.length);
        Some(match self.length {
            PAGE => format!("/history {name}"),
            lines => format!("/history {name} {lines}"),
        })
    }

    /// Looks at what has appeared on the screen of this life.
    pub fn look(&mut self, now: Duration, life: usize, lines: &[(Tone, String)]) {
        if self.looked_at.0 != life {
            // Another process begins from the end again.
            self.looked_at = (life, 0);
            self.shown.clear();
            self.wants = None;
        }
        let mut page = Vec::new();
        for (tone, line) in &lines[self.looked_at.1..] {
            match tone {
                Tone::Said => page.push(PagedLine::read(line)),
                // What happened in a room has a time on a page, and nowhere else.
                Tone::Event if begins_with_time(line) => page.push(PagedLine::default()),
                Tone::Notice => self.end_page(now, line, &mut page),
                // One that the server could not be asked for is cut short, which is an error.
                Tone::Error => {
                    assert!(
                        !line.contains("cannot be shown") && !line.starts_with("no messages with"),
                        "who paged back was told: {line}"
                    );
                    self.end_page(now, line, &mut page);
                }
                Tone::Receipt | Tone::Event | Tone::Plain => {}
            }
        }
        // A page and what stands under it are shown together.
        assert!(page.is_empty(), "somebody said {page:?} in the silence");
        self.looked_at.1 = lines.len();
    }

    /// Takes a page, if this line stands under one.
    fn end_page(&mut self, now: Duration, line: &str, page: &mut Vec<PagedLine>) {
        let Some((conversation, name)) = self.conversations.front() else {
            return;
        };
        let (Some(ending), Some(wants)) = (line.strip_prefix(&**name), self.wants) else {
            return;
        };
        let says = |texts: &[&str]| texts.iter().any(|text| ending.starts_with(text));
        let is_cut_short = ending.starts_with(CUT_SHORT);
        let (is_full, is_last) = (ending.starts_with(FULL), says(OLDEST));
        if !(is_cut_short || is_last || is_full) {
            return;
        }
        assert!(
            page.len() == wants || page.len() < wants && !is_full,
            "a page of {} lines was asked for, and has {}: {line}",
            wants,
            page.len()
        );
        self.wants = None;
        for shown in page.drain(..).rev() {
            self.shown.push_front(shown);
        }
        if is_cut_short {
            self.cut_short += 1;
            self.next_at = now + TRY_AGAIN_AFTER;
        }
        if is_last {
            self.read.push(PagedConversation {
                name: name.clone(),
                conversation: *conversation,
                shown: std::mem::take(&mut self.shown).into(),
            });
            self.conversations.pop_front();
            self.length = length(&mut self.rng);
        }
    }
}

fn length(rng: &mut Rng) -> usize {
    match rng.below(8) {
        0 => PAGE,
        1 => PAGE_MAX,
        lines => lines as usize - 1,
    }
}
