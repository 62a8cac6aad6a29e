//! What was said before, for a bot: a page of entries as they are by now. What this device does not hold of it is fetched.

use super::ending::Ending;
use super::page::Page;
use super::{page, record};
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::account::ctx::{Ctx, NO_LINK};
use crate::client::bot::{Answer, Record};
use crate::client::env::Fault;
use crate::client::program::Report;
use crate::client::storage::StateError;
use crate::client::storage::entry::Said;
use crate::protocol::{ConversationId, EntryId, History};
use crate::text::json;

/// How many entries one answer may have, and how many it has where no number is given. Chosen: what the server gives at once,
/// and what a bot looks back for.
const ENTRIES_MAX: u32 = 100;
const ENTRIES: u32 = 20;

/// How many bytes they may have. Chosen: half of the longest line. At the limit the older ones are left out, and the answer
/// says that there are more.
const BYTES_MAX: usize = 512 * 1024;

/// The page that is being put together, and for which request.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    open: Option<(u64, EntryId, Page)>,
}

impl Asked {
    /// There will be no answer, and the bot was told why.
    pub(crate) fn forget(&mut self) {
        self.open = None;
    }

    /// Begins a page that ends before an entry, or now.
    pub(crate) fn begin(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        said: u64,
        (id, before): (ConversationId, Option<u64>),
        limit: Option<u32>,
    ) {
        let want = limit.unwrap_or(ENTRIES).clamp(1, ENTRIES_MAX);
        let before = EntryId(before.unwrap_or(u64::MAX));
        let want = usize::try_from(want).unwrap_or(usize::MAX);
        let page = page(ctx, id, (before, None), want);
        self.go_on(ctx, blocked, (said, before, page));
    }

    fn go_on(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        (said, before, mut page): (u64, EntryId, Page),
    ) {
        let fail = |ctx: &mut Ctx<'_>, fault, text: &str| {
            ctx.effects.fail_at(Some(said), fault, text);
        };
        match page.fill(ctx, blocked) {
            Ok(Some(Ending::NoLink)) => fail(ctx, Fault::Unreachable, NO_LINK),
            Ok(Some(ending)) => {
                let is_all = matches!(ending, Ending::Begin | Ending::Expired);
                match answer(ctx, blocked, (&page, before), is_all) {
                    Ok(answer) => ctx.effects.report(Report::Done { said, answer }),
                    Err(error) => fail(ctx, Fault::Failed, &error.to_string()),
                }
            }
            Ok(None) => {
                let asking = ctx.pending.asking.replace(said);
                let is_asked = page.ask(ctx, PendingRequest::Read);
                ctx.pending.asking = asking;
                if is_asked {
                    self.open = Some((said, before, page));
                } else {
                    fail(ctx, Fault::Failed, "too many requests wait for an answer");
                }
            }
            Err(error) => fail(ctx, Fault::Failed, &error.to_string()),
        }
    }

    /// Older entries have come.
    pub(super) fn handle_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        answer: History,
    ) -> Result<(), StateError> {
        let is_meant =
            |(_, _, page): &mut (u64, EntryId, Page)| page.conversation == answer.conversation;
        if let Some((said, before, mut page)) = self.open.take_if(is_meant) {
            page.take(ctx, answer);
            ctx.state.commit()?;
            self.go_on(ctx, blocked, (said, before, page));
        }
        Ok(())
    }

    /// There will be no answer.
    pub(super) fn give_up(&mut self, ctx: &mut Ctx<'_>) {
        if let Some((said, ..)) = self.open.take() {
            ctx.effects.fail_at(Some(said), Fault::Unreachable, NO_LINK);
        }
    }
}

/// The entries of a page that is filled.
fn answer(
    ctx: &Ctx<'_>,
    blocked: &BlockedUsers,
    (page, before): (&Page, EntryId),
    is_all: bool,
) -> Result<Answer, StateError> {
    let id = page.conversation;
    let mut entries: Vec<Record> = Vec::new();
    let (mut bytes, mut more) = (0, !is_all);
    let mut at = before;
    let want = page.bounds.want.unwrap_or_default();
    while entries.len() < want
        && let Some((found, entry)) = ctx.state.entry_before(id, at)?
        && found >= page.cursor
    {
        at = found;
        let said = entry.said(id, ctx.own()).unwrap_or(Said::Unknown);
        // What changes an entry stands where that does.
        let is_change = entry.was_amendment || matches!(said, Said::Amendment(_));
        if is_change || blocked.hides(entry.author, &said) {
            continue;
        }
        let record = record::current_record(ctx, (id, at), &entry, &said);
        bytes += json::line(&record).map_or(0, |line| line.len());
        if bytes > BYTES_MAX && !entries.is_empty() {
            more = true;
            break;
        }
        entries.push(record);
    }
    entries.reverse();
    Ok(Answer::History {
        conversation: ctx.name_of(id).to_owned(),
        entries,
        more,
    })
}
