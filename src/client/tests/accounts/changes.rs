//! Changes of one's account: what is asked, what is sent, and what it ends.

use super::*;
use crate::client::Ask;
use crate::protocol::{
    AccountChangeKind, AccountChanged, ChangeAccount, Command, Device, Devices, EndReason,
    ErrorCode, Failure, Prove, ProveAnswer, SessionEnd,
};

impl Server {
    fn prove_answer(&mut self, prove: &Prove) -> ProveAnswer {
        let login = Login {
            name: self.name.clone(),
            request: prove.request.clone(),
        };
        let registration = prove.registration.clone().map(|request| {
            let name = self.name.clone();
            self.sign_up_answer(&SignUp { name, request }).response
        });
        ProveAnswer {
            tag: prove.tag,
            response: self.login_answer(&login).response,
            registration,
        }
    }

    /// Answers the first half of a proof, and gives the second.
    fn take_proof(&mut self, desk: &mut Desk) -> ChangeAccount {
        let prove = proof(desk);
        let answer = self.prove_answer(&prove);
        desk.control(&ServerMessage::control(answer));
        let ClientBody::ChangeAccount(change) = desk.body() else {
            panic!("the client does not go on");
        };
        let finish = LoginFinish {
            finalization: change.finalization.clone(),
            device: None,
            attempt: 1,
        };
        assert!(self.is_proved(&finish));
        change
    }
}

fn proof(desk: &mut Desk) -> Prove {
    match desk.body() {
        ClientBody::Prove(prove) => prove,
        other => panic!("no proof is begun: {other:?}"),
    }
}

fn done(desk: &mut Desk, change: &ChangeAccount, devices: u32) {
    let tag = change.tag;
    desk.control(&ServerMessage::control(AccountChanged { tag, devices }));
}

fn secret(text: &str) -> Ask {
    Ask::Secret(text.into())
}

/// Erin at a terminal, and the server that has her password.
fn at_terminal() -> (Desk, Server) {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.settle();
    desk.screen.asks();
    (desk, Server::with_signed_in("erin", "secret"))
}

/// Erin has typed her old password, and it is right.
fn old_password(desk: &mut Desk, server: &mut Server) {
    desk.type_line("passwd");
    assert_eq!(asked(desk), secret("old password: "));
    desk.type_line("secret");
    let prove = proof(desk);
    assert_eq!(prove.registration, None);
    let answer = server.prove_answer(&prove);
    desk.control(&ServerMessage::control(answer));
    assert_eq!(
        asked(desk),
        secret("new password (at least 12 characters): ")
    );
}

#[test]
fn passwd_proves_the_old_password_and_sets_the_new_one() {
    let (mut desk, mut server) = at_terminal();
    old_password(&mut desk, &mut server);
    desk.type_line("secret");
    assert_eq!(
        asked(&mut desk),
        secret("new password (at least 12 characters): ")
    );
    assert!(desk.lines()[0].contains("at least 12 characters"));
    desk.type_line("a longer secret");
    assert_eq!(asked(&mut desk), secret("repeat password: "));
    desk.type_line("a longer secret");
    let change = server.take_proof(&mut desk);
    assert_eq!(change.change.kind, AccountChangeKind::Password);
    let upload = change.change.upload.clone().expect("a new password");
    server.take_upload(&SignUpFinish { upload });
    done(&mut desk, &change, 2);
    assert_eq!(
        desk.lines(),
        ["the password is changed; 2 other devices were signed out"]
    );
    assert_eq!(asked(&mut desk), Ask::Command("erin> ".into()));
    // It is the one that proves from now on.
    desk.type_line("devices revoke 3");
    asked(&mut desk);
    desk.type_line("a longer secret");
    assert_eq!(
        server.take_proof(&mut desk).change.device,
        Some(DeviceId(3))
    );
}

#[test]
fn wrong_old_password_is_noticed_before_a_new_one_is_asked_for() {
    let (mut desk, mut server) = at_terminal();
    desk.type_line("passwd");
    for attempt in 1..=3 {
        assert_eq!(asked(&mut desk), secret("old password: "));
        desk.type_line("wrong");
        let answer = server.prove_answer(&proof(&mut desk));
        desk.control(&ServerMessage::control(answer));
        let lines = desk.lines();
        assert_eq!(lines[0], "wrong password");
        assert_eq!(lines.len(), if attempt == 3 { 2 } else { 1 });
    }
    assert_eq!(asked(&mut desk), Ask::Command("erin> ".into()));
    assert!(desk.bodies().is_empty());
}

