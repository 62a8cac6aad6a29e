//! The text of every line that the client shows, without colours.
//!
//! Nothing here decides when a line is shown, so that the texts are easy to find and to test.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

pub(crate) use super::refusal::{LOGIN_FAILED, refusal};
use super::time::Clock;
use crate::client::name::is_room;
use crate::client::password::NEW_MIN_CHARS;
use crate::protocol::{
    Contact, EVERYONE_NAME, EntryId, MUTED_FOR_GOOD, NAMED_RECEIPTS_MAX, NOTES_NAME, Person,
    RecipientData,
};
use crate::text::printable;

/// Maximum names that a receipt, or a count, spells out: as many as a server names.
const NAMES_MAX: usize = NAMED_RECEIPTS_MAX as usize;

/// How much of a text is repeated when it is spoken of, in characters. Chosen: enough to know which it was.
const QUOTE_MAX_CHARS: usize = 40;

/// What ends a line that an earlier run may have shown before it was killed.
pub(crate) const AGAIN: &str = "(perhaps shown before)";

pub(crate) use crate::text::printable::NOTHING_SEEN;

/// What greets a user before the sign-in.
pub(crate) const WELCOME: &str =
    "> Greetings from the Chat Room!  `/login` signs you in, `/help` shows the menu.";

/// The question for a new password.
pub(crate) fn new_password() -> String {
    format!("new password (at least {NEW_MIN_CHARS} characters): ")
}

/// What somebody is told after the greeting who has no conversation yet.
pub(crate) const FIRST_STEPS: &str = "no conversations yet: `/contacts` shows who is online, `/message NAME TEXT` writes to somebody, \
     `/rooms` lists the rooms, `/join #ROOM` enters one or makes it";

/// Nobody has answered; what was `heard` instead, if anything.
pub(crate) fn unreachable(server: &str, heard: &str) -> String {
    format!(
        "no answer from {server}{heard}\n\
         hint: is the server running, is this its port, and does every firewall on the way let UDP through? \
         `udpchat doctor {server}` finds out"
    )
}

/// The server's name stands for no address yet.
pub(crate) fn unresolved(server: &str, heard: &str) -> String {
    format!(
        "{server} could not be resolved{heard}\n\
         hint: check the name, and this host's network"
    )
}

/// What stands for an entry that cannot be shown.
pub(crate) fn unknown(entry: EntryId) -> String {
    format!("a message that this version cannot show (entry {entry})")
}

/// The line above messages of the user's absence that are counted below them.
pub(crate) const AWAY_UNCOUNTED: &str = "messages while you were away; their number follows them";

/// The line between what the user has read and what not.
pub(crate) const UNREAD: &str = "── unread ──";

/// How to see the lines of a conversation that were left out among those that were missed.
pub(crate) fn left_out(name: &str, left_out: usize, shown: usize) -> String {
    let all = left_out + shown;
    let lines = if left_out == 1 {
        "line is"
    } else {
        "lines are"
    };
    let them = if left_out == 1 { "it" } else { "them" };
    format!("{name}: {left_out} older {lines} not shown; `/history {name} {all}` shows {them}")
}

/// That a conversation is muted, or no longer.
pub(crate) fn muted(name: &str, until_ms: u64, clock: Clock<'_>) -> String {
    let until = match until_ms {
        0 => return format!("{name} is no longer muted"),
        MUTED_FOR_GOOD => String::new(),
        until_ms => format!(" until {}", clock.show(until_ms)),
    };
    format!("{name} is muted{until}; `/enter {name}` shows its lines")
}

/// How many messages were read on another device, in all and in each conversation.
pub(crate) fn read_elsewhere(counts: &BTreeMap<String, usize>) -> String {
    counted(
        counts,
        "was read on another device",
        "were read on another device",
    )
}

/// How many messages were sent while the user was away, in all and in each conversation.
pub(crate) fn away(counts: &BTreeMap<String, usize>) -> String {
    counted(counts, "while you were away", "while you were away")
}

fn counted(counts: &BTreeMap<String, usize>, one: &str, many: &str) -> String {
    let total: usize = counts.values().sum();
    let mut parts: Vec<String> = counts
        .iter()
        .take(NAMES_MAX)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    if counts.len() > NAMES_MAX {
        let others: usize = counts.values().skip(NAMES_MAX).sum();
        parts.push(format!("others {others}"));
    }
    let what = if total == 1 {
        format!("message {one}")
    } else {
        format!("messages {many}")
    };
    format!("{total} {what}: {}", parts.join(", "))
}

