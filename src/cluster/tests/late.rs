//! What a server has published before it died, and the log has only after others have gone on.

use std::time::Duration;

use super::world::World;
use crate::kit::shared_log::LogFaults;
use crate::store::{Outcome, Refusal, TicketHash, Write};

/// A user signs in by a ticket for another one.
fn resume(world: &World, ticket: u8, successor: u8, attempt: u64) -> Write {
    let user = &world.users[0];
    Write::Resume {
        account: user.account,
        device: user.device,
        ticket: TicketHash([ticket; 32]),
        successor: TicketHash([successor; 32]),
        now_ms: 10,
        expires_ms: u64::MAX,
        attempt,
    }
}

#[test]
fn sign_in_at_a_server_that_died_does_not_void_the_ticket_of_the_session_that_took_its_place() {
    // Its record came behind that of the other server. It had the same ticket, which was good as long as the next one was not
    // used: so that next one, which the client had got meanwhile, became worthless.
    let mut world = World::new(3, LogFaults::default(), 3);
    world.run_for(Duration::from_secs(1), false);
    let early = resume(&world, 1, 2, 1_000);
    world.ask(0, early);
    world.tick();
    world.log.delay(0, Duration::from_secs(3));
    world.kill(0);
    let written = world.log.written();
    let later = resume(&world, 1, 3, 2_000);
    world.ask(1, later);
    world.run_for(Duration::from_secs(2), false);
    assert!(matches!(world.answers[..], [Outcome::Done(_)]));
    assert_eq!(world.log.written(), written + 1);
    world.run_for(Duration::from_secs(2), false);
    assert_eq!(world.log.written(), written + 2, "it comes late");
    // The client of the session that goes on has the ticket 3.
    let next = resume(&world, 3, 4, 3_000);
    world.ask(2, next);
    world.run_for(Duration::from_secs(1), false);
    assert!(
        matches!(world.answers[..], [_, Outcome::Done(_)]),
        "{:?}",
        world.answers
    );
    // What nobody has got was not made.
    let never = resume(&world, 2, 5, 4_000);
    world.ask(2, never);
    world.run_for(Duration::from_secs(1), false);
    assert_eq!(
        world.answers.last(),
        Some(&Outcome::Refused(Refusal::Ticket))
    );
}
