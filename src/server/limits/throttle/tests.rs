//! What somebody with many addresses can do to an owner's sign-in and to newcomers, with a clock of the test's own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::Ipv6Addr;

use super::*;
use crate::testing::instant;

/// How many addresses the attacker has.
const HOSTILE: u32 = 256;
/// The network's delay between an answer and the next try of whoever waits.
const DELAY: Duration = Duration::from_millis(50);

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// How the attacker's addresses are spread.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// Each in another /24.
    Spread,
    /// All but a few in the owner's /24.
    Neighbours,
    /// Each an IPv6 /48 of its own.
    Sites,
    /// All in one IPv6 /48, which is not the owner's.
    OneSite,
}

impl Layout {
    fn hostile(self, number: u32) -> IpAddr {
        let [.., high, low] = number.to_be_bytes();
        let six = |network: u128| IpAddr::V6(Ipv6Addr::from_bits(network | 1));
        match self {
            Self::Spread => IpAddr::from([127, 1 + high, low, 1]),
            Self::Neighbours => IpAddr::from([192, 0, 2 + high, low.min(254)]),
            Self::Sites => six((0x2001_0db8_0000 + u128::from(number)) << 80),
            Self::OneSite => six((0x2001_0db8_0000_0000 + u128::from(number)) << 64),
        }
    }

    fn owner(self) -> IpAddr {
        match self {
            Self::Spread | Self::Neighbours => IpAddr::from([192, 0, 2, 255]),
            Self::Sites | Self::OneSite => "2001:db9::1".parse().expect("an address"),
        }
    }
}

/// What each of the attacker's addresses does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    /// Guesses, and again at the very moment that it is told.
    Exact,
    /// Guesses every so often, whatever it is told.
    Every(Duration),
    /// Some guess; the others wait until just before the owner comes, and then do.
    Reserve { early: u32 },
    /// Guesses at a new name each time, as often as it may, to use up what is shared by all.
    Names,
    /// Brings worthless tickets and begins sign-ups under the owner's name, beside guesses, every so often.
    Flood(Duration),
}

struct Attack {
    throttle: Throttle,
    strategy: Strategy,
    layout: Layout,
    due: BinaryHeap<Reverse<(Instant, u32)>>,
    guesses: u64,
}

impl Attack {
    fn new(
        start: Instant,
        strategy: Strategy,
        layout: Layout,
        hostile: u32,
        owner_at: Instant,
    ) -> Self {
        let due = (0..hostile).map(|number| match strategy {
            Strategy::Reserve { early } if number >= early => (
                start.max(owner_at.checked_sub(seconds(1)).unwrap_or(start)),
                number,
            ),
            _ => (start, number),
        });
        Self {
            throttle: Throttle::new(start, &Limits::default()),
            strategy,
            layout,
            due: due.map(Reverse).collect(),
            guesses: 0,
        }
    }

    /// Everything that the attacker does before a moment.
    fn run_until(&mut self, until: Instant) {
        while let Some(Reverse((now, number))) = self.due.peek().copied()
            && now < until
        {
            self.due.pop();
            let from = self.layout.hostile(number);
            let name = match self.strategy {
                Strategy::Names => format!("user{}", self.guesses),
                _ => "bob".into(),
            };
            let answer = self.throttle.guess(now, &name, from);
            self.guesses += u64::from(answer.is_ok());
            let told = answer.err().unwrap_or_default();
            let next = match self.strategy {
                Strategy::Exact | Strategy::Reserve { .. } | Strategy::Names => {
                    told.max(Duration::from_millis(1))
                }
                Strategy::Every(pause) => pause,
                Strategy::Flood(pause) => {
                    for _ in 0..4 {
                        self.throttle.ticket_refused(now, from);
                        let _ = self.throttle.begin_account(now, from);
                    }
                    pause
                }
            };
            self.due.push(Reverse((now + next, number)));
        }
    }

