//! Handles requests that the server refuses, does not answer in time, or whose answer is lost with the link.

use crate::client::account::administering;
use crate::client::account::blocked;
use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::{Late, PendingRequest, RoomsPurpose};
use crate::client::account::history::HistoryPager;
use crate::client::account::sender::Sender;
use crate::client::account::sender::refused::is_temporary;
use crate::client::account::switching;
use crate::client::account::{Parts, SignOutReason};
use crate::client::env::Fault;
use crate::client::name::canonical_target;
use crate::client::ui::{render, render_rooms};
use crate::protocol::{Command, ErrorCode, Failure};

pub(super) fn handle(
    ctx: &mut Ctx<'_>,
    parts: &mut Parts,
    command: Command,
    failure: &Failure,
) -> Option<SignOutReason> {
    match command {
        Command::Contacts => {
            if ctx.pending.take_contacts() == Some(true) {
                ctx.fail(Fault::of(failure.code), render::refusal(failure, ""));
            }
        }
        Command::Resolve
        | Command::Join
        | Command::Leave
        | Command::Rooms
        | Command::Members
        | Command::Moderate
        | Command::Block
        | Command::Roster
        | Command::Whois
        | Command::Away
        | Command::Devices
        | Command::Mute
        | Command::Administer
        | Command::History => request_refused(ctx, parts, failure),
        Command::SendMessage | Command::SendAllMessage | Command::Void => {
            if let Some((before, typed)) = parts.sender.take_said_before(ctx, failure) {
                parts.receipts.expect_again(ctx, &before, typed);
                return None;
            }
            let is_conflict = parts.sender.handle_refused(ctx, failure);
            return is_conflict.then_some(SignOutReason::Conflict);
        }
        Command::Receive if failure.code == ErrorCode::Expired => {
            parts.inbox.show_expired_before(ctx, failure);
        }
        Command::Receive => parts.inbox.missing_refused(ctx, failure),
        Command::Hello if is_temporary(failure.code) => parts.sender.retry_later(ctx, failure),
        // Of a change that the user has given up.
        Command::Prove | Command::Account => {}
        _ => ctx.trouble(format!("{command}: {}", render::refusal(failure, ""))),
    }
    None
}

/// What was asked for on the bulk channel was refused.
pub(super) fn refused_on_bulk(
    ctx: &mut Ctx<'_>,
    parts: &mut Parts,
    command: Command,
    failure: &Failure,
) {
    let about_file = (command, failure);
    if !parts
        .files
        .handle_failure(ctx, &mut parts.sender.outbox, about_file)
    {
        request_refused(ctx, parts, failure);
    }
}

/// A request whose answer bears its tag was refused.
fn request_refused(ctx: &mut Ctx<'_>, parts: &mut Parts, failure: &Failure) {
    let request = failure.tag.and_then(|tag| ctx.pending.take(tag));
    let line = ctx.effects.script_line;
    let asked = failure.tag.and_then(|tag| ctx.pending.take_answered(tag));
    ctx.effects.script_line = asked.or(line);
    refused(ctx, parts, request, failure);
    ctx.effects.script_line = line;
}

fn refused(
    ctx: &mut Ctx<'_>,
    parts: &mut Parts,
    request: Option<PendingRequest>,
    failure: &Failure,
) {
    let refusal = |subject: &str| render::refusal(failure, subject);
    let text = match request {
        None => return,
        Some(PendingRequest::Resolve { target }) => {
            parts.history.handle_not_found(ctx, &target, failure);
            parts.sender.handle_unresolved(ctx, &target, failure);
            return;
        }
        Some(PendingRequest::Join { name, .. }) => {
            return join_refused(ctx, &mut parts.sender, &name, failure);
        }
        Some(PendingRequest::Read) => {
            parts.history.asked.forget();
            refusal("")
        }
        Some(PendingRequest::History | PendingRequest::Fetch | PendingRequest::Tail) => {
            ctx.fail(Fault::of(failure.code), refusal(""));
            parts.history.give_up(ctx);
            return;
        }
        Some(PendingRequest::Change { name, change }) => match &change.subject {
            _ if failure.code == ErrorCode::NotPermitted => {
                let text = render_rooms::not_permitted(&change, &ctx.me.name, &name);
                ctx.fail(Fault::Failed, text);
                return;
            }
            Some(subject) => refusal(subject),
            None => refusal(&name),
        },
        Some(PendingRequest::Administer {
            action, subject, ..
        }) => administering::refusal(failure, action, &subject),
        Some(PendingRequest::Block { name, .. }) => blocked::refusal(failure, &name),
        Some(
            PendingRequest::Leave { name }
            | PendingRequest::Members { name, .. }
            | PendingRequest::Mute { name }
            | PendingRequest::Whois { name },
        ) => refusal(&name),
        Some(
            PendingRequest::Rooms { .. }
            | PendingRequest::Contacts { .. }
            | PendingRequest::Devices
            | PendingRequest::Roster { .. }
            | PendingRequest::Away { .. },
        ) => refusal(""),
    };
    ctx.fail(Fault::of(failure.code), text);
}

