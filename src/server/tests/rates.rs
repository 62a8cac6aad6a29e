//! Who says or asks more than their share is read more slowly: nothing of it is refused or lost, and the others have
//! their turn.

use super::super::limits::{self as server_limits, Allowance, Limit};
use super::*;
use crate::protocol::{ClientMessage, EndReason, RoomsRequest, ServerBody};
use crate::protocol::{LoginFinish, Resolve, SessionEnd, Void};
use crate::server::limits::account_budget::Budgets;

/// A flooder, and how much of the flood has been handed to the transport.
struct Flood {
    link: Link,
    user: (AccountId, DeviceId),
    conversation: ConversationId,
    said: u64,
}

impl Flood {
    /// Somebody who floods bob, from one more device.
    fn new(bench: &mut Bench, user: (AccountId, DeviceId)) -> Self {
        let conversation = bench.pair(user, "bob");
        Self {
            link: bench.signed_in("mallory", user),
            user,
            conversation,
            said: 0,
        }
    }

    /// As many texts of so many bytes as the windows take, up to a number in all.
    fn say(&mut self, bench: &mut Bench, bytes: usize, most: u64) {
        while self.said < most {
            let origin = Origin {
                conversation: self.conversation,
                device: self.user.1,
                number: DeviceSeq(self.said + 1),
            };
            let message = text(&"x".repeat(bytes), origin);
            let message = encode(&message, Hop::default());
            let now = bench.now.instant;
            let sent = bench
                .client
                .send(now, self.link.client, Channel::Chat, &message);
            if sent.is_err() {
                return;
            }
            self.said += 1;
        }
    }
}

/// The numbers that were called stored, and what was refused.
fn answers(heard: Vec<ServerBody>) -> (Vec<u64>, Vec<crate::protocol::Failure>) {
    let (mut stored, mut refused) = (Vec::new(), Vec::new());
    for body in heard {
        match body {
            ServerBody::Stored(body) => stored.push(body.number.0),
            ServerBody::Failure(failure) => refused.push(failure),
            _ => {}
        }
    }
    (stored, refused)
}

/// Another device of an account.
pub fn device(bench: &mut Bench, account: AccountId) -> DeviceId {
    let request = Write::OpenDevice {
        account,
        device: None,
        ticket: TicketHash([1; 32]),
        expires_ms: 0,
    };
    let Reply::Device { device, .. } = bench.done(request) else {
        panic!("a device was asked for");
    };
    device
}

#[test]
fn flood_of_messages_is_taken_at_its_rate_in_order_and_none_is_refused_or_lost() {
    // One account wrote 64 to 97 MB/s of disk, and the others' p50 rose from 1.4 to 556 ms.
    let mut bench = Bench::new();
    bench.user("bob");
    let mallory = bench.user("mallory");
    let mut flood = Flood::new(&mut bench, mallory);
    let (mut stored, mut refused) = (Vec::new(), Vec::new());
    for second in 1..=25 {
        flood.say(&mut bench, 20, 600);
        bench.pass(950);
        let (numbers, failures) = answers(bench.heard(flood.link));
        stored.extend(numbers);
        refused.extend(failures);
        let most = 200 + 20 * (second + 1);
        assert!(stored.len() <= most, "{} in {second} s", stored.len());
    }
    assert_eq!(stored, (1..=600).collect::<Vec<u64>>());
    assert!(refused.iter().all(|failure| failure.number.is_none()
        && failure.code == ErrorCode::TooManyAttempts
        && failure.wait_ms.is_some()));
    assert_eq!(refused.len(), 1, "told once a minute: {refused:?}");
    let pauses = bench.hub.status(&bench.server).limits;
    assert!(pauses["message_rate"] > 0 && pauses["byte_rate"] == 0);
}

