//! The commands that change what was said, or answer it.

use crate::client::account::mending::ask::{Request, ask};
use crate::client::account::mending::list;
use crate::client::account::mending::target::{LineNumber, Named};
use crate::client::account::mending::why::why;
use crate::client::commands::arguments::{Argument, IN, LINE, Source};
use crate::client::commands::row::{Call, ChatCommand, Group, ROW};
use crate::client::core::Core;
use crate::client::script::Awaited;

/// What the help of a command says of the line that it is about.
macro_rules! which {
    ($line:literal) => {
        concat!(
            "Without #N it is ",
            $line,
            ", as it was when you began to type; `/lines` shows the numbers. ",
            "It is in the conversation that you are in; where there is none, `--in` has to name it."
        )
    };
}

/// What the rows of commands that change or answer a line have in common.
const CHANGE: ChatCommand = ChatCommand {
    arguments: &[IN, LINE],
    awaits: Awaited::Stored,
    ..ROW
};

pub(super) const MENDING: Group = Group {
    name: "mending",
    title: "changing and answering messages",
    is_for_all: true,
    commands: &[
        ChatCommand {
            name: "edit",
            arguments: &[IN, LINE, Argument::text("TEXT")],
            summary: "change what you said",
            help: which!("about your own last message"),
            run: |core, call| mend(core, call, Request::Edit(call.required(2))),
            ..CHANGE
        },
        ChatCommand {
            name: "delete",
            summary: "delete what you said, on every device",
            help: concat!(
                "A room's moderators delete the messages of others, too. ",
                which!("about your own last message")
            ),
            run: |core, call| mend(core, call, Request::Delete),
            ..CHANGE
        },
        ChatCommand {
            name: "reply",
            arguments: &[IN, LINE, Argument::text("TEXT")],
            summary: "answer a message, naming it",
            help: which!("about the last message of somebody else"),
            run: |core, call| mend(core, call, Request::Reply(call.required(2))),
            ..CHANGE
        },
        ChatCommand {
            name: "react",
            arguments: &[IN, LINE, Argument::word("EMOJI", Source::Nothing)],
            summary: "put an emoji to a message, or take it back",
            help: concat!(
                "An emoji that you have put already is removed. ",
                which!("about the last message of somebody else")
            ),
            run: |core, call| mend(core, call, Request::React(call.required(2))),
            ..CHANGE
        },
        ChatCommand {
            name: "pin",
            summary: "pin a message, for `/pins` to show",
            help: concat!("In a room its moderators can. ", which!("the last message")),
            run: |core, call| mend(core, call, Request::Pin),
            ..CHANGE
        },
        ChatCommand {
            name: "unpin",
            summary: "end that",
            run: |core, call| mend(core, call, Request::Unpin),
            ..CHANGE
        },
        ChatCommand {
            name: "pins",
            arguments: &[IN],
            summary: "show what is pinned",
            awaits: Awaited::Stored,
            run: |core, call| {
                core.with_signed_in(call.now, |parts, ctx| {
                    list::pins(ctx, (&parts.recent, &parts.blocked), call.optional(0));
                });
            },
            ..ROW
        },
        ChatCommand {
            name: "lines",
            arguments: &[IN, Argument::number("N").optional()],
            summary: "show the last messages with their numbers",
            help: "Without a conversation they are those of the last message. A number stays a message's own. What waits to be sent \
                   has one with a + before it; an edit, a deletion or a reaction that waits follows its message.",
            awaits: Awaited::Stored,
            run: |core, call| {
                let want = call.optional(1).and_then(|number| number.parse().ok());
                core.with_signed_in(call.now, |parts, ctx| {
                    let others = (&parts.sender, &parts.recent, &parts.blocked);
                    list::lines(ctx, others, call.optional(0), want);
                });
            },
            ..ROW
        },
    ],
};

/// It stands with the commands for reading.
pub(super) const WHY: ChatCommand = ChatCommand {
    name: "why",
    arguments: &[IN, LINE],
    summary: "show what has become of a message, step by step",
    help: "It says what this device has heard: when the message was queued, stored, and received by whom. Without #N it is \
           about your own last message, as it was when you began to type; `/lines` shows the numbers. \
           A number needs a conversation: the one that you are in, or `--in`.",
    awaits: Awaited::Nothing,
    run: |core, call| {
        core.with_signed_in(call.now, |parts, ctx| {
            let others = (&parts.sender, &mut parts.recent, &parts.receipts);
            why(ctx, others, named(call));
        });
    },
    ..ROW
};

/// What a call says of the line that it is about.
pub(super) fn named<'a>(call: &Call<'a>) -> Named<'a> {
    Named {
        place: call.optional(0),
        line: call.optional(1).and_then(LineNumber::read),
    }
}

fn mend(core: &mut Core, call: &Call<'_>, request: Request<'_>) {
    core.with_signed_in(call.now, |parts, ctx| {
        let others = (&mut parts.sender, &mut parts.recent, &parts.blocked);
        ask(ctx, others, named(call), request);
    });
}
