//! Programs that send files: what they are told, and when they end.

use super::*;
use crate::client::{Report, Say, Until};

/// The same, signed in, after one whose file has not been brought.
fn program_after_another() -> Desk {
    let mut desk = program(None);
    desk.disk();
    let bodies = desk.bodies();
    assert!(
        matches!(bodies[..], [.., ClientBody::UploadRequest(_)]),
        "{bodies:?}"
    );
    let mut desk = desk.restarted(Screen::plain(), options_of_program(Until::Stored));
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    desk
}

/// A program that has nothing to do but to send bob a file of 3 MB, perhaps under a key, and has just had it copied.
fn program(key: Option<&str>) -> Desk {
    let mut desk = Desk::connected(Screen::plain(), options_of_program(Until::Stored));
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    desk.files.transfers.put("chart.pdf", &content(3_000_000));
    let say = Say {
        to: "bob".into(),
        text: String::new(),
        file: Some("chart.pdf".into()),
        key: key.map(str::to_owned),
    };
    desk.core.handle_input(desk.now, Input::Say(Box::new(say)));
    desk.core.handle_input(desk.now, Input::EndOfInput);
    desk.settle();
    desk
}

#[test]
fn program_is_told_how_far_its_file_is_and_ends_when_that_is_stored() {
    let mut desk = program(Some("k1"));
    assert_eq!(desk.core.end(), None, "it is being copied");
    let mut server = FileServer::default();
    let (header, _) = entry(&desk.talk(&mut server));
    // The server says first that the key is not used.
    assert!(header.key.is_some() && server.pieces == 0);
    let failure = Failure::of_number(ErrorCode::NoSuchFile, PAIR, DeviceSeq(1));
    desk.control(&ServerMessage::error(Command::SendMessage, failure));
    let (header, _) = entry(&desk.talk(&mut server));
    assert!(header.key.is_some());
    desk.chat(crate::protocol::Voided {
        conversation: PAIR,
        number: DeviceSeq(1),
    });
    let reports = std::mem::take(&mut desk.screen.seen().reports);
    assert_eq!(reports[0], Report::Queued { said: 1 });
    let progress: Vec<u64> = reports
        .iter()
        .filter_map(|report| match report {
            Report::Progress {
                said: 1,
                sent,
                size: 3_000_000,
            } => Some(*sent),
            _ => None,
        })
        .collect();
    // All of it came in one moment.
    assert_eq!(progress, [0, 3_000_000]);
    desk.chat(stored(2, 1, 0, 1));
    desk.settle();
    assert_eq!(desk.core.end(), Some(&End::Quit));
}

/// A changed file was brought before its message, and counted for the day, although nothing was said.
#[test]
fn file_is_not_brought_whose_key_is_used() {
    let mut desk = program(Some("k1"));
    let mut server = FileServer::default();
    entry(&desk.talk(&mut server));
    let before = crate::protocol::SaidBefore {
        conversation: PAIR,
        entry: EntryId(9),
        time_ms: START_MS,
        recipients: 1,
        online: 0,
    };
    let failure = Failure {
        said_before: Some(Box::new(before)),
        ..Failure::of_number(ErrorCode::SaidBefore, PAIR, DeviceSeq(1))
    };
    desk.control(&ServerMessage::error(Command::SendMessage, failure));
    let others = desk.talk(&mut server);
    assert!(
        matches!(&others[..], [message, ..] if matches!(message.body, ClientBody::Void(_))),
        "{others:?}"
    );
    desk.chat(crate::protocol::Voided {
        conversation: PAIR,
        number: DeviceSeq(1),
    });
    desk.settle();
    assert!(server.kept.is_empty() && desk.files.transfers.copies().is_empty());
    let ended = (desk.core.end(), desk.core.fault());
    assert_eq!(ended, (Some(&End::Quit), None));
}

/// Each later message ended as not confirmed in time.
#[test]
fn program_does_not_wait_for_a_file_of_an_earlier_run_that_the_server_takes_later() {
    let mut desk = program_after_another();
    let say = Say {
        to: "bob".into(),
        text: "hi".into(),
        file: None,
        key: None,
    };
    desk.core.handle_input(desk.now, Input::Say(Box::new(say)));
    desk.core.handle_input(desk.now, Input::EndOfInput);
    desk.meet(0);
    let bodies = desk.bodies();
    let request = bodies.iter().find_map(|body| match body {
        ClientBody::UploadRequest(request) => Some(request.tag),
        _ => None,
    });
    desk.chat(stored(1, 1, 0, 1));
    desk.settle();
    assert_eq!(desk.core.end(), None, "the file goes on");
    desk.bulk(ServerBody::Failure(Failure {
        tag: request,
        wait_ms: Some(3_600_000),
        ..Failure::new(ErrorCode::LimitReached, "2 GB a day")
    }));
    desk.settle();
    let ended = (desk.core.end(), desk.core.fault());
    assert_eq!(ended, (Some(&End::Quit), None));
    assert_eq!(desk.files.transfers.copies().len(), 1);
}

/// The same where the server does not say so in time.
#[test]
fn what_an_earlier_run_has_left_is_no_failure_of_a_program() {
    let mut desk = program_after_another();
    desk.core.handle_input(desk.now, Input::EndOfInput);
    desk.meet(0);
    desk.wait(Duration::from_secs(31));
    desk.settle();
    let ended = (desk.core.end(), desk.core.fault());
    assert_eq!(ended, (Some(&End::Quit), None));
}

#[test]
fn program_waits_for_its_file_as_long_as_that_comes_further_and_says_what_is_left() {
    let mut desk = program(None);
    desk.disk();
    let bodies = desk.bodies();
    let Some(ClientBody::UploadRequest(request)) = bodies.last() else {
        panic!("{bodies:?}");
    };
    let tag = request.tag;
    for chunk in 1..=4 {
        desk.wait(Duration::from_secs(20));
        desk.bulk(ServerBody::UploadState(UploadState {
            tag,
            taken: chunk * CHUNK_BYTES as u64,
            is_complete: false,
        }));
        desk.settle();
        assert_eq!(desk.core.end(), None, "{chunk}");
    }
    desk.wait(Duration::from_secs(31));
    desk.settle();
    assert_eq!(desk.core.end(), Some(&End::Quit));
    assert_eq!(desk.core.fault(), Some(Fault::Unconfirmed));
    let reports = std::mem::take(&mut desk.screen.seen().reports);
    let failed = reports.iter().find_map(|report| match report {
        Report::Failed { why, .. } => Some(why),
        _ => None,
    });
    assert!(
        failed.unwrap().contains("the file chart.pdf"),
        "{reports:?}"
    );
}
