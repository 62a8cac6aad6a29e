//! What an account is called, and what it may do.

use anyhow::bail;

use super::access::Role;
use super::api::Answer;
use super::handler::AdminHandler;
use crate::cli::output::quoted;
use crate::server::Name;
use crate::store::{Refusal, Reply, Write};

pub fn set_role(handler: &mut AdminHandler, typed: &str, role: Role) -> anyhow::Result<Answer> {
    let role = role.into();
    handler.act_on(typed, |account| Write::SetRole { account, role })
}

pub fn rename(handler: &mut AdminHandler, typed: &str, new: &str) -> anyhow::Result<Answer> {
    let wished = Name::parse_new(new)?;
    let name = wished.canonical().to_owned();
    let skeleton = wished.skeleton().to_owned();
    let account = handler.account("the user", typed)?;
    let write = Write::Rename {
        account: account.id,
        name: name.clone(),
        skeleton,
    };
    match handler.audited(write)? {
        Ok(reply @ (Reply::Nothing | Reply::Unchanged)) => Ok(Answer::Renamed {
            account: account.name,
            name,
            is_unchanged: matches!(reply, Reply::Unchanged),
        }),
        Err(Refusal::NameTaken) => bail!("the name is taken, or was an account's before"),
        Err(Refusal::LooksLike(other)) => {
            bail!("the name looks like {}, which is taken", quoted(&other))
        }
        Err(Refusal::LimitReached(limit)) => bail!("{}", limit.sentence()),
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}
