//! What a user with a role does to the server: the requests, and their answers.

use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::{Invitation, PendingRequest};
use crate::client::env::{Fault, Tone};
use crate::client::name::truncate_name;
use crate::client::ui::render;
use crate::protocol::{
    AccountRole, AdminAction, Administer, Administered, AuditEntry, ErrorCode, Failure, hash_code,
};
use crate::text::enrolment_code::EnrolmentCode;
use crate::text::printable;

/// How many users are named who are signed in at a banned address, and how many actions of the audit log are shown. The server
/// sends fewer.
const SHOWN_MAX: usize = 100;

/// What is asked for, without what most actions do not need.
pub(crate) const fn request(action: AdminAction, subject: Option<String>) -> Administer {
    Administer {
        tag: 0,
        action,
        subject,
        text: None,
        for_ms: None,
        role: None,
        before: None,
        entry: None,
        code: None,
        uses: None,
    }
}

/// Has the server take the hash of a code that opens accounts.
pub(crate) fn invite(ctx: &mut Ctx<'_>, code: EnrolmentCode, uses: u32, for_ms: u64) {
    let body = Administer {
        for_ms: Some(for_ms),
        code: Some(hash_code(&code.bytes())),
        uses: Some(uses),
        ..request(AdminAction::Invite, None)
    };
    let expires_ms = ctx.now.unix_ms.saturating_add(for_ms);
    let invitation = Invitation {
        code,
        uses,
        expires_ms,
    };
    send(ctx, body, Some(invitation));
}

/// Asks the server to do something.
pub(crate) fn ask(ctx: &mut Ctx<'_>, body: Administer) {
    send(ctx, body, None);
}

fn send(ctx: &mut Ctx<'_>, body: Administer, invitation: Option<Invitation>) {
    let request = PendingRequest::Administer {
        action: body.action,
        subject: body.subject.clone().unwrap_or_default(),
        role: body.role,
        invitation,
    };
    ctx.request(request, |tag| Administer { tag, ..body });
}

/// It is done.
pub(super) fn handle_done(ctx: &mut Ctx<'_>, done: Administered) {
    let Some(PendingRequest::Administer {
        action,
        subject,
        role,
        invitation,
    }) = ctx.pending.take(done.tag)
    else {
        return;
    };
    if action == AdminAction::Audit {
        return show_audit(ctx, &done.actions);
    }
    // What was announced comes to this device as to all others.
    if action == AdminAction::Announce {
        return;
    }
    let text = done.text.unwrap_or_default();
    if let Some(invitation) = invitation {
        return show_invitation(ctx, &invitation, &text);
    }
    let subject = done.subject.map_or(subject, truncate_name);
    let is_unchanged = done.changed == Some(false);
    let already = if is_unchanged { " already" } else { "" };
    match (action, done.sessions) {
        (AdminAction::Disconnect, Some(0)) => {
            return ctx.fail(Fault::Failed, format!("{subject} is not signed in"));
        }
        (AdminAction::Ban, _) => ctx.plain(format!("{subject} is banned{already} {text}")),
        (AdminAction::Unban, _) => ctx.plain(format!("{subject} is no longer banned")),
        (AdminAction::Disable, _) => ctx.plain(format!("{subject} is disabled{already}")),
        (AdminAction::Rename, _) => {
            let new = truncate_name(text);
            let now = if is_unchanged { "already" } else { "now" };
            ctx.plain(format!("{subject} is called {new} {now}"));
        }
        (AdminAction::Delete, _) => ctx.plain(format!("the message in {subject} is deleted")),
        (AdminAction::Enable, _) => ctx.plain(format!("{subject} is enabled{already}")),
        (AdminAction::Role, _) => {
            let role = role.map_or("member", role_word);
            let now = if is_unchanged { "already" } else { "now" };
            ctx.plain(format!("{subject} is {} {now}", with_article(role)));
        }
        (_, sessions) => {
            let text = match sessions.unwrap_or_default() {
                1 => format!("a session of {subject} has ended"),
                many => format!("{many} sessions of {subject} have ended"),
            };
            ctx.plain(text);
        }
    }
    if !done.users.is_empty() {
        let users = done.users.into_iter().take(SHOWN_MAX);
        let users: Vec<String> = users.map(truncate_name).collect();
        let users = users.join(", ");
        ctx.notice(format!(
            "signed in there were {users}; `/unban {subject}` lets them in again"
        ));
    }
}

/// A code is shown, this once.
fn show_invitation(ctx: &mut Ctx<'_>, invitation: &Invitation, number: &str) {
    let until = ctx.clock().show(invitation.expires_ms);
    let power = match invitation.uses {
        1 => "who has it can open an account".to_owned(),
        many => format!("who has it can open accounts, {many} at most,"),
    };
    ctx.plain(invitation.code.to_string());
    let text = format!(
        "invitation {number}: {power} until {until}, with `/enrol NAME` and then the code; it is not shown again"
    );
    ctx.notice(&*printable::line(&text));
}

