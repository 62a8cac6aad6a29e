//! udpchat: a chat over UDP, server and terminal client in one program.
//!
//! # The layers
//!
//! Each knows only what stands below it, and a test (`tests/house/layers.rs`) holds the imports to that.
//!
//! | module | knows | does not know |
//! |---|---|---|
//! | [`cli`] | the subcommands, the terminal, the files; it wires everything | |
//! | [`bench`] | many clients in one process, and how to measure what a server does for them | the command line |
//! | [`net`] | sockets, the poll loop, the real clock; it drives whatever implements [`transport::App`] | what the bytes mean |
//! | [`client`] | sign-in, conversations, the outbox, the prompt | sockets, clocks |
//! | [`server`] | accounts, presence, routing | sockets, clocks, threads |
//! | [`store`] | the tables in redb, the journal before them | the network |
//! | [`protocol`] | messages, MessagePack, SHA-256 digests | packets |
//! | [`transport`] | reliable encrypted sessions over datagrams | sockets, clocks, chat |
//! | [`text`] | what a peer's text may hold where it is shown or logged | everything else |
//!
//! [`registry`] is the table that both kinds of commands are instances of: the subcommands and the words of the
//! prompt.
//!
//! Everything between socket and terminal is a state machine: it is told the time, it is handed its randomness
//! as a seed, things go in by `handle_*` and `on_*` and come out by `poll_*`. Production gives it the operating
//! system's clock and dice; the simulator (`tests/sim`) gives it its own and jumps from one wake-up to the next,
//! so that every failure is a seed that fails again.
//!
//! # What is durable when
//!
//! Five lists, step by step, as built. "Commits" means that the file was synced before the next step begins.
//!
//! ## Send
//!
//! For `message bob tea at four?` typed by erin:
//!
//! 1. **Queued.** erin's client commits the line to its outbox, with the name as typed. From here on no crash of
//!    the client loses it, with or without a link.
//! 2. **Numbered.** Once the server has resolved `bob` (or has let erin into the room) the client gives the line
//!    the next number of its device in that conversation, makes its content and digest, commits all three, and
//!    sends it.
//! 3. **Stored.** The hub checks the digest and the permission and hands the content, as it came, to the store,
//!    which looks at erin's membership and accepts exactly the number after the last, in the same transaction as
//!    the log's entry, and as the conversation itself if it is the first between the two. What was asked is written to the journal, with whatever else was waiting, and synced. Only
//!    then does the hub call it stored. (The transaction itself is committed some ten thousand requests later; after a
//!    crash they are made again from the journal, in the same order, with the same results.)
//! 4. **Known.** erin's client commits the entry to its history and, if it stood there, moves its position; the line
//!    leaves the outbox in the same commit. Only then does the screen say anything of it.
//!
//! If the server dies between any two steps, the client sends again all that was not called stored: a number that
//! stands already, with the same digest, is answered as stored and stands once. A line that is refused for good
//! keeps its number until VOID has used it up, so that none is missing.
//!
//! What happens in a room (a join, a kick, a topic) is an entry too, written by the store in the transaction that
//! makes it so; there is nothing to queue, and asking again changes nothing.
//!
//! ## Deliver
//!
//! 1. At the moment at which an entry is durable the hub sends it to every device of its readers that stands where
//!    the log stood before. A device that stands elsewhere, or has no room, costs a position; the hub reads the log
//!    for it when there is room. Nothing waits in a queue for a slow reader.
//! 2. The device takes it only if `prev` is where it stands and the digest fits; else it asks for what follows its
//!    position.
//! 3. It commits entry and position together.
//! 4. It acknowledges, and shows the line.
//! 5. Once the line is on the screen it notes that it was shown, with its next commit or within a second. After a
//!    crash before that the line is shown again, marked as such.
//!
//! ## Receipt
//!
//! 1. The acknowledgement moves the mark of the reader's account, in memory, never further than what was sent to
//!    that session.
//! 2. Those who wait for it are told at once, in a conversation of more than 32 members as a count once a second.
//! 3. The mark is committed within a second, together with others. If the server dies before that, the device says
//!    again where it stands when it signs in, so the mark cannot be lost.
//! 4. The author's client commits that it is about to tell it, and shows `✓ Message received by bob`. What it has not
//!    been told it asks for at each sign-in.
//! 5. Once the line is on the screen it commits that it was told, with its next commit or within a second. After a crash
//!    before that the receipt is told again, marked as such: a receipt is told at least once.
//!
//! ## Reconnect
//!
//! 1. The client connects by itself: beside a session that is not answered it prepares another, which it takes when
//!    the server says by RESET that it does not know the first. Lines that are typed meanwhile are queued.
//! 2. RESUME with the ticket: the store looks at it and, if it is good, commits the hash of its successor; the ticket that was used stays good until
//!    the successor has been.
//! 3. The client commits the successor before anything else that follows.
//! 4. HELLO, in the same flight as the ticket: the epoch in which the positions were settled, and each position with the
//!    digest of its entry. The store commits marks that move up by it, and says for each conversation where the log
//!    ends, the device's last number and where deliveries begin. If the epoch is another one (the server's database was
//!    restored), that is no later than where the backup ended, which each conversation's record says for the last
//!    epochs: behind it the log is another one, whatever it holds. If retention has passed the position, it is the
//!    floor. The client says so.
//! 5. The client commits positions that changed, with the epoch; what it has numbered and not been told stored goes out
//!    again, with the same numbers, or is said anew where the conversation was lost; deliveries begin. What it holds
//!    and has shown is not shown again. Where the log is another one than it knew, nothing goes out before it has read up
//!    to the log's end as it was now; how far that is is committed with the position.
//!
//! ## New device
//!
//! 1. A login (OPAQUE) succeeds. The store commits a device with an id that was never used before, and the hash of its
//!    ticket.
//! 2. The client commits who it is, before it says HELLO without positions.
//! 3. The server answers with the place at which the account's other devices stand: the new one begins there.
//! 4. Its numbers begin at 1 in every conversation: they are the device's own.
//! 5. What was said before is fetched when the user asks for it: HISTORY, checked by digest, committed to the history.
//!    It moves neither position nor mark, so it is no receipt.
//!
//! A state directory that was copied or restored is found out by its numbers: the server says at HELLO that it has
//! later ones than this directory knows of, or the store refuses a number that stands with another digest, or, where
//! the server's database was put back as well and numbers tell nothing, something comes by its own device that it has
//! not written. The client takes a new device, and shows what it had not sent as unconfirmed. So does one whose device
//! has signed in elsewhere as well, since it holds the lock of its own directory.
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
//! - A group of requests is not a commit of redb, which writes every page that it touches and was half of the server's
//!   CPU time, but one write and one sync of a journal beside it; thousands of groups share a commit. That one can
//!   afford redb's quick repair, so that the file is not walked after a crash (`store/journal.rs`). What every message
//!   changes stays decoded until then (`store/cache.rs`), what it adds waits in memory (`store/unwritten.rs`), and all
//!   that comes in one turn of the network thread is one group; the next begins half a millisecond later at the earliest.
//! - Where a round trip takes several times as long as the shortest, losses are a queue's, and nothing is copied
//!   (`transport/connection/redundancy.rs`): copies that a bad link wants made an overloaded server lose more.
//! - STORED and receipts may wait 4 ms for a packet that goes the same way anyway (`transport/connection/hold.rs`):
//!   two packets for a delivery between two who write to each other, instead of three.
//! - For the device that wrote it, [`protocol::Stored`] takes the place of the delivery, so that a message is not
//!   sent back to where it came from.

pub mod bench;
// The tests' kit calls the library by its name, here as in the simulator.
#[cfg(test)]
extern crate self as udpchat;

#[cfg(test)]
mod bytes_on_the_wire;
pub mod cli;
pub mod client;
#[cfg(test)]
#[path = "../tests/kit/mod.rs"]
mod kit;
pub mod net;
pub mod protocol;
pub mod registry;
pub mod server;
pub mod store;
#[cfg(test)]
mod testing;
pub mod text;
pub mod transport;
