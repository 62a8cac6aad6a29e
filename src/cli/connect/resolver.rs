//! Resolves the server's name, or those of several, while the client runs, on a thread of its own: the system's resolver may block for as long as
//! it likes. The process does not wait for it when it ends.

use std::net::SocketAddr;
use std::sync::mpsc;

use crate::cli::address::{Servers, Unresolved};
use crate::cli::exit::Failure;
use crate::cli::threads::spawn;
use crate::client::Input;
use crate::net::InputSender;

/// Returns what asks for the name to be resolved; the answer is an input of the client. While a question is being answered
/// one more waits, and others are the same. An address needs no thread.
pub fn start(
    servers: Servers,
    inputs: InputSender<Input>,
) -> anyhow::Result<Option<Box<dyn FnMut() + Send>>> {
    // The number of a zone can change, as the address of a name can.
    if servers.are_addresses() && !servers.have_zone() {
        return Ok(None);
    }
    let (ask, questions) = mpsc::sync_channel(1);
    spawn("resolver", move || {
        while questions.recv().is_ok() {
            // If the network thread has ended, the client is ending already.
            let _ = inputs.send(answer(servers.resolve()));
        }
    })?;
    Ok(Some(Box::new(move || {
        let _ = ask.try_send(());
    })))
}

fn answer(resolved: Result<Vec<SocketAddr>, Unresolved>) -> Input {
    match resolved {
        Ok(addresses) => Input::Addresses(addresses),
        Err(unresolved @ Unresolved::Temporary(..)) => Input::Unresolved {
            why: unresolved.to_string(),
            is_final: false,
        },
        Err(unresolved) => Input::Unresolved {
            why: Failure::from(unresolved).to_string(),
            is_final: true,
        },
    }
}