#[test]
fn flood_of_bytes_is_taken_at_its_rate_and_the_window_is_not_widened() {
    let mut bench = Bench::new();
    bench.user("bob");
    let mallory = bench.user("mallory");
    let mut flood = Flood::new(&mut bench, mallory);
    let mut stored = Vec::new();
    for second in 1..=20 {
        for _ in 0..10 {
            flood.say(&mut bench, 16 * 1024, 500);
            bench.pass(50);
            stored.extend(answers(bench.heard(flood.link)).0);
        }
        let most = 64 + 4 * (second + 1);
        assert!(stored.len() <= most, "{} in {second} s", stored.len());
    }
    assert!(stored.len() >= 64 + 4 * 16, "{}", stored.len());
    assert_eq!(stored, (1..=stored.len() as u64).collect::<Vec<u64>>());
    // Beyond what was stored, the two ends hold what their buffers take: a window each, of 256 KiB.
    let held = flood.said - stored.len() as u64;
    assert!(held <= 2 * 256 / 16 + 2, "{held}");
}

#[test]
fn sessions_of_one_account_share_its_rate_and_each_has_its_turn() {
    let mut bench = Bench::new();
    bench.user("bob");
    let (account, first) = bench.user("mallory");
    let mut floods: Vec<Flood> = (0..4)
        .map(|number| {
            let device = if number == 0 {
                first
            } else {
                device(&mut bench, account)
            };
            Flood::new(&mut bench, (account, device))
        })
        .collect();
    let mut stored = [0; 4];
    for _ in 0..30 {
        for flood in &mut floods {
            flood.say(&mut bench, 20, 1000);
        }
        bench.pass(800);
        for (flood, stored) in floods.iter().zip(&mut stored) {
            *stored += answers(bench.heard(flood.link)).0.len();
        }
    }
    let all: usize = stored.iter().sum();
    assert!((700..=860).contains(&all), "{stored:?}");
    assert!(stored.iter().all(|stored| *stored >= all / 8), "{stored:?}");
}

#[test]
fn coming_back_makes_no_bucket_full() {
    let mut bench = Bench::new();
    bench.user("bob");
    let (account, mut device_id) = bench.user("mallory");
    bench.may_close = true;
    let mut stored = 0;
    for _ in 0..5 {
        let mut flood = Flood::new(&mut bench, (account, device_id));
        flood.say(&mut bench, 20, 300);
        bench.pass(500);
        stored += answers(bench.heard(flood.link)).0.len();
        let now = bench.now.instant;
        bench.client.close(now, flood.link.client, 0, "");
        bench.pass(100);
        device_id = device(&mut bench, account);
    }
    assert!((200..=330).contains(&stored), "{stored}");
}

#[test]
fn message_of_another_waits_for_a_bounded_number_of_a_flood() {
    // A session was read until its channel was empty: whoever came later waited for a whole window of the flooder's,
    // 1,800 short messages or as many requests as fit 256 KiB.
    let mut bench = Bench::new();
    let (mallory, alice) = (bench.user("mallory"), bench.user("alice"));
    let (mallorys, alices) = (
        bench.signed_in("mallory", mallory),
        bench.signed_in("alice", alice),
    );
    let says = |bench: &mut Bench, link, device, number| {
        let origin = Origin {
            conversation: ConversationId::EVERYONE,
            device,
            number: DeviceSeq(number),
        };
        let message = text("tea?", origin);
        bench.say(link, Channel::Chat, &message);
    };
    for number in 1..=180 {
        says(&mut bench, mallorys, mallory.1, number);
    }
    // All of it comes in one turn of the network thread, before anything of alice's.
    bench.is_held = true;
    bench.settle();
    says(&mut bench, alices, alice.1, 1);
    bench.settle();
    bench.is_held = false;
    bench.pass(300);
    let heard = bench.heard(alices);
    let entry = heard.iter().find_map(|body| match body {
        ServerBody::Stored(body) => Some(body.entry.0),
        _ => None,
    });
    let before = entry.expect("it is stored") - 1;
    // What the store had taken when she spoke, 33, and one turn of the flooder, who waited for one before her.
    assert!(before <= 33 + 16, "{before} of the flood came before");
    bench.pass(1000);
    let (stored, refused) = answers(bench.heard(mallorys));
    assert_eq!(stored, (1..=180).collect::<Vec<u64>>());
    assert_eq!(refused, []);
}