/// A receipt of so many messages: who has them; in a pair how long it took, for everyone how many of how many; and which
/// message it is of, where that is not plain.
pub(crate) fn received(
    messages: usize,
    names: &[String],
    (elapsed, count): (Option<Duration>, Option<(usize, u32)>),
    which: Option<&str>,
) -> String {
    let mut text = match messages {
        1 => String::from("✓ Message received by "),
        _ => format!("✓ {messages} messages received by "),
    };
    text.push_str(&names[..names.len().min(NAMES_MAX)].join(", "));
    if names.len() > NAMES_MAX {
        // Writing to a String cannot fail.
        let _ = write!(text, " and {} more", names.len() - NAMES_MAX);
    }
    let how = match (count, elapsed) {
        (Some((have, of)), _) => Some(format!("{have} of {of}")),
        (None, elapsed) => elapsed.map(duration),
    };
    let parts: Vec<&str> = how.as_deref().into_iter().chain(which).collect();
    if !parts.is_empty() {
        let _ = write!(text, " ({})", parts.join(", "));
    }
    text
}

pub(crate) fn received_by_count(
    messages: usize,
    (have, of): (usize, u32),
    which: Option<&str>,
) -> String {
    let which = which.map(|which| format!(" ({which})")).unwrap_or_default();
    match messages {
        1 => format!("✓ received by {have} of {of}{which}"),
        _ => format!("✓ {messages} messages received by {have} of {of}{which}"),
    }
}

/// So many messages are stored, with what else is to be said of them, such as `; bob is offline`.
pub(crate) fn stored(messages: usize, who: &str, which: Option<&str>) -> String {
    let which = which.map(|which| format!(" ({which})")).unwrap_or_default();
    match messages {
        1 => format!("● stored{who}{which}"),
        _ => format!("● {messages} messages stored{who}{which}"),
    }
}

/// Nobody who was online has received messages in time.
pub(crate) fn unheard(place: &str) -> String {
    let who = if place == EVERYONE_NAME || is_room(place) {
        "anybody"
    } else {
        place
    };
    format!("; not received by {who} yet")
}

pub(crate) fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..10 => format!("{seconds}.{} s", span.subsec_millis() / 100),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

/// There is no conversation of this name, or nothing in it.
pub(crate) fn nothing_with(name: &str) -> String {
    match name {
        NOTES_NAME => "no notes".into(),
        _ => format!("no messages with {name}"),
    }
}

/// The receiver of a private message is not there.
pub(crate) fn absent(name: &str, last_seen: Option<&str>) -> String {
    match last_seen {
        Some(time) => format!("; {name} is offline (last seen {time})"),
        None => format!("; {name} is offline"),
    }
}

/// What is to be said of those who are not there for a message to everyone, or to a room.
pub(crate) fn absent_of_many(recipients: u32, online: u32, room: Option<&str>) -> Option<String> {
    if let (0, Some(room)) = (recipients, room) {
        Some(format!("; {room} has no other members"))
    } else if online == 0 {
        Some(match room {
            Some(room) => format!("; no other member of {room} is online"),
            None => "; nobody else is online".into(),
        })
    } else {
        (recipients > online).then(|| match recipients - online {
            1 => " for 1 offline user".into(),
            offline => format!(" for {offline} offline users"),
        })
    }
}

/// Who is online, a row each.
pub(crate) fn contacts(contacts: &[Contact], own_name: &str) -> Vec<Vec<String>> {
    contacts
        .iter()
        .map(|contact| {
            let address = match contact.address {
                RecipientData::HIDDEN => String::new(),
                shown => std::net::SocketAddr::from(shown).to_string(),
            };
            let mark = if contact.name == own_name {
                "  (you)"
            } else {
                ""
            };
            let bot = bot_note(contact.bot);
            let about = format!("{address}{bot}{mark}");
            vec![contact.name.clone(), about.trim_start().to_owned()]
        })
        .collect()
}

/// Where somebody is.
pub(crate) fn whereabouts(person: &Person, clock: Clock<'_>) -> String {
    let how = match (&person.away, person.online, person.seen_ms) {
        (Some(away), true, _) => format!("away: {}", printable::line_or_nothing(away)),
        (_, true, _) => "online".into(),
        (_, false, Some(seen_ms)) => format!("last seen {}", clock.show(seen_ms)),
        (_, false, None) => "not seen yet".into(),
    };
    format!("{how}{}", bot_note(person.bot))
}

/// What follows somebody in a list whose account is marked as a bot's.
pub(crate) fn bot_note(bot: Option<bool>) -> &'static str {
    if bot == Some(true) { "  bot" } else { "" }
}

/// The beginning of a text in quotation marks.
pub(crate) fn quote(text: &str) -> String {
    quote_upto(text, QUOTE_MAX_CHARS)
}

