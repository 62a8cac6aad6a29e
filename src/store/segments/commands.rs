//! The commands of a record: a format version, and the writes of one group, in order. An append stands as nothing but its
//! place among them, since the record's entries say the rest.
//!
//! A server that was killed leaves writes that only the message log has, and the program that starts next may be another
//! version. So the payload says how to read it, and a version or a write that this program does not know is an error of
//! its own, never taken for damage: damage is left out, and stored messages would be lost.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::store::error::StoreError;
use crate::store::{LAST_TAG, Write};

/// The version of the payload's format: this byte, then the writes in MessagePack, each under its tag.
const FORMAT: u8 = 1;

/// Encodes a group; none stands for an append, which has the next entry of the record.
pub(in crate::store) fn encode(writes: &[Option<&Write>]) -> Vec<u8> {
    let mut payload = vec![FORMAT];
    rmp_serde::encode::write(&mut payload, writes).expect("writing to a Vec cannot fail");
    payload
}

/// Decodes a group.
pub(in crate::store) fn decode(payload: &[u8]) -> Result<Vec<Option<Write>>, StoreError> {
    let Some((format, writes)) = payload.split_first() else {
        return Err(damaged("it is empty"));
    };
    if *format != FORMAT {
        return Err(StoreError::UnknownRecord(format!("format {format}")));
    }
    rmp_serde::from_slice(writes).map_err(|error| match unknown_tag(writes) {
        Some(tag) => StoreError::UnknownRecord(format!("write {tag}")),
        None => damaged(error),
    })
}

/// The first tag that a later version has introduced.
#[expect(
    clippy::zero_sized_map_values,
    reason = "only the tags are read, and serde reads maps into maps"
)]
fn unknown_tag(writes: &[u8]) -> Option<u32> {
    let writes: Vec<Option<BTreeMap<String, IgnoredAny>>> = rmp_serde::from_slice(writes).ok()?;
    let mut tags = writes.iter().flatten().flat_map(BTreeMap::keys);
    tags.find_map(|tag| tag.parse().ok().filter(|tag| *tag > LAST_TAG))
}