    /// How long an owner needs who comes from an address that nobody knows, with what a client needs: a question for the
    /// name, and the password.
    fn owner_needs(&mut self, at: Instant) -> Duration {
        let mut now = at;
        for _ in 0..2 {
            loop {
                self.run_until(now);
                match self.throttle.guess(now, "bob", self.layout.owner()) {
                    Ok(()) => break,
                    Err(wait) => now += wait + DELAY,
                }
                assert!(now - at < seconds(3600), "{:?}: locked out", self.strategy);
            }
            now += DELAY;
        }
        now - at
    }
}

#[test]
fn owner_on_a_new_device_is_in_within_half_a_minute_against_256_addresses() {
    // Forty addresses that polled LOGIN for a name took every slot that there was, and refused polls cost nothing.
    let layouts = [
        Layout::Spread,
        Layout::Neighbours,
        Layout::Sites,
        Layout::OneSite,
    ];
    let strategies = [
        Strategy::Exact,
        Strategy::Every(Duration::from_millis(300)),
        Strategy::Every(seconds(31)),
        Strategy::Reserve { early: 56 },
        Strategy::Reserve { early: 0 },
        Strategy::Names,
        Strategy::Flood(Duration::from_millis(500)),
    ];
    for strategy in strategies {
        for layout in layouts {
            // Whoever never waits is simulated for less long: each try is one.
            let after: &[u64] = match strategy {
                Strategy::Exact | Strategy::Reserve { .. } => &[0, 20, 1800],
                Strategy::Every(pause) if pause > seconds(1) => &[0, 20, 1800],
                _ => &[0, 10],
            };
            for after in after.iter().copied() {
                let start = instant();
                let at = start + seconds(after + 2);
                let mut attack = Attack::new(start, strategy, layout, HOSTILE, at);
                let needed = attack.owner_needs(at);
                assert!(
                    needed <= seconds(30),
                    "{strategy:?}, {layout:?}, after {after} s: {needed:?}"
                );
            }
        }
    }
}

#[test]
fn half_as_many_addresses_again_do_not_lock_an_owner_out_either() {
    let start = instant();
    let at = start + seconds(600);
    let mut attack = Attack::new(start, Strategy::Exact, Layout::Spread, 380, at);
    let needed = attack.owner_needs(at);
    assert!(needed <= seconds(30), "{needed:?}");
}

#[test]
fn guesses_at_one_name_are_bounded_however_many_addresses_there_are() {
    let start = instant();
    let at = start + seconds(1800);
    let mut attack = Attack::new(start, Strategy::Exact, Layout::Spread, 800, at);
    attack.run_until(at);
    let first = 1536 + 1536 / 48;
    let turns = 30 + 1800 / 30;
    let most = first + turns;
    assert!(attack.guesses <= most, "{}", attack.guesses);
}

#[test]
fn network_from_which_its_owner_has_signed_in_waits_for_nobody_elses_guesses() {
    let start = instant();
    let at = start + seconds(60);
    let mut attack = Attack::new(start, Strategy::Exact, Layout::Spread, 800, at);
    let owner = Layout::Spread.owner();
    attack.throttle.signed_in("bob", owner);
    attack.run_until(at);
    for _ in 0..4 {
        assert_eq!(attack.throttle.guess(at, "bob", owner), Ok(()));
    }
}

#[test]
fn waits_grow_for_one_network_and_are_forgiven_by_a_password_that_is_proved() {
    let mut now = instant();
    let mut throttle = Throttle::new(now, &Limits::default());
    let from = IpAddr::from([192, 0, 2, 1]);
    let mut longest = Duration::ZERO;
    for _ in 0..40 {
        while let Err(wait) = throttle.guess(now, "bob", from) {
            longest = longest.max(wait);
            now += wait;
        }
    }
    assert_eq!(longest, seconds(900));
    assert!(throttle.guess(now, "bob", from).is_err());
    throttle.password_proved("bob", from);
    let wait = throttle.guess(now, "bob", from).err().unwrap_or_default();
    assert!(wait <= seconds(30), "{wait:?}");
    assert_eq!(throttle.guess(now, "carol", from), Ok(()));
}

