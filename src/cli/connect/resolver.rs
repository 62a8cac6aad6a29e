//! Resolves the server's name again while the client runs, on a thread of its own: the system's resolver may block for
//! as long as it likes. The process does not wait for it when it ends.

use std::sync::mpsc;

use crate::cli::address::ServerName;
use crate::cli::threads::spawn;
use crate::client::Input;
use crate::net::InputSender;

/// Returns what asks for the name to be resolved; the answer is an input of the client. While a question is being answered
/// one more waits, and others are the same. An address needs no thread.
pub fn start(
    server: ServerName,
    inputs: InputSender<Input>,
) -> anyhow::Result<Option<Box<dyn FnMut() + Send>>> {
    // The number of a zone can change, as the address of a name can.
    if server.is_address() && !server.has_zone() {
        return Ok(None);
    }
    let (ask, questions) = mpsc::sync_channel(1);
    spawn("resolver", move || {
        while questions.recv().is_ok() {
            match server.resolve() {
                Ok(addresses) => {
                    // If the network thread has ended, the client is ending already.
                    let _ = inputs.send(Input::Addresses(addresses));
                }
                Err(failure) => tracing::info!(%failure, "the server's name"),
            }
        }
    })?;
    Ok(Some(Box::new(move || {
        let _ = ask.try_send(());
    })))
}
