//! `udpchat config init`: writes a file in which every setting is explained and commented out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::Context as _;

use super::{FileArgs, which};
use crate::cli::command::{self, Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::require_directory;
use crate::cli::output::{print, shown};
use crate::cli::settings::{self, Side};
use crate::store::{self, Existing, NewFile};

pub fn command() -> Subcommand {
    let summary = "Write a file of settings, each explained and commented out";
    Subcommand::new("init", summary, run)
}

#[derive(clap::Args)]
struct Args {
    /// Whose file
    #[arg(value_parser = which())]
    which: String,
    /// Replace a file that exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    file: FileArgs,
}

/// It holds no secrets, and a server that does not run as its writer reads it.
const MODE: u32 = 0o644;

fn run(args: Args, context: &Context<'_>) -> Outcome {
    let side = args.file.sides(Some(&args.which))[0];
    let path = args.file.path(side)?;
    let option = match (args.file.named(side), side) {
        (None, Side::Server) => "--data",
        _ => "--config",
    };
    if let Some(directory) = path.parent() {
        require_directory(directory, option).map_err(anyhow::Error::new)?;
    }
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    store::require_free(&path, existing).map_err(anyhow::Error::new)?;
    if side == Side::Server
        && let Some(directory) = path.parent()
    {
        store::act_as_owner(directory).map_err(anyhow::Error::new)?;
    }
    if args.file.named(side).is_none()
        && let Some(directory) = path.parent()
    {
        store::make_directory(directory).map_err(anyhow::Error::new)?;
    }
    let text = settings::template(
        &args.file.table(&command::parser(context.commands), side),
        side,
    );
    let mut file = NewFile::at(&path, existing).map_err(anyhow::Error::new)?;
    file.fill(text.as_bytes()).map_err(anyhow::Error::new)?;
    let readable = fs::Permissions::from_mode(MODE);
    file.file()
        .set_permissions(readable)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.place_where(existing).map_err(anyhow::Error::new)?;
    print(format!("wrote {}\n", shown(&path)));
    Ok(Exit::Success)
}