#[test]
fn neither_worthless_tickets_nor_sign_ups_take_a_guess_from_anybody() {
    // Forty addresses with worthless tickets spent what all sign-ins shared, and a sign-up under somebody's name
    // counted as a guess at their password.
    let mut now = instant();
    let mut throttle = Throttle::new(now, &Limits::default());
    for round in 0..250_u8 {
        for number in 0..HOSTILE {
            let from = Layout::Spread.hostile(number);
            for _ in 0..4 {
                throttle.ticket_refused(now, from);
                let _ = throttle.begin_account(now, from);
            }
        }
        now += Duration::from_millis(100);
        let newcomer = IpAddr::from([198, 51, 100, round % 200]);
        if round % 10 == 9 {
            let answer = throttle.guess(now, &format!("bob{round}"), newcomer);
            assert_eq!(answer, Ok(()), "{round}");
        }
    }
}

#[test]
fn accounts_are_limited_for_all_and_newcomers_still_open_theirs() {
    // One network could open 200 accounts at once, and all together as many as they had networks: 3,822 in a minute
    // from twenty addresses.
    let mut now = instant();
    let mut throttle = Throttle::new(now, &Limits::default());
    let mut opened = 0;
    for second in 0..60 {
        for number in 0..20 {
            let from = Layout::Spread.hostile(number);
            while throttle.open_account(now, from).is_ok() {
                opened += 1;
            }
        }
        if second % 10 == 9 {
            let newcomer = IpAddr::from([198, 51, 100, second]);
            assert_eq!(throttle.open_account(now, newcomer), Ok(()));
        }
        now += seconds(1);
    }
    // Half of what all may open at once, and what comes in.
    assert!((1200..=1300).contains(&opened), "{opened}");
}

#[test]
fn accounts_opened_from_one_network_are_limited() {
    // Only attempts were counted, ten a second: one stranger could take 36,000 names an hour, for good.
    let mut now = instant();
    let mut throttle = Throttle::new(now, &Limits::default());
    let mut opened = 0;
    for _ in 0..3600 {
        opened += u32::from(throttle.open_account(now, [192, 0, 2, 1].into()).is_ok());
        now += seconds(1);
    }
    assert!((1100..=1225).contains(&opened), "{opened}");
    assert_eq!(throttle.open_account(now, [192, 0, 2, 2].into()), Ok(()));
}

#[test]
fn rooms_are_limited_for_all_and_by_account_and_newcomers_still_make_one() {
    // 36 accounts made 1,080 rooms in 0.8 s.
    let now = instant();
    let mut throttle = Throttle::new(now, &Limits::default());
    let mut made = 0;
    for account in 1000..1100 {
        while throttle.make_room(now, AccountId(account)).is_ok() {
            made += 1;
        }
    }
    // Half of what all may make at once, and two of each who has made none.
    assert!((500..=620).contains(&made), "{made}");
    for account in 100..130 {
        assert_eq!(throttle.make_room(now, AccountId(account)), Ok(()));
    }
}

#[test]
fn room_that_was_not_made_costs_nothing() {
    let now = instant();
    let mut throttle = Throttle::new(now, &Limits::default());
    for _ in 0..1000 {
        assert_eq!(throttle.make_room(now, AccountId(1)), Ok(()));
        throttle.made_no_room(now, AccountId(1));
    }
}