/// What a role is called.
const fn role_word(role: AccountRole) -> &'static str {
    match role {
        AccountRole::Moderator => "moderator",
        AccountRole::Administrator => "administrator",
        AccountRole::Member | AccountRole::Other(_) => "member",
    }
}

fn with_article(role: &str) -> String {
    let article = if role.starts_with('a') { "an" } else { "a" };
    format!("{article} {role} of this server")
}

fn show_audit(ctx: &mut Ctx<'_>, actions: &[AuditEntry]) {
    let clock = ctx.clock();
    let shown = actions.iter().take(SHOWN_MAX);
    let row = |action: &AuditEntry| {
        let by = match action.by.as_str() {
            "" => "the operator",
            by => by,
        };
        let mut cells = vec![
            action.number.to_string(),
            clock.show(action.time_ms),
            by.to_owned(),
            action.action.clone(),
            action.subject.clone(),
            action.detail.clone(),
        ];
        // Blanks that stand before nothing are not shown.
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        cells
    };
    let rows: Vec<Vec<String>> = shown.rev().map(row).collect();
    ctx.effects.show_table(Tone::Plain, &rows);
    match actions.last() {
        None => ctx.plain("nothing was done to the server before"),
        Some(oldest) if oldest.number > 0 => {
            let number = oldest.number;
            ctx.notice(format!("`/audit {number}` shows what was done before"));
        }
        Some(_) => {}
    }
}

