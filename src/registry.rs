//! The table type of subcommands and of chat commands.
//!
//! Help, manual pages, shell completions, the tab key and the suggestion for a mistyped word all read the same table, so
//! that none of them can name a command that does not exist.

pub trait Entry {
    fn name(&self) -> &'static str;

    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// One line for the menu.
    fn summary(&self) -> &'static str;
}

/// In the order of the menu.
pub struct Registry<T: Entry + ?Sized> {
    entries: Vec<Box<T>>,
}

/// The least similarity of two words (Jaro-Winkler, 0 to 1) for a suggestion. Chosen: `mesage` finds `message`, `xyz`
/// finds nothing; clap uses 0.7 for its own suggestions.
const LIKENESS_MIN: f64 = 0.75;

/// The least similarity of a word that is hardly anything but a mistyped one. Chosen: `mesage`, `massage` and `jion` have it,
/// `he`, `his` and `why` do not.
const SLIP_LIKENESS_MIN: f64 = 0.9;

/// The fewest bytes by which a word is taken for the beginning of another. Chosen: `hist` is one, `hi` is not.
const START_MIN_BYTES: usize = 3;

impl<T: Entry + ?Sized> Default for Registry<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<T: Entry + ?Sized> Registry<T> {
    ///
    /// # Panics
    /// If one of its words is in the table already: the tables are written by hand, and a test builds them.
    pub fn with(mut self, entry: Box<T>) -> Self {
        for word in words(&*entry) {
            assert!(
                self.find(word).is_none(),
                "the word {word:?} would call two commands"
            );
        }
        self.entries.push(entry);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|entry| &**entry)
    }

    pub fn find(&self, word: &str) -> Option<&T> {
        self.iter()
            .find(|entry| words(*entry).any(|own| own == word))
    }

    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.iter().flat_map(words)
    }

    /// The most similar word of the table, if one is similar enough.
    pub fn nearest(&self, word: &str) -> Option<&'static str> {
        nearest(self.words(), word)
    }

    /// Whether a word of the table begins so, with three letters or more.
    pub fn has_start(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        word.len() >= START_MIN_BYTES && self.words().any(|own| own.starts_with(&word))
    }

    /// Whether a word is in the table, or hardly anything but a mistyped one of it.
    pub fn has_near(&self, word: &str) -> bool {
        self.words().any(|own| is_near(own, word))
    }
}

/// Whether a word is this one, or hardly anything but a mistyped one of it.
pub fn is_near(own: &str, word: &str) -> bool {
    // In a short word two letters in the wrong order leave little similarity.
    let is_swapped = || strsim::osa_distance(own, word) == 1 && strsim::levenshtein(own, word) == 2;
    strsim::jaro_winkler(own, word) >= SLIP_LIKENESS_MIN || is_swapped()
}

/// The most similar of these words, if one is similar enough; capitals make no difference.
pub fn nearest<'a>(words: impl Iterator<Item = &'a str>, word: &str) -> Option<&'a str> {
    let word = word.to_lowercase();
    words
        .map(|own| (own, strsim::jaro_winkler(own, &word)))
        .filter(|(_, likeness)| *likeness >= LIKENESS_MIN)
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(own, _)| own)
}

fn words<T: Entry + ?Sized>(entry: &T) -> impl Iterator<Item = &'static str> + use<T> {
    std::iter::once(entry.name()).chain(entry.aliases().iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Word(&'static str, &'static [&'static str]);

    impl Entry for Word {
        fn name(&self) -> &'static str {
            self.0
        }
        fn aliases(&self) -> &'static [&'static str] {
            self.1
        }
        fn summary(&self) -> &'static str {
            "a word"
        }
    }

    fn table() -> Registry<Word> {
        Registry::default()
            .with(Box::new(Word("message", &["msg"])))
            .with(Box::new(Word("quit", &["exit"])))
    }

    #[test]
    fn name_and_alias_call_the_same_command() {
        let table = table();
        assert_eq!(table.find("msg").map(Entry::name), Some("message"));
        assert!(table.find("mes").is_none());
    }

    #[test]
    fn mistyped_word_finds_its_neighbour_and_nonsense_finds_none() {
        let table = table();
        assert_eq!(table.nearest("mesage"), Some("message"));
        assert_eq!(table.nearest("MESSAGE"), Some("message"));
        assert_eq!(table.nearest("xyzzy"), None);
    }

    #[test]
    #[should_panic(expected = "two commands")]
    fn word_that_calls_two_commands_is_refused() {
        let _ = table().with(Box::new(Word("exit", &[])));
    }
}
