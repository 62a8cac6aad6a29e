//! Replays the writes that only the message log has, after a crash or a failure: the same writes in the same order, on
//! the tables as the last checkpoint left them.
//!
//! The tables may have been damaged since. A write that meets damage leaves a part of itself behind, so the replay starts
//! again without it. If the write concerns one log or one mark only, that log or mark ends before it and all others go on.
//! A write that others may depend on ends the replay. So does one that would continue a log which has ended: its entry
//! would get the number of an entry that a reader has received.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use super::execute;
use super::open_store::OpenStore;
use crate::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq};
use crate::store::catch_panic::guard;
use crate::store::error::{Abort, StoreError};
use crate::store::log_loss::LogLoss;
use crate::store::ops::conversations;
use crate::store::ops::log::place;
use crate::store::schema::buffer::Writing;
use crate::store::schema::places::place_of;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::segments::batch::ReplayedEntry;
use crate::store::segments::{Frame, RecordAt, Recovered, SegmentReader};
use crate::store::{Append, Quota, Write};

/// So many subjects are ended one by one before one ends all others with it. Chosen: about as many logs as end on one page;
/// each costs the start one more repetition, of half a second at most.
const ENDED_MAX: usize = 64;

/// A request of the log: its record, and which one in it.
type RecordPos = (usize, usize);

/// Where what is replayed begins.
const START: RecordPos = (0, 0);

/// What changes by a request, if nothing else does, and nothing else follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// What is said in a conversation, and its devices' numbers.
    Log(ConversationId),
    /// How far a member has received.
    Mark(ConversationId, AccountId),
}

/// Which request it is, and what it is about if that is one thing alone.
#[derive(Debug, Clone, Copy)]
struct At {
    place: RecordPos,
    subject: Option<Subject>,
}

/// The subjects that end before the end of the message log, and where.
type Ended = BTreeMap<Subject, RecordPos>;

/// What a record does, and the entries that it has; none if they come to be rows of the table `log`, as in a copy.
pub(in crate::store) type Writes = (Vec<Option<Write>>, Option<VecDeque<ReplayedEntry>>);

/// A record that is replayed.
pub(in crate::store) trait Replayed {
    fn writes(&self, segments: &SegmentReader) -> Result<Writes, StoreError>;
}

impl Replayed for RecordAt {
    fn writes(&self, segments: &SegmentReader) -> Result<Writes, StoreError> {
        let (writes, entries) = segments.record(self)?;
        Ok((writes, Some(entries)))
    }
}

impl OpenStore {
    /// Replays what was found in the message log, as much of it as damage leaves.
    ///
    /// # Errors
    /// If the disk fails, and not if something on it is damaged: `found` says so then.
    pub(in crate::store) fn replay_readable<R: Replayed>(
        &mut self,
        found: &mut Recovered<R>,
        epoch: u64,
    ) -> Result<(), StoreError> {
        let mut ended = Ended::new();
        loop {
            let writing = Writing::default();
            let Err((At { place, subject }, error)) =
                self.replay_and_write(found, epoch, &ended, &writing)
            else {
                return Ok(());
            };
            if !error.is_damage() {
                return Err(error);
            }
            // Of what has no place in the tables nothing can be made again.
            let (subject, end) = match writing.get() {
                Some(conversation) => (Some(Subject::Log(conversation)), START),
                None => (subject, place),
            };
            self.forget_changes()?;
            found.loss.get_or_insert(LogLoss::Unfit);
            if let Some(subject) = subject
                && ended.len() < ENDED_MAX
                && ended.get(&subject).is_none_or(|before| end < *before)
            {
                tracing::error!(%error, ?subject, "its remaining entries in the message log are lost");
                ended.insert(subject, end);
            } else {
                tracing::error!(%error, "the rest of the message log is lost");
                found.records.truncate(place.0);
            }
        }
    }

    /// The same, up to where all of it has its place in the tables: what cannot be written there would keep the server
    /// from ever bringing them up to date. Nothing is written here where nothing is damaged.
    fn replay_and_write<R: Replayed>(
        &mut self,
        found: &Recovered<R>,
        epoch: u64,
        ended: &Ended,
        writing: &Writing,
    ) -> Result<(), (At, StoreError)> {
        self.replay_without(found, epoch, ended)?;
        let at = At {
            place: START,
            subject: None,
        };
        guard(|| self.try_to_write(writing)).map_err(|error| (at, error))
    }

    /// Replays all that was found in the message log.
    ///
    /// # Errors
    /// If the disk fails or something on it is damaged. Then a part is done.
    pub(in crate::store) fn replay<R: Replayed>(
        &mut self,
        found: &Recovered<R>,
        epoch: u64,
    ) -> Result<(), StoreError> {
        self.replay_without(found, epoch, &Ended::new())
            .map_err(|(_, error)| error)
    }

    fn replay_without<R: Replayed>(
        &mut self,
        found: &Recovered<R>,
        epoch: u64,
        ended: &Ended,
    ) -> Result<(), (At, StoreError)> {
        for (index, record) in found.records.iter().enumerate() {
            let mut at = At {
                place: (index, 0),
                subject: None,
            };
            guard(|| self.replay_record(record, epoch, ended, &mut at))
                .map_err(|error| (at, error))?;
        }
        Ok(())
    }

