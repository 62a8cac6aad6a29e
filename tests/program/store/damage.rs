//! Damaged pages, on which redb itself panics: whatever is done with them ends with one clear sentence.

use std::fs;

use crate::support::Workspace;

const PAGE_BYTES: usize = 4096;

#[test]
fn no_damaged_page_ends_a_command_with_a_panic() {
    // What redb had panicked with was printed before the error; and where a database was closed over it, instead of one.
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    workspace.add("carol");
    server.kill();
    let whole = fs::read(workspace.database()).unwrap();
    let copy = workspace.file("copy");
    let mut panics = 0;
    for start in (0..whole.len()).step_by(PAGE_BYTES) {
        let page = start..(start + PAGE_BYTES).min(whole.len());
        if whole[page.clone()].iter().all(|byte| *byte == 0) {
            continue;
        }
        // The first page of the file is known by its first bytes.
        for from in [page.start + 16, page.start + 64] {
            let mut damaged = whole.clone();
            for (index, byte) in damaged[from..page.end].iter_mut().take(64).enumerate() {
                *byte ^= u8::try_from(index).unwrap() | 0x80;
            }
            fs::write(workspace.database(), damaged).unwrap();
            let commands: [&[&str]; 4] = [
                &["user", "list"],
                &["store", "check"],
                &["store", "backup", &copy, "--force"],
                &["store", "rescue", &copy, "--force"],
            ];
            for command in commands {
                let (text, code) = workspace.run(command);
                assert!(!text.contains("panicked"), "{command:?} at {from}: {text}");
                assert!(matches!(code, Some(0 | 1)), "{command:?} {code:?}: {text}");
                panics += usize::from(text.contains("redb cannot read a damaged page"));
            }
        }
    }
    assert!(panics > 0, "redb panics on none of these pages");
}
