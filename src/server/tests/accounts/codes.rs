//! Enrolment codes over the wire: who may use one, how often, and how fast they may be guessed at.

use super::*;
use crate::protocol::{Bytes, Enrol, EnrolAnswer, EnrolFinish};
use crate::server::ctx::CODE_PASSWORD_RESET;
use crate::server::hash_code;
use crate::server::policy::Registration;
use crate::store::NewCode;

const CODE: [u8; 16] = [1; 16];
const WRONG: [u8; 16] = [2; 16];

/// The client's half of an enrolment that was answered.
type Begun = (ClientRegistration<Suite>, EnrolAnswer);

impl Bench {
    fn make_code(&mut self, account: Option<AccountId>, uses: u32) {
        let time_ms = self.now.unix_ms;
        self.done(Write::MakeCode(NewCode {
            account,
            code: hash_code(&CODE),
            uses,
            by: None,
            time_ms,
            expires_ms: time_ms + 3_600_000,
        }));
    }

    /// Begins to use a code.
    fn enrol(&mut self, link: Link, name: &str, code: [u8; 16]) -> Result<Begun, Failure> {
        let random = &mut dice(14);
        let begun = ClientRegistration::<Suite>::start(random, NEW).expect("it begins");
        self.control(
            link,
            Enrol {
                name: name.into(),
                code: Bytes(code),
                request: begun.message.serialize().to_vec().into(),
            },
        );
        match self.heard(link).pop() {
            Some(ServerBody::EnrolAnswer(answer)) => Ok((begun.state, answer)),
            Some(ServerBody::Failure(failure)) => Err(failure),
            other => panic!("{other:?}"),
        }
    }

    fn refused(&mut self, link: Link, name: &str, code: [u8; 16]) -> ErrorCode {
        let begun = self.enrol(link, name, code);
        begun.expect_err("it is refused").code
    }
}

/// The second half.
fn upload((begun, answer): Begun) -> EnrolFinish {
    let response = RegistrationResponse::deserialize(&answer.response).expect("an answer");
    let finished = begun.finish(&mut dice(15), NEW, response, parameters());
    let upload = finished.expect("it ends").message.serialize().to_vec();
    EnrolFinish {
        upload: upload.into(),
    }
}

fn is_enrolled(heard: &[ServerBody]) -> bool {
    let mut heard = heard.iter();
    heard.any(|body| matches!(body, ServerBody::Enrolled(_)))
}

#[test]
fn code_sets_the_password_and_ends_all_sessions_of_the_account_and_no_other() {
    let (mut bench, here, there, _) = alice_twice();
    let alice = bench.user_of(here).account;
    let bob = bench.owner("bob", OLD);
    let bobs = bench.signed_in("bob", bob);
    bench.make_code(Some(alice), 1);
    let stranger = bench.connect();
    // What was begun with the old password ends nowhere.
    let other = bench.connect();
    let finish = bench.begin_login(other, "alice", OLD);
    let begun = bench.enrol(stranger, "Alice", CODE).expect("it is good");
    assert!(!begun.1.is_new);
    assert!(bench.is_signed_in(here) && bench.is_signed_in(there));
    bench.control(stranger, upload(begun));
    assert!(is_enrolled(&bench.heard(stranger)));
    for link in [here, there] {
        assert!(!bench.is_signed_in(link));
        assert_eq!(bench.code(link), Some(CODE_PASSWORD_RESET));
    }
    assert!(bench.is_signed_in(bobs));
    bench.control(other, finish);
    assert_eq!(codes(&bench.heard(other)), [ErrorCode::LoginFailed]);
    let finish = bench.begin_login(stranger, "alice", NEW);
    bench.control(stranger, finish);
    assert!(bench.is_signed_in(stranger));
    assert_eq!(bench.refused(other, "alice", CODE), ErrorCode::CodeRefused);
}

