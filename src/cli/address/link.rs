//! Links of the form `udpchat://host:port/?key=SHA256:…&room=…`, and what may be named where a server is: a link, or host and
//! port. Parsed here and not by `url`, which repairs what it can; a link comes from others, so nothing unknown in it is passed
//! over. Several servers of a cluster are named with commas between them.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use thiserror::Error;

use super::{AddressError, ServerName, Servers, server_key};
use crate::cli::output::quoted;
use crate::server::{RoomName, RoomNameError};

const SCHEME: &str = "udpchat";

/// Longest link. Chosen: the longest host, port, key and percent-encoded name of a room take less.
const LINK_MAX_BYTES: usize = 1024;

const KEY: &str = "key";
const ROOM: &str = "room";

/// What is percent-encoded in a room's name: all but the unreserved characters (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A server, and what a link says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub server: ServerName,
    /// Others of the same cluster, which take its place when it is gone.
    pub others: Vec<ServerName>,
    /// The fingerprint of its key.
    pub key: Option<String>,
    /// A room, in its canonical form with the `#`.
    pub room: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LinkError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("a link has at most {LINK_MAX_BYTES} bytes, and this one has {0}")]
    TooLong(usize),
    #[error("a link has no blanks, control characters or invisible characters: {}", quoted(.0))]
    Sign(String),
    #[error("a link names no user: nothing and no @ stands before the host")]
    User,
    #[error("in the host of a link nothing is percent-encoded: {}", quoted(.0))]
    HostPercent(String),
    #[error("an IPv6 address needs brackets in a link: {}", quoted(.0))]
    Brackets(String),
    #[error("a link has no path: after host and port comes /?key=… or nothing, not {}", quoted(.0))]
    Path(String),
    #[error("a link has no #: it is left out of a room's name, as in room=bridge")]
    Fragment,
    #[error("{} is unknown in a link: it may have {KEY}=SHA256:… and {ROOM}=NAME", quoted(.0))]
    Unknown(String),
    #[error("a link names its {0} once")]
    Twice(&'static str),
    #[error("{} is not percent-encoded UTF-8", quoted(.0))]
    Percent(String),
    #[error("{0}")]
    Key(String),
    #[error(transparent)]
    Room(#[from] RoomNameError),
}

impl From<ServerName> for Target {
    fn from(server: ServerName) -> Self {
        Self {
            server,
            others: Vec::new(),
            key: None,
            room: None,
        }
    }
}

impl Target {
    /// All servers that it names.
    pub fn servers(&self) -> Servers {
        Servers {
            first: self.server.clone(),
            others: self.others.clone(),
        }
    }

    /// With a server that can be connected to in the place of "every address of this machine", and what to tell the user of it.
    pub fn or_loopback(self) -> (Self, Option<String>) {
        let (server, notice) = self.server.or_loopback();
        let others = self.others.into_iter().map(|other| other.or_loopback().0);
        let others = others.collect();
        let target = Self {
            server,
            others,
            ..self
        };
        (target, notice)
    }
}

impl FromStr for Target {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => link(text, rest),
            _ => {
                let mut names = text.split(',').map(str::parse::<ServerName>);
                // A text has a first part, even if that is empty.
                let first = names.next().unwrap_or(Err(AddressError::NoHost))?;
                let others = names.collect::<Result<_, _>>()?;
                Ok(Self {
                    others,
                    ..first.into()
                })
            }
        }
    }
}

impl fmt::Display for Target {
    /// As a link.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}://{}/", self.server)?;
        // All characters of a fingerprint may stand in a query as they are.
        let key = self.key.as_ref().map(|key| format!("{KEY}={key}"));
        let room = self.room.as_ref().map(|room| {
            let name = room.strip_prefix('#').unwrap_or(room);
            format!("{ROOM}={}", utf8_percent_encode(name, ENCODED))
        });
        let parameters: Vec<String> = key.into_iter().chain(room).collect();
        match &*parameters {
            [] => Ok(()),
            parameters => write!(f, "?{}", parameters.join("&")),
        }
    }
}

