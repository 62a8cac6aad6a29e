//! The committed manual pages and completion scripts are those that the command line's table makes now.
//!
//! `UDPCHAT_BLESS=1 cargo test --test house` writes them anew.

use std::fs;
use std::path::Path;

#[test]
fn manual_pages_and_completions_are_those_of_the_command_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may look at its environment"
    )]
    let is_blessing = std::env::var_os("UDPCHAT_BLESS").is_some();
    let mut stale = Vec::new();
    for (path, made) in udpchat::cli::documents().unwrap() {
        let file = root.join(&path);
        if is_blessing {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &made).unwrap();
        } else if fs::read(&file).ok().as_deref() != Some(made.as_slice()) {
            stale.push(path);
        }
    }
    assert!(
        stale.is_empty(),
        "stale, or missing: {stale:?}; run UDPCHAT_BLESS=1 cargo test --test house"
    );
}
