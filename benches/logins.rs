//! How long the first half of a login takes for a name that somebody has, and for one that nobody has: with registration
//! closed nobody is to tell one from the other. `cargo bench --bench logins [-- DIRECTORY]`.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and its arguments"
)]

#[allow(dead_code, reason = "other benchmarks say something")]
mod support;

use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use support::{NOW_MS, in_directory, name};
use udpchat::client::opaque::{LoginBegun, SignUpBegun};
use udpchat::protocol::opaque::KeyStretching;
use udpchat::server::{Name, OpaqueServer};
use udpchat::store::{Engine, NewAccount, Outcome, Read, Reply, Request, RequestId, Write};

/// Accounts that there are.
const ACCOUNTS: usize = 2_000;
/// Logins of each kind.
const LOGINS: usize = 20_000;

fn ask(engine: &mut Engine, request: impl Into<Request>) -> Outcome {
    let mut completions = engine.execute(vec![(RequestId(0), request.into())]);
    completions.remove(0).outcome
}

/// The record of one account; the others have the same, under their own names.
fn record(opaque: &OpaqueServer, random: &mut ChaCha20Rng) -> NewAccount {
    let typed = Name::parse("user0").expect("a name");
    let (begun, request) = SignUpBegun::new(random, b"tea at four").expect("a password");
    let (pending, answer) = opaque
        .start_sign_up(random, typed, &request)
        .expect("a request");
    let upload = begun
        .finish(random, b"tea at four", &answer, KeyStretching::Identity)
        .expect("an answer");
    OpaqueServer::finish_sign_up(pending, &upload, NOW_MS).expect("an upload")
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    in_directory(|data| {
        let mut random = ChaCha20Rng::from_seed([1; 32]);
        let setup = OpaqueServer::generate(&mut random);
        let opaque = OpaqueServer::load(&setup).expect("made just now");
        let mut engine = Engine::open(data, [2; 32]).expect("it is empty");
        let first = record(&opaque, &mut random);
        for number in 0..ACCOUNTS {
            let account = NewAccount {
                name: name(number),
                skeleton: name(number),
                ..first.clone()
            };
            let outcome = ask(&mut engine, Write::CreateAccount(account));
            assert!(matches!(outcome, Outcome::Done(_)));
        }
        let (_, request) = LoginBegun::new(&mut random, b"tea at five").expect("a password");
        let mut times = [Vec::new(), Vec::new()];
        for login in 0..2 * LOGINS {
            // One after the other, so that whatever else the machine does is in both.
            let is_known = login % 2 == 0;
            let number = (login * 7919) % ACCOUNTS + if is_known { 0 } else { 10_000 };
            let typed = Name::parse(&name(number)).expect("a name");
            let begun = Instant::now();
            let find = Read::FindAccount {
                name: name(number),
                skeleton: None,
            };
            let account = match ask(&mut engine, find) {
                Outcome::Done(Reply::Account(account)) => Some(account),
                _ => None,
            };
            assert_eq!(account.is_some(), is_known);
            let answer = opaque.start_login(&mut random, &typed, account, &request, &[3; 32]);
            let took = begun.elapsed();
            answer.expect("a request");
            times[usize::from(is_known)].push(took);
        }
        let [unknown, known] = times.each_mut().map(|times| median(times));
        println!(
            "{LOGINS} each: a known name {known:.2?}, an unknown one {unknown:.2?}, {:.2} µs apart",
            known
                .as_secs_f64()
                .mul_add(1e6, -unknown.as_secs_f64() * 1e6)
        );
    });
}