#[test]
fn flood_of_requests_is_answered_at_its_rate_and_signing_out_waits_for_no_more_than_it() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let (account, laptop) = bench.user("mallory");
    let phone = device(&mut bench, account);
    let flooding = bench.signed_in("mallory", (account, laptop));
    let other = bench.signed_in("mallory", (account, phone));
    for tag in 0..1000 {
        let request = RoomsRequest { tag, page: None };
        bench.say(flooding, Channel::Control, &ClientMessage::control(request));
    }
    let mut answered = 0;
    let mut count = |bench: &mut Bench| {
        let heard = bench.heard(flooding);
        let lists = heard
            .iter()
            .filter(|body| matches!(body, ServerBody::Rooms(_)));
        answered += lists.count();
        answered
    };
    bench.pass(1950);
    let lists = count(&mut bench);
    assert!((100..=112).contains(&lists), "{lists}");
    let end = SessionEnd {
        reason: EndReason::LoggedOut,
    };
    bench.say(other, Channel::Control, &ClientMessage::control(end));
    bench.pass(500);
    let heard = bench.heard(other);
    assert!(
        heard
            .iter()
            .any(|body| matches!(body, ServerBody::SessionEnd(_))),
        "{heard:?}"
    );
    bench.pass(10_000);
    let lists = count(&mut bench);
    assert!((150..=170).contains(&lists), "{lists}");
}

/// Everything that an account may send beside texts, in a message that asks for as little as it can.
fn kinds() -> Vec<(&'static str, Channel, Vec<u8>)> {
    let (conversation, number) = (ConversationId(77), DeviceSeq(1));
    let origin = Origin {
        conversation,
        device: DeviceId(1),
        number,
    };
    let mut damaged = encode(&text("hello", origin), Hop::default());
    let place = damaged.len() - 40;
    damaged[place] ^= 1;
    let again = DeliverAgain {
        conversation,
        after: EntryId(u64::MAX),
    };
    let finish = LoginFinish {
        finalization: Vec::new().into(),
        device: None,
        attempt: 1,
    };
    let resolve = Resolve {
        tag: 1,
        name: "bob".into(),
    };
    let received = Received {
        conversation,
        entry: EntryId(1),
    };
    let void = Void {
        conversation,
        number,
    };
    let receipts = ReceiptsRequest { conversation };
    let message = |body: ClientMessage| encode(&body, Hop::default());
    vec![
        ("damaged", Channel::Chat, damaged),
        ("malformed", Channel::Bulk, vec![0xc1; 50]),
        (
            "refused",
            Channel::Control,
            message(ClientMessage::control(finish)),
        ),
        (
            "again",
            Channel::Chat,
            message(ClientMessage::control(again)),
        ),
        (
            "resolve",
            Channel::Control,
            message(ClientMessage::control(resolve)),
        ),
        (
            "receipts",
            Channel::Chat,
            message(ClientMessage::control(receipts)),
        ),
        ("contacts", Channel::Control, message(contacts())),
        ("void", Channel::Chat, message(ClientMessage::control(void))),
        (
            "received",
            Channel::Chat,
            message(ClientMessage::control(received)),
        ),
    ]
}

#[test]
fn whatever_an_account_sends_is_counted() {
    for (kind, channel, bytes) in kinds() {
        let mut bench = Bench::new();
        let mallory = bench.user("mallory");
        let link = bench.signed_in("mallory", mallory);
        let is_limited = |bench: &Bench| {
            let limits = bench.hub.status(&bench.server).limits;
            limits["message_rate"] + limits["request_rate"] + limits["byte_rate"] > 0
        };
        for _ in 0..200 {
            if is_limited(&bench) {
                break;
            }
            let now = bench.now.instant;
            while bench.client.send(now, link.client, channel, &bytes).is_ok() {}
            bench.settle();
            bench.heard(link);
        }
        assert!(is_limited(&bench), "{kind}");
    }
}

