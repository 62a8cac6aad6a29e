//! One's own account at the prompt: opening it, a new password, the devices, the end.

use crate::prompt::signed_in;
use crate::support::{Host, Person, Workspace};

#[test]
fn signup_says_at_once_that_registration_is_closed_or_the_name_taken() {
    let workspace = Workspace::new(&["alice"]);
    for (more, name, words) in [
        (&[][..], "alice", "the name \"alice\" is taken"),
        (
            &["--registration", "closed"],
            "carol",
            "registration is closed: ask the operator for an account",
        ),
    ] {
        let mut server = workspace.serve_with(more);
        let mut person = Person::connect(
            &Host::default(),
            name,
            &server.address.to_string(),
            &["--accept-new"],
        );
        person.sees("Greetings from the Chat Room!");
        person.types(&format!("signup {name}"));
        let before = person.sees(words);
        assert!(!before.contains("password"), "{before:?}");
        person.sees("> ");
        server.kill();
    }
}

/// The password is not on the screen, nor in anybody's files.
#[test]
fn new_password_signs_out_the_other_device_and_opens_a_third() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut laptop = signed_in("alice", &server);
    let mut phone = signed_in("alice", &server);
    laptop.types("/passwd");
    laptop.sees("old password: ");
    laptop.types("sardine");
    laptop.sees("wrong password");
    laptop.sees("old password: ");
    laptop.types("swordfish in tea");
    laptop.sees("new password (at least 12 characters): ");
    laptop.types("short");
    laptop.sees("at least 12 characters");
    laptop.sees("new password (at least 12 characters): ");
    laptop.types("halibut in coffee");
    laptop.sees("repeat password: ");
    laptop.types("halibut in coffee");
    let shown = laptop.sees("the password is changed; 1 other device was signed out");
    assert!(!shown.contains("halibut"), "{shown:?}");
    laptop.sees("alice> ");
    phone.sees("signed out: the password was changed on another device");
    phone.sees("is back");
    phone.types("/login alice");
    phone.sees("password: ");
    phone.types("swordfish in tea");
    phone.sees("wrong password");
    phone.sees("password: ");
    phone.types("halibut in coffee");
    phone.sees("alice> ");
    phone.types("/message bob still here");
    phone.sees("stored");
}

/// One was told to log in again, and what had been typed offline waited for that.
#[test]
fn ticket_that_is_refused_after_an_offline_beginning_asks_for_the_password_and_sends_what_was_typed()
 {
    let workspace = Workspace::new(&["alice"]);
    let mut server = workspace.serve();
    let bob = workspace.sign_in(server.address, "bob");
    let (state, address) = (workspace.file("state-of-phone"), server.address);
    let phone = |more: &[&str]| {
        let mut command = Host::default().udpchat();
        command.arg("connect").arg(address.to_string());
        command.args(["--state", &state]).args(more);
        Person::runs(command, "alice")
    };
    let mut before = phone(&["--accept-new", "--user", "alice"]);
    before.signs_in("alice");
    before.types("/message bob before");
    before.sees("Message received by bob");
    before.types("/quit");
    assert_eq!(before.ends(), 0);
    let mut laptop = signed_in("alice", &server);
    laptop.types("/passwd");
    for (question, answer) in [
        ("old password: ", "swordfish in tea"),
        (
            "new password (at least 12 characters): ",
            "halibut in coffee",
        ),
        ("repeat password: ", "halibut in coffee"),
    ] {
        laptop.sees(question);
        laptop.types(answer);
    }
    laptop.sees("the password is changed");
    server.kill();
    let mut phone = phone(&[]);
    phone.sees("offline: no answer from");
    phone.types("/message bob typed offline");
    phone.sees("● queued");
    server.restart();
    phone.sees("the earlier sign-in is no longer valid; Enter asks for the password");
    phone.types("");
    phone.sees("password: ");
    phone.types("halibut in coffee");
    phone.sees("alice> ");
    bob.sees(1, "typed offline");
}

#[test]
fn device_is_revoked_and_the_account_deleted() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut laptop = signed_in("alice", &server);
    let mut phone = signed_in("alice", &server);
    let mut bob = signed_in("bob", &server);
    laptop.types("/devices");
    laptop.sees("device 1  this device");
    laptop.sees("device 2  online");
    laptop.types("/devices revoke 2");
    laptop.sees("password: ");
    laptop.types("swordfish in tea");
    laptop.sees("device 2 is revoked");
    phone.sees("signed out: this device was revoked");
    laptop.types("/account delete");
    laptop.sees("type alice to delete the account: ");
    laptop.types("alice");
    laptop.sees("password: ");
    laptop.types("swordfish in tea");
    laptop.sees("signed out: the account was deleted");
    bob.sees("alice went offline");
    bob.types("/message alice are you there?");
    bob.sees("the account alice was deleted");
    phone.sees("is back");
    phone.types("/signup alice");
    phone.sees("the account alice was deleted; its name cannot be used again");
}
