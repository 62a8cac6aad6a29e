//! Whom the user knows: the roster, who somebody is, and who is away.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::account::arrivals::listed;
use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::hidden::Hidden;
use crate::client::account::ctx::pending::{LISTED_MAX, PendingRequest};
use crate::client::bot::Answer;
use crate::client::env::{Fault, Tone};
use crate::client::name::{is_room, truncate_name};
use crate::client::storage::settings::PresenceLines;
use crate::client::ui::render;
use crate::client::ui::time::rfc3339;
use crate::protocol::{
    Away, AwayRequest, Person, Roster, RosterRequest, Stored, TOPIC_MAX_BYTES, Whois, WhoisRequest,
};
use crate::transport::Channel;

/// Of how many users it is kept what they were last known to say of being away. At the limit the others' is shown with each
/// message.
const TOLD_MAX: usize = 1_000;

/// Whom the user knows, as far as this device was told.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// What the user said of being away in this run; it is said again to a server that was restarted.
    away: Option<String>,
    /// Whom the server named last. Only asked for where lines about others are not wanted.
    known: BTreeSet<String>,
    /// What was shown of others being away.
    told: BTreeMap<String, String>,
}

impl People {
    /// Says again what the server has forgotten, and asks for whom the user knows, if that matters.
    pub(crate) fn begin_session(&self, ctx: &mut Ctx<'_>) {
        if self.away.is_some() {
            send_away(ctx, self.away.clone(), false);
        }
        if ctx.state.settings().presence == PresenceLines::Rooms {
            ask(ctx, false);
        }
    }

    /// Whether a line is to tell that this user comes or goes.
    pub(crate) fn wants_line(&self, ctx: &Ctx<'_>, name: &str) -> bool {
        match ctx.state.settings().presence {
            PresenceLines::Off => false,
            PresenceLines::Rooms => {
                self.known.contains(name) || ctx.conversations.by_name(name).is_some()
            }
            PresenceLines::All => true,
        }
    }

    /// Sets of whom lines tell that they come and go, or shows it.
    pub(crate) fn set_presence(ctx: &mut Ctx<'_>, wanted: Option<&str>) {
        let mut settings = ctx.state.settings().clone();
        if let Some(wanted) = wanted.and_then(PresenceLines::of) {
            settings.presence = wanted;
            ctx.state.set_settings(&settings);
            if wanted == PresenceLines::Rooms && ctx.can_ask() {
                ask(ctx, false);
            }
        }
        let text = match settings.presence {
            PresenceLines::Off => "you are not told who comes and goes",
            PresenceLines::Rooms => {
                "you are told when those come and go with whom you share a room or a conversation"
            }
            PresenceLines::All => "you are told when anybody comes or goes",
        };
        ctx.plain(format!("presence {}: {text}", settings.presence.word()));
    }

    pub(crate) fn list(ctx: &mut Ctx<'_>) {
        if ctx.can_ask() {
            ask(ctx, true);
        } else {
            ctx.fail(Fault::Unreachable, crate::client::account::ctx::NO_LINK);
        }
    }

    /// The roster, or a part of it, has come.
    pub(crate) fn handle_list(&mut self, ctx: &mut Ctx<'_>, list: Roster) {
        let Some(PendingRequest::Roster { people, .. }) = ctx.pending.get_mut(list.tag) else {
            return;
        };
        let hidden = &*ctx.hidden;
        let room = LISTED_MAX.saturating_sub(people.len());
        people.extend(
            list.people
                .into_iter()
                .take(room)
                .map(|person| taken(hidden, person)),
        );
        if list.more {
            return;
        }
        let Some(PendingRequest::Roster { is_shown, people }) = ctx.pending.take(list.tag) else {
            return;
        };
        if is_shown {
            show(ctx, &people);
        }
        self.known = people.into_iter().map(|person| person.name).collect();
    }

    /// Asks who somebody is.
    pub(crate) fn whois(ctx: &mut Ctx<'_>, named: &str) {
        let name = named.to_owned();
        let request = PendingRequest::Whois { name: name.clone() };
        ctx.request(request, |tag| WhoisRequest { tag, name });
    }

    pub(crate) fn handle_whois(ctx: &mut Ctx<'_>, answer: Whois) {
        if ctx.pending.take(answer.tag).is_none() {
            return;
        }
        let person = taken(ctx.hidden, answer.person);
        if ctx.respond(answer.tag, || person_info(&person, &answer.rooms)) {
            return;
        }
        let is_own = person.name == ctx.me.name;
        let how = render::whereabouts(&person, ctx.clock());
        ctx.plain(format!("{}: {how}", person.name));
        let rooms: Vec<String> = answer
            .rooms
            .into_iter()
            .filter(|room| is_room(room))
            .map(truncate_name)
            .collect();
        let shared = listed(&rooms);
        match rooms.len() {
            _ if is_own => ctx.plain("this is you"),
            0 => ctx.plain("you share no room"),
            _ => ctx.plain(format!("you share {shared}")),
        }
    }

