//! Pages of logs (`engine::page`): they are fetched on a thread of their own, so that writes do not wait while much is read.
//!
//! Of the storage thread they take the time of the other two steps, in slices between groups. Each page is in one place
//! at a time: it waits, is on its way to that thread and back, or is to be answered.

use std::collections::VecDeque;
use std::sync::mpsc::{self, SendError, Sender};
use std::thread::{self, JoinHandle};

use super::orders::{Asker, Order, PageRequest};
use crate::store::engine::page::Page;
use crate::store::{CompletionBox, Engine};

/// How many pages are planned and not answered at most. Chosen: the thread that fetches them always has some, and what
/// they hold is a few megabytes.
const FETCHED_MAX: usize = 16;

/// The requests for pages that were not answered.
pub(super) struct Pages {
    waiting: VecDeque<PageRequest>,
    /// How many are with the other thread.
    under_way: usize,
    /// Those that had nothing to fetch have no page.
    fetched: VecDeque<(PageRequest, Option<Page>)>,
    /// None once it is to end.
    to_fetch: Option<Sender<(PageRequest, Page)>>,
    thread: Option<JoinHandle<()>>,
}

impl Pages {
    /// Starts the thread, which gives each page back as an [`Order::Fetched`].
    pub(super) fn spawn(orders: Sender<Order>) -> Self {
        let (to_fetch, queue) = mpsc::channel::<(PageRequest, Page)>();
        let fetch = move || {
            for (asked, mut page) in queue {
                page.fetch();
                // If the queue is gone, so is who would answer.
                let _ = orders.send(Order::Fetched(asked, page));
                // Where processors are few, whoever waits for one goes first.
                thread::yield_now();
            }
        };
        let thread = thread::Builder::new().name("pages".into()).spawn(fetch);
        let thread = thread.expect("a process that starts can have a thread");
        Self {
            waiting: VecDeque::new(),
            under_way: 0,
            fetched: VecDeque::new(),
            to_fetch: Some(to_fetch),
            thread: Some(thread),
        }
    }

    pub(super) fn ask(&mut self, asked: impl IntoIterator<Item = PageRequest>) {
        self.waiting.extend(asked);
    }

    /// The other thread has given these back.
    pub(super) fn take_back(&mut self, fetched: Vec<(PageRequest, Page)>) {
        self.under_way -= fetched.len();
        let fetched = fetched.into_iter();
        self.fetched
            .extend(fetched.map(|(asked, page)| (asked, Some(page))));
    }

    /// Whether there is something to do for the storage thread.
    pub(super) fn has_work(&self) -> bool {
        !self.fetched.is_empty() || self.may_plan()
    }

    fn may_plan(&self) -> bool {
        !self.waiting.is_empty() && self.under_way + self.fetched.len() < FETCHED_MAX
    }

    /// Plans and answers as long as there is time.
    pub(super) fn work(
        &mut self,
        engine: &mut Engine,
        has_time: impl Fn() -> bool,
    ) -> Vec<(Asker, CompletionBox)> {
        let mut answered = Vec::new();
        while has_time() {
            // Planning comes first, so that the other thread has something to do.
            if self.may_plan()
                && let Some(asked) = self.waiting.pop_front()
            {
                self.plan(engine, asked);
            } else if let Some((PageRequest { asker, asked }, page)) = self.fetched.pop_front() {
                let mut alone = [asked];
                engine.answer(&mut alone, page);
                let [asked] = alone;
                answered.push((asker, asked));
            } else {
                break;
            }
        }
        answered
    }

    fn plan(&mut self, engine: &Engine, request: PageRequest) {
        let to_fetch = self.to_fetch.as_ref();
        let plan = |to| Some((engine.plan(&request.asked.request)?, to));
        let Some((page, to_fetch)) = to_fetch.and_then(plan) else {
            return self.fetched.push_back((request, None));
        };
        match to_fetch.send((request, page)) {
            Ok(()) => self.under_way += 1,
            // That thread is gone: it is read when it is answered.
            Err(SendError((request, page))) => self.fetched.push_back((request, Some(page))),
        }
    }

    /// Ends the thread. What it had is given back when this returns, and nothing more is fetched.
    pub(super) fn stop(&mut self) {
        self.to_fetch = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that fetches pages has panicked");
        }
    }
}
