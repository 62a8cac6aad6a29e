//! Server keys, devices and accounts in a state directory.

use super::*;

fn state(directory: &tempfile::TempDir) -> StateDirectory {
    StateDirectory::open(directory.path().join("state"), "here:7777".into()).unwrap()
}

#[test]
fn key_is_unknown_then_known_and_another_one_changed() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = state(&directory);
    assert_eq!(files.check_server(&[1; 32]).unwrap(), Trust::Unknown);
    files.trust_server(&[1; 32]).unwrap();
    assert_eq!(files.check_server(&[1; 32]).unwrap(), Trust::Known);
    let path = directory.path().join("state/known_servers");
    assert_eq!(
        state(&directory).check_server(&[2; 32]).unwrap(),
        Trust::Changed {
            known: fingerprint(&[1; 32]),
            place: format!("{} line 1", path.display()),
        }
    );
}

#[test]
fn second_client_takes_a_device_of_its_own_and_the_first_is_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = state(&directory);
    let first = files.open_device(&[1; 32], "erin").unwrap();
    let second = files.open_device(&[1; 32], "erin").unwrap();
    let devices = files.devices(&[1; 32], "erin");
    let count = || fs::read_dir(&devices).unwrap().count();
    assert_eq!(count(), 2);
    drop((first, second));
    files.open_device(&[1; 32], "erin").unwrap();
    assert_eq!(count(), 2);
}

#[test]
fn file_that_is_no_database_is_an_error_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = state(&directory);
    let devices = files.devices(&[1; 32], "erin");
    private_directory(&devices, STATE).unwrap();
    let text = "this is not a database at all, however long it may be. ".repeat(100);
    let file = devices.join("1.redb");
    fs::write(&file, &text).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert!(files.open_device(&[1; 32], "erin").is_err());
    assert_eq!(fs::read_to_string(devices.join("1.redb")).unwrap(), text);
}

#[test]
fn directory_that_others_may_enter_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("open");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let error = private_directory(&path, STATE).unwrap_err();
    assert!(error.to_string().contains("chmod 700"), "{error}");
}

#[test]
fn names_of_accounts_make_harmless_file_names() {
    assert_eq!(percent_encoded("erin"), "erin");
    assert_eq!(percent_encoded(".."), "%2E%2E");
    assert_eq!(percent_encoded("a/é"), "a%2F%C3%A9");
    for name in ["erin", "..", "a/é", "100%"] {
        assert_eq!(
            percent_decoded(&percent_encoded(name)).as_deref(),
            Some(name)
        );
    }
    for other in ["%", "%4", "%zz", "%ff", "a%é"] {
        assert_eq!(percent_decoded(other), None, "{other}");
    }
}

#[test]
fn device_of_a_known_server_is_opened_without_a_link() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = state(&directory);
    let print = fingerprint(&[1; 32]);
    drop(files.open_device(&[1; 32], "erin").unwrap());
    assert!(files.open_known(None, None).unwrap().is_none());
    files.trust_server(&[1; 32]).unwrap();
    for (meant, name, is_found) in [
        (None, None, true),
        (None, Some("erin"), true),
        (None, Some("bob"), false),
        (Some(&*print), None, true),
        (Some("SHA256:other"), None, false),
    ] {
        let found = files.open_known(meant, name).unwrap();
        assert_eq!(found.is_some(), is_found, "{meant:?} {name:?}");
    }
    let held = files.open_known(None, None).unwrap();
    assert!(held.is_some());
    assert!(
        files.open_known(None, None).unwrap().is_none(),
        "it is in use"
    );
}

#[test]
fn account_that_was_renamed_is_found_by_either_name_and_offered_by_the_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = state(&directory);
    let key = [1; 32];
    drop(files.open_device(&key, "erin").unwrap());
    for (old, new) in [
        ("erin", "zo\u{eb}"),
        ("erin", "zo\u{eb}"),
        ("zo\u{eb}", "eve"),
    ] {
        files.rename_account(&key, old, new).unwrap();
    }
    assert!(
        ["erin", "zo\u{eb}", "eve"]
            .into_iter()
            .all(|name| files.has_device(&key, name))
    );
    assert_eq!(files.accounts(&key), ["eve"]);
    let held = files.open_device(&key, "eve").unwrap();
    assert!(fs::read_dir(files.devices(&key, "erin")).unwrap().count() >= 1);
    drop(held);
}

#[test]
fn accounts_that_have_a_device_here_are_known() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = state(&directory);
    assert!(files.accounts(&[1; 32]).is_empty());
    for (key, name) in [(1, "erin"), (2, "bob"), (1, "zo\u{eb}")] {
        drop(files.open_device(&[key; 32], name).unwrap());
    }
    fs::create_dir(files.devices(&[1; 32], "nobody")).unwrap();
    let mut names = files.accounts(&[1; 32]);
    names.sort();
    assert_eq!(names, ["erin", "zo\u{eb}"]);
}
