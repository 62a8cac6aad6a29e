//! `links`: the addresses of pages that stand in messages on this device, newest first.

use linkify::{LinkFinder, LinkKind};

use super::scope;
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::shown_text;
use crate::client::env::Fault;
use crate::client::storage::StateError;
use crate::protocol::ConversationId;

/// How many are shown. Chosen: most of a screen.
const SHOWN_MAX: usize = 20;

const SCHEMES: [&str; 2] = ["https://", "http://"];

/// Shows the newest links of a conversation, or of all.
pub(crate) fn links(ctx: &mut Ctx<'_>, named: Option<&str>) {
    let scope = match scope(ctx, named) {
        Ok(scope) => scope,
        Err((fault, text)) => return ctx.fail(fault, text),
    };
    match found(ctx, scope) {
        Ok(lines) if lines.is_empty() => ctx.notice("no links on this device"),
        Ok(lines) => lines.into_iter().for_each(|line| ctx.plain(line)),
        Err(error) => ctx.fail(Fault::Failed, error.to_string()),
    }
}

fn found(ctx: &Ctx<'_>, scope: Option<ConversationId>) -> Result<Vec<String>, StateError> {
    let mut places = Vec::new();
    ctx.state.visit_words(scope, |found| {
        if found.words.contains(" http") {
            places.push((found.time_ms, found.conversation, found.entry));
        }
        true
    })?;
    places.sort_unstable();
    let mut lines = Vec::new();
    for (time_ms, id, at) in places.into_iter().rev() {
        let entry = ctx.state.entry(id, at)?;
        let text = entry.and_then(|entry| shown_text(ctx, (id, at), &entry));
        for link in text.iter().flat_map(|text| in_text(text)) {
            let (time, place) = (ctx.clock().show(time_ms), ctx.name_of(id));
            lines.push(format!("{time} {place}  {link}"));
        }
        if lines.len() >= SHOWN_MAX {
            break;
        }
    }
    lines.truncate(SHOWN_MAX);
    Ok(lines)
}

/// The links of a text, without the signs around them.
fn in_text(text: &str) -> impl Iterator<Item = &str> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let links: Vec<&str> = finder.links(text).map(|link| link.as_str()).collect();
    links.into_iter().filter(|link| {
        SCHEMES.iter().any(|scheme| {
            let head = link.get(..scheme.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(scheme)) && link.len() > scheme.len()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_from_the_text_around_them() {
        let text = "see (https://example.org/a?b=1), HTTP://x.org. or http:// and ftp://y.org, \
            <https://en.example.org/wiki/Tea_(meal)>; \"https://例え.jp/道\"";
        let links: Vec<&str> = in_text(text).collect();
        assert_eq!(
            links,
            [
                "https://example.org/a?b=1",
                "HTTP://x.org",
                "https://en.example.org/wiki/Tea_(meal)",
                "https://例え.jp/道",
            ]
        );
    }
}
