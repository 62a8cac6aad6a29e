//! What an account is called, and what it may do.

use anyhow::bail;

use super::api::{Answer, Role};
use super::handler::AdminHandler;
use crate::cli::output::quoted;
use crate::server::Name;
use crate::store::{Refusal, Reply, Write};

pub fn set_role(handler: &mut AdminHandler, typed: &str, role: Role) -> anyhow::Result<Answer> {
    let account = handler.account("the user", typed)?;
    let role = role.into();
    handler.act(Write::SetRole { account, role })
}

pub fn rename(handler: &mut AdminHandler, typed: &str, new: &str) -> anyhow::Result<Answer> {
    let wished = Name::parse_new(new)?;
    let name = wished.canonical().to_owned();
    let skeleton = wished.skeleton().to_owned();
    let account = handler.account("the user", typed)?;
    let write = Write::Rename {
        account,
        name: name.clone(),
        skeleton,
    };
    match handler.audited(write)? {
        Ok(Reply::Nothing) => Ok(Answer::Added { name }),
        Err(Refusal::NameTaken) => bail!("the name is taken, or was an account's before"),
        Err(Refusal::LooksLike(other)) => {
            bail!("the name looks like {}, which is taken", quoted(&other))
        }
        Err(Refusal::LimitReached(limit)) => bail!("{}", limit.sentence()),
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}
