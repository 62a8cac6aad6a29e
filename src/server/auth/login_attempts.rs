//! Logins that were begun on a session and not finished.
//!
//! With OPAQUE it is the client that finds a password to be wrong, and it then says nothing more: to the server a wrong
//! password is a login that is given up. A client also begins one with no password at all, to learn whether the name is
//! taken before it asks for one; so the first that is given up on a session is held back, and forgotten when the
//! password is proved on it after all.

use std::fmt;
use std::net::SocketAddr;

use crate::protocol::AccountId;
use crate::server::names::Name;

/// Who somebody says that they are, before that is proved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Claim {
    /// Nothing was said.
    #[default]
    Nobody,
    /// A name, as it was typed.
    Name(String),
    /// Something that is no name. It is not kept: it may be a password that was typed in the wrong place.
    NoName,
    /// The account of a ticket.
    Account(AccountId),
}

impl Claim {
    /// A name, if it can be one.
    pub fn name(typed: &str) -> Self {
        match Name::parse(typed) {
            Ok(_) => Self::Name(typed.to_owned()),
            Err(_) => Self::NoName,
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("-"),
            Self::Name(name) => write!(f, "{name:?}"),
            Self::NoName => f.write_str("none"),
            Self::Account(account) => write!(f, "account:{}", account.0),
        }
    }
}

/// A login that was answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Where it came from.
    pub from: SocketAddr,
    /// Whose it claimed to be.
    pub claim: Claim,
}

/// The logins of one session. Boxed, because most sessions are signed in by ticket and have none.
#[derive(Debug, Default)]
pub struct LoginAttempts {
    begun: Option<Box<Attempt>>,
    held: Option<Box<Attempt>>,
}

impl LoginAttempts {
    /// A login was answered, and its second half is waited for.
    pub fn begin(&mut self, attempt: Attempt) {
        self.begun = Some(Box::new(attempt));
    }

    /// Something else is asked instead of the second half. Returns what is to be logged now.
    #[must_use]
    pub fn give_up(&mut self) -> Option<Attempt> {
        let given_up = self.begun.take()?;
        self.held.replace(given_up).map(|held| *held)
    }

    /// The second half came, and was wrong: that has a line of its own. Returns what is to be logged beside it.
    #[must_use]
    pub fn fail(&mut self) -> Option<Attempt> {
        self.begun = None;
        self.held.take().map(|held| *held)
    }

    /// The password of the login that was begun was proved. Returns what is to be logged now: a look at another name.
    #[must_use]
    pub fn prove(&mut self) -> Option<Attempt> {
        let proved = self.begun.take();
        let held = self.held.take()?;
        let is_same = proved.is_some_and(|proved| proved.claim == held.claim);
        (!is_same).then_some(*held)
    }

    /// The session is over: what is to be logged.
    pub fn close(&mut self) -> impl Iterator<Item = Attempt> {
        let left = self.held.take().into_iter().chain(self.begun.take());
        left.map(|attempt| *attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(name: &str) -> Attempt {
        Attempt {
            from: ([192, 0, 2, 1], 7).into(),
            claim: Claim::name(name),
        }
    }

    #[test]
    fn each_guess_is_logged_once_and_the_last_when_the_session_ends() {
        let mut login_attempts = LoginAttempts::default();
        let mut logged = Vec::new();
        for name in ["a", "b", "c"] {
            logged.extend(login_attempts.give_up());
            login_attempts.begin(attempt(name));
        }
        assert_eq!(logged, [attempt("a")]);
        logged.extend(login_attempts.close());
        assert_eq!(logged, ["a", "b", "c"].map(attempt));
        assert_eq!(login_attempts.close().count(), 0);
    }

    #[test]
    fn proved_password_forgives_the_look_before_it() {
        let mut login_attempts = LoginAttempts::default();
        login_attempts.begin(attempt("erin"));
        assert_eq!(login_attempts.give_up(), None);
        login_attempts.begin(attempt("erin"));
        assert_eq!(login_attempts.prove(), None);
        assert_eq!(login_attempts.close().count(), 0);
        // It forgives no guess at somebody else's.
        login_attempts.begin(attempt("erin"));
        assert_eq!(login_attempts.give_up(), None);
        login_attempts.begin(attempt("mallory"));
        assert_eq!(login_attempts.prove(), Some(attempt("erin")));
        assert_eq!(login_attempts.close().count(), 0);
        // A finish that was wrong has its own line.
        login_attempts.begin(attempt("erin"));
        assert_eq!(login_attempts.fail(), None);
        assert_eq!(login_attempts.close().count(), 0);
    }

    #[test]
    fn claim_is_a_name_in_quotation_marks_or_is_not_kept() {
        assert_eq!(Claim::name("Erin").to_string(), "\"Erin\"");
        let long = "x".repeat(30_000);
        let none = [
            "correct horse battery",
            "erin\" from=192.0.2.1:7\nforged",
            "swordfish!",
            "",
            &long,
        ];
        for typed in none {
            assert_eq!(Claim::name(typed).to_string(), "none", "{typed}");
        }
        assert_eq!(Claim::Account(AccountId(7)).to_string(), "account:7");
    }
}
