//! Where a script believes to be. A text for a room whose `join` has failed must not run as a command.

use crate::client::env::Fault;
use crate::client::name::{canonical_room, canonical_target};

/// What a command does to the focus if it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum FocusChange {
    Keeps,
    Sets,
    /// It leaves the conversation that it names, or the focus.
    Clears,
}

/// The conversation to which a script has switched, whether that has succeeded or not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// As typed.
    named: String,
    /// The line of the command.
    line: u64,
    /// Whether something was said there.
    pub(super) was_open: bool,
}

/// Why a text goes nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) struct Missed {
    pub(in crate::client) fault: Fault,
    pub(in crate::client) why: String,
}

impl Place {
    /// The place after a command with these arguments.
    pub(super) fn after(
        place: Option<Self>,
        change: FocusChange,
        arguments: &str,
        line: u64,
    ) -> Option<Self> {
        let named = arguments.split_whitespace().next();
        match change {
            FocusChange::Keeps => place,
            FocusChange::Sets => Some(Self {
                named: named.unwrap_or("a conversation").to_owned(),
                line,
                was_open: false,
            }),
            FocusChange::Clears => place.filter(|place| {
                let is_it = |named| canonical_room(named) == canonical_target(&place.named);
                !named.is_none_or(|named| is_it(named) || named == place.named)
            }),
        }
    }

    pub(super) fn missed(&self) -> Missed {
        let Self { named, line, .. } = self;
        if self.was_open {
            Missed {
                fault: Fault::NoRecipient,
                why: format!("you are no longer in {named}"),
            }
        } else {
            // The line itself has told how bad that is.
            Missed {
                fault: Fault::Failed,
                why: format!("line {line} did not switch to {named}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(place: Option<Place>, change: FocusChange, arguments: &str) -> Option<Place> {
        Place::after(place, change, arguments, 7)
    }

    #[test]
    fn script_is_where_it_wanted_to_go_until_it_leaves() {
        let at = |named: &str| after(None, FocusChange::Sets, named);
        assert_eq!(at("#ops private").unwrap().named, "#ops");
        assert_eq!(after(at("#ops"), FocusChange::Keeps, "zoe"), at("#ops"));
        assert_eq!(after(at("#ops"), FocusChange::Sets, "zoe"), at("zoe"));
        for (place, left) in [("#ops", ""), ("#Ops", "ops"), ("ops", "ops"), ("zoe", "")] {
            assert_eq!(after(at(place), FocusChange::Clears, left), None, "{place}");
        }
        let stays = after(at("#ops"), FocusChange::Clears, "#bridge");
        assert_eq!(stays, at("#ops"));
    }

    #[test]
    fn text_that_goes_nowhere_names_the_line_that_failed() {
        let mut place = after(None, FocusChange::Sets, "#ops").unwrap();
        let missed = place.missed();
        assert_eq!(missed.fault, Fault::Failed);
        assert_eq!(missed.why, "line 7 did not switch to #ops");
        place.was_open = true;
        assert_eq!(place.missed().fault, Fault::NoRecipient);
    }
}
