//! The zone in which a client shows times.

use std::process::Stdio;

use jiff::Zoned;

use crate::support::{Host, Workspace};

/// Asia/Tokyo was UTC, whatever data the system had.
#[test]
fn times_are_shown_in_the_zone_that_the_environment_names() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let mut alice = workspace.sign_in(server.address, "alice");
    alice.types("message* tea");
    alice.sees(1, "stored");
    let sent = Zoned::now();
    alice.types("quit");
    assert_eq!(alice.ends(), Some(0));
    // The minutes of Kathmandu are its own.
    let kathmandu = "Asia/Kathmandu";
    for (zone, zone_data, shown_in) in [
        (kathmandu, None, kathmandu),
        (":Asia/Kathmandu", None, kathmandu),
        ("NPT-5:45", None, kathmandu),
        // Without data of the system the program has its own.
        (kathmandu, Some("/nonexistent"), kathmandu),
        (":Asia/Kathmandu", Some("/nonexistent"), kathmandu),
        ("EST5EDT,M3.2.0,M11.1.0", None, "America/New_York"),
        ("", None, "UTC"),
        (":", None, "UTC"),
        ("Nowhere/Land", None, "UTC"),
        ("EST5EDT,M3.2.0", None, "UTC"),
    ] {
        let mut command = Host::default().udpchat();
        command
            .args(["connect", &server.address.to_string(), "--user", "alice"])
            .arg("--state")
            .arg(workspace.path("state-of-alice"))
            .env("TZ", zone)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(directory) = zone_data {
            command.env("TZDIR", directory);
        }
        let mut client = crate::support::Script::spawn(&mut command);
        client.types("history everyone");
        client.types("quit");
        assert_eq!(client.ends(), Some(0));
        let lines = client.lines();
        let line = lines.iter().find(|line| line.ends_with(": tea"));
        let line = line.unwrap_or_else(|| panic!("{zone}: {lines:?}"));
        let sent = sent.in_tz(shown_in).expect("a zone");
        let minutes = [0, 1].map(|ago| &sent - jiff::Span::new().minutes(ago));
        let minutes = minutes.map(|minute| minute.strftime("%H:%M (you)").to_string());
        let is_right = minutes.iter().any(|minute| line.contains(minute));
        assert!(is_right, "{zone} {zone_data:?}: {line} {minutes:?}");
        let is_unknown = shown_in == "UTC" && zone.len() > 1;
        let told = client.errors().matches("there is no time zone").count();
        assert_eq!(told, usize::from(is_unknown), "{}", client.errors());
    }
}
