//! The client's handshake: sends SYN, and handles COOKIE, `SYN_ACK` and VERSION. A standby stops after that
//! (`standby`).

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

use crate::transport::limits::{
    CONNECT_TIMEOUT, FULL_SIZE_SYNS, PTO_MAX, STANDBY_INTERVAL, STANDBY_LIFETIME, STANDBY_SPACING,
    SYN_RETRY, SYN_RETRY_MAX, SYN_RETRY_SECOND,
};
use crate::transport::recovery::rtt::HandshakeTime;
use crate::transport::route::{Route, Transmit};
use crate::transport::wire::handshake::{ClientHandshake, Established};
use crate::transport::wire::packet::{
    ADDRESS_TOKEN_LEN, COOKIE_LEN, DATAGRAM_LEN, PROTOCOL_VERSION, Proof, SYN_ACK_MESSAGE_LEN,
    SYN_MIN_LEN, TOKEN_LEN, encode_syn,
};

/// The contents of a verified `SYN_ACK`.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) server_id: u64,
    pub(crate) reset_token: [u8; TOKEN_LEN],
    pub(crate) peer_key: [u8; 32],
    /// `None` if the server has answered a SYN that proved nothing.
    pub(crate) took: Option<HandshakeTime>,
    /// The local address that received it.
    pub(crate) local_ip: Option<IpAddr>,
    at: Instant,
}

/// A handshake beside a session, for the case that its server has restarted.
struct Standby {
    began: Instant,
    /// When its last SYN was sent.
    spoke: Instant,
    /// When it expires; set once its session has ended.
    until: Option<Instant>,
}

/// After how many SYNs the answer says nothing of how long the path takes: the first of them were probably lost in an outage.
/// Chosen: a path on which the answer to the first takes longer than four SYNs are apart is hardly usable.
const SYNS_MEASURED: u32 = 4;

/// A session without a `SYN_ACK` so far.
pub(crate) struct Dial {
    pub(crate) client_id: u64,
    pub(crate) remote: SocketAddr,
    handshake: ClientHandshake,
    /// The address token of an earlier session; used until a cookie arrives.
    token: Option<[u8; ADDRESS_TOKEN_LEN]>,
    cookie: Option<[u8; COOKIE_LEN]>,
    tries: u32,
    /// When the last SYN with a cookie or token was sent.
    asked: Option<Instant>,
    /// There was an earlier one: it is not known which of them the answer is for (Karn's algorithm).
    repeated: bool,
    /// How many cookies may still answer SYNs that had none.
    cookies_due: u32,
    /// When the first SYN was sent that nothing has answered so far.
    unanswered: Option<Instant>,
    wait: Duration,
    /// The least of all further waits; the first one is shorter while nothing is known of the path.
    wait_min: Duration,
    /// The second of two equal waits has begun; each further one doubles.
    doubles: bool,
    due: bool,
    deadline: Instant,
    give_up: Instant,
    answer: Option<Answer>,
    standby: Option<Standby>,
}

impl Dial {
    /// `None` only if Noise rejects its own pattern.
    pub(crate) fn new(
        now: Instant,
        random: &mut ChaCha20Rng,
        remote: SocketAddr,
        token: Option<[u8; ADDRESS_TOKEN_LEN]>,
    ) -> Option<Self> {
        let client_id = random.next_u64();
        Some(Self {
            client_id,
            remote,
            handshake: ClientHandshake::new(random, client_id)?,
            token,
            cookie: None,
            tries: 0,
            asked: None,
            repeated: false,
            cookies_due: 0,
            unanswered: None,
            wait: SYN_RETRY,
            wait_min: SYN_RETRY_SECOND,
            doubles: false,
            due: true,
            deadline: now + SYN_RETRY,
            give_up: now + CONNECT_TIMEOUT,
            answer: None,
            standby: None,
        })
    }

    pub(crate) fn standing_by(
        now: Instant,
        random: &mut ChaCha20Rng,
        remote: SocketAddr,
        token: [u8; ADDRESS_TOKEN_LEN],
    ) -> Option<Self> {
        let mut dial = Self::new(now, random, remote, Some(token))?;
        dial.standby = Some(Standby {
            began: now,
            spoke: now,
            until: None,
        });
        Some(dial)
    }

    pub(crate) fn is_standby(&self) -> bool {
        self.standby.is_some()
    }

