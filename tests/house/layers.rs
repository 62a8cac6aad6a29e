//! Imports point down the table of layers, so that what stands below can be read without what stands above.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each layer, and those that it may import. What is not listed here (`main.rs`, `lib.rs`) may import all.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "bench",
            "client",
            "cluster",
            "fence",
            "net",
            "protocol",
            "registry",
            "server",
            "stalls",
            "store",
            "sys",
            "text",
            "transport",
        ],
    ),
    (
        "bench",
        &[
            "client",
            "net",
            "protocol",
            "registry",
            "server",
            "stalls",
            "store",
            "text",
            "transport",
        ],
    ),
    ("net", &["stalls", "sys", "text", "transport"]),
    (
        "client",
        &["fence", "protocol", "registry", "text", "transport"],
    ),
    (
        "server",
        &[
            "id_map",
            "small_map",
            "store",
            "protocol",
            "text",
            "transport",
        ],
    ),
    ("cluster", &["protocol", "store"]),
    ("store", &["fence", "protocol", "stalls", "text"]),
    ("protocol", &[]),
    ("text", &[]),
    ("transport", &["id_map"]),
    ("id_map", &[]),
    ("small_map", &[]),
    ("registry", &[]),
    ("stalls", &[]),
    ("sys", &[]),
    ("fence", &[]),
];

/// The source files below a directory.
pub fn sources(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The layer to which a file belongs: the first part of its path below `src`.
fn layer(file: &Path, root: &Path) -> String {
    let first = file.strip_prefix(root).unwrap().iter().next().unwrap();
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The layers that a source text names by `crate::X`, also in a list `crate::{X, Y}`.
fn imports(text: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|sign| sign.is_alphanumeric() || *sign == '_')
            .collect()
    };
    let mut found = Vec::new();
    for after in text.split("crate::").skip(1) {
        if let Some(list) = after.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (index, sign) in list.char_indices() {
                match sign {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    _ if sign.is_whitespace() => {}
                    _ if start && depth == 0 => {
                        found.push(word(&list[index..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            found.push(word(after));
        }
    }
    found
}

#[test]
fn imports_point_down_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut upward = Vec::new();
    for file in files {
        let own = layer(&file, &root);
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == own) else {
            continue;
        };
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            let is_layer = LAYERS.iter().any(|(name, _)| *name == import);
            if is_layer && import != own && !below.contains(&import.as_str()) {
                upward.push(format!("{} imports {import}", file.display()));
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn every_directory_of_the_source_is_a_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            assert!(LAYERS.iter().any(|(layer, _)| *layer == name), "{name}");
        }
    }
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "use crate::net::{a, b}; fn f() { crate::client::g() } use crate::{store::{x, y}, transport};";
    assert_eq!(imports(text), ["net", "client", "store", "transport"]);
}

#[test]
fn architecture_names_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let named: Vec<&str> = text
        .split('`')
        .filter(|word| word.starts_with("src/") || word.starts_with("tests/"))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for path in named {
        assert!(root.join(path).exists(), "{path}");
    }
}

/// Each source file that is no test, with the path of its module.
fn modules() -> Vec<(Vec<String>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let is_test = |file: &Path| {
        let name = file.file_stem().unwrap().to_string_lossy();
        name.contains("test") || file.iter().any(|part| part == "tests")
    };
    files.retain(|file| !is_test(file));
    let module = |file: PathBuf| {
        let text = fs::read_to_string(&file).unwrap();
        let below = file.strip_prefix(&root).unwrap().with_extension("");
        let parts = below.iter().map(|part| part.to_string_lossy().into_owned());
        let parts: Vec<String> = parts.filter(|part| part != "mod").collect();
        (parts, text)
    };
    files.into_iter().map(module).collect()
}

/// The modules that the `use` lines of a module name, in full, if they are written with `crate` or `super`.
fn used(module: &[String], text: &str) -> Vec<Vec<String>> {
    let program = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text);
    let mut found = Vec::new();
    for line in program.lines() {
        let Some(path) = line.strip_prefix("use ") else {
            continue;
        };
        let mut parts = path.split("::");
        let mut full = match parts.next() {
            Some("crate") => Vec::new(),
            Some("super") => module[..module.len() - 1].to_vec(),
            _ => continue,
        };
        for part in parts {
            if part == "super" {
                full.pop();
            } else {
                full.push(part.trim_end_matches(';').to_owned());
            }
        }
        found.push(full);
    }
    found
}

#[test]
fn folders_of_a_layer_import_each_other_in_no_circle() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, text) in modules() {
        for path in used(&module, &text) {
            if let ([layer, folder, _, ..], [other_layer, other, ..]) = (&module[..], &path[..])
                && layer == other_layer
                && folder != other
            {
                let name = |folder: &String| format!("{layer}/{folder}");
                imports.entry(name(folder)).or_default().insert(name(other));
            }
        }
    }
    assert!(imports.len() > 10, "{imports:?}");
    // Whatever imports nothing that is left is in no circle.
    while let Some(done) = imports
        .iter()
        .find(|(_, others)| others.iter().all(|other| !imports.contains_key(other)))
        .map(|(folder, _)| folder.clone())
    {
        imports.remove(&done);
    }
    assert!(imports.is_empty(), "a circle of imports: {imports:#?}");
}

#[test]
fn folders_stay_small() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests"), &mut files);
    let mut counts: BTreeMap<&Path, usize> = BTreeMap::new();
    for file in &files {
        *counts.entry(file.parent().unwrap()).or_default() += 1;
    }
    let large: Vec<_> = counts.iter().filter(|(_, count)| **count > 16).collect();
    assert!(large.is_empty(), "more than 16 files: {large:?}");
}
