//! Programs in the place of people: each says what it says under an idempotency key, and says it again after each crash. So do the
//! other devices of its account.

use std::time::Duration;

use udpchat::client::{Input, Say};

use crate::entries::marker_of;
use crate::kit::Rng;
use crate::people::mending::said_by;
use crate::plan::Plan;

/// Who talks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Speakers {
    #[default]
    People,
    /// On all devices of an account they say the same, and again after each crash.
    Programs,
}

impl Speakers {
    pub fn are_programs(self) -> bool {
        self == Self::Programs
    }
}

/// How a program says what this line says, if it says anything.
pub fn said(line: &str) -> Option<Input> {
    let (host, number) = said_by(line)?;
    let (command, rest) = line.split_once(' ')?;
    let (to, text) = match command {
        "/message*" => ("everyone", rest),
        _ => rest.split_once(' ')?,
    };
    Some(Input::Say(Box::new(Say {
        to: to.into(),
        text: text.into(),
        file: None,
        key: Some(format!("{host}.{number}")),
    })))
}

/// On which hosts, and how long after the talking has begun, a line is said again, if it says anything.
pub fn repetitions(plan: &Plan, rng: &mut Rng, line: &str) -> Vec<(usize, Duration)> {
    let Some((host, _)) = marker_of(line).filter(|_| said_by(line).is_some()) else {
        return Vec::new();
    };
    let over = plan.over.as_millis() as u64;
    let devices = (0..plan.hosts()).filter(|other| other % plan.clients == host % plan.clients);
    devices.map(|device| (device, rng.ms(0, over))).collect()
}
