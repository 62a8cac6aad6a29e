//! The commands for reading what was said.

use crate::client::account::history::export::export;
use crate::client::account::history::links::links;
use crate::client::account::history::search::search;
use crate::client::account::reading;
use crate::client::commands::arguments::{Argument, CONVERSATION, Source};
use crate::client::commands::row::{Call, ChatCommand, Group, Needs, ROW};
use crate::client::core::Core;
use crate::client::env::Fault;
use crate::client::script::Awaited;
use crate::client::ui::time::{self, HistoryAnchor};
use crate::protocol::MUTED_FOR_GOOD;

pub(super) const READING: Group = Group {
    name: "reading",
    title: "history, search and muting",
    is_for_all: true,
    commands: &[
        ChatCommand {
            name: "history",
            arguments: &[
                CONVERSATION.optional(),
                Argument::option("--before", "WHEN|ENTRY"),
                Argument::number("N").optional(),
            ],
            summary: "show recent messages; repeat for older ones",
            help: "It shows the last 20 entries, or N, before a time (14:02, Tue 14:02, 2026-03-17, 2026-03-17 14:02) or an \
               entry's number. Typed again it goes on with older ones, up to the first. With another N, after anything \
               else that is typed, or if new messages were sent since the newest page, it begins with the newest. Entries that this device does not hold are fetched from the server.",
            continues: true,
            awaits: Awaited::Stored,
            is_basic: true,
            run: |core, call| {
                history(
                    core,
                    call,
                    call.optional(0),
                    [1, 2].map(|at| call.optional(at)),
                );
            },
            ..ROW
        },
        ChatCommand {
            name: "search",
            arguments: &[Argument::text("WORDS")],
            summary: "find messages on this device",
            help: "It shows the newest messages that have all these words or words that begin with them; capitals, accents and \
               width make no difference. `in:#bridge` or `in:bob` looks in one conversation, `from:bob` for messages of bob; \
               `before:` and `after:` take a time, as `/history` does.",
            awaits: Awaited::Stored,
            run: |core, call| {
                core.with_signed_in(call.now, |parts, ctx| {
                    search(ctx, &parts.blocked, call.required(0));
                });
            },
            ..ROW
        },
        ChatCommand {
            name: "links",
            arguments: &[CONVERSATION.optional()],
            summary: "show the links in messages, the newest first",
            awaits: Awaited::Stored,
            run: |core, call| {
                core.with_signed_in(call.now, |_, ctx| links(ctx, call.optional(0)));
            },
            ..ROW
        },
        ChatCommand {
            name: "export",
            arguments: &[Argument::text("[USER|#ROOM|everyone] FILE")],
            summary: "write a conversation to a file",
            help: "It writes what this device holds as text, or as JSON lines if the file's name ends in `.jsonl` or `.json`. \
               Each message stands there once, with its last text, and with reactions and pins; of a deleted one it says only that. \
               A file that exists is left as it is; a new one is readable by you alone, and `~/` is your home. `/fetch` gets what is missing first.",
            needs: Needs::Files,
            awaits: Awaited::Stored,
            run: |core, call| {
                core.with_files(call.now, |files, parts, ctx| {
                    export(ctx, files, &parts.blocked, call.required(0));
                });
            },
            ..ROW
        },
        ChatCommand {
            name: "fetch",
            arguments: &[Argument::word(
                "USER|#ROOM|everyone|all",
                Source::Conversations,
            )],
            summary: "get the messages that this device does not hold",
            help: "`/search`, `/links` and `/export` know only what is on this device.",
            run: |core, call| {
                core.with_signed_in(call.now, |parts, ctx| {
                    let named = Some(call.required(0)).filter(|named| *named != "all");
                    parts.history.fetcher.fetch(ctx, named);
                });
            },
            ..ROW
        },
        super::mending::WHY,
        ChatCommand {
            name: "mute",
            arguments: &[
                CONVERSATION,
                Argument::word("FOR", Source::Nothing).optional(),
            ],
            summary: "show nothing of a conversation until you enter it",
            help: "Its lines are counted as unread and shown where you enter it; on all your devices. FOR is how long, such as \
               30m, 8h, 2d or 1w; without it, until `/unmute`.",
            run: mute,
            ..ROW
        },
        ChatCommand {
            name: "unmute",
            arguments: &[CONVERSATION],
            summary: "show a muted conversation's lines again",
            run: |core, call| {
                core.with_signed_in(call.now, |_, ctx| {
                    reading::mute(ctx, call.required(0), 0);
                });
            },
            ..ROW
        },
    ],
};

fn mute(core: &mut Core, call: &Call<'_>) {
    core.with_signed_in(call.now, |_, ctx| {
        let until_ms = match call.optional(1).map(time::span_ms) {
            None => MUTED_FOR_GOOD,
            Some(Some(span_ms)) => ctx.now.unix_ms.saturating_add(span_ms),
            Some(None) => {
                return ctx.fail(Fault::Usage, "how long? such as 30m, 8h, 2d or 1w");
            }
        };
        reading::mute(ctx, call.required(0), until_ms);
    });
}

/// Shows a page of a conversation, or of the one with the focus.
pub(super) fn history(
    core: &mut Core,
    call: &Call<'_>,
    conversation: Option<&str>,
    [before, count]: [Option<&str>; 2],
) {
    core.with_signed_in(call.now, |parts, ctx| {
        let clock = ctx.clock();
        let before = before.map(|typed| clock.read(typed));
        let (before, note) = match before.unwrap_or(Ok((HistoryAnchor::Now, None))) {
            Ok(before) => before,
            Err(why) => return ctx.fail(Fault::Usage, format!("--before: {why}")),
        };
        if let Some(note) = note {
            ctx.notice(note);
        }
        let want = count.and_then(|number| number.parse().ok());
        let history = &mut parts.history;
        history.show(ctx, &parts.blocked, conversation, before, want);
    });
}
