//! The list of public rooms, in the order of their use.
//!
//! Somebody who creates rooms by the dozen would fill a list by name, and a newcomer would see only empty rooms. The
//! order is read off the store in short steps, now and then, while somebody asks; a page of the list then costs as many
//! rows as it has. Between two passes the order may be out of date, never the rows.

use std::time::{Duration, Instant};

use crate::protocol::ConversationId;
use crate::server::ctx::requests::RequestOrigin;
use crate::store::RoomUse;

/// Public rooms on one page. Chosen: two or three screens.
pub const PAGE: usize = 100;
/// Rooms that are ordered; the least used beyond them are in no list, and are joined by name. Chosen: more than anybody
/// looks through, 80 KB.
const LISTED_MAX: usize = 10_000;
/// How many rooms one step of a pass looks at. Chosen: a millisecond of the store.
pub const STEP: usize = 256;
/// How long an order is good. Chosen: who has just created a room tells others its name.
const GOOD_FOR: Duration = Duration::from_secs(30);

/// The order, and the pass that makes the next one.
#[derive(Debug, Default)]
pub struct Directory {
    order: Vec<ConversationId>,
    made: Option<Instant>,
    pass: Option<Vec<RoomUse>>,
    /// Who asked before there was any order, and for which page; one for each session at most.
    waiting: Vec<(RequestOrigin, u32)>,
}

/// What to do for somebody who asks.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Answer from the order as it is.
    Answer,
    /// The same, and begin a pass for those who ask later.
    AnswerAndBegin,
    /// Begin a pass; it is answered at the end.
    Begin,
    /// A pass is under way; it is answered at its end.
    Wait,
}

impl Directory {
    /// Somebody wants to see a page.
    pub fn ask(&mut self, now: Instant, origin: RequestOrigin, page: u32) -> Next {
        let is_under_way = self.pass.is_some();
        let next = match self.made {
            Some(made) if now.saturating_duration_since(made) <= GOOD_FOR || is_under_way => {
                return Next::Answer;
            }
            Some(_) => Next::AnswerAndBegin,
            None => {
                self.waiting.push((origin, page));
                if is_under_way {
                    return Next::Wait;
                }
                Next::Begin
            }
        };
        self.pass = Some(Vec::new());
        next
    }

    /// The rooms of a page, and how many pages there are.
    #[must_use]
    pub fn page(&self, page: u32) -> (Vec<ConversationId>, u32) {
        let page = usize::try_from(page).unwrap_or(usize::MAX);
        let rooms = self.order.chunks(PAGE).nth(page);
        let pages = self.order.len().div_ceil(PAGE).max(1);
        let pages = u32::try_from(pages).unwrap_or(u32::MAX);
        (rooms.map(<[_]>::to_vec).unwrap_or_default(), pages)
    }

    /// A step of the pass has seen these rooms.
    pub fn see(&mut self, rooms: Vec<RoomUse>) {
        let Some(pass) = &mut self.pass else {
            return;
        };
        pass.extend(rooms);
        if pass.len() >= 2 * LISTED_MAX {
            order(pass);
        }
    }

    /// The pass is over. Returns who has waited for it.
    pub fn finish(&mut self, now: Instant) -> Vec<(RequestOrigin, u32)> {
        if let Some(mut pass) = self.pass.take() {
            order(&mut pass);
            self.order = pass.iter().map(|room| room.conversation).collect();
            self.made = Some(now);
        }
        std::mem::take(&mut self.waiting)
    }

    /// The pass cannot go on. Returns who has waited for it.
    pub fn give_up(&mut self) -> Vec<(RequestOrigin, u32)> {
        self.pass = None;
        std::mem::take(&mut self.waiting)
    }
}

