//! `help`: the menu, made from the table itself.

use super::{ChatCommand, Usage, registry};
use crate::client::core::Core;
use crate::client::env::Tone;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Help;

impl Entry for Help {
    fn name(&self) -> &'static str {
        "help"
    }
    fn aliases(&self) -> &'static [&'static str] {
        &["?"]
    }
    fn summary(&self) -> &'static str {
        "show this menu"
    }
}

impl ChatCommand for Help {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "",
            least: 0,
            most: 0,
            needs_sign_in: false,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let _ = (now, arguments);
        core.show_table(Tone::Plain, &menu());
    }
}

/// How wide the calls are set, in columns. Chosen: with [`SUMMARY_WIDTH`] and the blanks between it fits a terminal of
/// 80 columns. A longer call has its summary on the next line.
const CALL_WIDTH: usize = 26;

/// How wide a summary may be, in columns; a test says so.
#[cfg(test)]
const SUMMARY_WIDTH: usize = 52;

/// The menu, a line for each command, or two.
fn menu() -> Vec<Vec<String>> {
    let registry = registry();
    let mut rows = Vec::new();
    for command in registry.iter() {
        let call = format!("{} {}", command.name(), command.usage().arguments);
        let call = call.trim_end();
        let summary = command.summary();
        if call.len() <= CALL_WIDTH {
            rows.push(vec![call.to_owned(), summary.to_owned()]);
        } else {
            rows.push(vec![call.to_owned()]);
            rows.push(vec![String::new(), summary.to_owned()]);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::table;

    #[test]
    fn menu_has_a_line_for_each_command_of_the_table_and_fits_a_terminal() {
        // The longest call, of 55 columns, made the column of all, and the menu broke in the middle of words.
        let menu = table::lines(&menu());
        for command in registry().iter() {
            let found = menu
                .iter()
                .any(|line| line.split_whitespace().next() == Some(command.name()));
            assert!(found, "{}", command.name());
            assert!(
                command.summary().len() <= SUMMARY_WIDTH,
                "{}: {}",
                command.name(),
                command.summary()
            );
        }
        assert!(menu.iter().all(|line| line.len() <= 80), "{menu:#?}");
        assert!(
            menu[1].starts_with("message USER|#ROOM TEXT  "),
            "{}",
            menu[1]
        );
    }
}
