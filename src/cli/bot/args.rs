//! The arguments of `udpchat bot`.

use crate::cli::address::{DEFAULT_HOST, Target};
use crate::cli::connect::ClientArgs;

#[derive(clap::Args)]
pub struct Args {
    #[arg(
        value_name = "HOST[:PORT]",
        default_value = DEFAULT_HOST,
        help = "The server, as for `udpchat connect`"
    )]
    pub server: Target,
    #[command(flatten)]
    pub client: ClientArgs,
}