#[test]
fn what_is_said_on_the_control_channel_is_refused() {
    // It would go by what is counted on the chat channel.
    let mut bench = Bench::new();
    bench.user("bob");
    let mallory = bench.user("mallory");
    let flood = Flood::new(&mut bench, mallory);
    let origin = Origin {
        conversation: flood.conversation,
        device: mallory.1,
        number: DeviceSeq(1),
    };
    let message = text("tea?", origin);
    bench.say(flood.link, Channel::Control, &message);
    bench.pass(50);
    let (stored, refused) = answers(bench.heard(flood.link));
    assert_eq!((stored.len(), refused.len()), (0, 1));
    assert_eq!(refused[0].code, ErrorCode::Malformed);
}

#[test]
fn stranger_who_polls_without_end_is_read_at_a_rate() {
    // 256 addresses that polled LOGIN as fast as they could made two honest users wait for 0.7 s.
    let mut bench = Bench::new();
    let link = bench.connect();
    let login = crate::protocol::Login {
        name: "bob".into(),
        request: vec![0; 32].into(),
    };
    let poll = encode(&ClientMessage::control(login), Hop::default());
    let mut answered = 0;
    for _ in 0..20 {
        let now = bench.now.instant;
        for _ in 0..100 {
            let client = &mut bench.client;
            let _ = client.send(now, link.client, Channel::Control, &poll);
        }
        bench.pass(500);
        answered += bench.heard(link).len();
    }
    assert!((30..=45).contains(&answered), "{answered} in 10 s");
    let limits = bench.hub.status(&bench.server).limits;
    assert!(limits["requests_before_sign_in"] > 0);
}

#[test]
fn strangers_make_no_message_dearer() {
    // A line to everyone cost a token more for each 64 sessions, strangers' among them: with some thousand of these
    // nobody could speak in public.
    let mut bench = Bench::new();
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    for _ in 0..640 {
        bench.connect();
    }
    bench.heard(link);
    for number in 1..=100 {
        let origin = Origin {
            conversation: ConversationId::EVERYONE,
            device: mallory.1,
            number: DeviceSeq(number),
        };
        let message = text("hear, hear", origin);
        bench.say(link, Channel::Chat, &message);
    }
    bench.pass(1000);
    let (stored, refused) = answers(bench.heard(link));
    assert_eq!((stored.len(), refused.len()), (100, 0));
}

#[test]
fn refused_message_costs_the_same_whoever_is_in_the_conversation() {
    // How soon one was slowed told a private room of many from an id that nobody has.
    let room = ConversationId(900);
    for conversation in [ConversationId(901), room] {
        let mut bench = Bench::new();
        let mallory = bench.user("mallory");
        for member in 10_000..10_320 {
            let (account, session) = (AccountId(member), SessionId(1_000_000 + member));
            bench
                .hub
                .core
                .presence
                .set_active(account, "member", session);
            bench.hub.core.presence.enter(account, room);
        }
        let link = bench.signed_in("mallory", mallory);
        for number in 1..=200 {
            let origin = Origin {
                conversation,
                device: mallory.1,
                number: DeviceSeq(number),
            };
            bench.say(link, Channel::Chat, &text("?", origin));
        }
        bench.pass(1000);
        let (_, refused) = answers(bench.heard_now(link));
        assert_eq!(refused.len(), 200, "{conversation:?}");
    }
}

#[test]
fn long_wait_is_told_though_a_short_one_was_told_just_before() {
    // Who sent too fast was told so, and then for a minute not that the day's bytes were used up.
    let limits = server_limits::Limits {
        messages: Allowance::of(1, 3),
        day_bytes: Limit::of(4000),
        ..server_limits::Limits::default()
    };
    let mut bench = Bench::new();
    bench.hub.core.budgets = Budgets::new(&limits);
    bench.user("bob");
    let mallory = bench.user("mallory");
    let mut flood = Flood::new(&mut bench, mallory);
    flood.say(&mut bench, 300, 30);
    let mut waits = Vec::new();
    for _ in 0..30 {
        bench.pass(1000);
        let (_, refused) = answers(bench.heard(flood.link));
        waits.extend(refused.into_iter().filter_map(|failure| failure.wait_ms));
    }
    assert_eq!(waits.len(), 2, "{waits:?}");
    assert!(waits[0] < 5000 && waits[1] > 60_000, "{waits:?}");
}
