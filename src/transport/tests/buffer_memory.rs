//! What peers can make a server hold, one by one and all together.

use std::time::Duration;

use super::site::Site;
use crate::transport::{Channel, CloseReason, Limits, SendError, SessionId};

/// Handshakes as many as a test likes.
fn limits(buffers: usize) -> Limits {
    Limits {
        handshakes_per_second: 100_000,
        handshakes_burst: 100_000,
        buffers,
        ..Limits::default()
    }
}

/// Sessions of as many users, each at an address of its own.
fn users(site: &mut Site, count: u8) -> Vec<(usize, SessionId)> {
    let mut links = Vec::new();
    for host in 0..count {
        let link = site
            .connect([192, 0, 2, host].into())
            .expect("there is a place");
        site.server.set_signed_in(site.now, link.1, true);
        site.exchange(link.0);
        site.pass(Duration::from_millis(100));
        site.exchange(link.0);
        links.push(link);
    }
    site.pass(Duration::from_secs(11));
    links
}

#[test]
fn a_byte_at_the_end_of_a_window_costs_what_came_and_not_what_it_spans() {
    // The hole before it was filled with zeros: two such packets held 1.3 MB.
    let mut site = Site::new(Limits::default());
    let links = users(&mut site, 50);
    let before = site.server.usage().buffers_bytes;
    for (peer, _) in &links {
        site.inject(*peer, Channel::Bulk, 1024 * 1024 - 1, &[7]);
        site.inject(*peer, Channel::Chat, 256 * 1024 - 1, &[7]);
    }
    let held = site.server.usage().buffers_bytes - before;
    assert!(held > 0 && held <= links.len() * 1024, "{held} bytes");
    assert!(
        links
            .iter()
            .all(|(_, session)| site.end_of(*session).is_none())
    );
}

#[test]
fn what_many_little_pieces_cost_is_counted_too() {
    let mut site = Site::new(Limits::default());
    let links = users(&mut site, 2);
    let before = site.server.usage().buffers_bytes;
    for (peer, _) in &links {
        for piece in 1..=64 {
            site.inject(*peer, Channel::Chat, piece * 1000, &[7]);
        }
    }
    let held = site.server.usage().buffers_bytes - before;
    let pieces = 2 * 64;
    assert!((pieces * 64..pieces * 256).contains(&held), "{held} bytes");
}

/// Somebody sends the beginning of a message, which never becomes whole.
fn hoard(site: &mut Site, peer: usize, channel: Channel, kilobytes: u64) {
    for at in 0..kilobytes {
        let mut bytes = [7; 1024];
        if at == 0 {
            let [.., high, low] = (kilobytes * 1024 + 1).to_be_bytes();
            bytes[..3].copy_from_slice(&[0xc5, high, low]);
        }
        site.inject(peer, channel, at * 1024, &bytes);
    }
}

#[test]
fn who_hoards_the_most_is_closed_when_all_hold_too_much_and_nobody_else() {
    let limit = 900 * 1024;
    let mut site = Site::new(limits(limit));
    let links = users(&mut site, 25);
    for (number, (peer, _)) in links.iter().enumerate() {
        let kilobytes = if number == 7 { 60 } else { 20 };
        if number == 7 {
            hoard(&mut site, *peer, Channel::Control, 60);
            hoard(&mut site, *peer, Channel::Bulk, 60);
        }
        hoard(&mut site, *peer, Channel::Chat, kilobytes);
        assert!(site.server.usage().buffers_bytes <= limit);
    }
    let evicted: Vec<_> = links
        .iter()
        .map(|(_, session)| site.end_of(*session))
        .collect();
    assert!(
        matches!(evicted[7], Some(CloseReason::Evicted(_))),
        "{evicted:?}"
    );
    assert_eq!(evicted.iter().flatten().count(), 1, "{evicted:?}");
    assert_eq!(site.server.counters().evicted_memory, 1);
    let told = std::iter::from_fn(|| site.peers[links[7].0].endpoint.poll_event()).last();
    assert!(
        matches!(
            told,
            Some(crate::transport::Event::Closed {
                reason: CloseReason::Peer { code: 264, .. },
                ..
            })
        ),
        "{told:?}"
    );
    for link in [links[6], links[8]] {
        assert!(site.say(link, b"still here"));
    }
}

#[test]
fn strangers_hold_no_more_than_their_part_and_drive_out_no_user() {
    let limit = 512 * 1024;
    let mut site = Site::new(limits(limit));
    let users = users(&mut site, 4);
    for (peer, _) in &users {
        hoard(&mut site, *peer, Channel::Chat, 60);
    }
    for host in 0..=99 {
        let (peer, _) = site.connect([203, 0, 113, host].into()).expect("a place");
        hoard(&mut site, peer, Channel::Control, 15);
        let held = site.server.held_by_strangers();
        assert!(held <= limit / 4, "{held} bytes");
    }
    assert!(site.server.counters().evicted_memory >= 90);
    assert!(
        users
            .iter()
            .all(|(_, session)| site.end_of(*session).is_none())
    );
}

#[test]
fn peers_that_do_not_read_hold_no_more_than_all_may() {
    // Each could hold 768 KiB to be sent to it, and there was no limit for all.
    let limit = 2 * 1024 * 1024;
    let mut site = Site::new(limits(limit));
    let links = users(&mut site, 60);
    let reader = users(&mut site, 1)[0];
    site.is_deaf = true;
    let mut most = 0;
    for _ in 0..300 {
        for (_, session) in &links {
            for channel in Channel::ALL {
                let now = site.now;
                let sent = site.server.send(now, *session, channel, &[7; 1000]);
                assert!(sent.is_ok() || sent != Err(SendError::TooLong), "{sent:?}");
            }
        }
        site.speak();
        most = most.max(site.server.usage().buffers_bytes);
    }
    assert!(most <= limit, "{most} bytes");
    assert!(most > limit / 2, "{most} bytes: it came to that");
    site.is_deaf = false;
    assert_eq!(site.end_of(reader.1), None);
    assert!(site.say(reader, b"still here"));
}

#[test]
fn while_memory_is_short_a_slow_reader_waits_and_is_not_closed() {
    let limit = 1024 * 1024;
    let mut site = Site::new(limits(limit));
    let links = users(&mut site, 40);
    site.is_deaf = true;
    let mut refused = 0;
    for _ in 0..200 {
        for (_, session) in &links {
            let now = site.now;
            let sent = site.server.send(now, *session, Channel::Chat, &[7; 1000]);
            refused += u32::from(sent == Err(SendError::Full));
        }
        site.speak();
    }
    assert!(refused > 0);
    assert_eq!(site.server.counters().evicted_memory, 0);
    assert!(site.server.usage().buffers_bytes <= limit);
    // One message of any length goes, and when there is room the others are told.
    site.is_deaf = false;
    let (peer, session) = links[0];
    let is_writable = |event: &crate::transport::Event| matches!(event, crate::transport::Event::Writable { session: of, .. } if *of == session);
    for _ in 0..2000 {
        site.now += Duration::from_millis(20);
        let now = site.now;
        site.peers[peer].endpoint.handle_timeout(now);
        site.server.handle_timeout(now);
        site.speak();
        site.exchange(peer);
        let own = site.peers[peer].session;
        while site.peers[peer]
            .endpoint
            .receive(now, own, Channel::Chat)
            .is_some()
        {}
        if site.events.iter().any(is_writable) {
            return;
        }
    }
    panic!("it is never told that there is room again");
}
