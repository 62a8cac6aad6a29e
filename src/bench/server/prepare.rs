//! Writes the accounts and tickets of the clients, and their rooms, to the database of the run's own server before it
//! starts.

use anyhow::{Context as _, bail};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

use crate::bench::host::PublicKey;
use crate::net;
use crate::protocol::{Access, AccountId, DeviceId, TICKET_BYTES};
use crate::server::{Name, RoomName, hash_ticket};
use crate::store::{Engine, NewAccount, Outcome, Reply, RequestId, Write};

/// Tickets are valid for a day.
const TICKET_LIFE_MS: u64 = 24 * 60 * 60 * 1000;

/// All that a client needs to sign in.
#[derive(Debug, Clone)]
pub struct DeviceTicket {
    pub account: AccountId,
    pub device: DeviceId,
    pub ticket: Vec<u8>,
    /// Its last attempt at a sign-in.
    pub attempt: u64,
}

/// A room of which clients are members from the start. If they joined it themselves, each would receive an entry for each
/// later member: half the square of their number.
pub struct Room {
    pub name: String,
    /// Indices into the names of the accounts.
    pub members: Vec<usize>,
}

/// Writes accounts, each with a device and its ticket, and rooms. The hashes of the tickets depend on the public key of
/// the server.
pub fn prepare(
    engine: &mut Engine,
    server_key: &PublicKey,
    names: &[String],
    rooms: &[Room],
) -> anyhow::Result<Vec<DeviceTicket>> {
    let seed = net::seed()?;
    let mut random = ChaCha20Rng::from_seed(seed);
    let now = net::now();
    let accounts = names
        .iter()
        .map(|name| {
            let name = Name::parse(name)?;
            let mut credential_identifier = [0; 16];
            random.fill_bytes(&mut credential_identifier);
            Ok(Write::CreateAccount(NewAccount {
                name: name.canonical().to_owned(),
                skeleton: name.skeleton().to_owned(),
                record: Vec::new(),
                credential_identifier,
                time_ms: now.unix_ms,
            }))
        })
        .collect::<anyhow::Result<_>>()?;
    let mut tickets = Vec::with_capacity(names.len());
    let mut devices = Vec::with_capacity(names.len());
    for reply in execute(engine, accounts)? {
        let Reply::Account(account) = reply else {
            bail!("unexpected answer from the database");
        };
        let mut ticket = vec![0; TICKET_BYTES];
        random.fill_bytes(&mut ticket);
        devices.push(Write::OpenDevice {
            account: account.id,
            device: None,
            ticket: hash_ticket(server_key, account.id, &ticket),
            expires_ms: now.unix_ms + TICKET_LIFE_MS,
        });
        tickets.push(ticket);
    }
    let replies = execute(engine, devices)?;
    let tickets = replies.into_iter().zip(tickets).map(|(reply, ticket)| {
        let Reply::Device {
            account, device, ..
        } = reply
        else {
            bail!("unexpected answer from the database");
        };
        Ok(DeviceTicket {
            account,
            device,
            ticket,
            attempt: 0,
        })
    });
    let tickets = tickets.collect::<anyhow::Result<Vec<DeviceTicket>>>()?;
    for room in rooms {
        fill(engine, room, &tickets, now.unix_ms)?;
    }
    Ok(tickets)
}

/// Adds the members to the room, and marks the entries about their joining as received.
fn fill(
    engine: &mut Engine,
    room: &Room,
    tickets: &[DeviceTicket],
    time_ms: u64,
) -> anyhow::Result<()> {
    let (name, skeleton) = RoomName::parse(&room.name)?.into_forms();
    let members = || room.members.iter().map(|member| &tickets[*member]);
    let joins = members().map(|pass| Write::Join {
        account: pass.account,
        device: pass.device,
        name: name.clone(),
        skeleton: skeleton.clone(),
        access: Access::Public,
        may_make: true,
        time_ms,
    });
    let Some(last) = execute(engine, joins.collect())?.pop() else {
        return Ok(());
    };
    let Reply::Joined(last) = last else {
        bail!("unexpected answer from the database");
    };
    let conversation = last.standing.conversation;
    let head = last.event.context("nobody joins twice")?.stored.entry;
    let marks = members().map(|pass| (conversation, pass.account, head));
    let advance = Write::Advance {
        marks: marks.collect(),
        seen: Vec::new(),
    };
    execute(engine, vec![advance])?;
    Ok(())
}

fn execute(engine: &mut Engine, writes: Vec<Write>) -> anyhow::Result<Vec<Reply>> {
    let batch = writes
        .into_iter()
        .map(|it| (RequestId(0), it.into()))
        .collect();
    let completions = engine.execute(batch).into_iter();
    let replies = completions.map(|completion| match completion.outcome {
        Outcome::Done(reply) => Ok(reply),
        other => bail!("cannot prepare the database: {other:?}"),
    });
    replies.collect()
}

#[cfg(test)]
mod tests {
    use super::super::directory;
    use super::*;
    use crate::store;

    #[test]
    fn members_of_the_room_stand_behind_all_who_joined_it() {
        // Each would be told of those who joined after it when it comes: as many entries as half the square of their
        // number, before anything can be measured.
        let directory = directory().unwrap();
        let (files, _) = store::open_current(directory.path(), 0, [0; 32]).unwrap();
        let mut engine = Engine::new(files, [2; 32]).unwrap();
        let names = ["bench-1-0", "bench-1-1", "bench-1-2", "bench-1-3"].map(String::from);
        let room = Room {
            name: "#bench-1".into(),
            members: vec![0, 1, 3],
        };
        let tickets = prepare(&mut engine, &[3; 32], &names, std::slice::from_ref(&room)).unwrap();
        let mut told = Vec::new();
        for pass in tickets {
            let hello = Write::Hello {
                account: pass.account,
                device: pass.device,
                epoch: None,
                positions: Vec::new(),
            };
            let Ok([Reply::Hello { standings, .. }]) =
                <[Reply; 1]>::try_from(execute(&mut engine, vec![hello]).unwrap())
            else {
                panic!("expected an answer to HELLO");
            };
            let standing = standings.into_iter().find(|it| it.name == room.name);
            told.push(standing.map(|standing| (standing.start.0, standing.head.0)));
        }
        assert_eq!(told, [Some((3, 3)), Some((3, 3)), None, Some((3, 3))]);
    }
}
