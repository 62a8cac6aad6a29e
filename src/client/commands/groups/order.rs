//! The commands of those who keep order at the server.

use crate::client::account::administering::{self, request};
use crate::client::account::mending::target::LineNumber;
use crate::client::commands::arguments::{Argument, IN, Source, THIS_LINE, USER};
use crate::client::commands::row::{Call, ChatCommand, Group, ROW};
use crate::client::core::Core;
use crate::client::env::Fault;
use crate::client::name::{canonical_target, is_room};
use crate::client::ui::render;
use crate::client::ui::time::{leading_span, span_ms};
use crate::protocol::{
    ANNOUNCEMENT_MAX_BYTES, AccountRole, AdminAction, Administer, EVERYONE_NAME,
};
use crate::text::printable;

/// How long an invitation is good where nothing else was typed, in milliseconds: as `udpchat invite create` has it.
const INVITED_FOR_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// Whom a ban is of.
const BANNED: Argument = Argument::word("USER|ADDRESS", Source::Users);

pub(super) const ORDER: Group = Group {
    name: "order",
    title: "the whole server; for moderators and administrators",
    is_for_all: false,
    commands: &[
        ChatCommand {
            name: "ban",
            arguments: &[
                BANNED,
                Argument::option("--for", "TIME"),
                Argument::text("REASON").optional(),
            ],
            summary: "keep a user out of the server, for a time",
            help: "Such as `/ban bob --for 7d spam`; bob is told the reason. Moderators ban users for up to 31 days; administrators also \
                   for good, which is without `--for`, and addresses or prefixes such as `192.0.2.0/24`.",
            run: ban,
            ..ROW
        },
        ChatCommand {
            name: "unban",
            arguments: &[BANNED],
            summary: "lift a ban",
            run: |core, call| act(core, call, AdminAction::Unban),
            ..ROW
        },
        ChatCommand {
            name: "announce",
            arguments: &[Argument::text("TEXT")],
            summary: "say something to all users",
            run: announce,
            ..ROW
        },
        ChatCommand {
            name: "remove",
            arguments: &[IN, THIS_LINE],
            summary: "delete what another said in a room or to everyone",
            help: "For moderators, also in rooms to which they do not belong; `/delete` is for one's own messages. What two users say to each other only \
                   they and the operator delete. Readers see that the operator has deleted it; the audit log has the name of the one who did. `/lines` \
                   shows the numbers. The message is in the conversation that you are in, or in that of `--in`.",
            run: remove,
            ..ROW
        },
        ChatCommand {
            name: "invite-code",
            arguments: &[
                Argument::option("--uses", "N"),
                Argument::option("--expires", "TIME"),
            ],
            summary: "make a code with which somebody opens an account",
            help: "For administrators. The code is shown once; who has it types `/enrol NAME`, and then the code. It opens one account, or so many \
                   as `--uses` says, and is good for 7 days, or as long as `--expires` says, such as 12h. The operator revokes it by its number.",
            run: invite_code,
            ..ROW
        },
        ChatCommand {
            name: "disable",
            arguments: &[USER, Argument::text("REASON").optional()],
            summary: "let nobody sign in to an account",
            help: "For administrators. The user is told the reason.",
            run: |core, call| act(core, call, AdminAction::Disable),
            ..ROW
        },
        ChatCommand {
            name: "enable",
            arguments: &[USER],
            summary: "let a disabled account's user sign in again",
            help: "For administrators.",
            run: |core, call| act(core, call, AdminAction::Enable),
            ..ROW
        },
        ChatCommand {
            name: "rename",
            arguments: &[USER, Argument::word("NAME", Source::Nothing)],
            summary: "give a user another name",
            help: "For administrators. The old name stays the user's, so that nobody else is given it.",
            run: |core, call| act(core, call, AdminAction::Rename),
            ..ROW
        },
        ChatCommand {
            name: "appoint",
            arguments: &[
                USER,
                Argument::choice(&["member", "moderator", "administrator"]),
            ],
            summary: "change what a user may do at the server",
            help: "For administrators, who appoint moderators; the operator appoints administrators. A room's roles are `/role`'s.",
            run: appoint,
            ..ROW
        },
        ChatCommand {
            name: "audit",
            arguments: &[Argument::number("N").optional()],
            summary: "show what was done to the server, and by whom",
            help: "For administrators. With a number, what was done before that.",
            run: audit,
            ..ROW
        },
    ],
};

