//! How the terminal calls a user who looks elsewhere: by its bell, or by a notification that it shows itself.

use crate::client::Notify;

/// For which messages it rings, as [`Notify`] says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum NotifyOf {
    None,
    Mention,
    #[default]
    Private,
    All,
}

impl From<NotifyOf> for Notify {
    fn from(which: NotifyOf) -> Self {
        match which {
            NotifyOf::None => Self::None,
            NotifyOf::Mention => Self::Mention,
            NotifyOf::Private => Self::Private,
            NotifyOf::All => Self::All,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum NotifyBy {
    #[default]
    Bell,
    Osc9,
    Osc777,
}

impl NotifyBy {
    /// What is written. Of others' words there is nothing in it but the name, that of a [`Ring`](crate::client::Ring) as the
    /// terminal can show it.
    pub fn sequence(self, name: &str) -> String {
        match self {
            Self::Bell => "\x07".into(),
            Self::Osc9 => format!("\x1b]9;udpchat: {name}\x07"),
            Self::Osc777 => format!("\x1b]777;notify;udpchat;{name}\x07"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Ring;

    #[test]
    fn notification_has_a_fixed_prefix_and_the_name() {
        let ring = Ring::of("#bridge\x1b\\;rm -rf\x07");
        assert_eq!(NotifyBy::Bell.sequence(ring.name()), "\x07");
        let osc9 = NotifyBy::Osc9.sequence(ring.name());
        assert_eq!(osc9, "\x1b]9;udpchat: #bridgerm-rf\x07");
        let osc777 = NotifyBy::Osc777.sequence(ring.name());
        assert_eq!(osc777, "\x1b]777;notify;udpchat;#bridgerm-rf\x07");
    }
}
