//! Changes of an account by whoever is signed in on its sessions: what they take, and what they end.

mod codes;
mod delegated;

use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration,
    ClientRegistrationFinishParameters, CredentialResponse, RegistrationResponse,
};

use super::*;
use crate::protocol::opaque::{IDENTITIES, KeyStretching, Suite, context};
use crate::protocol::{
    AccountChange, AccountChangeKind, ChangeAccount, DevicesRequest, EndReason, Failure, Login,
    LoginFinish, Message, Prove, ProveAnswer, SignUp,
};
use crate::server::ctx::{CODE_ACCOUNT_DELETED, CODE_PASSWORD_CHANGED, CODE_REVOKED};
use crate::server::names::Name;

const OLD: &[u8] = b"an old password";
const NEW: &[u8] = b"a new password";

fn dice(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn parameters() -> ClientRegistrationFinishParameters<'static, 'static, Suite> {
    ClientRegistrationFinishParameters::new(IDENTITIES, Some(&KeyStretching::Identity))
}

impl Bench {
    /// An account that has this password, with a device.
    fn owner(&mut self, name: &str, password: &[u8]) -> (AccountId, DeviceId) {
        // The setup that the hub has.
        let setup = OpaqueServer::generate(&mut dice(2));
        let opaque = OpaqueServer::load(&setup).expect("made just now");
        let random = &mut dice(9);
        let begun = ClientRegistration::<Suite>::start(random, password).expect("it begins");
        let parsed = Name::parse(name).expect("a name");
        let request = begun.message.serialize();
        let (pending, answer) = opaque
            .start_sign_up(random, parsed, &request)
            .expect("a request");
        let answer = RegistrationResponse::deserialize(&answer).expect("an answer");
        let finished = begun.state.finish(random, password, answer, parameters());
        let upload = finished.expect("it ends").message.serialize();
        let account = OpaqueServer::finish_sign_up(pending, &upload, 1).expect("an upload");
        let Reply::Account(account) = self.done(Write::CreateAccount(account)) else {
            panic!("an account was asked for");
        };
        let device = self.device(account.id);
        (account.id, device)
    }

    fn device(&mut self, account: AccountId) -> DeviceId {
        let request = Write::OpenDevice {
            account,
            device: None,
            ticket: TicketHash([7; 32]),
            expires_ms: u64::MAX,
        };
        match self.done(request) {
            Reply::Device { device, .. } => device,
            other => panic!("{other:?}"),
        }
    }

    fn control(&mut self, link: Link, body: impl Into<crate::protocol::ClientBody>) {
        self.say(link, Channel::Control, &Message::control(body));
        self.pass(50);
    }

    /// Begins to prove this password.
    fn prove(&mut self, link: Link, password: &[u8]) -> Result<Begun, ErrorCode> {
        let random = &mut dice(11);
        let login = ClientLogin::<Suite>::start(random, password).expect("it begins");
        let registration = ClientRegistration::<Suite>::start(random, NEW).expect("it begins");
        self.control(
            link,
            Prove {
                tag: 1,
                request: login.message.serialize().to_vec().into(),
                registration: Some(registration.message.serialize().to_vec().into()),
            },
        );
        match self.heard(link).pop() {
            Some(ServerBody::ProveAnswer(answer)) => Ok(Begun {
                login: login.state,
                registration: registration.state,
                answer,
            }),
            Some(ServerBody::Failure(failure)) => Err(failure.code),
            other => panic!("{other:?}"),
        }
    }

    /// The second half of a proof with what it is for, over the session of this hash.
    fn finish(
        &self,
        link: Link,
        begun: Begun,
        password: &[u8],
        kind: AccountChangeKind,
    ) -> ChangeAccount {
        let random = &mut dice(12);
        let context = context(&self.handshake_hashes[&link.client]);
        let finish = ClientLoginFinishParameters::new(
            Some(&context),
            IDENTITIES,
            Some(&KeyStretching::Identity),
        );
        let response = CredentialResponse::deserialize(&begun.answer.response).expect("KE2");
        let finished = begun.login.finish(random, password, response, finish);
        // Whoever guesses wrong has nothing better to send.
        let finalization = finished.map_or(vec![0; 64], |it| it.message.serialize().to_vec());
        let response = begun.answer.registration.expect("it was asked for");
        let response = RegistrationResponse::deserialize(&response).expect("an answer");
        let registered = begun
            .registration
            .finish(random, NEW, response, parameters());
        let upload = registered.expect("it ends").message.serialize().to_vec();
        ChangeAccount {
            tag: 2,
            finalization: finalization.into(),
            change: AccountChange {
                kind,
                upload: (kind == AccountChangeKind::Password).then(|| upload.into()),
                device: None,
            },
        }
    }

    /// Proves a password and asks for a change.
    fn change(&mut self, link: Link, password: &[u8], kind: AccountChangeKind) -> Vec<ServerBody> {
        let begun = self.prove(link, password).expect("it is answered");
        let change = self.finish(link, begun, password, kind);
        self.control(link, change);
        self.heard(link)
    }

    fn revoke(&mut self, link: Link, device: DeviceId) -> Vec<ServerBody> {
        let begun = self.prove(link, OLD).expect("it is answered");
        let mut request = self.finish(link, begun, OLD, AccountChangeKind::Revoke);
        request.change.device = Some(device);
        self.control(link, request);
        self.heard(link)
    }

    /// Logs in on a session, up to the second half.
    fn begin_login(&mut self, link: Link, name: &str, password: &[u8]) -> LoginFinish {
        let random = &mut dice(13);
        let login = ClientLogin::<Suite>::start(random, password).expect("it begins");
        let request = login.message.serialize().to_vec().into();
        let name = name.into();
        self.control(link, Login { name, request });
        let Some(ServerBody::LoginAnswer(answer)) = self.heard(link).pop() else {
            panic!("it is answered");
        };
        let context = context(&self.handshake_hashes[&link.client]);
        let finish = ClientLoginFinishParameters::new(
            Some(&context),
            IDENTITIES,
            Some(&KeyStretching::Identity),
        );
        let response = CredentialResponse::deserialize(&answer.response).expect("KE2");
        let finished = login.state.finish(random, password, response, finish);
        let finalization = finished.expect("the password is right").message;
        LoginFinish {
            finalization: finalization.serialize().to_vec().into(),
            device: None,
            attempt: 1,
        }
    }

    /// The code with which the server has closed a session.
    fn code(&self, link: Link) -> Option<u16> {
        let mut closed = self.closed.iter();
        let (_, reason) = closed.find(|(session, _)| *session == link.client)?;
        match reason {
            CloseReason::Peer { code, .. } => Some(*code),
            _ => None,
        }
    }

    fn is_signed_in(&self, link: Link) -> bool {
        self.hub.core.sessions.user(link.server).is_some()
    }
}

/// The client's half of a proof that was answered.
struct Begun {
    login: ClientLogin<Suite>,
    registration: ClientRegistration<Suite>,
    answer: ProveAnswer,
}

fn codes(heard: &[ServerBody]) -> Vec<ErrorCode> {
    let failures = heard.iter().filter_map(|body| match body {
        ServerBody::Failure(Failure { code, .. }) => Some(*code),
        _ => None,
    });
    failures.collect()
}

fn devices_changed(heard: &[ServerBody]) -> Option<u32> {
    heard.iter().find_map(|body| match body {
        ServerBody::AccountChanged(changed) => Some(changed.devices),
        _ => None,
    })
}

fn ended(heard: &[ServerBody]) -> Option<EndReason> {
    heard.iter().find_map(|body| match body {
        ServerBody::SessionEnd(end) => Some(end.reason),
        _ => None,
    })
}

/// Alice on two devices.
fn alice_twice() -> (Bench, Link, Link, DeviceId) {
    let mut bench = Bench::new();
    bench.may_close = true;
    let (alice, laptop) = bench.owner("alice", OLD);
    let phone = bench.device(alice);
    let here = bench.signed_in("alice", (alice, laptop));
    let there = bench.signed_in("alice", (alice, phone));
    (bench, here, there, phone)
}

#[test]
fn session_that_has_not_proved_the_password_changes_nothing() {
    let (mut bench, here, there, _) = alice_twice();
    let unproved = |finalization: Vec<u8>| ChangeAccount {
        tag: 2,
        finalization: finalization.into(),
        change: AccountChange {
            kind: AccountChangeKind::Delete,
            upload: None,
            device: None,
        },
    };
    bench.control(here, unproved(vec![0; 64]));
    assert_eq!(codes(&bench.heard(here)), [ErrorCode::OutOfTurn]);
    // A wrong password, and after it the end of the proof that was right, but is over.
    let begun = bench.prove(here, OLD).expect("it is answered");
    let right = bench.finish(here, begun, OLD, AccountChangeKind::Delete);
    bench.control(here, unproved(vec![1; 64]));
    bench.control(here, right);
    assert_eq!(
        codes(&bench.heard(here)),
        [ErrorCode::LoginFailed, ErrorCode::OutOfTurn]
    );
    let heard = bench.change(here, b"a wrong password", AccountChangeKind::Delete);
    assert_eq!(codes(&heard), [ErrorCode::LoginFailed]);
    // Begun on one session, finished on another.
    let begun = bench.prove(here, OLD).expect("it is answered");
    bench.prove(there, OLD).expect("it is answered");
    let other = bench.finish(here, begun, OLD, AccountChangeKind::Delete);
    bench.control(there, other);
    assert_eq!(codes(&bench.heard(there)), [ErrorCode::LoginFailed]);
    assert!(bench.is_signed_in(here) && bench.is_signed_in(there));
}

#[test]
fn proof_is_good_once_and_not_for_long() {
    let (mut bench, here, _, phone) = alice_twice();
    let begun = bench.prove(here, OLD).expect("it is answered");
    let mut request = bench.finish(here, begun, OLD, AccountChangeKind::Revoke);
    request.change.device = Some(phone);
    bench.control(here, request.clone());
    bench.control(here, request);
    let heard = bench.heard(here);
    assert_eq!(devices_changed(&heard), Some(1));
    assert_eq!(codes(&heard), [ErrorCode::OutOfTurn]);
    let begun = bench.prove(here, OLD).expect("it is answered");
    let late = bench.finish(here, begun, OLD, AccountChangeKind::Delete);
    bench.pass(61_000);
    bench.control(here, late);
    assert_eq!(codes(&bench.heard(here)), [ErrorCode::OutOfTurn]);
}

#[test]
fn new_password_ends_the_sessions_of_all_other_devices_and_is_the_only_one() {
    let (mut bench, here, there, _) = alice_twice();
    let heard = bench.change(here, OLD, AccountChangeKind::Password);
    assert_eq!(devices_changed(&heard), Some(1));
    assert_eq!(ended(&heard), None);
    assert_eq!(bench.code(there), Some(CODE_PASSWORD_CHANGED));
    assert!(bench.is_signed_in(here) && !bench.is_signed_in(there));
    let heard = bench.change(here, OLD, AccountChangeKind::Delete);
    assert_eq!(codes(&heard), [ErrorCode::LoginFailed]);
    let heard = bench.change(here, NEW, AccountChangeKind::Password);
    assert_eq!(devices_changed(&heard), Some(0));
}

#[test]
fn of_two_devices_that_change_the_password_at_once_one_does() {
    let (mut bench, here, there, _) = alice_twice();
    let first = bench.prove(here, OLD).expect("it is answered");
    let second = bench.prove(there, OLD).expect("it is answered");
    let first = bench.finish(here, first, OLD, AccountChangeKind::Password);
    let second = bench.finish(there, second, OLD, AccountChangeKind::Password);
    bench.is_held = true;
    bench.control(here, first);
    bench.control(there, second);
    bench.is_held = false;
    bench.pass(10);
    assert_eq!(devices_changed(&bench.heard_now(here)), Some(1));
    let heard = bench.heard_now(there);
    assert_eq!(devices_changed(&heard), None);
    assert!(!bench.is_signed_in(there));
}

#[test]
fn login_that_has_begun_with_the_old_password_does_not_end_with_a_ticket() {
    let (mut bench, here, ..) = alice_twice();
    let stranger = bench.connect();
    let finish = bench.begin_login(stranger, "alice", OLD);
    bench.change(here, OLD, AccountChangeKind::Password);
    bench.control(stranger, finish);
    assert_eq!(codes(&bench.heard(stranger)), [ErrorCode::LoginFailed]);
    assert!(!bench.is_signed_in(stranger));
    let finish = bench.begin_login(stranger, "alice", NEW);
    bench.control(stranger, finish);
    assert!(bench.is_signed_in(stranger));
}

#[test]
fn revoked_device_is_signed_out_and_no_other() {
    let (mut bench, here, there, phone) = alice_twice();
    let (bob, theirs) = bench.owner("bob", NEW);
    let bobs = bench.signed_in("bob", (bob, theirs));
    // Of others nobody revokes a device, nor learns whether there is one.
    for device in [theirs, DeviceId(9999)] {
        let heard = bench.revoke(here, device);
        assert_eq!(codes(&heard), [ErrorCode::NoSuchDevice]);
    }
    assert_eq!(devices_changed(&bench.revoke(here, phone)), Some(1));
    assert_eq!(bench.code(there), Some(CODE_REVOKED));
    assert!(bench.is_signed_in(here) && bench.is_signed_in(bobs));
    assert!(!bench.is_signed_in(there));
}

#[test]
fn deleted_account_is_signed_out_everywhere_and_its_rooms_are_told() {
    let (mut bench, here, there, _) = alice_twice();
    let alice = bench.user_of(here).account;
    let laptop = bench.user_of(here).device;
    let bob = bench.user("bob");
    let room = bench.join_room((alice, laptop), "#bridge", Access::Public);
    bench.join_room(bob, "#bridge", Access::Public);
    let bobs = bench.signed_in("bob", bob);
    let heard = bench.change(here, OLD, AccountChangeKind::Delete);
    assert_eq!(devices_changed(&heard), Some(0));
    assert_eq!(ended(&heard), Some(EndReason::AccountDeleted));
    assert_eq!(bench.code(there), Some(CODE_ACCOUNT_DELETED));
    assert!(!bench.is_signed_in(here) && !bench.is_signed_in(there));
    let heard = bench.heard_now(bobs);
    let left = heard
        .iter()
        .any(|body| matches!(body, ServerBody::Entry(_)));
    assert!(left, "{heard:?}");
    assert!(!bench.hub.core.presence.is_in(alice, room));
    let stranger = bench.connect();
    let request = vec![0; 32].into();
    let name = "alice".into();
    bench.control(stranger, SignUp { name, request });
    assert_eq!(codes(&bench.heard(stranger)), [ErrorCode::AccountDeleted]);
}

#[test]
fn guesses_at_the_password_of_a_session_that_is_signed_in_wait_as_those_of_a_login_do() {
    let (mut bench, here, ..) = alice_twice();
    let mut answered = 0;
    while bench.prove(here, b"a wrong password").is_ok() {
        answered += 1;
        assert!(answered < 20, "they are never held up");
    }
    assert_eq!(
        bench.prove(here, OLD).err(),
        Some(ErrorCode::TooManyAttempts)
    );
    bench.pass(20_000);
    let heard = bench.change(here, OLD, AccountChangeKind::Password);
    assert_eq!(devices_changed(&heard), Some(1));
    // It is forgiven.
    for _ in 0..3 {
        assert!(bench.prove(here, b"a wrong password").is_ok());
    }
}

#[test]
fn list_tells_of_each_device_whether_it_is_here_and_when_it_was() {
    let (mut bench, here, there, phone) = alice_twice();
    bench.run(|services, ctx| services.sign_out(ctx, there.server));
    bench.pass(2_000);
    bench.control(here, DevicesRequest { tag: 5 });
    let heard = bench.heard(here);
    let Some(ServerBody::Devices(told)) = heard.last() else {
        panic!("{heard:?}");
    };
    let [laptop, other] = told.devices[..] else {
        panic!("{told:?}");
    };
    assert!(laptop.online && laptop.has_ticket && laptop.used_ms.is_some());
    assert_eq!(other.device, phone);
    assert!(!other.online && other.has_ticket);
    let used = other.used_ms.expect("it was noted");
    assert!(used < laptop.used_ms.unwrap(), "{told:?}");
    let address: std::net::SocketAddr = other.address.expect("it was noted").into();
    assert_eq!(address, ([192, 0, 2, 1], 4000).into());
}
