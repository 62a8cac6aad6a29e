//! Enrolment codes, as an operator makes and sees them. The command makes the code: here there is only its hash.

use anyhow::{Context as _, bail};

use super::api::{Answer, Done, Invitation};
use super::handler::AdminHandler;
use crate::cli::exit::{Coded, Exit};
use crate::net;
use crate::protocol::fingerprint;
use crate::store::{self, CodeHash, Refusal, Reply};

/// How long a code is good that sets a password, in milliseconds: a day, until the user is at their device.
const RESET_FOR_MS: u64 = 24 * 60 * 60 * 1000;

pub(super) fn reset(handler: &mut AdminHandler, typed: &str, code: &str) -> anyhow::Result<Answer> {
    let account = handler.account("the user", typed)?;
    make(handler, Some(account), code, 1, RESET_FOR_MS)
}

pub(super) fn invite(
    handler: &mut AdminHandler,
    code: &str,
    uses: u32,
    for_ms: u64,
) -> anyhow::Result<Answer> {
    make(handler, None, code, uses, for_ms)
}

fn make(
    handler: &mut AdminHandler,
    account: Option<store::Account>,
    code: &str,
    uses: u32,
    for_ms: u64,
) -> anyhow::Result<Answer> {
    let code = blake3::Hash::from_hex(code).context("bad hash of a code")?;
    let code = CodeHash(*code.as_bytes());
    let time_ms = net::now().unix_ms;
    let new = store::NewCode {
        account: account.as_ref().map(|account| account.id),
        code,
        uses,
        by: None,
        time_ms,
        expires_ms: time_ms.saturating_add(for_ms),
    };
    let expires_ms = new.expires_ms;
    match handler.act(store::Write::MakeCode(new))? {
        Answer::Done(_) => Ok(Answer::Code {
            number: store::invitation_number(code),
            expires_ms,
            fingerprint: fingerprint(&handler.key),
            account: account.map(|account| account.name),
        }),
        other => Ok(other),
    }
}

/// The invitations that are good.
pub(super) fn list(handler: &mut AdminHandler) -> anyhow::Result<Answer> {
    let now_ms = net::now().unix_ms;
    match handler.store.call(store::Read::ListCodes)? {
        Ok(Reply::Codes(codes)) => {
            let is_open =
                |code: &store::OpenCode| code.account.is_none() && now_ms < code.expires_ms;
            let invitation = |code: store::OpenCode| Invitation {
                number: code.number,
                made_ms: code.made_ms,
                expires_ms: code.expires_ms,
                uses: code.uses,
                uses_left: code.uses_left,
            };
            let open = codes.into_iter().filter(is_open);
            let mut invitations: Vec<Invitation> = open.map(invitation).collect();
            invitations.sort_by_key(|invitation| (invitation.made_ms, invitation.number));
            Ok(Answer::Invitations { invitations })
        }
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}

pub(super) fn revoke(handler: &mut AdminHandler, number: u32) -> anyhow::Result<Answer> {
    match handler.audited(store::Write::RevokeInvitation { number })? {
        Ok(Reply::Nothing) => Ok(Answer::Done(Done::default())),
        Err(Refusal::NoSuchInvitation) => {
            let text =
                format!("there is no invitation {number:08x}; `udpchat invite list` shows them");
            Err(Coded::new(Exit::NoRecipient, text).into())
        }
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}
