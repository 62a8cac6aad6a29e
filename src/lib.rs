//! udpchat: a chat over UDP, server and terminal client in one program.
//!
//! # The layers
//!
//! Each knows only what stands below it, and a test (`tests/layers.rs`) holds the imports to that.
//!
//! | module | knows | does not know |
//! |---|---|---|
//! | [`cli`] | the subcommands, the terminal, the files; it wires everything | |
//! | [`net`] | sockets, the poll loop, the real clock; it drives whatever implements [`transport::App`] | what the bytes mean |
//! | [`client`] | sign-in, conversations, the outbox, the prompt | sockets, clocks |
//! | [`server`] | accounts, presence, routing | sockets, clocks, threads |
//! | [`store`] | the tables in redb, and group commit | the network |
//! | [`protocol`] | messages, MessagePack, SHA-256 digests | packets |
//! | [`transport`] | reliable encrypted sessions over datagrams | sockets, clocks, chat |
//!
//! [`registry`] is the table that both kinds of commands are instances of: the subcommands and the words of the
//! prompt.
//!
//! Everything between socket and terminal is a state machine: it is told the time, it is handed its randomness
//! as a seed, things go in by `handle_*` and `on_*` and come out by `poll_*`. Production gives it the operating
//! system's clock and dice; the simulator (`tests/sim`) gives it its own and jumps from one wake-up to the next,
//! so that every failure is a seed that fails again.
//!
//! # The way of a message
//!
//! What is durable when, step by step, for `message bob tea at four?` typed by erin:
//!
//! 1. **Queued.** erin's client commits the line to its outbox. From here on no crash of the client loses it.
//! 2. **Numbered.** Once the server has resolved `bob` to a conversation, the client gives the line the next number
//!    of its device in that conversation, makes its content and digest, commits all three, and sends it.
//! 3. **Stored.** The hub checks the digest and the permission and hands the content, as it came, to the store,
//!    which accepts exactly the number after the last, in the same transaction as the log's entry. Transactions
//!    are shared by whatever waits. Only when the commit is durable does the hub call it stored.
//! 4. **Delivered.** At the same moment the hub sends it to every device of its readers that stands where the log
//!    stood before. A device that stands elsewhere, or has no room, costs a position; the hub reads the log for
//!    it when there is room. Nothing waits in a queue for a slow reader.
//! 5. **Received.** bob's client checks that the entry follows where it stands and that the digest fits, commits
//!    entry and position together, then acknowledges, then shows the line.
//! 6. **Receipted.** The hub moves bob's mark and tells those who wait for it. The mark is written behind, by at
//!    most a second: a client says again where it stands at every sign-in, so it cannot be lost. erin's client
//!    shows `✓ Message received by bob`.
//!
//! If the server dies between any two steps, erin's client sends again all that was not called stored: a number
//! that stands already, with the same digest, is answered as stored and stands once. If a client dies, its next
//! start says where it stands, and the rest comes again.
//!
//! # Where the design was changed
//!
//! - A message has no tag beside its header: the pair of command and message type says which body follows
//!   ([`protocol::Body`]). One relation less that could contradict another.
//! - The congestion controller is CUBIC, not `NewReno`: behind a deep queue and beside one TCP flow, which is CUBIC
//!   as well, `NewReno` gave a stream less than a fifth of the path. Small windows and short round trips see no
//!   difference.
//! - A channel of a session carries a stream of bytes with messages framed in it, not numbered fragments of
//!   messages. Flow control, retransmission and reassembly are then about offsets only, a fragment can be cut anew
//!   when a path's MTU shrinks, and the advertised window is the memory budget by construction.
//! - A message to an absent user is stored and delivered when they sign in, and the sender is told just that: the
//!   position of a device decides what it is sent, so there is no separate case for those who are away.
//! - The cookie is not asked of everybody: who has signed in is given an address token, as RFC 9000 §8.1.3 has it, which
//!   proves the address for the next session, so that a client is back one round trip sooner. While many come at once,
//!   or many from one address, the cookie is asked for again ([`transport`]; udpchat-protocol(7), Address tokens).
//! - A client whose packets are unanswered for a while begins a handshake beside its session, which it completes only if
//!   the session is reset: after a restart of the server RESET and `SYN_ACK` come in the same round trip, and the ticket
//!   is answered at the second. To dial only after the RESET took four, and takes three of a client that was idle.
//!   A device says where it stands in the same flight as its ticket.
//! - For the device that wrote it, [`protocol::Stored`] takes the place of the delivery, so that a message is not
//!   sent back to where it came from.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "a test begins at some moment; all others follow from it"
    )
)]

#[cfg(test)]
mod bytes_on_the_wire;
pub mod cli;
pub mod client;
pub mod net;
pub mod protocol;
pub mod registry;
pub mod server;
pub mod store;
pub mod transport;