/// Why it was not done.
pub(super) fn refusal(failure: &Failure, action: AdminAction, subject: &str) -> String {
    let command = match action {
        AdminAction::Ban => "ban",
        AdminAction::Unban => "unban",
        AdminAction::Disconnect => "kick",
        AdminAction::Disable => "disable",
        AdminAction::Enable => "enable",
        AdminAction::Role => "appoint",
        AdminAction::Rename => "rename",
        AdminAction::Announce => "announce",
        AdminAction::Delete => "remove",
        AdminAction::Invite => "invite-code",
        AdminAction::Audit | AdminAction::Other(_) => "audit",
    };
    let is_administrator = failure.detail == "administrator";
    match failure.code {
        ErrorCode::RoleNeeded if action == AdminAction::Ban && is_administrator => {
            "only administrators ban addresses, or for more than 31 days; `/ban NAME --for 7d` bans for a week".into()
        }
        ErrorCode::RoleNeeded if action == AdminAction::Disconnect => {
            format!("which room? name it, as in `/kick {subject} #bridge`; ending a user's sessions needs the role moderator")
        }
        ErrorCode::RoleNeeded => {
            let text = format!("`/{command}` needs the role {}", failure.detail);
            printable::line(&text).into_owned()
        }
        ErrorCode::NameTaken => "that name is taken, or was an account's before".into(),
        ErrorCode::Outranked if action == AdminAction::Role => {
            "you can appoint nobody to your own role, or whose role is not below yours".into()
        }
        ErrorCode::Outranked if action == AdminAction::Delete => {
            "the role of the message's author is not below yours".into()
        }
        ErrorCode::Outranked => format!("the role of {subject} is not below yours"),
        ErrorCode::BadReference if failure.detail.is_empty() => {
            format!("there is no ban of {subject}")
        }
        _ => render::refusal(failure, subject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::account::testing::Workbench;
    use crate::protocol::ClientBody;

    /// What is shown when a server answers a request so.
    fn shown(body: Administer, answer: Administered) -> Vec<String> {
        let mut bench = Workbench::new();
        ask(&mut bench.ctx(), body);
        let Some(ClientBody::Administer(sent)) = bench.sent().pop() else {
            panic!("it is asked for");
        };
        let tag = sent.tag;
        handle_done(&mut bench.ctx(), Administered { tag, ..answer });
        bench.lines()
    }

    const fn nothing() -> Administered {
        Administered {
            tag: 0,
            subject: None,
            text: None,
            sessions: None,
            users: Vec::new(),
            actions: Vec::new(),
            changed: None,
        }
    }

    #[test]
    fn code_of_an_invitation_is_shown_once_the_server_has_its_hash_and_is_never_sent() {
        let mut bench = Workbench::new();
        let code: EnrolmentCode = "0123-4567-89ab-cdef-ghjk-mnpq-r0".parse().unwrap();
        let shown = code.to_string();
        let hash = hash_code(&code.bytes());
        invite(&mut bench.ctx(), code, 3, 60_000);
        let Some(ClientBody::Administer(sent)) = bench.sent().pop() else {
            panic!("it is asked for");
        };
        let expected = (Some(hash), Some(3), Some(60_000));
        assert_eq!((sent.code, sent.uses, sent.for_ms), expected);
        assert!(bench.lines().is_empty());
        let pending = format!("{:?}", bench.ctx().pending);
        assert!(pending.contains("Invitation"), "{pending}");
        assert!(!pending.contains("EnrolmentCode"), "{pending}");
        let done = Administered {
            tag: sent.tag,
            text: Some("1a2b\u{7}3c4d".into()),
            ..nothing()
        };
        handle_done(&mut bench.ctx(), done.clone());
        let lines = bench.lines();
        assert_eq!(lines[0], shown);
        assert!(lines[1].contains("3 at most"), "{lines:?}");
        assert!(!lines[1].contains('\u{7}'), "{lines:?}");
        // An answer that comes twice is one to no request.
        handle_done(&mut bench.ctx(), done);
        assert!(bench.lines().is_empty());
    }

    fn on_bob(action: AdminAction) -> Administer {
        request(action, Some("BOB".into()))
    }

    fn appointed(role: AccountRole) -> Administer {
        Administer {
            role: Some(role),
            ..on_bob(AdminAction::Role)
        }
    }

    fn bob() -> Administered {
        Administered {
            subject: Some("bob".into()),
            ..nothing()
        }
    }

    fn with_text(text: &str) -> Administered {
        Administered {
            text: Some(text.into()),
            ..bob()
        }
    }

    #[test]
    fn each_action_is_told_in_a_line() {
        let with_sessions = |sessions| Administered {
            sessions: Some(sessions),
            ..bob()
        };
        for (body, answer, line) in [
            (
                on_bob(AdminAction::Ban),
                with_text("for good: spam"),
                "bob is banned for good: spam",
            ),
            (on_bob(AdminAction::Unban), bob(), "bob is no longer banned"),
            (
                on_bob(AdminAction::Disconnect),
                with_sessions(1),
                "a session of bob has ended",
            ),
            (
                on_bob(AdminAction::Disconnect),
                with_sessions(3),
                "3 sessions of bob have ended",
            ),
            (
                on_bob(AdminAction::Disconnect),
                with_sessions(0),
                "bob is not signed in",
            ),
            (
                on_bob(AdminAction::Rename),
                with_text("robert"),
                "bob is called robert now",
            ),
            (
                request(AdminAction::Delete, Some("#Bridge".into())),
                Administered {
                    subject: Some("#bridge".into()),
                    ..nothing()
                },
                "the message in #bridge is deleted",
            ),
            (
                appointed(AccountRole::Administrator),
                bob(),
                "bob is an administrator of this server now",
            ),
            (
                appointed(AccountRole::Member),
                bob(),
                "bob is a member of this server now",
            ),
        ] {
            assert_eq!(shown(body, answer), [line]);
        }
        let banned = Administered {
            subject: Some("192.0.2.0/24".into()),
            text: Some("for good".into()),
            users: vec!["carol".into(), "dave".into()],
            ..nothing()
        };
        assert_eq!(
            shown(on_bob(AdminAction::Ban), banned),
            [
                "192.0.2.0/24 is banned for good",
                "signed in there were carol, dave; `/unban 192.0.2.0/24` lets them in again",
            ]
        );
    }

    #[test]
    fn action_that_changes_nothing_is_told_in_a_line() {
        for (body, answer, line) in [
            (
                on_bob(AdminAction::Ban),
                with_text("for good: spam"),
                "bob is banned already for good: spam",
            ),
            (
                on_bob(AdminAction::Disable),
                bob(),
                "bob is disabled already",
            ),
            (on_bob(AdminAction::Enable), bob(), "bob is enabled already"),
            (
                on_bob(AdminAction::Rename),
                with_text("bob"),
                "bob is called bob already",
            ),
            (
                appointed(AccountRole::Moderator),
                bob(),
                "bob is a moderator of this server already",
            ),
        ] {
            let unchanged = Administered {
                changed: Some(false),
                ..answer
            };
            assert_eq!(shown(body, unchanged), [line]);
        }
    }

    #[test]
    fn audit_log_is_shown_oldest_first_and_says_how_to_go_on() {
        let entry = |number, by: &str, subject: &str| AuditEntry {
            number,
            time_ms: 60_000,
            by: by.into(),
            action: "user add".into(),
            subject: subject.into(),
            detail: String::new(),
        };
        let answer = |actions| Administered {
            actions,
            ..nothing()
        };
        let audit = || request(AdminAction::Audit, None);
        let lines = shown(
            audit(),
            answer(vec![entry(5, "bob", "x"), entry(4, "", "")]),
        );
        assert_eq!(
            lines,
            [
                "4  00:01  the operator  user add",
                "5  00:01  bob           user add  x",
                "`/audit 4` shows what was done before",
            ]
        );
        let lines = shown(audit(), answer(Vec::new()));
        assert_eq!(lines, ["nothing was done to the server before"]);
    }

    #[test]
    fn words_of_a_refusal_are_one_line_whatever_the_server_says() {
        let failure = Failure::new(ErrorCode::RoleNeeded, "moderator\n\u{1b}[2J");
        let text = refusal(&failure, AdminAction::Disable, "bob");
        assert!(!text.contains(char::is_control), "{text:?}");
        let failure = Failure::new(ErrorCode::RoleNeeded, "administrator");
        let text = refusal(&failure, AdminAction::Disable, "bob");
        assert_eq!(text, "`/disable` needs the role administrator");
        let text = refusal(&failure, AdminAction::Ban, "bob");
        assert!(text.starts_with("only administrators ban"), "{text}");
    }
}
