//! `help`: the menu, made from the table itself.

use super::{ChatCommand, Usage, registry};
use crate::client::core::Core;
use crate::client::env::Tone;
use crate::client::render::padded;
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
        for line in menu() {
            core.show(Tone::Plain, &line);
        }
    }
}

/// The menu, a line for each command.
fn menu() -> Vec<String> {
    let registry = registry();
    let calls: Vec<(String, &str)> = registry
        .iter()
        .map(|command| {
            let call = format!("{} {}", command.name(), command.usage().arguments);
            (call.trim_end().to_owned(), command.summary())
        })
        .collect();
    let width = calls.iter().map(|(call, _)| call.len()).max().unwrap_or(0);
    calls
        .into_iter()
        .map(|(call, summary)| format!("{}  {summary}", padded(&call, width)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn menu_has_a_line_for_each_command_of_the_table() {
        let menu = menu();
        assert_eq!(menu.len(), registry().iter().count());
        assert!(
            menu[1].starts_with("message USER|#ROOM TEXT  "),
            "{}",
            menu[1]
        );
    }
}
