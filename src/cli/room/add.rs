//! `udpchat room add`: makes a room for somebody.

use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches};

use crate::cli::admin::desk;
use crate::cli::admin::{Answer, Request};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::options;
use crate::protocol::ROOM_SIGN;

/// The word that calls it.
pub const NAME: &str = "add";

pub fn arguments() -> clap::Command {
    clap::Command::new(NAME)
        .about("Make a room")
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .required(true)
                .help("The room's name, with or without its #"),
        )
        .arg(
            Arg::new("owner")
                .long("owner")
                .value_name("USER")
                .required(true)
                .help("Whose it is: an account of this server"),
        )
        .arg(
            Arg::new("private")
                .long("private")
                .action(ArgAction::SetTrue)
                .help("Let only those join whom somebody has invited"),
        )
}

pub fn run(matches: &ArgMatches) -> Outcome {
    let data = options::data_directory(matches)?;
    let word = |id: &str| {
        let word = matches.get_one::<String>(id).cloned();
        word.ok_or_else(|| Failure::usage(format!("no {id}")))
    };
    let (typed, owner) = (word("name")?, word("owner")?);
    let name = if typed.starts_with(ROOM_SIGN) {
        typed
    } else {
        format!("{ROOM_SIGN}{typed}")
    };
    let request = Request::RoomAdd {
        name: name.clone(),
        owner,
        is_private: matches.get_flag("private"),
    };
    let answer = desk::ask(&mut *desk::open(&data)?, request)
        .with_context(|| format!("cannot add {name:?}"))?;
    let Answer::Added { name } = answer else {
        return Err(desk::unexpected().into());
    };
    // A reader that has gone away is no reason to fail: the room is made.
    let _ = writeln!(io::stdout(), "added {name}");
    Ok(Exit::Success)
}