    /// The user is away, or back.
    pub(crate) fn set_away(ctx: &mut Ctx<'_>, text: Option<&str>) {
        match text {
            Some(text) if text.len() > TOPIC_MAX_BYTES => {
                let text = format!(
                    "the text is too long: {} bytes, and at most {TOPIC_MAX_BYTES} are shown to others",
                    text.len()
                );
                ctx.fail(Fault::Usage, text);
            }
            text if ctx.can_ask() => send_away(ctx, text.map(str::to_owned), true),
            _ => ctx.fail(Fault::Unreachable, crate::client::account::ctx::NO_LINK),
        }
    }

    /// The server has noted it, here or on another device of the user's.
    pub(crate) fn handle_away(&mut self, ctx: &mut Ctx<'_>, told: Away) {
        let request = told.tag.and_then(|tag| ctx.pending.take(tag));
        let is_shown = match request {
            Some(PendingRequest::Away { is_shown }) => is_shown,
            // Another device said so.
            None if told.tag.is_none() => self.away != told.text,
            _ => return,
        };
        let responds = |tag| ctx.respond(tag, || Answer::Done {});
        if !told.tag.is_some_and(responds) && is_shown {
            let text = match &told.text {
                Some(text) => format!("you are away: {text}  (`/away` alone when you are back)"),
                None => "you are back".to_owned(),
            };
            ctx.notice(text);
        }
        self.away = told.text.filter(|text| text.len() <= TOPIC_MAX_BYTES);
    }

    /// A message is stored; in a pair with what the other says of being away.
    pub(crate) fn note_stored(&mut self, ctx: &mut Ctx<'_>, stored: &Stored) {
        if !ctx.is_many(stored.conversation) {
            let name = ctx.name_of(stored.conversation).to_owned();
            self.note_away(ctx, &name, stored.away.as_deref());
        }
    }

    /// A message to this user is stored, who says this of being away: shown once for each text.
    fn note_away(&mut self, ctx: &mut Ctx<'_>, name: &str, away: Option<&str>) {
        let away = away.filter(|_| !ctx.hidden.has_name(name));
        let Some(away) = away.map(shortened) else {
            self.told.remove(name);
            return;
        };
        if self.told.get(name).is_some_and(|told| told == away) {
            return;
        }
        if self.told.len() < TOLD_MAX || self.told.contains_key(name) {
            self.told.insert(name.to_owned(), away.to_owned());
        }
        ctx.effects
            .show(Tone::Event, format!("{name} is away: {away}"));
    }
}

fn ask(ctx: &mut Ctx<'_>, is_shown: bool) {
    let request = PendingRequest::Roster {
        is_shown,
        people: Vec::new(),
    };
    let is_sent = ctx.try_request(Channel::Control, request, |tag| RosterRequest { tag });
    if is_shown && !is_sent {
        ctx.fail(
            Fault::Failed,
            "too many requests wait for the server's answer; try again",
        );
    }
}

fn send_away(ctx: &mut Ctx<'_>, text: Option<String>, is_shown: bool) {
    let request = PendingRequest::Away { is_shown };
    ctx.try_request(Channel::Control, request, |tag| AwayRequest { tag, text });
}

