//! How much of a limited resource each session uses, and which session uses the most.

use std::collections::BTreeSet;

use super::SessionId;

/// A share below this fraction of the limit only counts in the sum: such a session is never evicted, and needs no
/// entry in a table. Chosen: 1 KiB of 256 MiB.
const SMALL_PART: usize = 1 << 18;

/// The usage of all sessions. Each session keeps its own [`Share`].
#[derive(Debug)]
pub(crate) struct Shares {
    limit: usize,
    held: usize,
    /// The sessions above the fraction, the largest last; among equal ones the newest last.
    hungry: BTreeSet<(usize, SessionId)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share(u32);

impl Share {
    pub(crate) const fn held(self) -> usize {
        self.0 as usize
    }
}

impl Shares {
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit,
            held: 0,
            hungry: BTreeSet::new(),
        }
    }

    /// Sets what a session uses. Cheap if that is unchanged.
    pub(crate) fn set(&mut self, session: SessionId, share: &mut Share, now: usize) {
        let before = share.held();
        let now = now.min(u32::MAX as usize);
        if before == now {
            return;
        }
        if self.is_hungry(before) {
            self.hungry.remove(&(before, session));
        }
        if self.is_hungry(now) {
            self.hungry.insert((now, session));
        }
        self.held = self.held - before + now;
        *share = Share(u32::try_from(now).unwrap_or(u32::MAX));
    }

    pub(crate) const fn held(&self) -> usize {
        self.held
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.held > self.limit
    }

    /// The session that uses the most.
    pub(crate) fn hungriest(&self) -> Option<SessionId> {
        self.hungry.last().map(|(_, session)| *session)
    }

    const fn is_hungry(&self, held: usize) -> bool {
        held > self.limit / SMALL_PART
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sum_and_hungriest_are_those_of_a_list(
            steps in proptest::collection::vec((0_u64..8, 0_usize..50), 0..100),
        ) {
            let mut shares = Shares::new(100);
            let mut model: BTreeMap<SessionId, Share> = BTreeMap::new();
            for (session, held) in steps {
                let session = SessionId(session);
                shares.set(session, model.entry(session).or_default(), held);
                prop_assert_eq!(model[&session].held(), held);
                let sum: usize = model.values().map(|share| share.held()).sum();
                prop_assert_eq!((shares.held(), shares.is_over()), (sum, sum > 100));
                let most = model.iter().map(|(session, share)| (share.held(), *session)).max();
                let most = most.filter(|(held, _)| *held > 0).map(|(_, session)| session);
                prop_assert_eq!(shares.hungriest(), most);
            }
        }
    }
}
