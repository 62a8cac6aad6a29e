//! Runs a client with its terminal, and ends it by signals.

use std::path::Path;
use std::sync::Arc;

use super::args::Args;
use super::files::Folder;
use super::launch::{Launch, set_last_words};
use super::state::StateDirectory;
use super::terminal::{self, Looks, PasswordInterrupt, Screen};
use crate::cli::command::Context;
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::signals::{self, Signal};
use crate::client::{AttentionOptions, Input, Options};
use crate::net::InputSender;

/// Runs the client until it ends.
pub fn run(args: Args, context: &Context<'_>) -> Outcome {
    let mut launch = Launch::new(args.server, args.client, context, |files| {
        match &args.log_chat {
            Some(directory) => {
                log_chat(files, directory, args.restricted).map_err(context.blame("log-chat"))
            }
            None => Ok(()),
        }
    })?;
    if let Some(directory) = args.download_dir {
        let folder = Folder::named(directory, "--download-dir");
        let folder = folder.map_err(|error| context.blame("download-dir")(error.into()))?;
        launch.files.set_download_folder(folder);
    }
    let code = args.code.read().map_err(context.blame("code-file"))?;
    if args.restricted && args.save_files_below.is_some() {
        let failure = Failure::usage(
            "a restricted client saves no files: --restricted and --save-files-below exclude each other",
        );
        return Err(context.blame("save-files-below")(failure));
    }
    let gate = Arc::new(PasswordInterrupt::default());
    let looks = Looks {
        color: args.color,
        is_plain: args.plain,
        theme: args.theme,
        zone: launch.options.time_zone.clone(),
    };
    let (inputs, history) = (launch.inputs.clone(), launch.files.history());
    let (terminal, restore) = terminal::open(&inputs, &gate, &looks, history, args.restricted)?;
    let screen = restore.screen();
    set_last_words(move || {
        if let Some(screen) = &screen {
            screen.restore();
        }
    });
    end_by_signal(inputs, gate, restore.screen())?;
    launch.options = Options {
        code,
        unannounced: args.unannounced,
        attention: AttentionOptions {
            notify: args.notify.into(),
            mentions: args.mention,
        },
        is_restricted: args.restricted,
        save_files_below: args.save_files_below.unwrap_or_default(),
        ..launch.options
    };
    let terminal = terminal.ringing_by(args.notify_by);
    launch.run(Box::new(terminal), |outcome| {
        let is_script = restore.screen().is_none();
        drop(restore);
        if !is_script && outcome.is_err() {
            // It was typed for a prompt that never came.
            Screen::drop_typed();
        }
        is_script && matches!(outcome, Ok(exit) if !matches!(exit, Exit::Signal(_)))
    })
}

fn log_chat(
    files: &mut StateDirectory,
    directory: &Path,
    is_restricted: bool,
) -> Result<(), Failure> {
    if is_restricted {
        return Err(Failure::usage(
            "a restricted client keeps no logs: --restricted and --log-chat exclude each other",
        ));
    }
    Ok(files.log_chat(directory)?)
}

/// The first signal ends the client in order, a second one at once. While pasted commands run, Ctrl-C only stops these.
fn end_by_signal(
    inputs: InputSender<Input>,
    gate: Arc<PasswordInterrupt>,
    screen: Option<Screen>,
) -> anyhow::Result<()> {
    let mut is_second = false;
    signals::on_signal(move |signal| {
        if gate.takes_signal() {
            return;
        }
        if signal == Signal::Interrupt && screen.as_ref().is_some_and(Screen::is_composing) {
            return;
        }
        let is_for_paste = signal == Signal::Interrupt && !is_second;
        if is_for_paste && screen.as_ref().is_some_and(Screen::stops_paste) {
            return;
        }
        if is_second {
            if let Some(screen) = &screen {
                screen.restore();
            }
            std::process::exit(i32::from(Exit::Signal(signal).code()));
        }
        is_second = true;
        signals::end_by(signal);
        let is_ending = inputs.send_reserved(Input::Interrupt).is_err();
        if is_ending && screen.is_none() {
            // The last lines wait for a reader that may never come.
            std::process::exit(i32::from(Exit::Signal(signal).code()));
        }
    })
}