/// The rooms to which most belong first; of two alike the one in which something was said later.
fn order(rooms: &mut Vec<RoomUse>) {
    rooms.sort_by_key(|room| {
        let use_of = (room.members, room.time_ms);
        (std::cmp::Reverse(use_of), room.conversation)
    });
    rooms.dedup_by_key(|room| room.conversation);
    rooms.truncate(LISTED_MAX);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{AccountId, DeviceId};
    use crate::testing::instant;
    use crate::transport::{Channel, SessionId};

    fn origin(tag: u32) -> RequestOrigin {
        RequestOrigin {
            session: SessionId(1),
            channel: Channel::Control,
            account: AccountId(1),
            device: DeviceId(1),
            tag,
        }
    }

    fn room(id: u64, members: u32, time_ms: u64) -> RoomUse {
        RoomUse {
            conversation: ConversationId(id),
            members,
            time_ms,
        }
    }

    #[test]
    fn rooms_in_which_most_are_come_first_however_many_empty_ones_are_made() {
        // 36 accounts made 1,080 rooms, and a newcomer's list of the first thousand by name showed none of the others.
        let now = instant();
        let mut directory = Directory::default();
        assert_eq!(directory.ask(now, origin(1), 0), Next::Begin);
        assert_eq!(directory.ask(now, origin(2), 0), Next::Wait);
        for step in 0..12 {
            directory.see((0..100).map(|id| room(step * 100 + id, 1, 9_000)).collect());
        }
        directory.see(vec![
            room(5_001, 2, 10),
            room(5_002, 40, 10),
            room(5_003, 2, 20),
        ]);
        let waiting = directory.finish(now);
        let tags: Vec<u32> = waiting.iter().map(|(origin, _)| origin.tag).collect();
        assert_eq!(tags, [1, 2]);
        let (first, pages) = directory.page(0);
        assert_eq!(pages, 13);
        assert_eq!(first[..3], [5_002, 5_003, 5_001].map(ConversationId));
        assert_eq!(first.len(), PAGE);
        assert_eq!(directory.page(12).0.len(), 3);
        assert_eq!(directory.page(13).0, []);
        assert_eq!(directory.page(u32::MAX).0, []);
    }

    #[test]
    fn order_is_read_again_when_it_is_old_and_answers_meanwhile() {
        let now = instant();
        let mut directory = Directory::default();
        assert_eq!(directory.ask(now, origin(1), 0), Next::Begin);
        directory.see(vec![room(1, 1, 1)]);
        directory.finish(now);
        assert_eq!(directory.ask(now, origin(2), 0), Next::Answer);
        let later = now + GOOD_FOR + Duration::from_secs(1);
        assert_eq!(directory.ask(later, origin(3), 0), Next::AnswerAndBegin);
        assert_eq!(directory.ask(later, origin(4), 0), Next::Answer);
        assert_eq!(directory.page(0).0, [ConversationId(1)]);
        assert!(directory.finish(later).is_empty());
        assert_eq!(directory.page(0).0, []);
    }

    #[test]
    fn pass_that_cannot_go_on_leaves_nobody_waiting_and_the_order_as_it_was() {
        let now = instant();
        let mut directory = Directory::default();
        assert_eq!(directory.ask(now, origin(1), 3), Next::Begin);
        assert_eq!(directory.give_up(), [(origin(1), 3)]);
        assert_eq!(directory.ask(now, origin(2), 0), Next::Begin);
    }

    #[test]
    fn what_is_ordered_is_bounded() {
        let now = instant();
        let mut directory = Directory::default();
        directory.ask(now, origin(1), 0);
        for step in 0..100 {
            directory.see((0..1000).map(|id| room(step * 1000 + id, 1, 1)).collect());
            assert!(
                directory
                    .pass
                    .as_ref()
                    .is_some_and(|pass| pass.len() <= 3 * LISTED_MAX)
            );
        }
        directory.see(vec![room(1 << 40, 2, 1)]);
        directory.finish(now);
        assert_eq!(directory.order.len(), LISTED_MAX);
        assert_eq!(directory.order[0], ConversationId(1 << 40));
    }
}