#[test]
fn account_is_deleted_only_by_its_name_and_password() {
    let (mut desk, mut server) = at_terminal();
    desk.type_line("account delete");
    assert_eq!(
        asked(&mut desk),
        Ask::Line("type erin to delete the account: ".into())
    );
    desk.screen.lines();
    desk.type_line("yes");
    assert_eq!(desk.lines(), ["the account was not deleted"]);
    asked(&mut desk);
    desk.type_line("account delete");
    asked(&mut desk);
    desk.type_line("Erin");
    assert_eq!(asked(&mut desk), secret("password: "));
    desk.type_line("secret");
    let change = server.take_proof(&mut desk);
    assert_eq!(change.change.kind, AccountChangeKind::Delete);
    desk.screen.lines();
    done(&mut desk, &change, 0);
    let reason = EndReason::AccountDeleted;
    desk.control(&ServerMessage::control(SessionEnd { reason }));
    assert_eq!(
        desk.lines(),
        [
            "the account erin is deleted",
            "signed out: the account was deleted"
        ]
    );
    assert_eq!(asked(&mut desk), Ask::Command("> ".into()));
}

#[test]
fn device_that_was_signed_out_says_why_and_asks_for_the_password() {
    for (reason, words) in [
        (EndReason::PasswordChanged, "the password was changed"),
        (EndReason::Revoked, "this device was revoked"),
    ] {
        let (mut desk, _) = at_terminal();
        desk.control(&ServerMessage::control(SessionEnd { reason }));
        let lines = desk.lines();
        assert!(lines.last().unwrap().contains(words), "{lines:?}");
        desk.type_line("login erin");
        assert_eq!(asked(&mut desk), secret("password: "));
    }
}

#[test]
fn question_is_given_up_with_ctrl_c_and_by_the_end_of_the_session() {
    let (mut desk, mut server) = at_terminal();
    old_password(&mut desk, &mut server);
    desk.core.handle_input(desk.now, Input::Cancelled);
    assert_eq!(desk.lines(), ["nothing was changed"]);
    assert_eq!(asked(&mut desk), Ask::Command("erin> ".into()));
    // An answer that comes too late is to nothing.
    desk.type_line("devices revoke 3");
    asked(&mut desk);
    desk.type_line("secret");
    let late = proof(&mut desk);
    desk.wait(Duration::from_secs(15));
    let lines = desk.lines();
    assert!(lines.last().unwrap().contains("nothing was changed"));
    let answer = server.prove_answer(&late);
    desk.control(&ServerMessage::control(answer));
    assert!(desk.bodies().is_empty());

    let (mut desk, mut server) = at_terminal();
    old_password(&mut desk, &mut server);
    let reason = EndReason::PasswordChanged;
    desk.control(&ServerMessage::control(SessionEnd { reason }));
    desk.lines();
    desk.type_line("a longer secret");
    assert!(desk.bodies().is_empty());
    assert_eq!(asked(&mut desk), Ask::Command("> ".into()));
}

#[test]
fn lost_link_says_whether_the_password_may_be_changed() {
    for (is_asked, words) in [
        (false, "nothing was changed"),
        (true, "may be changed already"),
    ] {
        let (mut desk, mut server) = at_terminal();
        old_password(&mut desk, &mut server);
        desk.type_line("a longer secret");
        asked(&mut desk);
        desk.type_line("a longer secret");
        if is_asked {
            server.take_proof(&mut desk);
        } else {
            proof(&mut desk);
        }
        desk.core.link_lost(desk.now, "reset", None);
        let lines = desk.lines();
        assert!(lines.last().unwrap().contains(words), "{lines:?}");
    }
}

#[test]
fn question_stays_open_while_the_link_is_away() {
    let (mut desk, mut server) = at_terminal();
    old_password(&mut desk, &mut server);
    desk.core.link_lost(desk.now, "reset", None);
    desk.wait(Duration::from_secs(20));
    let lines = desk.lines();
    assert!(
        !lines.iter().any(|line| line.starts_with("not connected")),
        "{lines:?}"
    );
    desk.core.link_up(desk.now, KEY, HASH);
    desk.control(&ServerMessage::control(session_start()));
    desk.settle_heads(Vec::new());
    desk.type_line("a longer secret");
    assert_eq!(asked(&mut desk), secret("repeat password: "));
    desk.type_line("a longer secret");
    server.take_proof(&mut desk);
}

#[test]
fn refusal_of_a_change_is_said_and_changes_nothing() {
    let (mut desk, _) = at_terminal();
    desk.type_line("devices revoke 3");
    asked(&mut desk);
    desk.type_line("secret");
    let failure = Failure {
        tag: Some(proof(&mut desk).tag),
        wait_ms: Some(4_000),
        ..Failure::new(ErrorCode::TooManyAttempts, "")
    };
    desk.control(&ServerMessage::error(Command::Prove, failure));
    let lines = desk.lines();
    assert!(lines[0].contains("too many attempts"), "{lines:?}");
    assert_eq!(asked(&mut desk), Ask::Command("erin> ".into()));
    desk.type_line(&format!("devices revoke {}", DEVICE.0));
    assert!(desk.lines()[0].contains("at which you sit"));
}

/// A script that has asked for the end of a device, and proved its password.
fn revoking_script() -> (Desk, ChangeAccount) {
    let mut desk = Desk::signed_in(Screen::plain());
    let mut server = Server::with_signed_in("erin", "secret");
    desk.settle();
    desk.type_line("devices revoke 3");
    let change = server.take_proof(&mut desk);
    (desk, change)
}

