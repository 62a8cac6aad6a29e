//! Writes each event as one line without control sequences and invisible characters, and folds repeated lines.
//!
//! Peers choose names, reasons and texts in events. All events pass here, so that no call site can forget to escape them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{Format, FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use super::fold::Fold;
use super::{journal, json};
use crate::cli::output::one_line;
use crate::net;
use crate::server::SIGN_IN_LOG;

/// Formats events as `tracing_subscriber` does, each on one harmless line.
pub struct OneLine {
    form: Form,
    fold: Mutex<Fold<Identifier, Source>>,
}

enum Form {
    Text {
        format: Format,
        /// Whether each begins with its level, as the journal takes it.
        has_level: bool,
    },
    Json,
}

impl OneLine {
    /// Without colours; for the journal with the level before each.
    pub fn plain(is_journal: bool) -> Self {
        Self::new(Form::Text {
            format: Format::default().with_ansi(false),
            has_level: is_journal,
        })
    }

    /// A JSON object each: time, level, target, message, and the event's fields.
    pub fn json() -> Self {
        Self::new(Form::Json)
    }

    fn new(form: Form) -> Self {
        Self {
            form,
            fold: Mutex::default(),
        }
    }

    /// See [`Fold::admit`].
    fn admit(&self, event: &Event<'_>) -> Option<u64> {
        let metadata = event.metadata();
        // Lines that the operator has requested with -v are not folded.
        if *metadata.level() > Level::WARN && metadata.target() != SIGN_IN_LOG {
            return Some(0);
        }
        let mut source = SourceOf(None);
        event.record(&mut source);
        // No code panics while it holds the lock.
        let mut fold = self.fold.lock().unwrap_or_else(PoisonError::into_inner);
        fold.admit(metadata.callsite(), source.0, net::now().instant)
    }
}

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(left_out) = self.admit(event) else {
            return Ok(());
        };
        let Form::Text { format, has_level } = &self.form else {
            return writeln!(writer, "{}", json::object(event, left_out));
        };
        let mut text = String::new();
        format.format_event(context, Writer::new(&mut text), event)?;
        if *has_level {
            writer.write_str(journal::prefix(*event.metadata().level()))?;
        }
        writer.write_str(&one_line(text.trim_end_matches('\n')))?;
        if left_out > 0 {
            write!(
                writer,
                " ({left_out} lines like this one were left out before)"
            )?;
        }
        writer.write_char('\n')
    }
}

/// The cause of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Source {
    User(String),
    Network(IpAddr),
}

impl Source {
    /// The network that a provider assigns to one customer.
    fn network(address: IpAddr) -> Self {
        Self::Network(match address {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                IpAddr::from([a, b, c, 0])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::from([a, b, c, d & 0xff00, 0, 0, 0, 0])
            }
        })
    }
}

/// Reads an event's source from its fields `user` and `from`.
struct SourceOf(Option<Source>);

