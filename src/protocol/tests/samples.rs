//! Every body and message there is, of parts that a property test makes up.

use std::net::IpAddr;

use proptest::prelude::*;
use serde_bytes::ByteBuf;

use super::super::*;

/// Random parts from which one of every body is made.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) a: u64,
    pub(super) b: u64,
    pub(super) c: u32,
    pub(super) flag: bool,
    pub(super) word: String,
    pub(super) bytes: Vec<u8>,
    pub(super) octets: Vec<u8>,
    pub(super) code: u8,
}

pub(super) fn parts() -> impl Strategy<Value = Parts> {
    let number = || prop_oneof![0..200_u64, any::<u64>()];
    let octets = prop_oneof![
        prop::collection::vec(any::<u8>(), 4),
        prop::collection::vec(any::<u8>(), 16)
    ];
    (
        number(),
        number(),
        any::<u32>(),
        any::<bool>(),
        ".{0,40}",
        any::<Vec<u8>>(),
        octets,
        any::<u8>(),
    )
        .prop_map(|(a, b, c, flag, word, bytes, octets, code)| Parts {
            a,
            b,
            c,
            flag,
            word,
            bytes,
            octets,
            code,
        })
}

pub(super) fn address(parts: &Parts) -> RecipientData {
    let ip = <[u8; 4]>::try_from(parts.octets.as_slice()).map_or_else(
        |_| IpAddr::from(<[u8; 16]>::try_from(parts.octets.as_slice()).expect("4 or 16 octets")),
        IpAddr::from,
    );
    std::net::SocketAddr::new(ip, 7777).into()
}