fn link(whole: &str, rest: &str) -> Result<Target, LinkError> {
    if whole.len() > LINK_MAX_BYTES {
        return Err(LinkError::TooLong(whole.len()));
    }
    if !whole.chars().all(is_plain) {
        return Err(LinkError::Sign(whole.to_owned()));
    }
    if rest.contains('#') {
        return Err(LinkError::Fragment);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    if authority.contains('@') {
        return Err(LinkError::User);
    }
    if authority.contains('%') {
        return Err(LinkError::HostPercent(authority.to_owned()));
    }
    if authority.matches(':').count() > 1 && !authority.starts_with('[') {
        return Err(LinkError::Brackets(authority.to_owned()));
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !matches!(path, "" | "/") {
        return Err(LinkError::Path(path.to_owned()));
    }
    let mut target = Target::from(authority.parse::<ServerName>()?);
    for parameter in query.split('&').filter(|_| !query.is_empty()) {
        let unknown = || LinkError::Unknown(parameter.to_owned());
        let (name, value) = parameter.split_once('=').ok_or_else(unknown)?;
        let value = decoded(value)?;
        let is_twice = match name {
            KEY => {
                let key = server_key::parse(&value).map_err(LinkError::Key)?;
                target.key.replace(key).is_some().then_some(KEY)
            }
            ROOM => {
                let room = RoomName::parse_unsigned(&value)?.into_forms().0;
                target.room.replace(room).is_some().then_some(ROOM)
            }
            _ => return Err(unknown()),
        };
        if let Some(name) = is_twice {
            return Err(LinkError::Twice(name));
        }
    }
    Ok(target)
}

/// Whether a character stands in a link as one sees it.
fn is_plain(sign: char) -> bool {
    !sign.is_control() && !sign.is_whitespace() && crate::text::unicode::is_visible(sign)
}

fn decoded(value: &str) -> Result<String, LinkError> {
    let wrong = || LinkError::Percent(value.to_owned());
    let is_pair = |rest: &str| {
        let pair = rest.as_bytes().get(..2);
        pair.is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    };
    // The library leaves a % alone that no two digits follow.
    if !value.split('%').skip(1).all(is_pair) {
        return Err(wrong());
    }
    let text = percent_decode_str(value).decode_utf8();
    let text = text.map_err(|_| wrong())?.into_owned();
    if text.chars().all(is_plain) {
        Ok(text)
    } else {
        Err(LinkError::Sign(value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::fingerprint;

    proptest! {
        #[test]
        fn nothing_in_a_link_panics_and_what_is_taken_is_read_the_same_again(
            rest in "[ -~]{0,40}|\\PC{0,20}|[a-z.]{1,8}(:[0-9]{1,5})?/?\\?(room|key|x)=[a-z0-9%+#]{0,12}",
        ) {
            if let Ok(target) = format!("udpchat://{rest}").parse::<Target>() {
                prop_assert_eq!(parsed(&target.to_string()), target);
            }
        }
    }

    #[test]
    fn address_without_brackets_is_refused() {
        for host in ["::1", "::1:7777", "2001:db8::1", "h:7777:8"] {
            let told = refused(&format!("udpchat://{host}/"));
            assert!(told.contains("needs brackets"), "{host}: {told}");
        }
        assert_eq!(parsed("udpchat://[::1]:7777/").server.port, 7777);
    }

    fn parsed(text: &str) -> Target {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn refused(text: &str) -> String {
        let parsed: Result<Target, _> = text.parse();
        parsed.expect_err(text).to_string()
    }

    #[test]
    fn link_is_read_as_it_was_printed() {
        let key = fingerprint(&[3; 32]);
        for server in ["chat.example:7777", "[2001:db8::1]:9", "10.0.0.1:22500"] {
            for room in [None, Some("#bridge"), Some("#brücke")] {
                for key in [None, Some(key.clone())] {
                    let target = Target {
                        others: Vec::new(),
                        server: server.parse().unwrap(),
                        key,
                        room: room.map(str::to_owned),
                    };
                    let link = target.to_string();
                    assert!(link.is_ascii() && !link.contains('#'), "{link}");
                    assert_eq!(parsed(&link), target, "{link}");
                }
            }
        }
    }

    #[test]
    fn host_and_port_are_taken_as_before_and_a_link_in_each_form() {
        assert_eq!(parsed("chat.example").server.port, 7777);
        assert_eq!(
            parsed("UDPCHAT://Chat.Example").server,
            parsed("chat.example").server
        );
        // A + is one, and not a blank as in a form.
        let mut keys = (0..=u8::MAX).map(|byte| fingerprint(&[byte; 32]));
        let key = keys.find(|key| key.contains('+')).unwrap();
        let encoded = utf8_percent_encode(&key, ENCODED).to_string();
        for link in [
            format!("udpchat://h:1/?key={key}&room=Bridge"),
            format!("udpchat://h:1?room=%23bridge&key={encoded}"),
        ] {
            let target = parsed(&link);
            assert_eq!(target.key.as_ref(), Some(&key), "{link}");
            assert_eq!(target.room.as_deref(), Some("#bridge"));
        }
    }

    #[test]
    fn whatever_else_stands_in_a_link_is_refused_and_named() {
        let key = fingerprint(&[3; 32]);
        let twice = format!("udpchat://h/?key={key}&key={key}");
        let long = format!("udpchat://h/?room={}", "x".repeat(LINK_MAX_BYTES));
        for (link, why) in [
            ("udpchat://", "the host is missing"),
            ("udpchat:///?room=a", "the host is missing"),
            ("udpchat://-oProxy:1", "neither an address nor a host name"),
            ("http://h/", "without \"http://\""),
            ("udpchat://erin@h/", "names no user"),
            ("udpchat://erin:secret@h/", "names no user"),
            ("udpchat://h%41/", "percent-encoded"),
            ("udpchat://[fe80::1%eth0]/", "percent-encoded"),
            ("udpchat://h/room", "no path: after host and port"),
            ("udpchat://h//", "no path"),
            ("udpchat://h/#bridge", "no #"),
            ("udpchat://h/?room=#bridge", "no #"),
            ("udpchat://h/?exec=ls", "\"exec=ls\" is unknown"),
            ("udpchat://h/?KEY=x", "unknown"),
            ("udpchat://h/?room", "\"room\" is unknown"),
            ("udpchat://h/?&room=a", "\"\" is unknown"),
            ("udpchat://h/?room=a&", "\"\" is unknown"),
            (&twice, "names its key once"),
            ("udpchat://h/?room=a&room=b", "names its room once"),
            ("udpchat://h/?key=SHA256:abc", "is not a fingerprint"),
            ("udpchat://h/?room=", "follows the rules"),
            ("udpchat://h/?room=a%0a", "no blanks, control"),
            ("udpchat://h/?room=a%1b%5b2J", "no blanks, control"),
            ("udpchat://h/?room=a%00", "no blanks, control"),
            ("udpchat://h/?room=%e2%80%ae", "invisible"),
            ("udpchat://h/?room=a b", "no blanks"),
            ("udpchat://h/?room=a\u{1b}[2J", "no blanks"),
            ("udpchat://h/?room=%ff", "not percent-encoded UTF-8"),
            ("udpchat://h/?room=%4", "not percent-encoded UTF-8"),
            ("udpchat://h/?room=%zz", "not percent-encoded UTF-8"),
            ("udpchat://h/?room=%", "not percent-encoded UTF-8"),
            ("udpchat://h:0/", "is not a port"),
            ("udpchat://h:+80/", "is not a port"),
            (&long, "at most 1024 bytes"),
        ] {
            let error = refused(link);
            assert!(error.contains(why), "{link}: {error}");
            assert!(!error.contains('\u{1b}'), "{error:?}");
        }
    }
}