#[test]
fn thousand_users_behind_one_address_meet_no_default_at_once() {
    let now = instant();
    let ship = IpAddr::from([192, 0, 2, 7]);
    let mut throttle = Throttle::new(now, &Limits::default());
    for number in 0..1000 {
        let name = format!("user{number}");
        // A client first asks for the name, as if to sign in.
        assert_eq!(throttle.guess(now, &name, ship), Ok(()), "{number}");
        assert_eq!(throttle.begin_account(now, ship), Ok(()), "{number}");
        assert_eq!(throttle.open_account(now, ship), Ok(()), "{number}");
        assert_eq!(
            throttle.make_room(now, AccountId(number)),
            Ok(()),
            "{number}"
        );
    }
    // All their tickets have expired.
    let mut throttle = Throttle::new(now, &Limits::default());
    for number in 0..1000 {
        let name = format!("user{number}");
        for _ in 0..2 {
            assert_eq!(throttle.guess(now, &name, ship), Ok(()), "{number}");
        }
    }
    assert!(throttle.refused().iter().all(|(_, count)| *count == 0));
    assert!(
        throttle.guess(now, "user0", ship).is_err(),
        "there is a limit"
    );
}

#[test]
fn other_limits_hold_at_once_and_what_was_refused_stays_counted() {
    let now = instant();
    let home = IpAddr::from([192, 0, 2, 7]);
    let with = |count| Limits {
        throttle: ThrottleLimits {
            address_sign_ups: Allowance::of(120, count),
            ..ThrottleLimits::default()
        },
        ..Limits::default()
    };
    let mut throttle = Throttle::new(now, &with(2));
    let opened = |throttle: &mut Throttle| {
        let opened = (0..9).filter(|_| throttle.open_account(now, home).is_ok());
        opened.count()
    };
    assert_eq!(opened(&mut throttle), 2);
    throttle.configure(now, &with(2));
    assert_eq!(opened(&mut throttle), 0, "nothing has changed");
    throttle.configure(now, &with(5));
    assert_eq!(opened(&mut throttle), 5);
    assert!(throttle.refused().contains(&("new_accounts", 7 + 9 + 4)));
    throttle.configure(now, &with(0));
    assert_eq!(opened(&mut throttle), 9, "0 is no limit");
}

/// How many guesses at a name one network makes in two days that goes round so many servers, asking each again as soon as it
/// may.
fn guesses_around(servers: u32) -> u32 {
    let start = instant();
    let end = start + seconds(2 * 86_400);
    let from = IpAddr::from([192, 0, 2, 7]);
    let limits = Limits::default().among(servers);
    let mut made = 0;
    for _ in 0..servers {
        let mut throttle = Throttle::new(start, &Limits::default());
        throttle.share(&limits, servers);
        let mut now = start;
        while now < end {
            match throttle.guess(now, "erin", from) {
                Ok(()) => made += 1,
                Err(wait) => now += wait,
            }
        }
    }
    made
}

#[test]
fn who_guesses_at_each_server_of_a_cluster_in_turn_gets_hardly_more_guesses_than_at_one() {
    let (alone, around) = (guesses_around(1), guesses_around(3));
    assert!(alone > 180, "{alone}");
    // The first ones are free at each.
    assert!(around < alone + alone / 4, "{around}, and at one {alone}");
}

#[test]
fn limits_that_are_shared_out_keep_what_was_used() {
    let now = instant();
    let home = IpAddr::from([192, 0, 2, 7]);
    let limits = Limits {
        throttle: ThrottleLimits {
            address_sign_ups: Allowance::of(120, 2),
            ..ThrottleLimits::default()
        },
        ..Limits::default()
    };
    let mut throttle = Throttle::new(now, &limits);
    let mut opened = 0;
    let mut soonest = |throttle: &mut Throttle| loop {
        match throttle.open_account(now, home) {
            Ok(()) => opened += 1,
            Err(wait) => return (opened, wait),
        }
    };
    assert_eq!(soonest(&mut throttle), (2, seconds(30)));
    throttle.share(&limits.among(3), 3);
    assert_eq!(soonest(&mut throttle), (2, seconds(90)));
    throttle.share(&limits, 1);
    assert_eq!(soonest(&mut throttle), (2, seconds(30)));
}
