//! What everybody types, and when.

use std::time::Duration;

use crate::entries::Marker;
use crate::kit::Rng;
use crate::oracle::Audience;
use crate::people::files::{FILE, name_of};
use crate::people::mending::{Typing, Wish, word_of};
use crate::plan::Plan;

/// The rooms of these runs.
const ROOMS: [&str; 2] = ["#bridge", "#deck"];

/// A line that somebody types.
pub struct Typed {
    pub host: usize,
    /// Counted from the moment at which the talking begins.
    pub after: Duration,
    pub line: Typing,
    /// What is said by it, and for whom, if anything is.
    pub says: Option<(Marker, Audience)>,
}

/// The user of an account.
pub fn user(account: usize) -> String {
    format!("user{account}")
}

/// Everything that is typed in a run, for each host in its order.
pub fn write(plan: &Plan, rng: &mut Rng) -> Vec<Typed> {
    let over = plan.over.as_millis() as u64;
    let mut script = Vec::new();
    for host in 0..plan.hosts() {
        let mut times: Vec<Duration> = (0..plan.messages).map(|_| rng.ms(0, over)).collect();
        times.sort_unstable();
        if plan.rooms {
            for room in ROOMS.iter().filter(|_| rng.happens(0.85)) {
                script.push(Typed {
                    host,
                    after: Duration::ZERO,
                    line: Typing::Line(format!("/join {room}")),
                    says: None,
                });
            }
        }
        for (number, after) in times.into_iter().enumerate() {
            let marker = (host, number);
            if plan.mends > 0.0 && number > 0 && rng.happens(plan.mends) {
                script.push(Typed {
                    host,
                    after,
                    line: Typing::Wish(Wish::draw(rng, marker)),
                    says: None,
                });
                continue;
            }
            if rng.happens(plan.files) && rng.happens(0.4) {
                let line = match rng.below(4) {
                    0 => Typing::Line("/cancel".into()),
                    _ => Typing::Save(rng.below(u64::MAX)),
                };
                script.push(Typed {
                    host,
                    after,
                    line,
                    says: None,
                });
                continue;
            }
            let (mut line, audience) = line(plan, rng, marker);
            // Who stands in a room and names somebody with whom nothing was said yet names a file of the room.
            let may_send = audience.is_some() && (!plan.rooms || audience == Some(Audience::Room));
            if may_send && rng.happens(plan.files) {
                line = with_file(&line, marker);
            }
            if plan.mends > 0.0 && audience.is_some() {
                line = format!("{line} {}", word_of(marker));
            }
            script.push(Typed {
                host,
                after,
                line: Typing::Line(line),
                says: audience.map(|audience| (marker, audience)),
            });
        }
    }
    script
}

fn line(plan: &Plan, rng: &mut Rng, marker: Marker) -> (String, Option<Audience>) {
    let account = marker.0 % plan.clients;
    if plan.rooms && rng.happens(0.8) {
        let other = (account + 1 + rng.index(plan.clients - 1)) % plan.clients;
        return line_about_a_room(rng, &user(other), marker);
    }
    let mut text = format!("<{}.{}>", marker.0, marker.1);
    if let Some(bytes) = plan.long_texts
        && rng.happens(0.5)
    {
        text.push_str(&"x".repeat(rng.index(bytes)));
    }
    if !plan.rooms && rng.happens(0.33) {
        return (format!("/message* {text}"), Some(Audience::Everyone));
    }
    let to = (account + 1 + rng.index(plan.clients - 1)) % plan.clients;
    let line = format!("/message {} {text}", user(to));
    (line, Some(Audience::One(to)))
}

/// The same said with a file.
fn with_file(line: &str, marker: Marker) -> String {
    let line = line.replacen("/message* ", "/message everyone ", 1);
    let (target, text) = line
        .strip_prefix("/message ")
        .and_then(|line| line.split_once(' '))
        .expect("it says something");
    format!("{FILE}{target} {} {text}", name_of(marker))
}

/// Something said in a room, or done about one, whether or not that is permitted.
fn line_about_a_room(rng: &mut Rng, other: &str, marker: Marker) -> (String, Option<Audience>) {
    let room = ROOMS[usize::from(rng.happens(0.3))];
    let line = match rng.below(20) {
        0..2 => format!("/join {room}"),
        2 => format!("/leave {room}"),
        3..5 => format!("/kick {other} {room}"),
        5 => format!("/invite {other} {room}"),
        6 => format!("/role {other} moderator {room}"),
        7 => format!("/topic {room} tea at {}", rng.below(12)),
        8 => format!("/access {} {room}", ["public", "private"][rng.index(2)]),
        _ => {
            let line = format!("/message {room} <{}.{}>", marker.0, marker.1);
            return (line, Some(Audience::Room));
        }
    };
    (line, None)
}