/// So much of a text in quotation marks.
pub(crate) fn quote_upto(text: &str, max_chars: usize) -> String {
    let text = printable::line_or_nothing(text);
    format!("\"{}\"", shortened(&text, max_chars))
}

/// A command as it was typed, to name it when its answer is late.
pub(crate) fn command(typed: &str) -> String {
    let name = typed.strip_prefix('/').unwrap_or(typed);
    let line = format!("/{}", printable::line(name));
    shortened(&line, QUOTE_MAX_CHARS)
}

fn shortened(text: &str, max_chars: usize) -> String {
    let mut short: String = text.chars().take(max_chars).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// An entry has the key of a message already, from this time.
pub(crate) fn said_before(what: &str, time: &str) -> String {
    format!("● not sent again: its id was used at {time}: {what}")
}

/// The server takes what this user sends more slowly: so many messages wait, and the next one goes after this time.
pub(crate) fn slowed(waiting: usize, wait_ms: u64, clock: Clock<'_>) -> String {
    let waiting = match waiting {
        1 => "1 message waits".to_owned(),
        _ => format!("{waiting} messages wait"),
    };
    if wait_ms < 60_000 {
        return format!("● queued: you are sending faster than the server accepts; {waiting}");
    }
    let at = clock.show(clock.now_ms.saturating_add(wait_ms));
    format!("● queued: you have reached the server's sending limit until {at}; {waiting}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::AccountId;

    #[test]
    fn receipts_read_as_in_the_manual() {
        let bob = [String::from("bob")];
        let both = [String::from("bob"), String::from("carol")];
        assert_eq!(
            received(1, &bob, (Some(Duration::from_millis(84)), None), None),
            "✓ Message received by bob (84 ms)"
        );
        assert_eq!(
            received(1, &both, (None, Some((2, 2))), None),
            "✓ Message received by bob, carol (2 of 2)"
        );
        assert_eq!(
            received(1, &bob, (None, None), Some("Tue 14:02 \"tea?\"")),
            "✓ Message received by bob (Tue 14:02 \"tea?\")"
        );
        assert_eq!(
            received(1, &bob, (None, Some((3, 5))), Some("14:02 \"drill\"")),
            "✓ Message received by bob (3 of 5, 14:02 \"drill\")"
        );
        assert_eq!(
            received(12, &bob, (None, None), None),
            "✓ 12 messages received by bob"
        );
        assert_eq!(
            received_by_count(2, (40, 120), None),
            "✓ 2 messages received by 40 of 120"
        );
        assert_eq!(
            stored(1, &unheard("bob"), None),
            "● stored; not received by bob yet"
        );
        assert_eq!(
            stored(3, &unheard("#deck"), Some("the last 14:02 \"tea?\"")),
            "● 3 messages stored; not received by anybody yet (the last 14:02 \"tea?\")"
        );
    }

    #[test]
    fn spans_are_told_in_the_unit_that_suits_them() {
        // Nine seconds were "9110 ms".
        for (ms, text) in [
            (84, "84 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (9_110, "9.1 s"),
            (12_345, "12 s"),
            (150_000, "2 min"),
            (7_200_000, "2 h"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn away_line_counts_all_and_each() {
        let counts = BTreeMap::from([("bob".to_owned(), 2), ("everyone".to_owned(), 1)]);
        assert_eq!(
            away(&counts),
            "3 messages while you were away: bob 2, everyone 1"
        );
    }

    #[test]
    fn reader_is_marked_among_the_contacts() {
        let contact = |name: &str| Contact {
            account: AccountId(1),
            name: name.into(),
            address: RecipientData::from(std::net::SocketAddr::from(([10, 0, 0, 1], 7))),
            bot: None,
        };
        let hidden = |name: &str, bot| Contact {
            address: RecipientData::HIDDEN,
            bot,
            ..contact(name)
        };
        assert_eq!(
            contacts(&[hidden("carol", None), hidden("dice", Some(true))], "bob"),
            [["carol", ""], ["dice", "bot"]]
        );
        assert_eq!(
            contacts(&[contact("世界"), contact("bob")], "bob"),
            [["世界", "10.0.0.1:7"], ["bob", "10.0.0.1:7  (you)"]]
        );
    }

    #[test]
    fn stored_lines_tell_who_is_not_there() {
        assert_eq!(
            stored(1, &absent("bob", Some("Tue 14:02")), None),
            "● stored; bob is offline (last seen Tue 14:02)"
        );
        assert_eq!(absent_of_many(2, 2, None), None);
        assert_eq!(
            absent_of_many(5, 2, None).as_deref(),
            Some(" for 3 offline users")
        );
        assert_eq!(
            absent_of_many(3, 2, Some("#bridge")).as_deref(),
            Some(" for 1 offline user")
        );
    }
}