    /// Whether the standby was answered so long ago that another handshake is needed.
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        let is_old = |standby: &Standby| standby.began + STANDBY_INTERVAL <= now;
        self.answer.is_some() && self.standby.as_ref().is_some_and(is_old)
    }

    /// Sends a SYN with a packet of the session, unless the standby has its answer or, if the packet is no probe, has just
    /// sent one.
    pub(crate) fn send_with(&mut self, now: Instant, is_probe: bool) {
        if let Some(standby) = &self.standby {
            let has_rested = standby.spoke + STANDBY_SPACING <= now;
            self.due |= self.answer.is_none() && (is_probe || has_rested);
        }
    }

    /// Keeps the standby of a session that is over, for a while.
    pub(crate) fn keep_detached(&mut self, now: Instant) {
        if let Some(standby) = &mut self.standby {
            standby.until = Some(now + STANDBY_LIFETIME);
        }
    }

    /// Ends standing by: the handshake continues as any other, with the answer that it has, or asks for one. `None` if it
    /// is of no use.
    pub(crate) fn take_over(&mut self, now: Instant) -> Option<()> {
        self.standby.take()?;
        if let Some(answer) = &self.answer {
            return (answer.at + STANDBY_LIFETIME > now).then_some(());
        }
        // The previous SYN may have been sent while no server was running. A duplicate gets the same answer.
        self.due = true;
        self.unanswered = None;
        self.wait = SYN_RETRY;
        self.wait_min = SYN_RETRY_SECOND;
        self.doubles = false;
        self.deadline = now + self.wait;
        self.give_up = now + CONNECT_TIMEOUT;
        Some(())
    }

    pub(crate) fn answer(&self) -> Option<Answer> {
        self.answer
    }

    /// Stores a cookie. The first one proves that a server is there, so the time-out restarts, and the next SYN is sent at
    /// once; that one is repeated after as long as the path may take (RFC 6298 §2.2). As many cookies may follow as SYNs
    /// were repeated too early: these send nothing, or they would fill the queue of a slow path.
    pub(crate) fn on_cookie(&mut self, now: Instant, cookie: &[u8; COOKIE_LEN]) {
        match self.cookie.replace(*cookie) {
            None => {
                let sent = self.unanswered.take().unwrap_or(now);
                let took = now.saturating_duration_since(sent);
                self.wait = if self.tries > SYNS_MEASURED {
                    SYN_RETRY_SECOND
                } else {
                    (took * 3).clamp(SYN_RETRY, PTO_MAX)
                };
                self.wait_min = self.wait;
                // A path of which nothing is known by now may be slow.
                self.doubles = self.tries > SYNS_MEASURED;
                self.give_up = now + CONNECT_TIMEOUT;
                self.cookies_due = self.tries.saturating_sub(1);
            }
            Some(known) if known == *cookie => return,
            Some(_) if self.cookies_due > 0 => {
                self.cookies_due -= 1;
                return;
            }
            Some(_) => {}
        }
        // A server that asks for a cookie is busy: a standby waits until it is needed.
        self.due = !self.is_standby();
        self.deadline = now + self.wait;
    }

    /// Verifies a `SYN_ACK`. An invalid one changes nothing.
    pub(crate) fn on_syn_ack(
        &mut self,
        now: Instant,
        local_ip: Option<IpAddr>,
        message: &[u8; SYN_ACK_MESSAGE_LEN],
    ) -> Option<Answer> {
        let (server_id, reset_token, peer_key) = self.handshake.verify(message)?;
        self.due = false;
        self.answer = Some(Answer {
            server_id,
            reset_token,
            peer_key,
            took: self.took(now),
            local_ip,
            at: now,
        });
        self.answer
    }

    /// The keys, once [`Dial::on_syn_ack`] has verified.
    pub(crate) fn finish(self, now: Instant) -> Option<Established> {
        self.handshake.finish(now)
    }

    /// SYNs from the old port may never be answered.
    pub(crate) fn on_port_changed(&mut self) {
        self.due |= !self.is_standby();
    }

    /// The deadline has passed: retries. `false`: it gives up.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> bool {
        if let Some(standby) = &self.standby {
            return standby.until.is_none_or(|until| until > now);
        }
        if now >= self.give_up {
            return false;
        }
        if now >= self.deadline {
            let longest = SYN_RETRY_MAX.max(self.wait);
            if self.wait < self.wait_min {
                self.wait = self.wait_min;
            } else if self.doubles {
                self.wait = (self.wait * 2).min(longest);
            } else {
                self.doubles = true;
            }
            self.deadline = now + self.wait;
            self.due = true;
        }
        true
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.standby {
            Some(standby) => standby.until,
            None => Some(self.deadline.min(self.give_up)),
        }
    }

    fn took(&self, now: Instant) -> Option<HandshakeTime> {
        Some(HandshakeTime {
            took: now.saturating_duration_since(self.asked?),
            is_exact: !self.repeated,
        })
    }

    pub(crate) fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        if !std::mem::take(&mut self.due) {
            return None;
        }
        self.repeated |= self.asked.is_some();
        if let Some(standby) = &mut self.standby {
            standby.spoke = now;
        }
        let proof = match (&self.cookie, &self.token) {
            (_, Some(token)) if self.is_standby() => Proof::Token(token),
            (Some(cookie), Some(token)) => Proof::Both(cookie, token),
            (Some(cookie), None) => Proof::Cookie(cookie),
            (None, Some(token)) => Proof::Token(token),
            (None, None) => Proof::None,
        };
        if proof != Proof::None {
            self.asked = Some(now);
        }
        self.unanswered.get_or_insert(now);
        let size = if self.tries < FULL_SIZE_SYNS {
            DATAGRAM_LEN
        } else {
            SYN_MIN_LEN
        };
        self.tries += 1;
        let ephemeral = self.handshake.ephemeral();
        encode_syn(
            buffer,
            PROTOCOL_VERSION,
            self.client_id,
            &ephemeral,
            proof,
            size,
        );
        let route = Route {
            remote: self.remote,
            local_ip: None,
        };
        Some(Transmit::one(route, buffer.len()))
    }
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng as _;

    use super::*;
    use crate::testing::instant;
    use crate::transport::wire::handshake::answer;
    use crate::transport::wire::packet::EPHEMERAL_LEN;

    fn dial(now: Instant) -> (Dial, ChaCha20Rng) {
        let mut random = ChaCha20Rng::from_seed([3; 32]);
        let dial = Dial::new(now, &mut random, ([192, 0, 2, 1], 7777).into(), None);
        (dial.expect("Noise accepts its pattern"), random)
    }

    /// Lets time pass up to this moment; how many SYNs were sent.
    fn sends(dial: &mut Dial, now: &mut Instant, until: Instant) -> usize {
        let mut count = 0;
        loop {
            let mut buffer = Vec::new();
            while dial.poll_transmit(*now, &mut buffer).is_some() {
                count += 1;
                buffer.clear();
            }
            match dial.deadline() {
                Some(at) if at <= until && dial.on_timeout(at) => *now = at,
                _ => break,
            }
        }
        *now = until;
        count
    }

    fn syn_ack(dial: &Dial, now: Instant, random: &mut ChaCha20Rng) -> [u8; SYN_ACK_MESSAGE_LEN] {
        let ephemeral: [u8; EPHEMERAL_LEN] = dial.handshake.ephemeral();
        let made = answer(
            now,
            random,
            &[5; 32],
            dial.client_id,
            &ephemeral,
            7,
            &[8; TOKEN_LEN],
        );
        made.expect("Noise accepts its pattern").0
    }

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn only_one_copy_of_a_syn_measures_the_round_trip() {
        // At 150 ms each way and 8 % loss the status said "at least 38.3 ms": a repeated SYN had got a second cookie, and
        // the answer to the first SYN with a cookie was taken for one to the second.
        let start = instant();
        for has_second_cookie in [true, false] {
            let (mut dial, mut random) = dial(start);
            let mut now = start;
            assert_eq!(sends(&mut dial, &mut now, start + ms(590)), 2);
            dial.on_cookie(now, &[1; COOKIE_LEN]);
            assert_eq!(sends(&mut dial, &mut now, start + ms(850)), 1);
            if has_second_cookie {
                dial.on_cookie(now, &[2; COOKIE_LEN]);
            }
            assert_eq!(sends(&mut dial, &mut now, start + ms(890)), 0);
            let message = syn_ack(&dial, now, &mut random);
            let answer = dial.on_syn_ack(now, None, &message).expect("it verifies");
            let took = answer.took.expect("it was asked");
            assert_eq!((took.took, took.is_exact), (ms(300), true));
        }
        let (mut dial, mut random) = dial(start);
        let mut now = start;
        sends(&mut dial, &mut now, start + ms(100));
        dial.on_cookie(now, &[1; COOKIE_LEN]);
        assert_eq!(sends(&mut dial, &mut now, start + ms(500)), 2);
        let message = syn_ack(&dial, now, &mut random);
        let answer = dial.on_syn_ack(now, None, &message).expect("it verifies");
        assert!(answer.took.is_some_and(|took| !took.is_exact));
    }

    #[test]
    fn syns_back_off_and_do_not_fill_a_slow_path() {
        // At 4.8 kbit/s a SYN takes two seconds; nine of them in 4.5 s, and then nothing, never came through.
        let start = instant();
        let (mut dial, _) = dial(start);
        let mut now = start;
        let mut total = 0;
        for (second, most) in [(0, 1), (1, 2), (3, 4), (7, 5), (29, 11)] {
            total += sends(&mut dial, &mut now, start + ms(second * 1000));
            assert!(total <= most, "{total} after {second} s");
        }
        assert!(total >= 7, "{total}");
        assert!(dial.on_timeout(start + ms(29_900)));
        assert!(!dial.on_timeout(start + CONNECT_TIMEOUT));
    }

    #[test]
    fn lost_syns_are_repeated_soon_while_that_costs_little() {
        // Where a fifth is lost each way in bursts, one connection in eighty took more than ten seconds.
        let start = instant();
        let assert_repeated_after = |waits: &[u64], dial: &mut Dial, from: Instant| {
            let (mut now, mut at) = (from, from);
            sends(dial, &mut now, from);
            for wait in waits {
                let before = at + ms(wait - 1);
                at += ms(*wait);
                assert_eq!(sends(dial, &mut now, before), 0, "before {wait} ms");
                assert_eq!(sends(dial, &mut now, at), 1, "after {wait} ms");
            }
        };
        let (mut unknown, _) = dial(start);
        assert_repeated_after(&[333, 1000, 1000, 2000, 4000, 4000], &mut unknown, start);
        let (mut known, _) = dial(start);
        let mut now = start;
        sends(&mut known, &mut now, start + ms(50));
        known.on_cookie(now, &[1; COOKIE_LEN]);
        assert_repeated_after(&[333, 333, 666, 1332, 2664, 4000], &mut known, now);
        let (mut late, _) = dial(start);
        let mut now = start;
        sends(&mut late, &mut now, start + ms(4400));
        late.on_cookie(now, &[1; COOKIE_LEN]);
        assert_repeated_after(&[1000, 2000, 4000], &mut late, now);
    }

    #[test]
    fn outage_before_the_first_answer_does_not_slow_down_what_follows() {
        // After an outage of 18 s each SYN that was lost cost 8 s, on a path of 80 ms.
        let start = instant();
        let (mut dial, _) = dial(start);
        let mut now = start;
        let at = start + ms(18_000);
        assert!(sends(&mut dial, &mut now, at) > 5);
        dial.on_cookie(now, &[1; COOKIE_LEN]);
        let lost = sends(&mut dial, &mut now, at + ms(990));
        assert_eq!(lost, 1);
        assert_eq!(sends(&mut dial, &mut now, at + ms(1010)), 1);
        assert_eq!(sends(&mut dial, &mut now, at + ms(3010)), 1);
    }

    #[test]
    fn syn_with_a_cookie_is_repeated_only_after_what_the_path_takes() {
        let start = instant();
        let (mut dial, _) = dial(start);
        let mut now = start;
        assert_eq!(sends(&mut dial, &mut now, start + ms(2800)), 4);
        for cookie in 1..=4 {
            dial.on_cookie(now, &[cookie; COOKIE_LEN]);
            let until = start + ms(2800 + 1500 * u64::from(cookie));
            let sent = sends(&mut dial, &mut now, until);
            assert_eq!(
                sent,
                usize::from(cookie == 1),
                "a late cookie sends nothing"
            );
        }
        assert_eq!(sends(&mut dial, &mut now, start + ms(2800 + 7900)), 0);
        assert_eq!(sends(&mut dial, &mut now, start + ms(2800 + 8100)), 1);
        dial.on_cookie(now, &[5; COOKIE_LEN]);
        let again = sends(&mut dial, &mut now, start + ms(2800 + 8200));
        assert_eq!(again, 1, "the server does not know the cookie any more");
    }
}
