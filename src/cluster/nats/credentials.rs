//! As whom a server signs in at the servers of its log.

use std::fs;
use std::path::Path;

use async_nats::ConnectOptions;

/// What a file begins with that the tools of NATS have made.
const MADE_BY_TOOLS: &str = "-----BEGIN NATS USER JWT-----";

/// Adds what a file says: one that the tools of NATS have made, or one whose first line is `NAME:PASSWORD`.
pub(super) fn add(options: ConnectOptions, file: &Path) -> Result<ConnectOptions, String> {
    let failed = |reason: &dyn ToString| format!("{}: {}", file.display(), reason.to_string());
    let text = fs::read_to_string(file).map_err(|error| failed(&error))?;
    if text.contains(MADE_BY_TOOLS) {
        return options.credentials(&text).map_err(|error| failed(&error));
    }
    let Some((name, password)) = name_and_password(&text) else {
        return Err(failed(&"expected NAME:PASSWORD, or NATS credentials"));
    };
    Ok(options.user_and_password(name.into(), password.into()))
}

fn name_and_password(text: &str) -> Option<(&str, &str)> {
    let (name, password) = text.lines().next()?.split_once(':')?;
    (!name.is_empty() && !password.is_empty()).then_some((name, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_line_has_a_name_and_a_password_in_which_there_may_be_colons() {
        let read = name_and_password;
        assert_eq!(read("udpchat:a:b \n# more\n"), Some(("udpchat", "a:b ")));
        for text in ["", "udpchat", "udpchat:\n", ":password\n", "\nudpchat:p"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_without_what_is_in_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("creds");
        let refused = |text: &str| {
            fs::write(&file, text).unwrap();
            add(ConnectOptions::new(), &file).map(drop).unwrap_err()
        };
        for text in ["secret\n", "-----BEGIN NATS USER JWT-----\nsecret\n"] {
            let told = refused(text);
            assert!(told.starts_with(&*file.to_string_lossy()), "{told}");
            assert!(!told.contains("secret"), "{told}");
        }
        fs::remove_file(&file).unwrap();
        assert!(add(ConnectOptions::new(), &file).is_err());
    }
}
