//! What a row of the table holds, and what the function of a command is given.

use std::ops::Deref;

use super::arguments::Argument;
use crate::client::core::Core;
use crate::client::script::{Awaited, FocusChange};
use crate::registry::{Entry, Registry};
use crate::transport::Now;

/// A chat command: how it is called, what it takes, and what it does.
#[derive(Clone, Copy)]
pub(super) struct ChatCommand {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub arguments: &'static [Argument],
    /// One line for the menu.
    pub summary: &'static str,
    /// What `help COMMAND` and the manual say beyond the summary; a line each.
    pub help: &'static str,
    pub needs_sign_in: bool,
    /// What it needs outside of the client: `--restricted` forbids all of that.
    pub needs: Needs,
    /// Whether the menu explains it; the others are only named there.
    pub is_basic: bool,
    /// What a script waits for before it runs this.
    pub awaits: Awaited,
    pub focus: FocusChange,
    /// Whether it goes on where it ended if it is typed again at once.
    pub continues: bool,
    pub run: fn(&mut Core, &Call<'_>),
}

/// What a command needs outside of the client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// It reads or writes files of the user's.
    Files,
    Programs,
}

/// The commands of one subject.
#[derive(Clone, Copy)]
pub(super) struct Group {
    /// One word, for `help` to show it by. It may be a command too.
    pub name: &'static str,
    pub title: &'static str,
    /// Whether the menu names its commands; else who needs them finds them by the group's name.
    pub is_for_all: bool,
    pub commands: &'static [ChatCommand],
}

/// All commands, each in a group.
pub(super) struct Table {
    pub groups: &'static [Group],
    pub commands: Registry<ChatCommand>,
}

impl Deref for Table {
    type Target = Registry<ChatCommand>;

    fn deref(&self) -> &Self::Target {
        &self.commands
    }
}

/// What most rows have in common, for those to name what is their own.
pub(super) const ROW: ChatCommand = ChatCommand {
    name: "",
    aliases: &[],
    arguments: &[],
    summary: "",
    help: "",
    needs_sign_in: true,
    needs: Needs::Nothing,
    is_basic: false,
    awaits: Awaited::Server,
    focus: FocusChange::Keeps,
    continues: false,
    run: |_, _| (),
};

impl ChatCommand {
    /// How it is typed, such as `/kick USER [#ROOM] [REASON]`.
    pub(super) fn usage(&self) -> String {
        let mut usage = format!("/{}", self.name);
        let shown = self.arguments.iter().map(Argument::usage);
        for argument in shown.filter(|shown| !shown.is_empty()) {
            usage.push(' ');
            usage.push_str(&argument);
        }
        usage
    }
}

impl Entry for ChatCommand {
    fn name(&self) -> &'static str {
        self.name
    }

    fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    fn summary(&self) -> &'static str {
        self.summary
    }
}

/// One call of a command whose arguments have been checked.
pub(super) struct Call<'a> {
    pub now: Now,
    /// The command's name or alias, as typed.
    pub word: &'a str,
    /// The values of the row's arguments, in their order.
    pub values: Vec<Option<&'a str>>,
    /// The table that the command stands in, which it cannot name without a circle.
    pub table: &'a Table,
}

impl<'a> Call<'a> {
    /// The value of an argument that must be given.
    pub(super) fn required(&self, at: usize) -> &'a str {
        self.optional(at).unwrap_or_default()
    }

    /// The value of an argument that may be left out.
    pub(super) fn optional(&self, at: usize) -> Option<&'a str> {
        self.values.get(at).copied().flatten()
    }
}