/// Those who are online first, then those who were last.
fn show(ctx: &mut Ctx<'_>, people: &[Person]) {
    let mut sorted: Vec<&Person> = people.iter().collect();
    sorted.sort_by(|a, b| {
        let key = |person: &Person| (!person.online, std::cmp::Reverse(person.seen_ms));
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    let clock = ctx.clock();
    let rows: Vec<Vec<String>> = sorted
        .iter()
        .map(|person| vec![person.name.clone(), render::whereabouts(person, clock)])
        .collect();
    ctx.effects.show_table(Tone::Plain, &rows);
    if people.is_empty() {
        ctx.plain("you share no room and no conversation with anybody yet; `/contacts` shows who is online");
    }
}

/// The same for a bot.
fn person_info(person: &Person, rooms: &[String]) -> Answer {
    let rooms = rooms.iter().filter(|room| is_room(room));
    Answer::Person {
        user: person.name.clone(),
        online: person.online,
        seen: person.seen_ms.map(rfc3339),
        away: person.away.clone(),
        rooms: rooms.cloned().map(truncate_name).collect(),
        bot: person.bot == Some(true),
    }
}

/// What the server says of somebody, as it is kept and shown: nothing that a hidden user says.
fn taken(hidden: &Hidden, person: Person) -> Person {
    let name = truncate_name(person.name);
    let is_hidden = hidden.has(person.account) || hidden.has_name(&name);
    let away = person.away.filter(|_| !is_hidden);
    Person {
        name,
        away: away.map(|away| shortened(&away).to_owned()),
        ..person
    }
}

/// What a server says that somebody says of being away, as long as such texts are.
fn shortened(away: &str) -> &str {
    &away[..away.floor_char_boundary(TOPIC_MAX_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::account::testing::Workbench;
    use crate::protocol::{AccountId, ClientBody};

    fn person(name: &str, online: bool, seen_ms: Option<u64>, away: Option<&str>) -> Person {
        Person {
            account: AccountId(1),
            name: name.into(),
            online,
            seen_ms,
            away: away.map(str::to_owned),
            bot: None,
        }
    }

    #[test]
    fn roster_names_who_is_online_first_then_who_was_last() {
        let mut bench = Workbench::new();
        let mut people = People::default();
        People::list(&mut bench.ctx());
        let Some(ClientBody::RosterRequest(request)) = bench.sent().pop() else {
            panic!("the roster is asked for");
        };
        let list = |people, more| Roster {
            tag: request.tag,
            people,
            more,
        };
        let first = vec![
            person("anna", false, Some(1_000), None),
            person("bob", true, None, Some("lunch\u{1b}[31m")),
        ];
        people.handle_list(&mut bench.ctx(), list(first, true));
        assert!(bench.lines().is_empty());
        let others = vec![
            person("carol", false, Some(60_000), None),
            person("dave", false, None, None),
            person("erik", true, None, None),
        ];
        people.handle_list(&mut bench.ctx(), list(others, false));
        assert_eq!(
            bench.lines(),
            [
                "bob    away: lunch",
                "erik   online",
                "carol  last seen 00:01",
                "anna   last seen 00:00",
                "dave   not seen yet",
            ]
        );
    }

    #[test]
    fn what_somebody_says_of_being_away_is_shown_once_to_who_writes() {
        let mut bench = Workbench::new();
        let mut people = People::default();
        people.note_away(&mut bench.ctx(), "bob", Some("lunch"));
        people.note_away(&mut bench.ctx(), "bob", Some("lunch"));
        assert_eq!(bench.lines(), ["bob is away: lunch"]);
        people.note_away(&mut bench.ctx(), "bob", None);
        people.note_away(&mut bench.ctx(), "bob", Some("lunch"));
        assert_eq!(bench.lines(), ["bob is away: lunch"]);
    }

    #[test]
    fn what_a_hidden_user_says_of_being_away_is_not_shown() {
        let mut bench = Workbench::new();
        bench.shared.hidden = Hidden::of([(Some(AccountId(1)), "bob".into())]);
        let mut people = People::default();
        people.note_away(&mut bench.ctx(), "bob", Some("lunch"));
        assert!(bench.lines().is_empty());
        let bob = || person("bob", true, None, Some("lunch"));
        People::list(&mut bench.ctx());
        let Some(ClientBody::RosterRequest(request)) = bench.sent().pop() else {
            panic!("the roster is asked for");
        };
        let list = Roster {
            tag: request.tag,
            people: vec![bob()],
            more: false,
        };
        people.handle_list(&mut bench.ctx(), list);
        assert_eq!(bench.lines(), ["bob  online"]);
        People::whois(&mut bench.ctx(), "bob");
        let Some(ClientBody::WhoisRequest(request)) = bench.sent().pop() else {
            panic!("it is asked who bob is");
        };
        let answer = Whois {
            tag: request.tag,
            person: bob(),
            rooms: Vec::new(),
        };
        People::handle_whois(&mut bench.ctx(), answer);
        assert_eq!(bench.lines()[0], "bob: online");
    }

    #[test]
    fn text_of_a_server_is_kept_as_long_as_such_texts_are() {
        let away = "é".repeat(30_000);
        let kept = taken(&Hidden::default(), person("bob", true, None, Some(&away)));
        assert_eq!(kept.away.map(|away| away.len()), Some(TOPIC_MAX_BYTES));
        let mut bench = Workbench::new();
        let mut people = People::default();
        people.note_away(&mut bench.ctx(), "bob", Some(&away));
        assert_eq!(people.told["bob"].len(), TOPIC_MAX_BYTES);
    }

    #[test]
    fn who_is_away_says_so_again_to_a_server_that_was_restarted() {
        let mut bench = Workbench::new();
        let mut people = People::default();
        People::set_away(&mut bench.ctx(), Some("lunch"));
        let Some(ClientBody::AwayRequest(request)) = bench.sent().pop() else {
            panic!("it is said");
        };
        let told = Away {
            tag: Some(request.tag),
            text: request.text,
        };
        people.handle_away(&mut bench.ctx(), told);
        assert_eq!(
            bench.lines(),
            ["you are away: lunch  (`/away` alone when you are back)"]
        );
        people.begin_session(&mut bench.ctx());
        let sent = bench.sent();
        assert!(
            matches!(&sent[..], [ClientBody::AwayRequest(again)] if again.text.as_deref() == Some("lunch")),
            "{sent:?}"
        );
    }

    #[test]
    fn lines_of_who_comes_and_goes_are_for_whom_one_has_asked() {
        let mut bench = Workbench::new();
        let people = People {
            known: BTreeSet::from(["bob".to_owned()]),
            ..People::default()
        };
        for (word, bob, carol) in [
            ("off", false, false),
            ("rooms", true, false),
            ("all", true, true),
        ] {
            People::set_presence(&mut bench.ctx(), Some(word));
            let ctx = bench.ctx();
            assert_eq!(people.wants_line(&ctx, "bob"), bob, "{word}");
            assert_eq!(people.wants_line(&ctx, "carol"), carol, "{word}");
        }
    }
}
