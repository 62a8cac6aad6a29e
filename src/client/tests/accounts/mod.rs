//! One's own account: opening it and changing it.

use super::sign_in::{asked, refuse};
use super::*;

mod attempts;
mod changes;
mod enrol;
mod newcomers;
mod sign_up;