/// The user does not get into a room, and what waits for that is not sent.
fn join_refused(ctx: &mut Ctx<'_>, sender: &mut Sender, name: &str, failure: &Failure) {
    let fault = Fault::of(failure.code);
    let reason = match (failure.code, render::refusal(failure, name)) {
        (ErrorCode::NoSuchRoom, reason) => format!("{reason}; `/join {name}` makes it"),
        (_, reason) => reason,
    };
    ctx.fail(fault, &reason);
    ctx.focus.leave(name);
    sender.drop_waiting(ctx, fault, &reason, |typed| canonical_target(typed) == name);
}

/// Tells of requests that were not answered in time, and gives those up whose answer would come too late.
pub(super) fn requests_timeout(ctx: &mut Ctx<'_>, history: &mut HistoryPager) {
    while let Some(late) = ctx.pending.next_late(ctx.now.instant) {
        match late {
            Late::Kept {
                command,
                is_change,
                asked,
            } => {
                let what = if is_change {
                    "it may still happen"
                } else {
                    "it is shown when it comes"
                };
                ctx.pending.is_overdue = true;
                let text = format!("no answer yet to `{command}`; {what}");
                let line = asked.or(ctx.effects.script_line);
                ctx.effects.fail_at(line, Fault::Unreachable, text);
            }
            Late::Dropped(
                PendingRequest::History
                | PendingRequest::Fetch
                | PendingRequest::Tail
                | PendingRequest::Read,
            ) => {
                ctx.pending.is_overdue = true;
                history.give_up(ctx);
            }
            Late::Dropped(PendingRequest::Resolve { target }) => {
                // If messages wait for this name, it is looked up again.
                if ctx.focus.take_resolving(&target) {
                    ctx.pending.is_overdue = true;
                    switching::focus_on(ctx, &canonical_target(&target));
                }
                if history.stop_looking_for(ctx, &target) {
                    ctx.pending.is_overdue = true;
                }
            }
            // The user has not asked for it.
            Late::Dropped(_) => {}
        }
    }
}

/// The link is lost: a room that was being joined is requested again when there is another, the rest is given up.
pub(super) fn requests_lost(ctx: &mut Ctx<'_>, history: &mut HistoryPager) {
    for (request, command, asked) in ctx.pending.take_all() {
        match request {
            PendingRequest::Join {
                name,
                takes_focus: true,
            } => ctx.focus.current = Some(name),
            PendingRequest::History
            | PendingRequest::Fetch
            | PendingRequest::Tail
            | PendingRequest::Read => {
                history.give_up(ctx);
            }
            PendingRequest::Resolve { target } => drop(history.stop_looking_for(ctx, &target)),
            PendingRequest::Join { .. }
            | PendingRequest::Rooms {
                purpose: RoomsPurpose::Names,
                ..
            }
            | PendingRequest::Contacts {
                is_shown: false, ..
            }
            | PendingRequest::Roster {
                is_shown: false, ..
            }
            | PendingRequest::Away { is_shown: false }
                if asked.is_none() => {}
            _ => {
                let what = if request.is_change() {
                    "it may have happened: check, then try again"
                } else {
                    "try again"
                };
                let text =
                    format!("the connection was lost before the answer to `{command}`; {what}");
                let line = asked.or(ctx.effects.script_line);
                ctx.effects.fail_at(line, Fault::Unreachable, text);
            }
        }
    }
}
