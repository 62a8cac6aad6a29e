//! Names that nobody may take, and those who have one of before.

use opaque_ke::{ClientLogin, ClientRegistration};

use super::*;
use crate::protocol::opaque::Suite;
use crate::protocol::{Access, ClientMessage, Failure, Join, Login, ServerBody, SignUp};

fn failures(bodies: Vec<ServerBody>) -> Vec<Failure> {
    let failure = |body| match body {
        ServerBody::Failure(failure) => Some(failure),
        _ => None,
    };
    bodies.into_iter().filter_map(failure).collect()
}

fn log_in(bench: &mut Bench, name: &str) -> Vec<ServerBody> {
    let link = bench.connect();
    let start = ClientLogin::<Suite>::start(&mut rand_core::OsRng, b"secret").expect("it begins");
    let body = Login {
        name: name.into(),
        request: start.message.serialize().to_vec().into(),
    };
    bench.say(link, Channel::Control, &ClientMessage::control(body));
    bench.pass(50);
    bench.heard(link)
}

fn sign_up(bench: &mut Bench, name: &str) -> Vec<ServerBody> {
    let link = bench.connect();
    let start =
        ClientRegistration::<Suite>::start(&mut rand_core::OsRng, b"secret").expect("it begins");
    let body = SignUp {
        name: name.into(),
        request: start.message.serialize().to_vec().into(),
    };
    bench.say(link, Channel::Control, &ClientMessage::control(body));
    bench.pass(50);
    bench.heard(link)
}

/// `you` could be taken, and its lines were shown to each reader as their own.
#[test]
fn reserved_name_is_refused_at_sign_up_with_its_reason() {
    for (name, detail) in [
        ("You", "the name \"you\" is reserved: it means the reader"),
        (
            "4dm1n",
            "the name \"4dm1n\" is reserved: it reads as \"admin\", and it would speak for the server's operator",
        ),
        (
            "e\u{338}rin",
            "a user name cannot contain a mark that is drawn over a letter",
        ),
    ] {
        let refused = failures(sign_up(&mut Bench::new(), name));
        assert_eq!(refused.len(), 1, "{name}");
        assert_eq!(refused[0].code, ErrorCode::BadName, "{name}");
        assert_eq!(refused[0].detail, detail);
    }
    let heard = sign_up(&mut Bench::new(), "erin");
    assert!(
        matches!(heard[..], [ServerBody::SignUpAnswer(_)]),
        "{heard:?}"
    );
}

#[test]
fn account_of_a_name_that_was_free_once_signs_in() {
    let mut bench = Bench::new();
    bench.user("admin");
    let heard = log_in(&mut bench, "admin");
    // Its record is an empty one here, which comes after the name.
    assert!(
        failures(heard)
            .iter()
            .all(|failure| failure.code != ErrorCode::BadName)
    );
}

/// `login i̇van` asked for a password twice before the name was refused.
#[test]
fn name_that_cannot_be_had_is_refused_at_the_first_question_for_it() {
    let mut bench = Bench::new();
    bench.user("bob");
    for (name, code, detail) in [
        ("b0b", ErrorCode::NameLooksLike, "bob"),
        (
            "i\u{307}van",
            ErrorCode::BadName,
            "a user name cannot contain a dot above a letter that has one",
        ),
        ("carol", ErrorCode::NoSuchUser, ""),
    ] {
        let refused = failures(log_in(&mut bench, name));
        assert_eq!(refused.len(), 1, "{name}");
        assert_eq!((refused[0].code, &*refused[0].detail), (code, detail));
        let refused = failures(sign_up(&mut bench, name));
        let is_free = code == ErrorCode::NoSuchUser;
        assert_eq!(refused.is_empty(), is_free, "{name}: {refused:?}");
    }
}

/// `σοφιας` and `σοφιασ` were two users.
#[test]
fn names_that_differ_in_case_only_are_one_user_and_one_room() {
    let mut bench = Bench::new();
    bench.user("σοφιας");
    for name in ["ΣΟΦΙΑΣ", "σοφιασ"] {
        let refused = failures(sign_up(&mut bench, name));
        assert_eq!(refused[0].code, ErrorCode::NameTaken, "{name}");
        let refused = failures(log_in(&mut bench, name));
        let is_found = refused
            .iter()
            .all(|failure| failure.code != ErrorCode::NoSuchUser);
        assert!(is_found, "{name}: {refused:?}");
    }
    let alice = bench.user("alice");
    let link = bench.signed_in("alice", alice);
    let mut join = |tag, name: &str| {
        let join = Join {
            tag,
            name: name.into(),
            access: None,
            must_exist: None,
        };
        bench.say(link, Channel::Control, &ClientMessage::control(join));
        bench.pass(50);
        let heard = bench.heard(link).into_iter();
        let mut joined = heard.filter_map(|body| match body {
            ServerBody::Joined(joined) => Some(joined.room.name),
            _ => None,
        });
        joined.next()
    };
    assert_eq!(join(1, "#Kstraße").as_deref(), Some("#kstrasse"));
    assert_eq!(join(2, "#KSTRASSE").as_deref(), Some("#kstrasse"));
}

/// The database of an older program has names in another spelling.
#[test]
fn account_whose_name_was_kept_in_another_spelling_is_found_by_it() {
    let mut bench = Bench::new();
    bench.user("straße");
    for name in ["straße", "Straße"] {
        let refused = failures(log_in(&mut bench, name));
        let is_found = refused
            .iter()
            .all(|failure| failure.code != ErrorCode::NoSuchUser);
        assert!(is_found, "{name}: {refused:?}");
    }
}

#[test]
fn room_of_a_reserved_name_is_joined_where_there_is_one_and_not_made() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let link = bench.signed_in("alice", alice);
    let join = |tag| Join {
        tag,
        name: "#adm1n".into(),
        access: None,
        must_exist: None,
    };
    bench.say(link, Channel::Control, &ClientMessage::control(join(7)));
    bench.pass(50);
    let refused = failures(bench.heard(link));
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (refused[0].code, refused[0].tag),
        (ErrorCode::BadName, Some(7))
    );
    assert!(
        refused[0].detail.contains("it reads as \"admin\""),
        "{refused:?}"
    );

    bench.done(Write::MakeRoom {
        owner: alice.0,
        name: "#adm1n".into(),
        skeleton: "#admln".into(),
        access: Access::Public,
        time_ms: 1,
    });
    let bob = bench.user("bob");
    let link = bench.signed_in("bob", bob);
    bench.say(link, Channel::Control, &ClientMessage::control(join(8)));
    bench.pass(50);
    let heard = bench.heard(link);
    let is_joined =
        |body: &ServerBody| matches!(body, ServerBody::Joined(joined) if joined.tag == 8);
    assert!(heard.iter().any(is_joined), "{heard:?}");
}