/// One of every body that this version knows.
#[allow(clippy::too_many_lines, reason = "there are many bodies")]
pub(super) fn every_body(parts: &Parts) -> Vec<Body> {
    let Parts {
        a,
        b,
        c,
        flag,
        word,
        bytes,
        ..
    } = parts.clone();
    let blob = || ByteBuf::from(bytes.clone());
    let name = || word.clone();
    let (conversation, number, entry) = (ConversationId(a), Number(b), EntryId(b));
    let (account, device) = (AccountId(a), DeviceId(b));
    let some = |id: u64| flag.then_some(id);
    let mark = Mark {
        account,
        name: name(),
        entry,
        since: EntryId(a),
    };
    let contact = Contact {
        account,
        name: name(),
        address: address(parts),
    };
    let head = Head {
        conversation,
        name: name(),
        head: entry,
        last_number: number,
        start: entry,
        floor: EntryId(a),
        until: some(b).map(EntryId),
        expired: some(b).map(|_| true),
    };
    let room = Room {
        conversation,
        name: name(),
        topic: name(),
        access: Access::from_number(parts.code),
        role: flag.then_some(MemberRole::from_number(parts.code)),
        members: c,
    };
    let member = RoomMember {
        account,
        name: name(),
        role: MemberRole::from_number(parts.code),
        online: flag,
    };
    let blocked = BlockedUser {
        account,
        name: name(),
    };
    let change = Change {
        kind: EventKind::from_number(parts.code),
        subject: flag.then(name),
        text: flag.then(name),
        role: flag.then_some(MemberRole::Owner),
        access: flag.then_some(Access::Private),
    };
    let told = HistoryEntry {
        entry,
        prev: EntryId(a),
        author: account,
        time_ms: b,
        digest: Digest::of(&bytes),
        content: blob(),
    };
    let count = Count { entry, members: c };
    let position = Position {
        conversation,
        entry,
        digest: Digest::of(&bytes),
    };
    vec![
        SignUp {
            name: name(),
            request: blob(),
        }
        .into(),
        SignUpAnswer {
            response: blob(),
            name: name(),
        }
        .into(),
        SignUpFinish { upload: blob() }.into(),
        SignedUp { name: name() }.into(),
        Login {
            name: name(),
            request: blob(),
        }
        .into(),
        LoginAnswer {
            response: blob(),
            name: name(),
        }
        .into(),
        LoginFinish {
            finalization: blob(),
            device: some(b).map(DeviceId),
        }
        .into(),
        Resume {
            account,
            device,
            ticket: blob(),
        }
        .into(),
        SessionStart {
            account,
            name: name(),
            device,
            epoch: a,
            ticket: blob(),
        }
        .into(),
        SessionEnd {
            reason: EndReason::from_number(parts.code),
        }
        .into(),
        Hello {
            positions: vec![position; 3],
            more: flag,
            epoch: flag.then_some(a),
        }
        .into(),
        HelloAnswer {
            heads: vec![head; 2],
            more: flag,
        }
        .into(),
        Greeting {
            text: name(),
            online: c,
        }
        .into(),
        Resolve {
            tag: c,
            name: name(),
        }
        .into(),
        Resolved {
            tag: c,
            conversation,
            name: name(),
            account,
            last_number: number,
            start: entry,
        }
        .into(),
        Stored {
            conversation,
            number,
            entry,
            prev: EntryId(a),
            time_ms: a,
            recipients: c,
            online: c,
            last_seen_ms: some(a),
        }
        .into(),
        SendAgain { damaged: c }.into(),
        DeliverAgain {
            conversation,
            after: entry,
        }
        .into(),
        Received {
            conversation,
            entry,
        }
        .into(),
        Void {
            conversation,
            number,
        }
        .into(),
        Voided {
            conversation,
            number,
        }
        .into(),
        ReceiptsRequest { conversation }.into(),
        Receipts {
            conversation,
            marks: vec![mark; 2],
        }
        .into(),
        ContactsRequest { tag: c }.into(),
        ListContacts {
            tag: c,
            contacts: vec![contact; 2],
            more: flag,
        }
        .into(),
        Alert {
            name: name(),
            online: flag,
        }
        .into(),
        ReceiptCounts {
            conversation,
            members: c,
            steps: vec![count; 2],
        }
        .into(),
        Join {
            tag: c,
            name: name(),
            access: flag.then_some(Access::Private),
        }
        .into(),
        Joined {
            tag: c,
            room: room.clone(),
            last_number: number,
            start: entry,
        }
        .into(),
        Leave {
            tag: c,
            conversation,
        }
        .into(),
        Left {
            tag: c,
            conversation,
        }
        .into(),
        RoomsRequest {
            tag: c,
            page: flag.then_some(c),
        }
        .into(),
        Rooms {
            tag: c,
            rooms: vec![room; 2],
            more: flag,
            pages: flag.then_some(c),
        }
        .into(),
        MembersRequest {
            tag: c,
            conversation,
        }
        .into(),
        Members {
            tag: c,
            conversation,
            members: vec![member; 2],
            more: flag,
        }
        .into(),
        Moderate {
            tag: c,
            conversation,
            change: change.clone(),
        }
        .into(),
        Moderated {
            tag: c,
            conversation,
            changed: flag,
        }
        .into(),
        RoomEvent {
            kind: change.kind,
            actor: name(),
            subject: change.subject,
            text: change.text,
            role: change.role,
            access: change.access,
        }
        .into(),
        HistoryRequest {
            tag: c,
            conversation,
            before: entry,
            limit: c,
        }
        .into(),
        History {
            tag: c,
            conversation,
            entries: vec![told; 2],
            more: flag,
        }
        .into(),
        Block {
            tag: c,
            name: name(),
            blocking: flag,
        }
        .into(),
        Blocked {
            tag: flag.then_some(c),
            users: vec![blocked; 2],
        }
        .into(),
    ]
}

/// One of every message that this version knows.
pub(super) fn every_message(parts: &Parts) -> Vec<Message> {
    let text = |receiver: &str| Text {
        sender: parts.word.clone(),
        receiver: receiver.to_owned(),
        text: parts.word.clone(),
    };
    let origin = |conversation| Origin {
        conversation,
        device: DeviceId(parts.a),
        number: Number(parts.b),
    };
    let failure = Failure {
        code: ErrorCode::from_number(parts.code),
        detail: parts.word.clone(),
        tag: parts.flag.then_some(parts.c),
        conversation: parts.flag.then_some(ConversationId(parts.a)),
        number: (!parts.flag).then_some(Number(parts.b)),
        expected: parts.flag.then_some(Number(parts.a)),
        wait_ms: (!parts.flag).then_some(parts.a),
    };
    let mut messages: Vec<Message> = every_body(parts)
        .into_iter()
        .map(Message::control)
        .collect();
    messages.push(Message::chat(
        origin(ConversationId::EVERYONE),
        text(EVERYONE_NAME),
    ));
    messages.push(Message::chat(origin(ConversationId(77)), text("bob")));
    messages.push(Message::error(Command::Resolve, failure));
    messages
}
