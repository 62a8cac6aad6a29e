//! What is typed, and how it is known again in whatever shows or keeps it.

use std::path::Path;

use crate::plan::To;

/// The author and the author's own count, by which a text is known again: `<author.count>` in it.
pub type Marker = (usize, usize);

/// The marker in a text.
pub fn marker_of(text: &str) -> Option<Marker> {
    let (_, tail) = text.split_once('<')?;
    let (marker, _) = tail.split_once('>')?;
    let (author, count) = marker.split_once('.')?;
    Some((author.parse().ok()?, count.parse().ok()?))
}

/// What is typed for a marker.
pub fn command(marker: Marker, to: To) -> String {
    let text = format!("<{}.{}> the tide turns", marker.0, marker.1);
    match to {
        To::Everyone => format!("/message* {text}"),
        To::Room(number) => format!("/message {} {text}", room(number)),
        To::User(other) => format!("/message {} {text}", name(other)),
    }
}

/// The same with a file.
pub fn file_command(marker: Marker, to: To, file: &Path) -> String {
    let target = match to {
        To::Everyone => "everyone".to_owned(),
        To::Room(number) => room(number),
        To::User(other) => name(other),
    };
    let (author, count) = marker;
    format!("/file {target} {} <{author}.{count}>", file.display())
}

/// A word that is no command: the client says so in its turn, once everything typed before is durable.
pub fn fence(marker: Marker) -> String {
    format!("/fence.{}.{}", marker.0, marker.1)
}

/// A user's name.
pub fn name(user: usize) -> String {
    format!("user{user}")
}

/// A room's name.
pub fn room(number: usize) -> String {
    format!("#room{number}")
}
