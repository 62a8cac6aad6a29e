//! The servers that keep the log, as they say themselves what they are: whether what they call stored survives a loss of power.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::NatsError;

/// What has each server tell of itself. It belongs to the system account, which has to let udpchat's ask it.
pub(super) const ASK: &str = "$SYS.REQ.SERVER.PING.JSZ";

/// The first version that syncs once for each of its own log entries; earlier ones cannot be told to.
const VERSION: (u64, u64) = (2, 15);

/// How far the clocks of this machine and of a server of the log may differ. Chosen: messages are labelled by these clocks, and
/// tickets end by them.
const CLOCKS_WITHIN: Duration = Duration::from_secs(5);

/// What is known of the servers of the log.
#[derive(Debug, Default)]
pub(super) struct Servers {
    /// Each that has answered, by name, with what is wrong with it.
    answered: BTreeMap<String, Option<NatsError>>,
}

impl Servers {
    /// Takes an answer, which came now.
    pub(super) fn take(&mut self, answer: &[u8], now: Timestamp) -> Result<(), NatsError> {
        let answer = super::stream::parsed("tell of themselves", answer)?;
        let (server, data) = (&answer["server"], &answer["data"]);
        let name = server["name"].as_str().unwrap_or("?").to_owned();
        if data["config"].is_object() {
            let wrong = wrong(&name, server, data, now);
            self.answered.insert(name, wrong);
        }
        Ok(())
    }

    /// Whether all of these have answered.
    pub(super) fn has_all(&self, names: &[String]) -> bool {
        !names.is_empty() && names.iter().all(|name| self.answered.contains_key(name))
    }

    /// Whether they are fit to keep the log.
    pub(super) fn check(self) -> Result<(), NatsError> {
        if self.answered.is_empty() {
            return Err(NatsError::Unasked);
        }
        self.answered
            .into_values()
            .flatten()
            .next()
            .map_or(Ok(()), Err)
    }
}

fn wrong(name: &str, server: &Value, data: &Value, now: Timestamp) -> Option<NatsError> {
    let server_is = |found: String, wanted: &'static str| {
        Some(NatsError::Server {
            server: name.to_owned(),
            found,
            wanted,
        })
    };
    let version = server["ver"].as_str().unwrap_or("?");
    if !is_new_enough(version) {
        return server_is(format!("is version {version}"), "2.15 or a later one");
    }
    if data["config"]["sync_always"] != true {
        let found = "does not sync what it calls stored".to_owned();
        return server_is(found, "`sync_interval: always` in its jetstream block");
    }
    let time = server["time"].as_str().or_else(|| data["now"].as_str())?;
    let time: Timestamp = time.parse().ok()?;
    let apart = now.duration_since(time).unsigned_abs();
    if apart > CLOCKS_WITHIN {
        let found = format!(
            "has a clock that differs from this machine's by {} s",
            apart.as_secs()
        );
        return server_is(found, "at most 5 s: set the clocks by a time service");
    }
    None
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map_while(|part| part.parse::<u64>().ok());
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    found >= VERSION
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ver: &str, is_synced: bool, time: &str) -> Result<(), NatsError> {
        let answer = serde_json::json!({
            "server": { "name": "n1", "ver": ver, "time": time },
            "data": { "config": { "sync_always": is_synced } },
        });
        let mut servers = Servers::default();
        let now = "2026-12-01T01:08:06Z".parse().unwrap();
        servers.take(answer.to_string().as_bytes(), now)?;
        assert!(servers.has_all(&["n1".into()]) && !servers.has_all(&["n1".into(), "n2".into()]));
        servers.check()
    }

    #[test]
    fn server_that_may_lose_what_it_calls_stored_is_refused() {
        let now = "2026-12-01T01:08:02.5Z";
        assert!(check("2.15.1", true, now).is_ok());
        assert!(check("3.0.0", true, now).is_ok());
        let refused = |result: Result<(), NatsError>| result.unwrap_err().to_string();
        assert!(refused(check("2.15.1", false, now)).contains("`sync_interval: always`"));
        for version in ["2.14.9", "2.9.10", "", "x"] {
            assert!(
                refused(check(version, true, now)).contains("2.15"),
                "{version}"
            );
        }
        for time in ["2026-12-01T01:08:00Z", "2026-12-01T01:08:12Z"] {
            assert!(
                refused(check("2.15.1", true, time)).contains("a clock"),
                "{time}"
            );
        }
        assert!(matches!(
            Servers::default().check(),
            Err(NatsError::Unasked)
        ));
    }
}