#[test]
fn script_revokes_with_the_password_of_its_file_and_changes_nothing_else() {
    let (mut desk, change) = revoking_script();
    assert_eq!(change.change.device, Some(DeviceId(3)));
    done(&mut desk, &change, 1);
    desk.settle();
    for line in ["passwd", "account delete"] {
        desk.type_line(line);
        assert!(desk.bodies().is_empty());
        assert_eq!(desk.core.fault(), Some(Fault::Failed));
    }
}

#[test]
fn devices_are_listed_with_their_last_use() {
    let (mut desk, _) = at_terminal();
    desk.type_line("devices");
    let ClientBody::DevicesRequest(request) = desk.body() else {
        panic!("the list is not asked for");
    };
    let device = |number, online, used_ms| Device {
        device: DeviceId(number),
        has_ticket: number != 14,
        online,
        used_ms,
        address: used_ms.map(|_| std::net::SocketAddr::from(([192, 0, 2, 7], 4000)).into()),
    };
    let devices = vec![
        device(DEVICE.0, true, Some(START_MS)),
        device(12, true, Some(START_MS)),
        device(13, false, Some(START_MS - 86_400_000)),
        device(14, false, None),
    ];
    let tag = request.tag;
    desk.control(&ServerMessage::control(Devices { tag, devices }));
    assert_eq!(
        desk.lines(),
        [
            "device 11  this device  now                  192.0.2.7",
            "device 12  online       now                  192.0.2.7",
            "device 13  signed in    last used Mon 14:02  192.0.2.7",
            "device 14  signed out   last use not known",
            "`/devices revoke N` signs one out and forgets it",
        ]
    );
}

/// Erin has typed what proves the change; the first half of the proof is sent.
fn revoking(desk: &mut Desk) {
    desk.type_line("devices revoke 3");
    assert_eq!(asked(desk), secret("password: "));
    desk.type_line("secret");
}

#[test]
fn prompt_comes_back_while_the_server_does_not_answer_and_the_answer_is_shown_when_it_comes() {
    // After the last Enter there was no prompt for 15 s, and what was typed stood on the bare terminal. The word that the
    // password was changed came 4 s later, and was not shown.
    let (mut desk, mut server) = at_terminal();
    revoking(&mut desk);
    let change = server.take_proof(&mut desk);
    asked_nothing(&mut desk);
    desk.wait(Duration::from_secs(2));
    assert_eq!(asked(&mut desk), Ask::Command("erin> ".into()));
    assert_eq!(desk.lines(), ["still waiting for the server's answer"]);
    desk.type_line("devices revoke 4");
    assert_eq!(
        desk.lines(),
        ["no answer yet to the last change of the account; wait for it"]
    );
    assert_eq!(asked(&mut desk), Ask::Command("erin> ".into()));
    desk.wait(Duration::from_secs(15));
    let lines = desk.lines();
    assert!(
        lines[0].contains("the device may be revoked already"),
        "{lines:?}"
    );
    desk.type_line("help back");
    desk.lines();
    done(&mut desk, &change, 1);
    assert_eq!(
        desk.lines(),
        ["device 3 is revoked: it asks for the password"]
    );
    // It is done: the same answer again is to nothing.
    done(&mut desk, &change, 1);
    assert!(desk.lines().is_empty());
}

fn asked_nothing(desk: &mut Desk) {
    desk.settle();
    assert!(desk.screen.asks().is_empty());
}

#[test]
fn next_question_waits_for_the_line_that_is_typed_and_is_announced() {
    let (mut desk, mut server) = at_terminal();
    desk.type_line("passwd");
    asked(&mut desk);
    desk.type_line("secret");
    let prove = proof(&mut desk);
    desk.wait(Duration::from_secs(2));
    assert_eq!(asked(&mut desk), Ask::Command("erin> ".into()));
    desk.lines();
    let answer = server.prove_answer(&prove);
    desk.control(&ServerMessage::control(answer));
    assert_eq!(
        desk.lines(),
        ["the server has answered; after this line you are asked to go on (Ctrl-C gives it up)"]
    );
    asked_nothing(&mut desk);
    desk.type_line("help back");
    assert_eq!(
        asked(&mut desk),
        secret("new password (at least 12 characters): ")
    );
}

#[test]
fn change_of_the_account_is_not_begun_while_the_server_is_known_not_to_answer() {
    let (mut desk, _) = at_terminal();
    desk.core.link_silent("no answer from host:7777 for 10 s");
    desk.lines();
    for line in ["passwd", "devices revoke 3", "account delete"] {
        desk.type_line(line);
        assert_eq!(
            desk.lines(),
            ["not connected; try again when the connection is back"],
            "{line}"
        );
        assert_eq!(asked(&mut desk), Ask::Command("erin offline> ".into()));
    }
}

#[test]
fn late_change_does_not_hold_a_script_back() {
    let (mut desk, change) = revoking_script();
    desk.wait(Duration::from_secs(30));
    desk.settle();
    assert_eq!(desk.core.fault(), Some(Fault::Unreachable));
    desk.screen.asks();
    done(&mut desk, &change, 1);
    desk.lines();
}
