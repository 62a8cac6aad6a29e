//! The registry that both command tables are instances of: the subcommands of the executable and the commands
//! of the prompt.
//!
//! Help, manual pages, shell completions, the prompt's tab key and the suggestion for a mistyped word all read
//! the same table, so that none of them can name a command that does not run.

/// What every command has, whatever it runs on.
pub trait Entry {
    /// The word that calls it.
    fn name(&self) -> &'static str;

    /// Other words that call it.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// One line for the menu: what it does.
    fn summary(&self) -> &'static str;
}

/// A table of commands, in the order in which the menu shows them.
pub struct Registry<T: Entry + ?Sized> {
    entries: Vec<Box<T>>,
}

/// How alike two words must be (Jaro-Winkler, 0 to 1) for one to be suggested for the other. Chosen: `mesage`
/// finds `message`, `xyz` finds nothing; clap uses 0.7 for its own suggestions.
const LIKENESS_MIN: f64 = 0.75;

impl<T: Entry + ?Sized> Default for Registry<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<T: Entry + ?Sized> Registry<T> {
    /// Adds a command.
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

    /// All commands, in the menu's order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|entry| &**entry)
    }

    /// The command that this word calls.
    pub fn find(&self, word: &str) -> Option<&T> {
        self.iter()
            .find(|entry| words(*entry).any(|own| own == word))
    }

    /// Every word that calls one of them.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.iter().flat_map(words)
    }

    /// The word of the table that is most like this one, if any is like it at all.
    pub fn nearest(&self, word: &str) -> Option<&'static str> {
        self.words()
            .map(|own| (own, strsim::jaro_winkler(own, word)))
            .filter(|(_, likeness)| *likeness >= LIKENESS_MIN)
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|(own, _)| own)
    }
}

/// Every word that calls a command.
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
        assert_eq!(table.nearest("xyzzy"), None);
    }

    #[test]
    #[should_panic(expected = "two commands")]
    fn word_that_calls_two_commands_is_refused() {
        let _ = table().with(Box::new(Word("exit", &[])));
    }
}
