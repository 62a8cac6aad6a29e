//! Options that several subcommands share.

use std::path::{Path, PathBuf};

use super::environment;
use super::exit::{Coded, Exit, Failure};
use super::password;
use super::settings::Side;
use crate::client::Password;
use crate::text::enrolment_code::EnrolmentCode;

#[derive(clap::Args)]
pub struct DataDirectory {
    /// Read the server's settings from this file [default: server.toml in the server's directory; for root, without --data,
    /// /etc/udpchat/server.toml if it is there]
    #[arg(long, value_name = "FILE", env = Side::Server.config_variable())]
    config: Option<PathBuf>,
    /// The server's directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]
    #[arg(long = "data", value_name = "DIR", env = "UDPCHAT_DATA")]
    data: Option<PathBuf>,
}

impl DataDirectory {
    /// The file of settings, if an option or a variable names it.
    pub fn config(&self) -> Option<PathBuf> {
        let in_variable = || environment::variable(Side::Server.config_variable());
        self.config
            .clone()
            .or_else(|| in_variable().map(PathBuf::from))
    }

    pub fn path(&self) -> Result<PathBuf, Failure> {
        self.data
            .clone()
            .map_or_else(environment::data_directory, Ok)
    }
}

/// What all commands have that administer a server.
#[derive(clap::Args)]
pub struct Administration {
    #[command(flatten)]
    pub data: DataDirectory,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, clap::Args)]
pub struct PasswordFile {
    /// Read the password from the first line of this file (-: standard input)
    #[arg(long, value_name = "FILE", env = "UDPCHAT_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordFile {
    /// Whether it is read from standard input.
    pub fn is_standard_input(&self) -> bool {
        self.password_file.as_deref() == Some(Path::new("-"))
    }

    pub fn read(&self) -> Result<Option<Password>, Failure> {
        let path = self.password_file.as_deref();
        path.map(password::from_file).transpose()
    }
}

/// A code of the operator. No option takes the code itself: others see the words of a command, and shells keep them.
#[derive(Clone, clap::Args)]
pub struct CodeFile {
    /// Set the password of --user, or open that account, with the operator's code on the first line of this file (-: standard
    /// input)
    #[arg(long, value_name = "FILE", requires = "user")]
    code_file: Option<PathBuf>,
}

impl CodeFile {
    pub fn read(&self) -> Result<Option<EnrolmentCode>, Failure> {
        let path = self.code_file.as_deref();
        path.map(password::code_from_file).transpose()
    }
}

/// Refuses a directory, named by this option, of which a part that is there is none.
pub fn require_directory(path: &Path, option: &str) -> Result<(), Coded> {
    match path.ancestors().find(|part| part.exists()) {
        Some(obstacle) if !obstacle.is_dir() => {
            let obstacle = obstacle.display();
            Err(Coded::new(
                Exit::Usage,
                format!(
                    "{obstacle} is not a directory: name another with {option}, or move it away"
                ),
            ))
        }
        _ => Ok(()),
    }
}
