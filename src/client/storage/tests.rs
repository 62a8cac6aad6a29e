//! What is durable, and what is not.

use super::*;
use crate::client::testing::database;
use crate::fence::catch;
use crate::protocol::{
    Bytes, DeviceSeq, Digest, EntryBody, EntryKind, Origin, ServerMessage, Text, seal,
};

const CONVERSATION: ConversationId = ConversationId(7);
const LAST: EntryId = EntryId(u64::MAX);

fn identity() -> Identity {
    Identity {
        account: AccountId(1),
        name: "erin".into(),
        device: Some(DeviceId(2)),
        epoch: 3,
        ticket: Some(ByteBuf::from([9; 32])),
    }
}

fn entry(time_ms: u64) -> Entry {
    Entry {
        author: AccountId(5),
        time_ms,
        content: ByteBuf::from(*b"content"),
        digest: Digest::of(b"content"),
        prev: EntryId::START,
        author_name: None,
        deleted: None,
        was_amendment: false,
    }
}

fn reopened(state: State) -> State {
    State::open(state.database.into_inner()).expect("memory does not fail")
}

#[test]
fn committed_changes_are_there_after_reopening_and_others_are_not() {
    let mut state = State::open(database()).expect("memory does not fail");
    state.set_identity(identity());
    let unsent = OutboxEntry::new("bob".into(), "tea?".into());
    state.put_unsent(4, &unsent);
    state.put_conversation(CONVERSATION, &StoredConversation::at("bob", EntryId::START));
    state.commit().expect("memory does not fail");
    state.remove_unsent(4);

    let state = reopened(state);
    assert_eq!(state.identity(), Some(&identity()));
    let loaded = state.load().expect("memory does not fail");
    assert_eq!(loaded.outbox, [(4, unsent)]);
    assert_eq!(
        loaded.conversations,
        [(CONVERSATION, StoredConversation::at("bob", EntryId::START))]
    );
}

#[test]
fn entries_come_in_order_and_only_those_behind_the_place() {
    let mut state = State::open(database()).expect("memory does not fail");
    for number in [9, 3, 5] {
        state.put_entry(CONVERSATION, EntryId(number), &entry(number));
    }
    state.put_entry(ConversationId(8), EntryId(1), &entry(1));
    state.commit().expect("memory does not fail");
    let entries = state.last_entries(CONVERSATION, EntryId(3), LAST, 10);
    assert_eq!(
        entries.expect("memory does not fail"),
        [(EntryId(5), entry(5)), (EntryId(9), entry(9))]
    );
    let first = state.last_entries(CONVERSATION, EntryId(3), EntryId(5), 10);
    assert_eq!(
        first.expect("memory does not fail"),
        [(EntryId(5), entry(5))]
    );
    let last = state.last_entries(CONVERSATION, LAST, LAST, 10);
    assert!(last.expect("memory does not fail").is_empty());
}

#[test]
fn full_history_loses_the_oldest_entry_of_the_largest_conversation() {
    // The conversation that grew lost its oldest, so that a busy room left a quiet friend with one line.
    let mut state = State::open(database()).expect("memory does not fail");
    state.entries_max = 4;
    for number in 1..=4 {
        state.put_entry(CONVERSATION, EntryId(number), &entry(number));
    }
    state.put_entry(ConversationId(8), EntryId(1), &entry(1));
    state.put_entry(ConversationId(8), EntryId(2), &entry(2));
    state.commit().expect("memory does not fail");
    for (conversation, left) in [(CONVERSATION, [3, 4]), (ConversationId(8), [1, 2])] {
        let entries = state.last_entries(conversation, EntryId::START, LAST, 10);
        let entries = entries.expect("memory does not fail");
        let numbers: Vec<u64> = entries.iter().map(|(entry, _)| entry.0).collect();
        assert_eq!(numbers, left);
    }
}

fn said(text: &str) -> Entry {
    written(text, EntryKind::Text, None)
}

/// A text, or an edit of one.
fn written(text: &str, kind: EntryKind, refers_to: Option<EntryId>) -> Entry {
    let origin = Origin {
        conversation: CONVERSATION,
        device: DeviceId(1),
        number: DeviceSeq(1),
    };
    let text = Text {
        sender: AccountId(5),
        receiver: CONVERSATION,
        salt: Bytes([7; 16]),
        text: text.into(),
    };
    let message = ServerMessage::entry(origin, (kind, refers_to), EntryBody::of(&text));
    let (content, digest) = seal(&message);
    Entry {
        content: ByteBuf::from(content),
        digest,
        ..entry(1)
    }
}

/// The words of each entry.
fn words_in(state: &State) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    let visited = state.visit_words(Some(CONVERSATION), |found| {
        all.push((found.entry.0, found.words.to_owned()));
        true
    });
    visited.expect("memory does not fail");
    all
}

#[test]
fn entry_is_kept_with_its_words_until_it_is_edited_or_makes_room() {
    let mut state = State::open(database()).expect("memory does not fail");
    state.entries_max = 3;
    state.put_entry(CONVERSATION, EntryId(1), &said("Caf\u{e9}, at four?"));
    state.put_entry(CONVERSATION, EntryId(2), &said("no"));
    state.put_entry(CONVERSATION, EntryId(3), &entry(3));
    state.commit().expect("memory does not fail");
    state.put_words(CONVERSATION, EntryId(1), "Tea");
    state.put_words(CONVERSATION, EntryId(2), "");
    state.put_words(CONVERSATION, EntryId(9), "of none");
    let before = [(1, " cafe at four"), (2, " no"), (3, "")];
    assert_eq!(
        words_in(&state),
        before.map(|(at, words)| (at, words.to_owned()))
    );
    state.commit().expect("memory does not fail");
    let after = [(1, " tea"), (2, ""), (3, "")];
    assert_eq!(
        words_in(&state),
        after.map(|(at, words)| (at, words.to_owned()))
    );
    state.put_entry(CONVERSATION, EntryId(4), &said("more"));
    state.commit().expect("memory does not fail");
    let places: Vec<u64> = words_in(&state).into_iter().map(|(at, _)| at).collect();
    assert_eq!(places, [2, 3, 4]);
    state.clear();
    state.commit().expect("memory does not fail");
    assert!(words_in(&state).is_empty());
}

