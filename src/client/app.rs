//! How a driver of `net`, or a simulator, feeds a client.

use std::time::Instant;

use super::env::Input;
use super::{Client, commands};
use crate::transport::{App, Endpoint, Event, Now};

impl App for Client {
    type Input = Input;

    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event) {
        if let Event::Readable { session, channel } = event {
            if self.link.session() == Some(session) {
                while let Some(bytes) = endpoint.receive(now.instant, session, channel) {
                    self.core.handle_message(now, channel, &bytes);
                }
            }
            return;
        }
        let happened = self
            .link
            .handle_event(now.instant, endpoint, event, &mut self.random);
        if let Some(happened) = happened {
            self.handle_link(now, happened);
        }
    }

    fn on_input(&mut self, now: Now, endpoint: &mut Endpoint, input: Input) {
        let happened = match input {
            Input::Addresses(addresses) => {
                if !addresses.is_empty() {
                    self.core.resolved();
                }
                self.link.handle_addresses(now.instant, endpoint, addresses)
            }
            Input::Unresolved { why, is_final } => {
                self.link.handle_unresolved(now.instant, why, is_final)
            }
            input => {
                if let Some(typed) = self.core.handle_input(now, input) {
                    commands::run(&mut self.core, now, &typed.line, typed.focus.as_deref());
                }
                None
            }
        };
        if let Some(happened) = happened {
            self.handle_link(now, happened);
        }
    }

    fn on_timeout(&mut self, now: Now, endpoint: &mut Endpoint) {
        let happened = self
            .link
            .handle_timeout(now.instant, endpoint, &mut self.random);
        if let Some(happened) = happened {
            self.handle_link(now, happened);
        }
        self.core.handle_timeout(now);
        self.on_settled(now, endpoint);
    }

    fn on_settled(&mut self, now: Now, endpoint: &mut Endpoint) {
        if std::mem::take(&mut self.core.requests().status) {
            let status = self.link.status(endpoint);
            self.core.show_status(now, status);
        }
        commands::run_parked(&mut self.core, now);
        self.core.settle(now);
        for message in self.core.take_messages() {
            self.link.send(now.instant, endpoint, message);
        }
        if let Some(others) = self.core.take_others() {
            let random = &mut self.random;
            let has_others = self.link.learn(now.instant, endpoint, &others, random);
            self.core.note_others(has_others);
        }
        if let (Some((key, account)), Some(signed_in)) =
            (self.core.take_arrival(), &mut self.signed_in)
        {
            signed_in(key, &account);
        }
        if self.core.end().is_some() {
            self.link.close(now.instant, endpoint);
        } else if std::mem::take(&mut self.core.requests().reconnect) {
            self.core
                .link_lost(now, "the server does not answer the sign-in", None);
            self.link.reconnect(now.instant, endpoint, &mut self.random);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let link = self.link.deadline();
        [link, self.core.deadline()].into_iter().flatten().min()
    }

    fn is_finished(&self) -> bool {
        self.core.is_closed() && self.link.is_closed()
    }
}
