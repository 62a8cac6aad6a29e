//! udpchat: a chat over UDP, server and terminal client in one program.
//!
//! # Layers
//!
//! Each layer imports only layers below it; `tests/house/layers.rs` checks that.
//!
//! | module | knows | does not know |
//! |---|---|---|
//! | [`cli`] | subcommands, terminal, files; it wires everything | |
//! | `bench` | many clients in one process, and how to measure a server with them | the command line |
//! | [`net`] | sockets, the poll loop, the real clock; it drives a [`transport::App`] | the meaning of bytes |
//! | [`client`] | sign-in, conversations, outbox, prompt | sockets, clocks |
//! | [`server`] | accounts, presence, routing, permissions | sockets, clocks, threads |
//! | [`cluster`] | the log that several servers share, and the store that it is applied to | the hub, sockets outside `nats`, what a message means |
//! | [`store`] | the message log, and the tables in redb that point into it | the network |
//! | [`protocol`] | messages, MessagePack, SHA-256 digests | packets |
//! | [`transport`] | reliable encrypted sessions over datagrams | sockets, clocks, chat |
//! | [`text`] | what a peer's text may contain, how names and words are compared, how numbers and codes are read | everything else |
//!
//! `stalls` counts how long a thread of the server is busy at a stretch.
//! `fence` keeps panics of redb over damaged pages from the threads that call it.
//! `id_map` is a map whose keys are numbers that this end has chosen, `small_map` one of a few entries.
//! `registry` is the table type of both kinds of commands: subcommands and chat commands.
//!
//! Everything between socket and terminal is a state machine: it is given the time and a seed for its randomness, input
//! goes in by `handle_*` and `on_*`, output comes out by `poll_*`. In production the time is the operating system's; the
//! simulator (`tests/sim`) uses its own and jumps from one wake-up to the next, so each failure is a seed that fails again.
//!
//! # Glossary
//!
//! | word | meaning |
//! |---|---|
//! | session | one encrypted association of a client with a server; survives changes of address |
//! | channel | one of three independent streams of messages in a session: control, chat, bulk |
//! | endpoint | all sessions behind one socket |
//! | stranger | a session that is not signed in |
//! | account, device | a user, and one of the installations they sign in from; a device has an id that is never reused |
//! | ticket | the secret by which a device signs in again without a password; the server keeps its hash |
//! | proof | that whoever is signed in on a session knows the account's password, for one change of the account |
//! | address token | proves a client's address to a server in the first packet (RFC 9000 §8.1.3) |
//! | cookie | proves a client's address within one handshake |
//! | conflict | a device's number exists with another digest: its state directory is a copy |
//! | conversation | everyone, a room, a pair of accounts, or one account's notes to itself; it has one log |
//! | log, entry | the ordered messages and events of a conversation; entries are numbered from 1 |
//! | head, floor | the last entry of a log; the entry up to which retention has removed it |
//! | header, body | the part of a message the server decodes, and the part that is opaque to it |
//! | content, digest | header and body as bytes, and their SHA-256 |
//! | device sequence | numbers a device's messages in one conversation, without gaps; makes sending idempotent |
//! | key (of a message) | idempotency key: what an account says again under the same one, from any device, is said once |
//! | void | uses up the number of a refused message, so that the next one is accepted |
//! | stored | the entry is durable on the server |
//! | position | the last entry of a conversation that a device has made durable |
//! | mark | the furthest position of any device of an account: the source of receipts |
//! | read position | how far a user has looked at a conversation, on any device; only their own devices know it, and no receipt follows from it |
//! | unread | what others have said after the read position |
//! | receipt | tells an author that a member's mark has reached an entry |
//! | count | how many members have an entry; replaces names in conversations of more than 32 |
//! | caught up, lagging | a device that gets new entries at once, and one that the hub still reads the log for |
//! | gap | entries missing between a device's position and what it has received |
//! | retention | how long a log is kept, and how much of it |
//! | skeleton | what a name looks like; two names with one skeleton are not both given out |
//! | guess | a try at a password that proved none; who guesses waits |
//! | known server | a server whose key this client has accepted |
//! | epoch | changes when the server's database is restored or has lost something; positions are valid in one epoch |
//! | message log | every write, durable and in order, and the only place of the entries of all conversations |
//! | group | the writes that the store executes together: they share one record and one sync |
//! | segment, record | one file of the message log; the writes of one group in it |
//! | write buffer | rows of the tables that have changed since the last checkpoint, in memory |
//! | checkpoint | the changed rows are committed to redb, on a thread of its own, with the record up to which they are complete |
//! | replay | records after the last checkpoint are executed again after a crash |
//! | snapshot | a consistent read-only view of the tables as the last checkpoint left them, on another thread |
//! | read, write | the two kinds of requests to the store; only writes go to the message log |
//! | page | as much of a log as is read for one device at once, beside writes |
//! | completion | the store's answer to a request |
//! | applied | a write has taken effect, whoever asked for it |
//! | hub | the server's state machine between sessions and store |
//! | cluster, node | several servers that are one chat, and one of them, which has a name among them |
//! | shared log | the writes that the nodes of a cluster were asked for, in the order in which each of them applies them; NATS keeps it |
//! | replica | a node's end of the shared log: what it publishes, what it applies next, and when it stops |
//! | life | the position of the record with which a node has started; groups of an earlier one are passed over |
//! | chain | a hash of all records up to a position, and another one of what came of them: alike at all nodes, or one of them is wrong |
//! | halt | why a node stops by itself rather than serve what the others might not have |
//! | focus | the conversation to which typed text goes |
//! | outbox | typed messages that are not yet known to be stored |
//! | amendment | an entry that changes another one of its conversation: an edit, a deletion, a reaction, a pin |
//! | blob | a file that a user has attached, as the server keeps it: its tree and its content, beside the database |
//! | shelf | where the servers of a cluster have the blobs that each of them has taken; NATS keeps it |
//! | piece, chunk | what of a file is in one message, and what of it is verified at once |
//! | tombstone | what is left of a deleted entry: that it was, by whom it was deleted and when |
//! | fault | why something asked for did not happen; the worst one decides a script's exit code |
//!
//! # Where to begin
//!
//! | to change | begin at |
//! |---|---|
//! | a login, on the server | `src/server/auth/mod.rs`; its end of the password's proof is `opaque.rs` beside it |
//! | a login, in the client | `src/client/auth/mod.rs`; who is signed in without being asked `src/client/core/sign_in.rs`, what follows from a login `session.rs` beside it |
//! | a change of an account for which the password is proved | on the server `src/server/auth/change.rs`, the proof `proofs.rs` beside it; in the client `src/client/auth/step_up.rs`; in the store `src/store/ops/accounts/mod.rs` and `src/store/ops/devices.rs` |
//! | a wrong password | the client notices it, in `src/client/auth/opaque.rs`; what the user is told `password.rs` beside it, in the words of `src/client/ui/refusal.rs`; what the server counts, and how long to wait, `src/server/limits/throttle/guesses.rs` |
//! | a name that is refused | `src/server/names/mod.rs`; because of another's name `src/store/ops/accounts/naming.rs`, a room's `src/store/ops/rooms/mod.rs`; what looks alike `src/text/skeleton.rs` |
//! | who may do what | `src/server/policy.rs`; in a room `src/store/ops/rooms/permission.rs` |
//! | a room's roles | `src/store/ops/rooms/change.rs` |
//! | the way of a message into the log | `src/server/messages/append.rs`, `src/store/ops/log/mod.rs` |
//! | who else learns of a write | `src/server/hub/applied.rs` |
//! | how a user's session begins and ends | `src/server/hub/lifecycle.rs` |
//! | the way of an entry to its readers | `src/server/messages/fanout.rs`, for lagging devices `catch_up.rs` beside it |
//! | history | `src/server/messages/history.rs`; in the store `src/store/ops/log/history.rs`, in what steps `src/store/engine/page.rs`, on which threads `src/store/thread/pages.rs` |
//! | what a search finds | `src/client/account/history/search.rs`, `query.rs` beside it; the words that are stored `src/text/words.rs`, their table `src/client/storage/history.rs` |
//! | who comes and goes | who is online `src/server/presence/mod.rs`; who is told `src/server/roster/alerts.rs`, when `src/server/hub/lifecycle.rs`; which lines tell of it `src/client/account/arrivals.rs` |
//! | the roster, and who is away | `src/server/roster/people.rs`, in the store `src/store/ops/acquaintances.rs`; `src/client/account/people.rs` |
//! | a receipt | `src/server/receipts/subscriptions.rs`, then `marks.rs` beside it; in the client `src/client/account/receipts/mod.rs`, its lines `show.rs` beside it |
//! | what is read, or muted | `src/client/account/reading.rs` (what reading is), `src/server/roster/reading.rs`, `src/store/ops/reading.rs` |
//! | what newcomers of a room may read | `src/store/ops/rooms/membership.rs` |
//! | a room's creation | `src/store/ops/rooms/mod.rs`; the request `src/server/rooms/membership.rs` |
//! | an answer, an edit, a reaction, a pin | who may refer to which entry, up to which limits, and what comes of it `src/store/ops/log/relations.rs`; what is asked before that `src/server/policy.rs` |
//! | a transcript | its lines `src/client/account/history/transcript.rs`; `/export` is `export.rs`, what is logged as it comes `chat_log.rs`, both beside it; the logs' files `src/cli/connect/state/chat_log.rs` |
//! | the files that the servers of a cluster share | what is put, fetched and removed, and in what order, `src/store/blobs/shelf/mod.rs`; in NATS `src/cluster/nats/shelf/mod.rs`; what a server passes over once an hour `src/server/files/shelf.rs` |
//! | a deleted entry | who may `src/store/ops/log/relations.rs`; what is left of it `delete.rs` beside it; overwriting its content `src/store/segments/erase.rs` |
//! | the way of a file to the server and from it | `src/server/files/upload.rs`, whether it may `admission.rs`, which upload makes room for another `uploads.rs`, both beside it; `download.rs` beside it; what nobody needs `sweep.rs` beside it |
//! | which entries have a file, and when it goes | `src/store/ops/files/mod.rs`; in backups `src/store/copied_files.rs`; that the counts are right `src/store/check/files.rs` |
//! | a byte of a file at the server | what verifies it `src/store/blobs/part.rs`, under which name it stands `layout.rs` beside it |
//! | which entries expire | `src/store/ops/retention.rs`; when it looks for them `src/server/retention.rs` |
//! | what a client does with a delivery | `src/client/account/inbox/mod.rs`, which also finds gaps; how often it asks `gaps.rs` beside it |
//! | what an edit, a deletion or a reaction does on a device | `src/client/account/mending/mod.rs`; what is shown of an entry by now `current.rs`, and which line a command means `target.rs`, both beside it |
//! | bytes of what was deleted in a device's file | `src/client/storage/erase.rs` |
//! | a digest's check | `src/protocol/codec.rs` |
//! | a request whose answer is late | `src/client/account/ctx/pending.rs`, `src/client/account/failures.rs`; of a change of the account `src/client/auth/step_up.rs` |
//! | the outbox | `src/client/account/sender/outbox.rs` (in memory); when it is sent `mod.rs`, under which number `numbering.rs`, both beside it; on disk `src/client/storage/mod.rs` |
//! | a file that is sent or saved | in the client `src/client/account/files/mod.rs`: `uploads.rs`, `downloads.rs` and `stream.rs` beside it, what the server has yet to answer `sent.rs`, what saves itself `daily.rs`, when a line tells how far it is `quarters.rs`, its place in the outbox `src/client/account/sender/files.rs` |
//! | what a program sends | `src/cli/send/run.rs`; in the client `src/client/core/program.rs`, and what it is told `Report` in `src/client/program.rs` |
//! | what a program reads | `src/cli/tail/run.rs`; in the client `src/client/account/history/feed/mod.rs`, its objects `record.rs` in the folder above; its positions `src/cli/connect/state/positions.rs` |
//! | what a bot asks for, and is told | its words `src/client/bot.rs`; when they are carried out `src/client/core/bot/mod.rs`, and how `requests.rs` beside it; its lines `src/cli/bot/request.rs` and `console.rs`; what it is told `src/client/account/history/feed/mod.rs`, what it has acknowledged `acks.rs` beside it; `schema/bot.json`, `man/udpchat-bot.7` |
//! | how any client is started | `src/cli/connect/launch.rs` |
//! | a file on a user's disk | what the client needs of it `src/client/transfers.rs`; copies and parts `src/cli/connect/files/mod.rs`, where it is saved `folder.rs` beside it |
//! | an idempotency key | in the client `src/client/account/sender/keys.rs`, what has been said under it before `stored.rs` beside it; what is kept of it `src/store/ops/log/keys.rs` |
//! | the beginning without a server | `src/client/core/offline.rs` |
//! | what waits in other states of an account | `src/cli/connect/forwarder.rs`; when it begins `Core::take_arrival` |
//! | notes to oneself | their id `src/store/schema/pair_ids.rs`; that they are asked for by name `src/store/ops/resync.rs` |
//! | a server that does not answer | what silence is, and how long it may last, `src/transport/connection/timeout.rs`; connecting again `src/client/link/mod.rs`, `src/transport/endpoint/handshake/standby.rs` |
//! | what is sent again after it | `src/client/account/resync.rs`, `src/client/account/sender/mod.rs` |
//! | the server's key | `src/client/core/host_key.rs`; the file `src/cli/connect/state/known_servers.rs` |
//! | what the local network learns of a server, and how one is discovered | `src/cli/discover/announcement.rs`, `found.rs` beside it |
//! | a step of the diagnosis | `src/cli/doctor/mod.rs`; its session and socket `session.rs` beside it |
//! | a link to a server | what may be in one `src/cli/address/link.rs`; its room `src/client/core/invitation.rs` |
//! | a client's new address | `src/transport/connection/path.rs`; noticed by `src/net/roam.rs` |
//! | a datagram to the kernel, and from it | `src/net/socket.rs`; those that are sent together, or wait for a full socket, `outbox.rs` beside it; the call `src/sys.rs`, the only file with unsafe code |
//! | a retransmission | `src/transport/connection/recovery.rs` (what is lost), `src/transport/channel/send_buffer.rs` (which bytes go again) |
//! | copies of a line where packets are lost | `src/transport/connection/redundancy.rs` |
//! | congestion control | `src/transport/recovery/congestion/cubic.rs` |
//! | the handshake | `src/transport/endpoint/handshake/client.rs` and `server.rs` beside it |
//! | how a server is told to end, or to read its settings again | `src/cli/serve/lifecycle.rs`; by its operator `src/cli/admin/lifecycle.rs` |
//! | what a service manager is told, and what it has opened | `src/cli/service/notify.rs`; whether the server answers `src/cli/serve/answers.rs` |
//! | a commit | when a group is taken `src/store/thread/mod.rs`, how it becomes durable `src/store/segments/mod.rs`, by way of `src/store/engine/mod.rs` and `open_store.rs` beside it; a checkpoint's limits `src/store/engine/open_store.rs`, its clock `src/store/thread/mod.rs`, what it writes `src/store/schema/buffer.rs` |
//! | space that comes back | what expires `src/store/ops/retention.rs`; a segment of which little is left `src/store/engine/tidy.rs`; what was deleted `src/store/ops/log/delete.rs`, its bytes `src/store/segments/erase.rs` |
//! | a byte of the store's files | `src/store/segments/layout.rs`, `frame.rs` and `commands.rs` beside it; `src/store/schema/tables.rs` and `records.rs`; `man/udpchat-store.7` |
//! | recovery after a kill | what may be torn, and what is done about it, the table in `src/store/segments/mod.rs`; the order of its steps `src/cli/database.rs`; `src/store/files/open.rs`, `src/store/engine/open_store.rs`, `src/store/segments/reading.rs`, last `src/store/engine/replay.rs` |
//! | a database of an earlier version | `src/store/migration/mod.rs`, and a file beside it for each step |
//! | the shared log | what it is asked for, and says, `src/cluster/log.rs`; its records `record.rs`; what is published, applied, compared and refused `replica.rs`; on the storage thread `follower.rs`, all beside it; in which form it has writes `src/store/api/replica.rs`; which requests go to it `src/store/thread/replication.rs`; how one is applied `src/store/engine/apply.rs` |
//! | the log in NATS | its thread `src/cluster/nats/thread.rs`; the stream, and how that has to be, `stream.rs` beside it; as whom a server signs in there `credentials.rs`, and whether its servers are fit to keep it `servers.rs`, both beside it; how far a server is with it, for `status`, `src/cluster/progress.rs` |
//! | why a server of a cluster stops | `src/cluster/halt.rs`; `man/udpchat-cluster.7` lists them |
//! | how a server joins a cluster | `src/cli/serve/cluster.rs`; without the feature `alone.rs` beside it |
//! | what other servers' users learn of a write | `src/server/hub/elsewhere.rs`, and from there as here |
//! | who is online at another server | `src/server/peers/mod.rs`, what is said `message.rs` beside it; `src/server/presence/elsewhere.rs` |
//! | a backup | `src/store/backup/mod.rs`; its way into service `src/store/into_service.rs` |
//! | a limit | its value `src/server/limits/mod.rs`, `src/transport/limits.rs`; its option `src/cli/serve/limits.rs`; how an account's rates are applied `src/server/limits/account_budget.rs` |
//! | what the operator does to the server | its command `src/cli/user/mod.rs` and the like, `src/cli/admin/handler.rs`; in the store `src/store/ops/administration/mod.rs`, which writes of it are logged `audit.rs` beside it |
//! | a code that sets a password or opens an account | `src/text/enrolment_code.rs`; `src/server/auth/enrol.rs`, `src/client/auth/registration.rs`, `src/cli/admin/issue.rs`; in the store `src/store/ops/administration/codes.rs` |
//! | what a moderator or an administrator does | which role it takes `src/server/policy.rs`; the request `src/server/delegated.rs`, in the client `src/client/account/administering/mod.rs`; that the role still holds `src/store/ops/administration/audit.rs` |
//! | what the operator does to rooms and messages | its command `src/cli/room/mod.rs`, `src/cli/message/mod.rs` and `src/cli/admin/rooms.rs`; in the store `src/store/ops/rooms/operator.rs`, `src/store/ops/log/delete.rs` and `src/store/ops/administration/announcements.rs` |
//! | what a deletion leaves to be done | `src/store/ops/administration/chores.rs`; when it is done `src/server/chores.rs` |
//! | who is kept out | its command `src/cli/ban/mod.rs` and `src/cli/admin/order.rs`; in the store `src/store/ops/administration/bans.rs`; at the door `src/server/bans.rs`; sessions that end by it `src/server/hub/lifecycle.rs` |
//! | backups that a server makes of itself | when and where `src/cli/backups/mod.rs`, `series.rs` beside it; how one is written `src/store/backup/directory.rs`, its files `beside.rs` there |
//! | what a restore takes, and refuses | `src/store/backup/restore.rs`, what it looks at first `contents.rs` beside it |
//! | what the operator asks a running server | `src/cli/admin/handler.rs` |
//! | what a server says of itself | `src/cli/monitor/mod.rs`; what the hub tells of it `src/server/hub/status.rs`; how it is shown `text.rs` and `json.rs` in the former, and what is wrong with it `health.rs` there; the command `src/cli/operator/status.rs` |
//! | the page and the metrics | `src/cli/http/mod.rs`: the page `page.rs`, a plot `plot.rs`, a metric `metrics.rs`, who may ask `guard.rs` |
//! | a peer's text on the screen | `src/text/printable.rs` |
//! | the name under which a peer's file is kept | `src/text/file_name.rs` |
//! | a path as it is typed at the prompt | `src/client/path_word.rs`; what the tab key makes of it `src/cli/connect/terminal/interactive/paths.rs` |
//! | an error of the operating system, as it is told | `src/text/system_error.rs` |
//! | the prompt's redraw | `src/cli/connect/terminal/interactive.rs`; what is printed above it, or changed there in place, `interactive/above.rs`, and what stands beside it `beside.rs` there; when it is drawn `helper.rs` and `screen.rs` there; the queue of lines is `printer.rs` |
//! | what a line means while it is typed, and what the tab key completes in it | `src/cli/connect/terminal/interactive/meaning.rs` |
//! | the mark of what the user said | `src/client/own_line.rs` |
//! | what rings and who is mentioned | `src/client/account/attention.rs`; how the terminal rings `src/cli/connect/terminal/ringing.rs` |
//! | the prompt's words | `src/client/core/asking.rs`, `src/client/ui/prompt.rs` |
//! | the words on the screen | `src/client/ui/render.rs`, of refusals `refusal.rs` beside it; the parts of a line `src/client/line.rs`; how it is laid out and painted `src/cli/connect/terminal/look/mod.rs` |
//! | an exit code | `src/cli/exit.rs`; of a script `src/cli/connect/run.rs`; which fault a refusal is `src/client/env.rs` |
//! | a wire message | `src/protocol/bodies.rs` and `words.rs`; `src/server/hub/dispatch.rs`; `src/client/account/mod.rs` and `src/server/limits/account_budget.rs` (what it costs), which the compiler does not ask for; `man/udpchat-protocol.7` |
//! | a request to the store | `src/store/api/read.rs` or `write.rs`, and `replies.rs`; `src/store/engine/execute.rs`; `src/store/ops/`; a write also `src/store/segments/commands.rs` (its recorded bytes), and `src/server/hub/applied.rs`, which the compiler does not ask for |
//! | a setting | `src/cli/serve/args.rs` or `src/cli/connect/args.rs`; how the file is read `src/cli/settings/file.rs`; variable, key, `config init` and manual follow, by `src/cli/settings/mod.rs` |
//! | what a server has before its database is opened | `src/cli/serve/prepared.rs` |
//! | what SIGHUP takes over | `src/cli/serve/reload.rs`; the signal `lifecycle.rs` beside it |
//! | a subcommand | `src/cli/mod.rs`; in a group, the group's own, such as `src/cli/user/mod.rs`; where it asks the server `src/cli/admin/api.rs` and `handler.rs` |
//! | a measurement | what the clients do `src/bench/workload/mod.rs`; all of them at once `src/bench/crowd/mod.rs`, one of them `src/bench/member/mod.rs`; several runs `src/bench/run.rs` |
//! | what `mixed` measures | `src/bench/workload/mixed.rs`; what clients do there besides talking `src/bench/member/errands.rs`, counted in `src/bench/crowd/errands.rs` |
//! | the report of a measurement | `src/bench/report/mod.rs`: medians and ranges `summary.rs`, what is compared `figures.rs`, with what `baseline.rs`; its picture `src/bench/plot.rs` |
//! | where a text goes that is typed | `src/client/commands/saying.rs` |
//! | a chat command | `src/client/commands/groups/`, in the file of its group; `mod.rs` there lists the groups |
//!
//! Manual pages and completions follow the commands: `UDPCHAT_BLESS=1 cargo test --test house` writes them.
//!
//! # What is durable when
//!
//! "Commits" means that the file is synced before the next step begins.
//!
//! ## Send
//!
//! For `/message bob tea at four?`, typed by erin:
//!
//! 1. **Queued.** erin's client commits the line to its outbox, with the name as typed. From then on no crash of the client
//!    loses it, online or offline.
//! 2. **Numbered.** Once the server has resolved `bob` (or has let erin into the room), the client gives the line the next
//!    number of its device in that conversation, encodes content and digest, commits all three, and sends it.
//! 3. **Stored.** The hub checks digest and permission and passes the content unchanged to the store, which checks erin's
//!    membership and accepts exactly the number after the last, in the step that appends the entry, and that creates
//!    the conversation if the entry is the first of a pair. The entry goes into a record of the message log, together with
//!    all other writes that were waiting, and the record is synced. Only then does the hub report it as stored. The entry
//!    stays there; the tables only note its place, in the write buffer at first. (A checkpoint commits them to redb, at most
//!    65,536 writes or a few seconds later, while the server goes on; after a crash the records after the last checkpoint
//!    are replayed in the same order, with the same results.)
//! 4. **Known.** erin's client commits the entry to its history and, if it is the next one, moves its position; the same
//!    commit removes the line from the outbox. Only then does the screen show anything about it.
//!
//! A program may give its line an idempotency key. Then step 3 keeps that too, in the same write, and refuses a line whose key
//! an entry of the account has already, from whatever device: it names that entry, the client counts the line as stored, and its
//! number is used up by a VOID. So a program that does not know what became of a line, since either side was killed, says it again.
//!
//! If the server dies between two steps, the client sends everything again that was not reported as stored: a number that
//! exists with the same digest is answered as stored and appended once. A line that is refused for good keeps its number
//! until VOID has used it up, so that no number is missing.
//!
//! Events in a room (a join, a kick, a topic) are entries too. The store appends them in the write that makes the
//! change; there is nothing to queue, and repeating the request changes nothing.
//!
//! ## Edit, delete, react, pin
//!
//! What changes something said is an entry too, and goes the way of a message. What is different:
//!
//! 1. The write that appends a deletion also removes the content it deletes, of which the digest stays, so after a crash both have
//!    happened or neither; the bytes are overwritten once the next checkpoint is durable.
//! 2. A message that has no number yet is changed in the outbox. What is about a message under way gets no number until that is
//!    stored, since only then is there an entry to refer to.
//! 3. The device commits it together with its place in the index of amendments. Of a deletion the same commit replaces the target,
//!    its edits and the reactions to it by tombstones, and records that their bytes are still in the file.
//! 4. Within a minute the rows are written afresh, the file is made as short as it can be, all pages that are still free are
//!    overwritten, and the record is removed. After a crash in between this begins again at the next start.
//! 5. If the server's database was restored, what waits and refers to an entry after the last one in common is given up with a word:
//!    its target may be another one by now.
//!
//! ## Deliver
//!
//! 1. Once an entry is durable, the hub sends it to every device that is caught up. A device that lags, or has no room, costs
//!    only a position; the hub reads the log for it when there is room. No queue grows for a slow reader.
//! 2. The device accepts the entry only if `prev` is its position and the digest is right; otherwise it asks for the entries
//!    after its position.
//! 3. It commits entry and position together.
//! 4. It shows the line, and acknowledges.
//! 5. Once the line is on the screen, it records that, with its next commit or within a second. After a crash before that,
//!    the line is shown again, marked as such.
//!
//! ## Receipt
//!
//! 1. The acknowledgement moves the mark of the reader's account in memory, never beyond what was sent to that session.
//! 2. Subscribed authors are told at once; in a conversation of more than 32 members, a count once a second.
//! 3. The mark is committed within a second, together with others. If the server dies before that, the device reports its
//!    position again when it signs in, so the mark cannot be lost.
//! 4. The author's client commits that it is about to show the receipt, and shows `✓ Message received by bob`. At each
//!    sign-in it asks for the receipts that it is still missing.
//! 5. Once the line is on the screen, it records that, with its next commit or within a second. After a crash before that,
//!    the receipt is shown again, marked as such: a receipt is shown at least once.
//!
//! ## Read
//!
//! 1. At a terminal, what is printed where the user looks is read (`src/client/account/reading.rs`). The client records it with
//!    what was shown, and says READ a second later, for all of that second.
//! 2. The place is committed within a second, together with others, never back and never beyond what the account is given.
//!    Then the account's other sessions are told, and nobody else.
//! 3. A device that was away learns it from the answer to HELLO, and says what it has read beyond that. Until then a crash of the
//!    server has lost nothing that the device does not know.
//!
//! ## Reconnect
//!
//! 1. The client reconnects by itself: beside a session that gets no answer it starts another handshake, and completes it
//!    when the server's RESET ends the first session. Lines typed meanwhile are queued.
//! 2. RESUME with the ticket: if it is valid, the store commits the hash of its successor; the old ticket stays valid until
//!    the successor has been used.
//! 3. The client commits the successor before it acts on anything that follows.
//! 4. HELLO, in the same flight as the ticket: the epoch of the positions, and each position with the digest of its entry. The
//!    store commits the marks that this moves, and returns for each conversation its head, the device's last number and where
//!    deliveries begin. If the epoch has changed, deliveries begin no later than where the restored backup ended, which each
//!    conversation's row keeps for the last epochs: after it the log may differ. If retention has passed the position, they
//!    begin at the floor, and the client says so.
//! 5. The client commits the positions that changed, with the epoch. Numbered lines that were not reported as stored are sent
//!    again with the same numbers, or as new lines if their conversation was lost; deliveries begin. Entries that the device
//!    has already shown are not shown again. If the log has changed, nothing is sent before the client has read up to the
//!    head of that moment; how far that is, is committed with the position.
//!
//! ## New device
//!
//! 1. A login (OPAQUE) succeeds. The store commits a device with a new id and the hash of its ticket.
//! 2. The client commits its identity before it sends HELLO without positions.
//! 3. The server answers with the position of the account's other devices: the new one begins there.
//! 4. Its numbers begin at 1 in every conversation.
//! 5. Earlier entries are fetched when the user asks for them (HISTORY), checked by digest and committed to the history.
//!    They move neither position nor mark, so they cause no receipt.
//!
//! A state directory that was copied or restored is detected by its numbers: at HELLO the server knows later ones than the
//! directory, or the store refuses a number that exists with another digest, or, if the server's database was restored too,
//! an entry of the client's own device arrives that it has not written. The client becomes a new device, and shows its unsent
//! lines as unconfirmed. So does a client whose device has signed in elsewhere, because it holds the lock of its directory.
//!
//! ## Change of an account
//!
//! 1. PROVE, and the second half of the proof in the request that it is for. A ticket is not enough.
//! 2. One write replaces the password and voids the other devices' tickets, or forgets a device, or deletes the account and
//!    leaves its rooms. It names the credential identifier that was proved, and so does the write of a login: if the account
//!    has another one by now, it is refused.
//! 3. The asker is told, then the sessions that the write concerns end with the reason. After a kill between the two their
//!    tickets are void all the same.
//!
//! A deleted account keeps its row and its names: nobody else gets them, and what was said under them has an author.
//!
//! # Where the design was changed
//!
//! - A message has no tag beside its header: command and message type determine the body.
//! - The congestion controller is CUBIC, not `NewReno`: behind a deep queue and beside one TCP flow, `NewReno` gave a stream
//!   less than a fifth of the path.
//! - A channel carries a stream of bytes with messages framed in it, not numbered fragments. Flow control, retransmission and
//!   reassembly are about offsets only, a fragment can be cut smaller when a path's MTU shrinks, and the advertised window is
//!   the memory budget by construction.
//! - A message to an offline user is stored and delivered when they sign in, and the sender is told so. A device's position
//!   determines what it is sent, so there is no separate case for offline users.
//! - The cookie is not required from everybody: a client that has signed in gets an address token (RFC 9000 §8.1.3) and is
//!   back one round trip sooner. Under load the cookie is required again (udpchat-protocol(7), Address tokens).
//! - A client whose packets get no answer starts a handshake beside its session and completes it only if the session is
//!   reset: after a restart of the server, RESET and `SYN_ACK` arrive in the same round trip, and the ticket is answered in
//!   the second. Dialling only after the RESET took four round trips.
//! - A group of writes is not a commit of redb, which writes every page it touches and took half of the server's CPU time, but
//!   one append to the message log and one sync; thousands of groups share a commit. That commit can afford redb's quick
//!   repair, so the file is not scanned after a crash. Rows that change wait decoded in the write buffer until the
//!   checkpoint, and the writes of one turn of the network thread are one group; groups are at least half a millisecond apart.
//! - An entry is not a row of redb: it stands in the message log only, where it is first written, and a checkpoint writes
//!   one row of places for up to 64 of them. A row for each took a fifth of the server's CPU time.
//! - Where a round trip takes several times the minimum, losses come from a queue, and nothing is sent twice
//!   (`src/transport/connection/redundancy.rs`): the copies that help on a lossy link made an overloaded server lose more.
//! - STORED and receipts wait up to 4 ms for a packet that goes the same way (`src/transport/connection/coalesce.rs`): two packets
//!   for a delivery between two users who write to each other, instead of three.
//! - Servers of a cluster make no second chain of what they have applied and compare nothing aside: each group of writes says
//!   which position its server had applied when it was made, and the two hashes there. Who reads it and has others stops.
//! - A start is a record of its own, and its position is the server's life. A server that reads another start under its name
//!   starts once more, a few times: the record of an earlier process may land after its own. Two that run never end it, and stop.
//! - What the message log of one server leaves out of a write, since it keeps what came of it, the shared log has: quotas, keys
//!   and what a message refers to. Each server decides by these and not by its own options.
//! - The author's device gets [`protocol::Stored`] instead of the delivery, so a message is not sent back to where it came from.

pub(crate) mod bench;
#[cfg(test)]
#[path = "../tests/inside/bytes_on_the_wire.rs"]
mod bytes_on_the_wire;
// The tests' kit calls the library by its name, here as in the simulator.
#[cfg(test)]
extern crate self as udpchat;

pub mod cli;
pub mod client;
pub mod cluster;
pub(crate) mod fence;
pub(crate) mod id_map;
#[cfg(test)]
#[path = "../tests/kit/mod.rs"]
mod kit;
pub mod net;
pub mod protocol;
pub(crate) mod registry;
pub mod server;
pub(crate) mod small_map;
pub mod stalls;
pub mod store;
mod sys;
#[cfg(test)]
mod testing;
pub mod text;
pub mod transport;
