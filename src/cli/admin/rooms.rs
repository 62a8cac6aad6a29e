//! What the operator does to rooms and to what is said in them, and what they say to all users.

use anyhow::bail;

use super::api::Answer;
use super::handler::AdminHandler;
use crate::net;
use crate::store::{Refusal, Reply, Write};

/// Says something to all users.
pub fn announce(handler: &mut AdminHandler, text: String) -> anyhow::Result<Answer> {
    let announce = Write::Announce {
        author: None,
        text,
        time_ms: net::now().unix_ms,
    };
    match handler.audited(announce)? {
        Ok(Reply::Changed { .. }) => Ok(Answer::Done),
        Err(Refusal::LimitReached(limit)) => bail!("{}", limit.sentence()),
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}
