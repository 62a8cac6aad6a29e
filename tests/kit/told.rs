//! What a client's lines tell its user of own messages.

/// How many messages a line calls stored, if it does.
pub fn stored_of(line: &str) -> Option<usize> {
    let told = line.strip_prefix("● ")?;
    if told.starts_with("stored") {
        return Some(1);
    }
    let (messages, rest) = told.split_once(' ')?;
    let messages = messages.parse().ok()?;
    rest.starts_with("messages stored").then_some(messages)
}

/// Of how many messages a line is a receipt, and by whom: a burst folds into one line.
pub fn receipt_of(line: &str) -> Option<(usize, &str)> {
    let (messages, by) = line.strip_prefix("✓ ")?.split_once(" received by ")?;
    let count = match messages {
        "Message" => 1,
        many => many.strip_suffix(" messages")?.parse().ok()?,
    };
    Some((count, by))
}