fn damaged(error: impl ToString) -> StoreError {
    StoreError::Damaged {
        table: "log",
        place: "a record".into(),
        reason: format!("its writes cannot be read: {}", error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        Access, AccountId, AccountRole, Bytes, Change, ConversationId, DeviceId, DeviceSeq, Digest,
        EntryId, EventKind, MemberRole, Position,
    };
    use crate::store::{
        Append, Audited, Ban, BanSubject, CodeHash, DeviceUse, LogOf, NewAccount, NewCode,
        Operation, Prefix, Purge, Quota, Retention, TicketHash,
    };

    const ALICE: AccountId = AccountId(1);
    const PHONE: DeviceId = DeviceId(2);
    const ROOM: ConversationId = ConversationId(3);
    const TIME_MS: u64 = 1_773_756_120_000;

    /// The records that earlier versions have written, in the order of the tags. Add to them, and change none.
    const RECORDED: [&str; LAST_TAG as usize] = [
        "019181a13195a3626f62a3626f62c403010203dc001009090909090909090909090909090909cf0000019cfc1a7bc0",
        "019181a1329401c0dc00200404040404040404040404040404040404040404040404040404040404040404cf0000019cfc1a7bc0",
        "019181a133970102dc00200404040404040404040404040404040404040404040404040404040404040404dc00200505050505050505050505050505050505050505050505050505050505050505cd03e8cf0000019cfc1a7bc001",
        "019181a134920102",
        "019181a1359401024d91930328c4200707070707070707070707070707070707070707070707070707070707070707",
        "019181a13697030102cd012cc4200707070707070707070707070707070707070707070707070707070707070707c4047465613fcf0000019cfc1a7bc0",
        "019181a13794030102cd012c",
        "019181a138970102a723627269646765a72362726964676502c3cf0000019cfc1a7bc0",
        "019181a1399501a723627269646765a72362726964676501cf0000019cfc1a7bc0",
        "019181a23130930301cf0000019cfc1a7bc0",
        "019181a231319403019505a3626f62c002c0cf0000019cfc1a7bc0",
        "019181a231329301a3626f62c3",
        "019181a231339303931ec000cf0000019cfc1a7bc0",
        "019181a2313492a865766572796f6e6593c0cd01f408",
        "019181a23135929193030128919201cf0000019cfc1a7bc0",
        "019181a2313694030128cf0000019cfc1a7bc0",
        "019181a231379601dc00100909090909090909090909090909090902dc00200404040404040404040404040404040404040404040404040404040404040404cf0000019cfc1a7bc001",
        "019181a231389501dc00100909090909090909090909090909090902c403010203dc001008080808080808080808080808080808",
        "019181a231399301c002",
        "019181a232309301dc001009090909090909090909090909090909cf0000019cfc1a7bc0",
        "019181a2323191940102cf0000019cfc1a7bc092c404c000020107",
        "019181a232329191930301cd012c",
        "019181a23233930301cf0000019cfc1a7bc0",
        "019181a2323491dc001009090909090909090909090909090909",
        "019181a232359401c4200b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0bce004c4b40cf0000019cfc1a7bc0",
        "019181a23236939201c4200b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0bce05265c00cf0000019cfc1a7bc0",
        "019181a232379201c3",
        "019181a232389201a47370616d",
        "019181a232399301cf0000019cfc1a7bc081a232389202c0",
        "019181a233309601dc0020090909090909090909090909090909090909090909090909090909090909090901c0cf0000019cfc1a7bc0cf0000019cfc1a7bc0",
        "019181a2333191ce12345678",
        "019181a233329501dc00200909090909090909090909090909090909090909090909090909090909090909c403010203dc001008080808080808080808080808080808cf0000019cfc1a7bc0",
        "019181a233339295a3626f62a3626f62c403010203dc001009090909090909090909090909090909cf0000019cfc1a7bc0dc00200909090909090909090909090909090909090909090909090909090909090909",
        "019181a233349281a1300193cf0000019cfc1a7bc0a47370616dcf0000019cfc1a7bc0",
        "019181a233359181a1319281a25636dc001020010dccb800000000000000000000000030",
        "019181a23336920103",
        "019181a233379301a47465613fcf0000019cfc1a7bc0",
        "019181a23338a132",
        "019181a23339920102",
        "019181a23430940102cf0000019cfc1a7bc081a233369202c0",
        "019181a234319301a3626f62a3626f62",
        "019181a2343293a723627269646765a723627269646765cf0000019cfc1a7bc0",
        "019181a2343393a72362726964676501cf0000019cfc1a7bc0",
        "019181a2343493a72362726964676503cf0000019cfc1a7bc0",
        "019181a234359103",
        "019181a234369381a13292010228cf0000019cfc1a7bc0",
        "019181a2343792a3626f62cf0000019cfc1a7bc0",
        "019181a234389294010391289203cd012ccf0000019cfc1a7bc0",
        "019181a234399102",
    ];

    fn bob() -> NewAccount {
        NewAccount {
            name: "bob".into(),
            skeleton: "bob".into(),
            record: vec![1, 2, 3],
            credential_identifier: [9; 16],
            time_ms: TIME_MS,
        }
    }

    /// The writes of these records.
    #[expect(clippy::too_many_lines, reason = "each write once")]
    fn writes() -> Vec<Write> {
        vec![
            Write::CreateAccount(bob()),
            Write::OpenDevice {
                account: ALICE,
                device: None,
                ticket: TicketHash([4; 32]),
                expires_ms: TIME_MS,
            },
            Write::Resume {
                account: ALICE,
                device: PHONE,
                ticket: TicketHash([4; 32]),
                successor: TicketHash([5; 32]),
                now_ms: 1000,
                expires_ms: TIME_MS,
                attempt: 1,
            },
            Write::RevokeTickets {
                account: ALICE,
                device: PHONE,
            },
            Write::Hello {
                account: ALICE,
                device: PHONE,
                epoch: Some(77),
                positions: vec![Position {
                    conversation: ROOM,
                    entry: EntryId(40),
                    digest: Digest([7; 32]),
                }],
            },
            Write::Append(Append {
                conversation: ROOM,
                author: ALICE,
                device: PHONE,
                number: DeviceSeq(300),
                digest: Digest([7; 32]),
                content: b"tea?".to_vec(),
                time_ms: TIME_MS,
                quota: Quota::default(),
                relation: None,
                has_file: false,
                key: None,
            }),
            Write::Void {
                conversation: ROOM,
                account: ALICE,
                device: PHONE,
                number: DeviceSeq(300),
            },
            Write::Join {
                account: ALICE,
                device: PHONE,
                name: "#bridge".into(),
                skeleton: "#bridge".into(),
                access: Access::Private,
                may_make: true,
                time_ms: TIME_MS,
            },
            Write::MakeRoom {
                owner: ALICE,
                name: "#bridge".into(),
                skeleton: "#bridge".into(),
                access: Access::Public,
                time_ms: TIME_MS,
            },
            Write::Leave {
                conversation: ROOM,
                account: ALICE,
                time_ms: TIME_MS,
            },
            Write::ChangeRoom {
                conversation: ROOM,
                actor: ALICE,
                change: Change {
                    kind: EventKind::Role,
                    subject: Some("bob".into()),
                    text: None,
                    role: Some(MemberRole::Moderator),
                    access: None,
                },
                time_ms: TIME_MS,
            },
            Write::Block {
                account: ALICE,
                name: "bob".into(),
                is_blocking: true,
            },
            Write::Expire {
                from: ROOM,
                keep: Retention {
                    days: Some(30),
                    messages: None,
                    megabytes: Some(0),
                },
                now_ms: TIME_MS,
            },
            Write::Retain {
                name: "everyone".into(),
                keep: Retention {
                    days: None,
                    messages: Some(500),
                    megabytes: Some(8),
                },
            },
            Write::Advance {
                marks: vec![(ROOM, ALICE, EntryId(40))],
                seen: vec![(ALICE, TIME_MS)],
            },
            Write::Delete {
                conversation: ROOM,
                actor: ALICE,
                entry: EntryId(40),
                time_ms: TIME_MS,
            },
            Write::Login {
                account: ALICE,
                proved: [9; 16],
                device: Some(PHONE),
                ticket: TicketHash([4; 32]),
                expires_ms: TIME_MS,
                attempt: 1,
            },
            Write::ChangePassword {
                account: ALICE,
                proved: [9; 16],
                device: PHONE,
                record: vec![1, 2, 3],
                credential_identifier: [8; 16],
            },
            Write::RevokeDevice {
                account: ALICE,
                proved: None,
                device: PHONE,
            },
            Write::DeleteAccount {
                account: ALICE,
                proved: Some([9; 16]),
                time_ms: TIME_MS,
            },
            Write::NoteUses(vec![DeviceUse {
                account: ALICE,
                device: PHONE,
                time_ms: TIME_MS,
                address: Some(std::net::SocketAddr::from(([192, 0, 2, 1], 7)).into()),
            }]),
            Write::Read {
                reads: vec![(ROOM, ALICE, EntryId(300))],
            },
            Write::Mute {
                conversation: ROOM,
                account: ALICE,
                until_ms: TIME_MS,
            },
            Write::Keyed { key: [9; 16] },
            Write::AddFile {
                account: ALICE,
                root: Bytes([11; 32]),
                size: 5_000_000,
                time_ms: TIME_MS,
                quota: Quota::default(),
            },
            Write::SweepFiles {
                after: Some((ALICE, Bytes([11; 32]))),
                kept_ms: Some(86_400_000),
                now_ms: TIME_MS,
            },
            Write::MarkBot {
                account: ALICE,
                is_bot: true,
            },
            Write::Disable {
                account: ALICE,
                reason: Some("spam".into()),
            },
            Write::Audited(Audited {
                by: Some(ALICE),
                time_ms: TIME_MS,
                write: Box::new(Write::Disable {
                    account: AccountId(2),
                    reason: None,
                }),
            }),
            Write::MakeCode(NewCode {
                account: Some(ALICE),
                code: CodeHash([9; 32]),
                uses: 1,
                by: None,
                time_ms: TIME_MS,
                expires_ms: TIME_MS,
            }),
            Write::RevokeInvitation {
                number: 0x1234_5678,
            },
            Write::ResetPassword {
                account: ALICE,
                code: CodeHash([9; 32]),
                record: vec![1, 2, 3],
                credential_identifier: [8; 16],
                time_ms: TIME_MS,
            },
            Write::CreateInvited {
                account: bob(),
                code: CodeHash([9; 32]),
            },
            Write::Ban {
                subject: BanSubject::Account(ALICE),
                ban: Ban {
                    until_ms: Some(TIME_MS),
                    reason: "spam".into(),
                    since_ms: TIME_MS,
                },
            },
            Write::Unban {
                subject: BanSubject::Prefix(Prefix::parse("2001:db8::/48").unwrap()),
            },
            Write::EndSessions {
                account: Some(ALICE),
                session: Some(3),
            },
            Write::Announce {
                author: Some(ALICE),
                text: "tea?".into(),
                time_ms: TIME_MS,
            },
            Write::Operate(Operation::Reload),
            Write::SetRole {
                account: ALICE,
                role: AccountRole::Moderator,
            },
            Write::Delegated {
                by: ALICE,
                role: AccountRole::Moderator,
                time_ms: TIME_MS,
                write: Box::new(Write::EndSessions {
                    account: Some(AccountId(2)),
                    session: None,
                }),
            },
            Write::Rename {
                account: ALICE,
                name: "bob".into(),
                skeleton: "bob".into(),
            },
            Write::DeleteRoom {
                name: "#bridge".into(),
                skeleton: "#bridge".into(),
                time_ms: TIME_MS,
            },
            Write::SetOwner {
                name: "#bridge".into(),
                account: ALICE,
                time_ms: TIME_MS,
            },
            Write::SetAccess {
                name: "#bridge".into(),
                access: Access::ReadOnly,
                time_ms: TIME_MS,
            },
            Write::ClearRoom { conversation: ROOM },
            Write::DeleteEntry {
                log: LogOf::Pair(ALICE, AccountId(2)),
                entry: EntryId(40),
                time_ms: TIME_MS,
            },
            Write::PurgeAccount {
                name: "bob".into(),
                time_ms: TIME_MS,
            },
            Write::Purge {
                purge: Purge {
                    account: ALICE,
                    conversation: ROOM,
                    entries: vec![EntryId(40)],
                    next: Some((ROOM, EntryId(300))),
                },
                time_ms: TIME_MS,
            },
            Write::Raise { meaning: 2 },
        ]
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2);
        let pairs = digits.map(|pair| std::str::from_utf8(pair).expect("hexadecimal digits"));
        pairs
            .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits"))
            .collect()
    }

    #[test]
    fn record_of_each_write_keeps_its_bytes() {
        let writes = writes();
        assert_eq!(writes.len(), RECORDED.len(), "each write has its record");
        for (write, recorded) in writes.into_iter().zip(RECORDED) {
            assert_eq!(encode(&[Some(&write)]), bytes(recorded), "{write:?}");
            assert_eq!(
                decode(&bytes(recorded)).expect("it is whole"),
                [Some(write)]
            );
        }
    }

    #[test]
    fn place_of_an_append_keeps_its_bytes() {
        let writes = writes();
        let revoke = &writes[3];
        let recorded = bytes("0193c081a134920102c0");
        assert_eq!(encode(&[None, Some(revoke), None]), recorded);
        let decoded = decode(&recorded).expect("it is whole");
        assert_eq!(decoded, [None, Some(revoke.clone()), None]);
        assert_eq!(encode(&[]), bytes("0190"));
    }

    #[test]
    fn record_of_a_later_version_is_not_taken_for_damage() {
        let later_format = [&[FORMAT + 1][..], b"anything"].concat();
        // A write that is known, then one of the next tag.
        let later_write = bytes("019281a134920102 81a23939 9101".replace(' ', "").as_str());
        for record in [later_format, later_write] {
            let error = decode(&record).unwrap_err();
            assert!(matches!(error, StoreError::UnknownRecord(_)), "{error}");
            assert!(!error.is_damage());
        }
    }

    #[test]
    fn record_that_is_cut_short_is_damaged() {
        let whole = bytes(RECORDED[5]);
        for len in [0, 1, whole.len() - 1] {
            assert!(
                decode(&whole[..len]).unwrap_err().is_damage(),
                "{len} bytes"
            );
        }
    }
}