    /// `at` says how far it has come, also after a panic.
    fn replay_record<R: Replayed>(
        &mut self,
        record: &R,
        epoch: u64,
        ended: &Ended,
        at: &mut At,
    ) -> Result<(), StoreError> {
        let (writes, entries) = record.writes(self.segments())?;
        if writes.is_empty() {
            let entries = entries.unwrap_or_default();
            return self.update(|tables| repeat_moves(tables, entries));
        }
        let repeat = |tables: &mut Tables| {
            match entries {
                Some(entries) => tables.batch.replay(entries),
                None => tables.batch.keep_in_rows(),
            }
            for (index, write) in writes.iter().enumerate() {
                at.place.1 = index;
                let appended = match write {
                    None => Some(next_append(tables, None)?),
                    Some(Write::Keyed { key }) => Some(next_append(tables, Some(*key))?),
                    Some(_) => None,
                };
                let Some(write) = appended.as_ref().or(write.as_ref()) else {
                    continue;
                };
                for (subject, part) in parts(write) {
                    at.subject = subject;
                    if subject.is_some_and(|subject| has_ended(ended, subject, at.place)) {
                        pass_over(tables, &part, appended.is_some());
                        continue;
                    }
                    let heads = subject.is_none().then(|| heads(tables, ended, at.place));
                    match execute::execute_write(tables, epoch, &part) {
                        Ok(_) => {}
                        Err(Abort::Failed(error)) => return Err(error),
                        Err(Abort::Refused(refusal)) => {
                            return Err(damaged(format!(
                                "it does not fit the tables: {refusal:?}"
                            )));
                        }
                    }
                    if heads.is_some_and(|before| before != self::heads(tables, ended, at.place)) {
                        return Err(damaged("it goes on with a log that has ended".into()));
                    }
                }
            }
            at.subject = None;
            if tables.batch.left() > 0 {
                return Err(damaged("it has more entries than its writes".into()));
            }
            Ok(())
        };
        self.update(repeat)?;
        self.count(writes.len());
        Ok(())
    }
}

/// Passes over the entries that a write of an ended log has in the record.
fn pass_over(tables: &mut Tables, write: &Write, is_append: bool) {
    if is_append {
        tables.batch.skip_replayed();
    }
    let (Write::Append(Append { conversation, .. }) | Write::Delete { conversation, .. }) = write
    else {
        return;
    };
    // What is left of those that it deletes. They may be of the next write, which is about the same log and is passed over too.
    while tables.batch.is_deletion_next(*conversation) {
        tables.batch.skip_replayed();
    }
}

/// Has entries be read where a record has them once more. Those that stand nowhere are of a copy that was being taken over:
/// the tables' file has them still, and they are taken over again.
fn repeat_moves(tables: &mut Tables, entries: VecDeque<ReplayedEntry>) -> Result<(), StoreError> {
    for entry in entries {
        let (key, to) = entry.stands_at();
        if let Some(from) = place_of(tables, key)? {
            place::repeat_move(tables, key, (from, to))?;
        }
    }
    Ok(())
}

/// The append whose entry comes next in the record.
fn next_append(tables: &Tables, key: Option<[u8; 16]>) -> Result<Write, StoreError> {
    let frame = tables.batch.next_replayed();
    let Frame {
        conversation, row, ..
    } = frame.ok_or_else(|| damaged("an entry is missing".into()))?;
    Ok(Write::Append(Append {
        conversation: ConversationId(conversation),
        author: AccountId(row.author),
        device: DeviceId(row.device),
        number: DeviceSeq(row.number),
        digest: row.digest,
        content: row.content.to_vec(),
        time_ms: row.time_ms,
        quota: Quota::default(),
        relation: row.relation,
        // Nobody looks at it.
        has_file: false,
        key,
    }))
}

fn damaged(reason: String) -> StoreError {
    StoreError::Damaged {
        table: "log",
        place: "a record".into(),
        reason,
    }
}

/// Whether a subject has ended before a place. With a log of which nothing could be written its marks have, too.
fn has_ended(ended: &Ended, subject: Subject, place: RecordPos) -> bool {
    let has = |subject: Subject, place| ended.get(&subject).is_some_and(|end| *end <= place);
    has(subject, place)
        || matches!(subject, Subject::Mark(conversation, _) if has(Subject::Log(conversation), START))
}

/// Where the logs end that have ended before a place.
fn heads(tables: &impl ReadTables, ended: &Ended, place: RecordPos) -> Vec<Option<u64>> {
    ended
        .iter()
        .filter(|(_, end)| **end <= place)
        .filter_map(|(subject, _)| match subject {
            Subject::Log(conversation) => Some(*conversation),
            Subject::Mark(..) => None,
        })
        .map(|conversation| {
            // One whose record is damaged cannot be gone on with.
            let record = conversations::load(tables, conversation).ok().flatten();
            record.map(|record| record.head)
        })
        .collect()
}

/// A write, in as many as it has subjects.
fn parts(write: &Write) -> Vec<(Option<Subject>, Cow<'_, Write>)> {
    match write {
        Write::Append(Append { conversation, .. })
        | Write::Void { conversation, .. }
        | Write::Delete { conversation, .. } => {
            vec![(Some(Subject::Log(*conversation)), Cow::Borrowed(write))]
        }
        Write::Advance { marks, seen } => {
            let advance = |marks, seen| Cow::Owned(Write::Advance { marks, seen });
            let single = marks.iter().map(|mark| {
                let subject = Subject::Mark(mark.0, mark.1);
                (Some(subject), advance(vec![*mark], Vec::new()))
            });
            let rest = (None, advance(Vec::new(), seen.clone()));
            single.chain([rest]).collect()
        }
        _ => vec![(None, Cow::Borrowed(write))],
    }
}