impl Visit for SourceOf {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "user" => self.0 = Some(Source::User(format!("{value:?}"))),
            "from" if self.0.is_none() => {
                let address: Option<SocketAddr> = format!("{value:?}").parse().ok();
                self.0 = address.map(|address| Source::network(address.ip()));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::cli::output::LINE_MAX_BYTES;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Log {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// What is logged while this runs.
    fn logged(work: impl FnOnce()) -> String {
        logged_as(OneLine::plain(false), work)
    }

    fn logged_as(form: OneLine, work: impl FnOnce()) -> String {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_writer(log.clone())
            .event_format(form)
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
    }

    /// A reason for CLOSE, a name, or anything else that a peer may write.
    const HOSTILE: &str = "bye\u{1b}[2J\u{1b}]0;title\u{7}\r\n2026-01-01T00:00:00Z ERROR udpchat: forged\u{9b}31m \
                           \u{202e}evil\u{200b}\u{85}\u{2028}end";

    #[test]
    fn nothing_that_a_peer_writes_leaves_its_line_or_commands_a_terminal() {
        // A CLOSE with a newline in its reason wrote a line of its own into the server's log.
        let text = logged(|| {
            tracing::debug!(reason = %HOSTILE, "as it is shown");
            tracing::debug!(reason = ?HOSTILE, "as it is written");
            tracing::debug!(reason = HOSTILE, "as a string");
            tracing::debug!("in the message: {HOSTILE}");
            let error = io::Error::other(HOSTILE);
            tracing::debug!(error = &error as &dyn std::error::Error, "as an error");
        });
        assert_eq!(text.lines().count(), 5, "{text}");
        for line in text.lines() {
            assert!(line.contains("DEBUG") && line.contains("end"), "{line}");
            assert!(!line.contains(char::is_control), "{line:?}");
            for hidden in ['\u{202e}', '\u{200b}', '\u{2028}', '\u{9b}'] {
                assert!(!line.contains(hidden), "{line:?}");
            }
        }
    }

    #[test]
    fn journal_learns_the_level_of_each_line() {
        let text = logged_as(OneLine::plain(true), || {
            tracing::error!("a");
            tracing::warn!("b");
            tracing::info!("c");
            tracing::debug!("<0>d");
        });
        let levels: Vec<&str> = text.lines().map(|line| &line[..3]).collect();
        assert_eq!(levels, ["<3>", "<4>", "<6>", "<7>"]);
    }

    #[test]
    fn json_has_each_field_and_whatever_a_peer_writes_stays_in_its_own() {
        let text = logged_as(OneLine::json(), || {
            let from: SocketAddr = "192.0.2.1:7".parse().unwrap();
            tracing::info!(target: SIGN_IN_LOG, %from, name = ?HOSTILE, tries = 3, "sign-in refused");
            tracing::warn!(
                is_it = true,
                level = "fake",
                name = "é".repeat(100_000),
                "long"
            );
            for _ in 0..20 {
                tracing::warn!("again");
            }
        });
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object a line"))
            .collect();
        assert_eq!(lines.len(), 2 + 10);
        let first = &lines[0];
        assert_eq!(first["level"], "INFO");
        assert_eq!(first["target"], SIGN_IN_LOG);
        assert_eq!(first["message"], "sign-in refused");
        assert_eq!(first["from"], "192.0.2.1:7");
        assert_eq!(first["tries"], 3);
        assert!(first["time"].as_str().unwrap().ends_with('Z'));
        assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{2028}', '\u{9b}']));
        assert_eq!(
            (&lines[1]["level"], &lines[1]["is_it"]),
            (&"WARN".into(), &true.into())
        );
        assert!(text.lines().all(|line| line.len() < 3 * LINE_MAX_BYTES));
    }

    #[test]
    fn line_has_an_end_however_long_the_text_is() {
        let text = logged(|| tracing::debug!(name = "é".repeat(100_000), "long"));
        assert_eq!(text.lines().count(), 1);
        assert!(text.len() < LINE_MAX_BYTES + 16, "{}", text.len());
    }

    #[test]
    fn warnings_that_repeat_are_folded_and_debugging_is_not() {
        // A stranger's requests added 25 lines a second to the log.
        let text = logged(|| {
            for number in 0..1000 {
                tracing::warn!(number, "again");
                tracing::debug!(number, "in detail");
            }
            tracing::warn!("another");
        });
        let count = |word: &str| text.lines().filter(|line| line.contains(word)).count();
        assert_eq!(count("again"), 10, "{text}");
        assert_eq!(count("in detail"), 1000);
        assert_eq!(count("another"), 1);
    }

    #[test]
    fn sign_ins_are_folded_by_user_and_refusals_by_network() {
        let text = logged(|| {
            let refused = |address: &str| {
                let from: SocketAddr = address.parse().unwrap();
                tracing::info!(target: SIGN_IN_LOG, %from, "refused");
            };
            for host in 1..=200 {
                refused(&format!("192.0.2.{host}:7"));
                refused(&format!("[2001:db8:0:{host:x}::1]:7"));
            }
            refused("198.51.100.7:7");
            for user in 0..50 {
                let from: SocketAddr = "192.0.2.1:7".parse().unwrap();
                tracing::info!(target: SIGN_IN_LOG, user, %from, "ok");
            }
        });
        let count = |word: &str| text.lines().filter(|line| line.contains(word)).count();
        assert_eq!(count("from=192.0.2."), 10 + 50, "{text}");
        assert_eq!(count("from=[2001:db8"), 10, "{text}");
        assert_eq!(count("from=198.51.100.7"), 1, "{text}");
        assert!(
            text.contains("(380 lines like this one were left out before)"),
            "{text}"
        );
    }
}
