//! `udpchat store restore`: replaces the database by a backup.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use super::check;
use crate::cli::admin;
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::options::DataDirectory;
use crate::cli::output::{one_line, print, print_error, print_json, shown};
use crate::client::rfc3339;
use crate::net;
use crate::store::{self, BackupContents, DATABASE_FILE, OpenError, Report, Restored};
use crate::text::number::size;

pub fn command() -> Subcommand {
    let summary = "Put a backup in the database's place; the server must be stopped";
    Subcommand::new("restore", summary, run)
}

#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
struct Args {
    /// The backup: a file, or a directory that `udpchat serve --backup-dir` has made
    #[arg(value_name = "BACKUP")]
    file: PathBuf,
    /// If there is a database, move it aside
    #[arg(long)]
    replace: bool,
    /// Take it out of the cluster of which it is, so that a server can have it alone
    #[arg(long)]
    leave_cluster: bool,
    /// Check the backup and tell what is in it; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDirectory,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let data = args.data.path()?;
    if args.dry_run {
        return dry_run(&args, &data);
    }
    super::require_stopped(&data)?;
    let now = i64::try_from(net::now().unix_ms).ok();
    let now = now.and_then(|time_ms| Timestamp::from_millisecond(time_ms).ok());
    let day = now.unwrap_or_default().strftime("%Y-%m-%d").to_string();
    let restored = store::restore(&args.file, &data, &day, args.replace, args.leave_cluster);
    match named(restored, &args.file, &data)? {
        Restored::Done { kept, files_lost } => {
            if args.json {
                let kept = kept.map(|kept| kept.display().to_string());
                print_json(&json!({
                    "data": data.display().to_string(),
                    "kept": kept,
                    "files_lost": files_lost,
                }))?;
                return Ok(Exit::Success);
            }
            let (file, data) = (shown(&args.file), shown(&data));
            print(format!("restored from {file} into {data}\n"));
            if let Some(kept) = kept {
                let kept = shown(&kept);
                print(format!("the database it replaces is kept in {kept}\n"));
            }
            if files_lost > 0 {
                print(format!(
                    "{files_lost} attached files are gone: they are not in the backup, but with the cluster\n"
                ));
            }
            Ok(Exit::Success)
        }
        Restored::Damaged(report) => Err(damaged(&args.file, &report)),
    }
}

/// The error of a backup that is damaged, after what is wrong with it.
fn damaged(backup: &Path, report: &Report) -> Failure {
    print_error(check::text(report).trim_end());
    let problem = format!("{} is damaged; nothing has changed", backup.display());
    Failure::usage(problem).hint("name another backup")
}

/// An error that is the backup's, as one of the command's argument.
fn named<T>(result: Result<T, OpenError>, backup: &Path, data: &Path) -> Result<T, Failure> {
    let is_of = |path: &Path| path.starts_with(backup);
    let no_backup = match &result {
        Err(OpenError::NotReadable { path, cause })
            if path != backup && is_of(path) && cause.kind() == io::ErrorKind::NotFound =>
        {
            Some("it has no udpchat.redb; of a directory of backups name one that is in it".into())
        }
        Err(OpenError::NotReadable { path, cause }) if is_of(path) => Some(cause.to_string()),
        Err(OpenError::NotADatabase { path }) if is_of(path) => {
            Some("it is not a udpchat database".into())
        }
        Err(OpenError::Foreign) => Some("it is the database of another program".into()),
        Err(OpenError::Truncated { path, .. }) if is_of(path) => Some("it is truncated".into()),
        Err(OpenError::Damaged { path, reason }) if is_of(path) => {
            Some(format!("it is damaged ({reason})"))
        }
        Err(OpenError::Unfinished { .. }) => Some("it was never finished".into()),
        _ => None,
    };
    if let Some(why) = no_backup {
        let problem = format!("cannot restore {}: {why}", backup.display());
        return Err(Failure::usage(problem).hint("name another backup"));
    }
    Ok(super::done(result, &data.join(DATABASE_FILE))?)
}

/// Exit code 0 says that the backup is sound, whatever has yet to be done for a restore.
fn dry_run(args: &Args, data: &Path) -> Outcome {
    let looked = store::look_at_backup(&args.file);
    let (contents, report) = named(looked, &args.file, data)?;
    if !report.is_sound() {
        return Err(damaged(&args.file, &report));
    }
    let is_running = admin::connect(data)?.is_some();
    let is_occupied = data.join(DATABASE_FILE).symlink_metadata().is_ok();
    let refusal = named(store::refusal_of_backup(&args.file, data), &args.file, data)?;
    let refusal = refusal.map(|refusal| refusal.to_string());
    if args.json {
        let mut object = json!(contents);
        object["time"] = json!(contents.made_ms.map(rfc3339));
        object["server_is_running"] = json!(is_running);
        object["database_is_there"] = json!(is_occupied);
        object["refused"] = json!(refusal);
        print_json(&object)?;
        return Ok(Exit::Success);
    }
    let mut text = text(&contents, &report);
    let _ = match refusal {
        None => writeln!(text, "it would be restored into {}", shown(data)),
        Some(why) => writeln!(text, "it would be refused: {}", one_line(&why)),
    };
    if is_running {
        text += "first stop the server there\n";
    }
    if is_occupied && !args.replace {
        text += "a database is there: name an empty directory with --data DIR, or have it moved aside with --replace\n";
    } else if is_occupied {
        text += "the database that is there would be moved aside\n";
    }
    print(text);
    Ok(Exit::Success)
}

fn text(contents: &BackupContents, report: &Report) -> String {
    let made = contents
        .made_ms
        .map_or("at an unknown time".into(), rfc3339);
    format!(
        "made {made}   schema {} (this udpchat: {})   {}\n\
         accounts {}   rooms {}   entries {}   files {} ({})\n\
         nothing is wrong: {} rows and every file were compared\n",
        contents.schema,
        store::SCHEMA_VERSION,
        size(contents.table_bytes),
        contents.accounts,
        contents.rooms,
        contents.entries,
        contents.files,
        size(contents.file_bytes),
        report.rows,
    )
}