#[test]
fn change_is_found_by_its_target_as_long_as_it_is_here_itself() {
    let mut state = State::open(database()).expect("memory does not fail");
    state.entries_max = 3;
    let edit_of = |target: u64, text: &str| written(text, EntryKind::Edit, Some(EntryId(target)));
    state.put_entry(CONVERSATION, EntryId(1), &said("tea"));
    state.put_entry(CONVERSATION, EntryId(2), &edit_of(1, "coffee"));
    state.put_amendment(CONVERSATION, (EntryId(1), EntryId(2)), EntryKind::Edit);
    for at in [3, 4] {
        state.put_entry(CONVERSATION, EntryId(at), &said("more"));
    }
    state.commit().expect("memory does not fail");
    let edits = |state: &State| {
        state
            .amendments(CONVERSATION, EntryId(1))
            .expect("it can be read")
    };
    // The message has made room, its edit has not.
    assert_eq!(edits(&state), [(EntryId(2), EntryKind::Edit)]);
    state.put_entry(CONVERSATION, EntryId(5), &said("more"));
    state.commit().expect("memory does not fail");
    assert_eq!(edits(&state), []);
}

#[test]
fn entries_of_an_earlier_version_are_found_too() {
    let mut state = State::open(database()).expect("memory does not fail");
    state.put_entry(CONVERSATION, EntryId(1), &said("tea"));
    state.commit().expect("memory does not fail");
    let transaction = state.database.begin_write().expect("memory does not fail");
    let table = transaction.open_table(history::WORDS);
    let cleared = table.expect("memory does not fail").retain(|_, _| false);
    cleared.expect("memory does not fail");
    transaction.commit().expect("memory does not fail");
    assert_eq!(words_in(&reopened(state)), [(1, " tea".to_owned())]);
}

#[test]
fn what_exceeds_the_limit_is_the_oldest() {
    // After a crash the first fifty of the lines that may not have been shown were shown again, and all counted
    // as shown: the newest, which nobody had seen, never were.
    let mut state = State::open(database()).expect("memory does not fail");
    for number in 1..=5 {
        state.put_entry(CONVERSATION, EntryId(number), &entry(number));
    }
    state.commit().expect("memory does not fail");
    let entries = state.last_entries(CONVERSATION, EntryId(1), LAST, 2);
    assert_eq!(
        entries.expect("memory does not fail"),
        [(EntryId(4), entry(4)), (EntryId(5), entry(5))]
    );
}

#[test]
fn cleared_tables_know_nobody() {
    let mut state = State::open(database()).expect("memory does not fail");
    state.set_identity(identity());
    state.put_unsent(1, &OutboxEntry::new("bob".into(), "tea?".into()));
    state.clear();
    state.commit().expect("memory does not fail");
    let state = reopened(state);
    assert_eq!(state.identity(), None);
    assert!(
        state
            .load()
            .expect("memory does not fail")
            .outbox
            .is_empty()
    );
}

#[test]
fn tables_of_another_schema_are_refused_by_number() {
    for schema in [SCHEMA - 2, SCHEMA + 1] {
        let database = database();
        let transaction = database.begin_write().expect("memory does not fail");
        transaction
            .open_table(IDENTITY)
            .expect("memory does not fail")
            .insert(KEY_SCHEMA, to_bytes(&schema).as_slice())
            .expect("memory does not fail");
        transaction.commit().expect("memory does not fail");
        let error = State::open(database).err().expect("it is another schema");
        assert!(error.to_string().contains(&format!("schema {schema}")));
    }
}

#[test]
fn damaged_page_on_which_redb_panics_is_an_error() {
    // It ended the client with the panic's text in the middle of the chat.
    const PAGE_BYTES: usize = 4096;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("1.redb");
    let mut state = State::open(Database::create(&path).expect("it is new")).expect("it is empty");
    for number in 1..200 {
        state.put_entry(CONVERSATION, EntryId(number), &entry(number));
    }
    state.commit().expect("there is room");
    drop(state);
    let whole = std::fs::read(&path).expect("it is there");
    let mut panics = 0;
    for start in (0..whole.len()).step_by(PAGE_BYTES) {
        for from in [start + 16, start + 64] {
            let mut damaged = whole.clone();
            for (index, byte) in damaged[from..].iter_mut().take(64).enumerate() {
                *byte ^= u8::try_from(index).expect("it is below 64") | 0x80;
            }
            std::fs::write(&path, damaged).expect("there is room");
            let Ok(Ok(database)) = catch(|| Database::open(&path)) else {
                continue;
            };
            let read = State::open(database).and_then(|state| {
                state.load()?;
                state.last_entries(CONVERSATION, EntryId::START, LAST, 50)?;
                state.visit_words(None, |_| true)
            });
            panics += usize::from(matches!(read, Err(StateError::Panicked(_))));
        }
    }
    assert!(panics > 0, "redb panics on none of these pages");
}
