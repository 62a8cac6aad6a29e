//! Many strangers, from few networks or many, against those who want to come in.

use std::net::IpAddr;
use std::time::Duration;

use super::network::{Network, PLAIN};
use super::site::{Site, server};
use crate::transport::{CloseReason, Event, Limits};

/// Few places, so that they are soon taken.
fn limits() -> Limits {
    Limits {
        unauthenticated: 1024,
        handshakes_per_second: 100_000,
        handshakes_burst: 100_000,
        ..Limits::default()
    }
}

fn honest() -> IpAddr {
    [203, 0, 113, 5].into()
}

/// Each of these opens some sessions, says something on each, and goes on for as long as the places are taken. Then
/// somebody else comes, and needs three round trips to sign in, between which the others come again and again.
fn newcomer_signs_in_against(attackers: &[IpAddr]) {
    let mut site = Site::new(limits());
    let each = 2 * limits().unauthenticated / attackers.len();
    for _ in 0..each.max(1) {
        for attacker in attackers {
            if let Some(link) = site.connect(*attacker) {
                site.say(link, b"x");
            }
        }
    }
    let usage = site.server.usage();
    let strangers = limits().unauthenticated * 3 / 4;
    let taken = usage.strangers;
    assert!(
        taken > strangers * 9 / 10,
        "{taken}: those who are not served say nothing"
    );
    let link = site
        .connect(honest())
        .expect("there is a place for a newcomer");
    for round in 0..3 {
        for attacker in attackers.iter().chain(attackers) {
            if let Some(link) = site.connect(*attacker) {
                site.say(link, b"x");
            }
        }
        assert!(site.say(link, b"a step of a sign-in"), "round {round}");
    }
    site.server.set_signed_in(site.now, link.1, true);
    assert_eq!(site.end_of(link.1), None);
    assert!(site.server.counters().evicted_places > 0);
}

#[test]
fn addresses_of_one_ipv6_network_keep_no_newcomer_out() {
    // 64 hosts of one /58 held every place there was with a few hundred small packets a second.
    let attackers = (0..64).map(|host| format!("2001:db8:0:{host:x}::1").parse().unwrap());
    newcomer_signs_in_against(&attackers.collect::<Vec<_>>());
}

#[test]
fn addresses_of_many_ipv4_networks_keep_no_newcomer_out() {
    let attackers = (0..=255).map(|network| [127, 7, network, 1].into());
    newcomer_signs_in_against(&attackers.collect::<Vec<_>>());
}

#[test]
fn silent_strangers_go_while_places_are_short_and_stay_while_they_are_not() {
    let few = Limits {
        unauthenticated: 256,
        ..limits()
    };
    let mut site = Site::new(few);
    let mut links = Vec::new();
    for host in 0..=95 {
        links.push(site.connect([192, 0, 2, host].into()).expect("a place"));
    }
    site.pass(Duration::from_secs(15));
    assert!(
        links.iter().all(|link| site.end_of(link.1).is_none()),
        "a half is free"
    );
    // Pings and pieces of messages say nothing.
    for link in &links {
        site.inject(link.0, crate::transport::Channel::Control, 0, &[0xc4]);
    }
    for link in &links[..8] {
        site.inject(link.0, crate::transport::Channel::Control, 1, &[1, 7]);
        let message = site
            .server
            .receive(site.now, link.1, crate::transport::Channel::Control);
        assert_eq!(message, Some(vec![7]));
    }
    for host in 0..=15 {
        links.push(site.connect([198, 51, 100, host].into()).expect("a place"));
    }
    site.pass(Duration::from_millis(1));
    let gone = |site: &Site, link: &(_, _)| site.end_of(link.1).cloned();
    let ended: Vec<_> = links
        .iter()
        .map(|link| gone(&site, link).is_some())
        .collect();
    assert!(
        ended[8..24].iter().all(|ended| *ended),
        "those silent for longest: {ended:?}"
    );
    assert_eq!(
        ended.iter().filter(|ended| **ended).count(),
        16,
        "until a half is free"
    );
    assert!(matches!(
        gone(&site, &links[8]),
        Some(CloseReason::Evicted(_))
    ));
    let told = std::iter::from_fn(|| site.peers[links[8].0].endpoint.poll_event()).last();
    assert!(
        matches!(
            told,
            Some(Event::Closed {
                reason: CloseReason::Peer { code: 265, .. },
                ..
            })
        ),
        "{told:?}"
    );
}

#[test]
fn strangers_take_neither_places_nor_handshakes_of_those_with_a_token() {
    let tight = Limits {
        handshakes_per_second: 40,
        handshakes_burst: 200,
        ..limits()
    };
    let mut site = Site::new(limits());
    let (friend, session) = site.connect(honest()).expect("nobody else is there");
    site.server.set_signed_in(site.now, session, true);
    site.pass(Duration::from_secs(1));
    site.exchange(friend);
    // The server restarts, and strangers are there first.
    site.server = server(site.now, tight);
    for number in 0..=250 {
        let stranger = site.dial([127, 9, number, 1].into());
        site.exchange(stranger);
        site.exchange(stranger);
        site.now += Duration::from_millis(1);
    }
    assert!(
        site.server.counters().refused_rate > 0,
        "handshakes have run out"
    );
    let began = site.now;
    let now = site.now;
    let peer = &mut site.peers[friend];
    peer.endpoint.close(now, peer.session, 0, "");
    peer.session = peer.endpoint.connect(now, super::site::SERVER.into());
    let link = (
        friend,
        site.finish(friend)
            .expect("there is a place and a handshake"),
    );
    assert!(site.now - began <= Duration::from_millis(20), "at once");
    assert!(site.say(link, b"my ticket"));
}

#[test]
fn token_counts_beside_a_cookie_too() {
    // After a restart all of a ship's thousand users dial from one address: for most a cookie is asked beside the token.
    let mut site = Site::new(limits());
    let (friend, session) = site.connect(honest()).expect("nobody else is there");
    site.server.set_signed_in(site.now, session, true);
    site.pass(Duration::from_secs(1));
    site.exchange(friend);
    let few = Limits {
        unauthenticated: 400,
        ..limits()
    };
    site.server = server(site.now, few);
    let now = site.now;
    let peer = &mut site.peers[friend];
    peer.endpoint.close(now, peer.session, 0, "");
    // The same address, with many sessions.
    for _ in 0..100 {
        let peer = &mut site.peers[friend];
        peer.session = peer.endpoint.connect(now, super::site::SERVER.into());
    }
    for _ in 0..100 {
        site.now += Duration::from_millis(1);
        site.exchange(friend);
    }
    assert!(
        site.server.counters().cookies_asked >= 30,
        "beyond 64 by token alone"
    );
    let strangers = (0..=255).filter(|network| site.connect([10, 0, *network, 1].into()).is_some());
    assert_eq!(strangers.count(), 256, "and none of their places was taken");
    assert_eq!(site.server.usage().strangers, 100 + 256);
}

#[test]
fn a_thousand_users_behind_one_address_are_all_back_within_five_seconds() {
    // An address had 256 handshakes in ten seconds, and 256 places, whoever else was there or not.
    let mut network = Network::new(6, PLAIN);
    for _ in 0..1000 {
        network.client.connect(network.now, network.server_address);
    }
    network.run(Duration::from_secs(5));
    let opened = network.server_events.iter();
    let opened = opened.filter(|event| matches!(event, Event::Connected { .. }));
    assert_eq!(opened.count(), 1000);
    assert_eq!(network.server.counters().refused_full, 0);
}