fn ask(core: &mut Core, call: &Call<'_>, body: Administer) {
    core.with_signed_in(call.now, |_, ctx| administering::ask(ctx, body));
}

/// Does something to the user who is named first, for the reason after it, if there is one.
fn act(core: &mut Core, call: &Call<'_>, action: AdminAction) {
    let subject = Some(call.required(0).to_owned());
    let text = call.optional(1).map(str::to_owned);
    if text.as_deref().is_some_and(printable::is_blank) {
        return core.fail(Fault::Usage, render::NOTHING_SEEN);
    }
    let body = Administer {
        text,
        ..request(action, subject)
    };
    ask(core, call, body);
}

fn ban(core: &mut Core, call: &Call<'_>) {
    let for_ms = call.optional(1).map(span_ms);
    if for_ms == Some(None) {
        return core.fail(Fault::Usage, "a time is such as 30m, 12h or 7d");
    }
    let user = call.required(0);
    let reason = call.optional(2);
    if let (None, Some(span)) = (for_ms, reason.and_then(leading_span)) {
        let text = format!(
            "nobody was banned: a time needs `--for`, as in `/ban {user} --for {span}`; without it, a ban is for good"
        );
        return core.fail(Fault::Usage, &text);
    }
    if reason.is_some_and(printable::is_blank) {
        return core.fail(Fault::Usage, render::NOTHING_SEEN);
    }
    let subject = Some(user.to_owned());
    let body = Administer {
        text: reason.map(str::to_owned),
        for_ms: for_ms.flatten(),
        ..request(AdminAction::Ban, subject)
    };
    ask(core, call, body);
}

fn announce(core: &mut Core, call: &Call<'_>) {
    let text = call.required(0);
    if printable::is_blank(text) {
        return core.fail(Fault::Usage, render::NOTHING_SEEN);
    }
    if text.len() > ANNOUNCEMENT_MAX_BYTES {
        let refused = format!("an announcement has at most {ANNOUNCEMENT_MAX_BYTES} bytes");
        return core.fail(Fault::Failed, &refused);
    }
    let body = Administer {
        text: Some(text.to_owned()),
        ..request(AdminAction::Announce, None)
    };
    ask(core, call, body);
}

fn remove(core: &mut Core, call: &Call<'_>) {
    let line = call.optional(1).and_then(LineNumber::read);
    let Some(LineNumber::Entry(entry)) = line else {
        // It has reached nobody.
        return core.fail(Fault::Usage, "`/delete` takes back what waits to be sent");
    };
    let focus = core
        .shared()
        .and_then(|shared| shared.focus.current.clone());
    let Some(name) = call.optional(0).map(canonical_target).or(focus) else {
        let text = "in which conversation? `--in NAME` names it; `/enter NAME` goes to one";
        return core.fail(Fault::Usage, text);
    };
    if name != EVERYONE_NAME && !is_room(&name) {
        let text = "what two users say to each other only they and the operator delete";
        return core.fail(Fault::NoRecipient, text);
    }
    let body = Administer {
        entry: Some(entry),
        ..request(AdminAction::Delete, Some(name))
    };
    ask(core, call, body);
}

fn invite_code(core: &mut Core, call: &Call<'_>) {
    let uses = call.optional(0).map_or(Ok(1), str::parse);
    let Some(uses) = uses.ok().filter(|uses| *uses > 0) else {
        return core.fail(Fault::Usage, "`--uses` takes a number from 1, such as 30");
    };
    let Some(for_ms) = call.optional(1).map_or(Some(INVITED_FOR_MS), span_ms) else {
        return core.fail(Fault::Usage, "a time is such as 30m, 12h or 7d");
    };
    let secret = core.make_code();
    core.with_signed_in(call.now, |_, ctx| {
        administering::invite(ctx, secret, uses, for_ms);
    });
}

fn appoint(core: &mut Core, call: &Call<'_>) {
    let role = match call.required(1) {
        "administrator" => AccountRole::Administrator,
        "moderator" => AccountRole::Moderator,
        _ => AccountRole::Member,
    };
    let subject = Some(call.required(0).to_owned());
    let body = Administer {
        role: Some(role),
        ..request(AdminAction::Role, subject)
    };
    ask(core, call, body);
}

fn audit(core: &mut Core, call: &Call<'_>) {
    let body = Administer {
        before: call.optional(0).and_then(|number| number.parse().ok()),
        ..request(AdminAction::Audit, None)
    };
    ask(core, call, body);
}