#[test]
fn of_two_who_use_a_code_at_once_one_does() {
    let mut bench = Bench::new();
    let (alice, _) = bench.owner("alice", OLD);
    for (account, names) in [(Some(alice), ["alice", "alice"]), (None, ["carol", "dave"])] {
        bench.make_code(account, 1);
        let links = [bench.connect(), bench.connect()];
        let uploads: Vec<EnrolFinish> = (links.iter().zip(names))
            .map(|(link, name)| upload(bench.enrol(*link, name, CODE).expect("it is good")))
            .collect();
        bench.is_held = true;
        for (link, upload) in links.iter().zip(uploads) {
            bench.control(*link, upload);
        }
        bench.is_held = false;
        bench.pass(10);
        assert!(is_enrolled(&bench.heard_now(links[0])), "{names:?}");
        let heard = bench.heard_now(links[1]);
        assert_eq!(codes(&heard), [ErrorCode::CodeRefused], "{names:?}");
    }
}

#[test]
fn without_a_good_code_each_name_gets_the_same_refusal_and_no_answer_of_opaque() {
    let mut bench = Bench::new();
    let (alice, _) = bench.owner("alice", OLD);
    bench.owner("bob", OLD);
    bench.make_code(Some(alice), 1);
    let link = bench.connect();
    for (name, code) in [("alice", WRONG), ("bob", CODE), ("nobody-here", CODE)] {
        let refused = bench.enrol(link, name, code).err();
        let expected = Failure::new(ErrorCode::CodeRefused, "");
        assert_eq!(refused, Some(expected), "{name}");
    }
    // A second half without a first.
    bench.control(
        link,
        EnrolFinish {
            upload: vec![0; 192].into(),
        },
    );
    assert_eq!(codes(&bench.heard(link)), [ErrorCode::OutOfTurn]);
}

#[test]
fn codes_are_guessed_at_no_faster_than_passwords() {
    let mut bench = Bench::new();
    let (alice, _) = bench.owner("alice", OLD);
    bench.make_code(Some(alice), 1);
    let mut guesses = 0;
    loop {
        let link = bench.connect();
        let code = bench.refused(link, "alice", WRONG);
        if code == ErrorCode::TooManyAttempts {
            break;
        }
        assert_eq!(code, ErrorCode::CodeRefused);
        guesses += 1;
        assert!(guesses < 20, "they are never held up");
    }
    // Neither is the right one taken then, nor a guess at the password.
    let link = bench.connect();
    assert_eq!(
        bench.refused(link, "alice", CODE),
        ErrorCode::TooManyAttempts
    );
    bench.pass(20_000);
    assert!(bench.enrol(link, "alice", CODE).is_ok());
}

#[test]
fn invitation_opens_an_account_unless_registration_is_closed_and_without_one_nobody_does() {
    let mut bench = Bench::new();
    bench.make_code(None, 1);
    bench.hub.core.config.registration = Registration::Invitation;
    let link = bench.connect();
    let name = String::from("carol");
    let request = vec![0; 32].into();
    bench.control(link, SignUp { name, request });
    assert_eq!(codes(&bench.heard(link)), [ErrorCode::InvitationNeeded]);
    bench.hub.core.config.registration = Registration::Closed;
    let refused = bench.refused(link, "carol", CODE);
    assert_eq!(refused, ErrorCode::RegistrationClosed);
    bench.hub.core.config.registration = Registration::Invitation;
    assert_eq!(bench.refused(link, "operator", CODE), ErrorCode::BadName);
    let begun = bench.enrol(link, "carol", CODE).expect("she is invited");
    assert!(begun.1.is_new);
    bench.control(link, upload(begun));
    assert!(is_enrolled(&bench.heard(link)));
    let finish = bench.begin_login(link, "carol", NEW);
    bench.control(link, finish);
    assert!(bench.is_signed_in(link));
}

#[test]
fn code_that_has_expired_between_the_halves_is_refused() {
    let mut bench = Bench::new();
    let (alice, _) = bench.owner("alice", OLD);
    bench.make_code(Some(alice), 1);
    let link = bench.connect();
    let begun = bench.enrol(link, "alice", CODE).expect("it is good");
    bench.now.unix_ms += 3_600_000;
    bench.control(link, upload(begun));
    assert_eq!(codes(&bench.heard(link)), [ErrorCode::CodeRefused]);
    let finish = bench.begin_login(link, "alice", OLD);
    bench.control(link, finish);
    assert!(bench.is_signed_in(link));
}
