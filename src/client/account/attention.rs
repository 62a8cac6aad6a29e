//! What calls for the user's attention: who is mentioned, and when the terminal rings.

use std::time::{Duration, Instant};

use crate::client::account::ctx::Ctx;
use crate::client::env::{AttentionOptions, Notify, Ring};
use crate::protocol::ConversationId;
use crate::text::words::{needle, words};

/// How long the terminal stays silent after it rang. Chosen: a burst of lines is one noise.
const RING_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Attention {
    notify: Notify,
    /// The words that mention the user, as they occur in the words of a text.
    mentions: Vec<String>,
    /// Whether the user does not want to be disturbed.
    is_quiet: bool,
    rang_at: Option<Instant>,
}

impl Attention {
    pub(crate) fn new(options: AttentionOptions, own_name: &str, is_quiet: bool) -> Self {
        let own = [own_name.to_owned()];
        let all = own.iter().chain(&options.mentions);
        Self {
            notify: options.notify,
            mentions: all.filter_map(|word| needle(word)).collect(),
            is_quiet,
            rang_at: None,
        }
    }

    /// Whether a text has the user's name, or a word of theirs, as a word.
    pub(crate) fn is_mentioned(&self, text: &str) -> bool {
        let words = format!("{} ", words(text));
        let is_word = |needle: &String| match needle.strip_prefix(' ') {
            Some(_) => words.contains(&format!("{needle} ")),
            // Of a script without spaces nobody can tell where a word ends.
            None => words.contains(needle),
        };
        self.mentions.iter().any(is_word)
    }

    /// A message of another has come: rings if the user wants that, and has not muted its conversation.
    pub(crate) fn message(&mut self, ctx: &mut Ctx<'_>, id: ConversationId, mentions: bool) {
        let kind = match (ctx.is_many(id), mentions) {
            (_, true) => Notify::Mention,
            (false, false) => Notify::Private,
            (true, false) => Notify::All,
        };
        let known = ctx.conversations.get(id);
        if known.is_some_and(|known| known.stored.is_muted(ctx.now.unix_ms)) {
            return;
        }
        let now = ctx.now.instant;
        let was_just_now = |rang_at: Instant| now.duration_since(rang_at) < RING_EVERY;
        if kind > self.notify || self.is_quiet || self.rang_at.is_some_and(was_just_now) {
            return;
        }
        self.rang_at = Some(now);
        let name = ctx.name_of(id).to_owned();
        ctx.effects.ring(Ring::of(&name));
    }

    /// Turns the bell off or on; without a word it shows which it is.
    pub(crate) fn set_quiet(&mut self, ctx: &mut Ctx<'_>, wanted: Option<bool>) {
        if let Some(is_quiet) = wanted {
            self.is_quiet = is_quiet;
            ctx.state.put_quiet(is_quiet);
        }
        let text = if self.is_quiet {
            "do not disturb: nothing rings on this device until `/dnd off`"
        } else {
            "you are told of what comes, as `--notify` says; `/dnd on` ends that"
        };
        ctx.notice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_own_words_count_as_words_only() {
        let options = AttentionOptions {
            mentions: vec!["Maschinenraum".into(), "\u{6a5f}\u{95a2}".into()],
            ..AttentionOptions::default()
        };
        let attention = Attention::new(options, "zo\u{eb}", false);
        for text in [
            "Zo\u{eb}, tea?",
            "@zoe",
            "zoe's",
            "MASCHINENRAUM!",
            "\u{6a5f}\u{95a2}\u{5ba4}\u{3067}",
        ] {
            assert!(attention.is_mentioned(text), "{text}");
        }
        for text in ["zoes", "zoetrope", "maschinenraumtor", "tea", ""] {
            assert!(!attention.is_mentioned(text), "{text}");
        }
    }
}
