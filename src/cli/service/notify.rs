//! What a service manager is told (sd_notify(3)): that the server serves, is reading its settings, or ends; and, again and
//! again, that it still answers. Without a manager nothing is sent.

use std::thread;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::cli::threads::spawn;

/// How often the state is told where no watchdog asks for it. Chosen: as current as a person expects of `systemctl status`.
const EVERY: Duration = Duration::from_secs(30);

/// How often a watchdog hears of the server within the time that it waits. Chosen: one word may be late.
const WORDS_IN_TIME: u32 = 3;

/// It listens and its database is open.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Its settings are being read until it is ready again.
pub fn reloading() {
    // Without the time a manager from systemd 253 on takes the reload for failed, if the unit is of type notify-reload.
    match NotifyState::monotonic_usec_now() {
        Ok(time) => tell(&[NotifyState::Reloading, time]),
        Err(error) => tracing::warn!(%error, "the service manager was not told of the reload"),
    }
}

/// It ends.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager was not told");
    }
}

/// Asks the server for its state.
pub trait Watch: Send + 'static {
    /// How it is, in a few words. None if a thread of it does not answer.
    fn state(&mut self) -> Option<String>;
}

/// Tells the service manager that the server answers, for as long as it does. It is asked on a thread of its own, which waits with
/// it: a word that comes from a timer alone would say nothing.
pub fn watch(mut watched: impl Watch) -> anyhow::Result<()> {
    let every = sd_notify::watchdog_enabled().map_or(EVERY, |within| within / WORDS_IN_TIME);
    spawn("watchdog", move || {
        loop {
            tell_if_it_lives(&mut watched, tell);
            thread::park_timeout(every);
        }
    })
}

fn tell_if_it_lives(watched: &mut impl Watch, tell: impl FnOnce(&[NotifyState<'_>])) {
    if let Some(state) = watched.state() {
        tell(&[NotifyState::Watchdog, NotifyState::Status(&state)]);
    } else {
        tracing::warn!("a thread of the server does not answer");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Said(Option<&'static str>);

    impl Watch for Said {
        fn state(&mut self) -> Option<String> {
            self.0.map(str::to_owned)
        }
    }

    #[test]
    fn watchdog_hears_of_a_server_that_answers_and_of_no_other() {
        let told = |said| {
            let mut words = Vec::new();
            tell_if_it_lives(&mut Said(said), |states| {
                words.extend(states.iter().map(ToString::to_string));
            });
            words
        };
        assert_eq!(told(Some("fine")), ["WATCHDOG=1", "STATUS=fine"]);
        assert_eq!(told(None), Vec::<String>::new());
    }
}
