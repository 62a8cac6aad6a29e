//! In the place of `cluster.rs` where the program is built without it: every server is alone.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use crate::cli::exit::Failure;
use crate::cluster::{Halt, Progress};
use crate::net::InputSender;
use crate::server::{Input, Introduction};
use crate::store::shelf::Shelf;
use crate::store::{Engine, Replication, StoreCaller};

#[derive(Debug, Clone, clap::Args)]
pub struct ClusterOptions {}

pub enum Member {}

pub type Halted = Arc<OnceLock<Halt>>;

impl ClusterOptions {
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "as where there are some"
    )]
    pub const fn wanted(&self) -> Result<Option<Infallible>, Failure> {
        Ok(None)
    }
}

impl Member {
    pub const fn join(settings: Infallible, _: &mut Engine) -> Result<Self, Failure> {
        match settings {}
    }

    pub fn progress(&self) -> (String, Arc<Progress>) {
        match *self {}
    }

    pub fn take_shelf(&mut self) -> Option<Box<dyn Shelf>> {
        match *self {}
    }

    pub fn introduce(&self, _: &InputSender<Input>) -> Introduction {
        match *self {}
    }

    pub fn follow(
        self,
        _: &InputSender<Input>,
        _: &Halted,
    ) -> (Box<dyn Replication>, fn(StoreCaller)) {
        match self {}
    }
}
