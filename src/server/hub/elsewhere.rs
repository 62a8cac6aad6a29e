//! What another server of the cluster was asked for, and this one has applied as well: whoever it concerns here learns of it as
//! if it had been asked for here.

use super::Services;
use super::applied::{Applied, on_applied};
use crate::server::ctx::Ctx;
use crate::server::roster::reading;
use crate::store::{AppliedElsewhere, Completion, Details, Outcome, Reply, Request, Write};

impl Services {
    /// A write was applied that another server was asked for.
    pub fn on_applied_elsewhere(&mut self, ctx: &mut Ctx<'_>, applied: AppliedElsewhere) {
        let AppliedElsewhere {
            completion,
            details,
            ..
        } = applied;
        let Completion {
            request,
            outcome,
            freed,
            ..
        } = *completion;
        self.files.on_freed(ctx, freed, false);
        let Request::Write(write) = request else {
            return;
        };
        let Details { author_name, marks } = details;
        let receipts = &mut self.receipts;
        match (&write, &outcome) {
            (
                Write::OpenDevice { .. } | Write::Login { .. } | Write::Resume { .. },
                Outcome::Done(Reply::Device {
                    account, device, ..
                }),
            ) => {
                let opened = Applied::DeviceOpened(*account, *device, None);
                on_applied(ctx, receipts, &opened);
            }
            (Write::Raise { meaning }, Outcome::Done(_)) => self.peers.on_raised(*meaning),
            (Write::Read { .. }, Outcome::Done(Reply::Read(moved))) => {
                for place in moved {
                    reading::tell_of_place(ctx, *place, None);
                }
            }
            (
                Write::Mute {
                    conversation,
                    account,
                    until_ms,
                },
                Outcome::Done(_),
            ) => reading::tell_of_muting(ctx, *account, None, (*conversation, *until_ms)),
            _ => {
                let applied = Applied::of(&write, author_name.as_deref(), &outcome);
                on_applied(ctx, receipts, &applied);
            }
        }
        for (conversation, mark) in marks {
            receipts.on_mark_advanced(ctx, conversation, mark.into());
        }
    }
}
