//! What accounts with a role do to the server, and what those without one try.

mod messages;

use super::*;
use crate::protocol::{
    AccountRole, AdminAction, Administer, Administered, AuditEntry, Failure, RecipientData,
};
use crate::server::ShowAddresses;
use crate::server::ctx::{CODE_ENDED, CODE_RENAMED};
use crate::store::{BanSubject, Prefix};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// An action on bob.
fn on_bob(action: AdminAction) -> Administer {
    Administer {
        tag: 7,
        action,
        subject: Some("bob".into()),
        text: None,
        for_ms: None,
        role: None,
        before: None,
        entry: None,
        code: None,
        uses: None,
    }
}

fn ban(subject: &str, for_ms: Option<u64>) -> Administer {
    Administer {
        subject: Some(subject.into()),
        text: Some("spam".into()),
        for_ms,
        ..on_bob(AdminAction::Ban)
    }
}

fn appoint(subject: &str, role: AccountRole) -> Administer {
    Administer {
        subject: Some(subject.into()),
        role: Some(role),
        ..on_bob(AdminAction::Role)
    }
}

fn rename(new: &str) -> Administer {
    Administer {
        text: Some(new.into()),
        ..on_bob(AdminAction::Rename)
    }
}

fn announce(text: &str) -> Administer {
    Administer {
        subject: None,
        text: Some(text.into()),
        ..on_bob(AdminAction::Announce)
    }
}

fn audit() -> Administer {
    Administer {
        subject: None,
        ..on_bob(AdminAction::Audit)
    }
}

impl Bench {
    fn set_role(&mut self, (account, _): (AccountId, DeviceId), role: AccountRole) {
        self.operate(Write::SetRole { account, role });
    }

    /// What the server says to this.
    fn administer(&mut self, link: Link, body: Administer) -> Result<Administered, Failure> {
        self.say(link, Channel::Control, &ClientMessage::control(body));
        self.pass(50);
        self.administered(link)
    }

    /// What it has said.
    fn administered(&mut self, link: Link) -> Result<Administered, Failure> {
        let heard = self.heard(link);
        let answer = heard.into_iter().find_map(|body| match body {
            ServerBody::Administered(done) => Some(Ok(done)),
            ServerBody::Failure(failure) => Some(Err(failure)),
            _ => None,
        });
        answer.expect("it is answered")
    }

    /// Why it does not do this.
    fn refuses(&mut self, link: Link, body: Administer) -> (ErrorCode, String) {
        let failure = self.administer(link, body).expect_err("it is refused");
        assert_eq!(failure.tag, Some(7));
        (failure.code, failure.detail)
    }

    /// What the audit log has, oldest first.
    fn log(&mut self) -> Vec<String> {
        let read = Read::Audit {
            before: u64::MAX,
            count: 100,
        };
        let Reply::Audit(actions) = self.done(read) else {
            panic!("the log was asked for");
        };
        let lines = actions.into_iter().rev();
        lines
            .map(|it| format!("{}:{}:{}:{}", it.by, it.action, it.subject, it.detail))
            .collect()
    }
}

#[test]
fn each_role_may_do_what_its_row_says_and_nothing_else() {
    const NONE: &str = "moderator";
    const MORE: &str = "administrator";
    let rows = [
        (on_bob(AdminAction::Disconnect), NONE),
        (ban("bob", Some(31 * DAY_MS)), NONE),
        (on_bob(AdminAction::Unban), NONE),
        (announce("tea?"), NONE),
        (ban("bob", Some(31 * DAY_MS + 1)), MORE),
        (ban("bob", None), MORE),
        (ban("203.0.113.0/24", Some(1000)), MORE),
        (
            Administer {
                subject: Some("203.0.113.0/24".into()),
                ..on_bob(AdminAction::Unban)
            },
            MORE,
        ),
        (on_bob(AdminAction::Disable), MORE),
        (on_bob(AdminAction::Enable), MORE),
        (appoint("bob", AccountRole::Member), MORE),
        (rename("robert"), MORE),
        (rename("bob"), MORE),
        (audit(), MORE),
        (messages::delete("everyone", 1), NONE),
        (messages::invite(1, DAY_MS), MORE),
    ];
    for role in AccountRole::ALL {
        let mut bench = Bench::new();
        let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
        bench.append(ConversationId::EVERYONE, bob, 1);
        let link = bench.signed_in("alice", alice);
        bench.set_role(alice, *role);
        for (body, needed) in rows.clone() {
            let what = format!("{role}: {body:?}");
            let may = match needed {
                NONE => *role != AccountRole::Member,
                _ => *role == AccountRole::Administrator,
            };
            // Rooms and the like are changed as seldom.
            bench.pass(10_000);
            if may {
                bench.administer(link, body).expect(&what);
            } else {
                // Who may ban nobody is told what that takes, and not what even longer bans take.
                let needed = if body.action == AdminAction::Ban && *role == AccountRole::Member {
                    NONE
                } else {
                    needed
                };
                let refused = (ErrorCode::RoleNeeded, needed.to_owned());
                assert_eq!(bench.refuses(link, body), refused, "{what}");
            }
        }
    }
}

#[test]
fn moderator_bans_a_user_who_is_gone_at_once_and_the_audit_log_says_who_did_it() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let hers = bench.signed_in("alice", alice);
    let his = bench.signed_in("bob", bob);
    bench.set_role(alice, AccountRole::Moderator);
    let done = bench.administer(hers, ban("BOB", Some(DAY_MS))).unwrap();
    let words = "until 2026-03-18 14:02 UTC: spam".to_owned();
    assert_eq!(done.subject.as_deref(), Some("bob"));
    assert_eq!(done.text.as_ref(), Some(&words));
    let (_, reason) = bench.goodbye(his.client).expect("bob's session has ended");
    assert_eq!(reason, words);
    // Done twice it is the same.
    bench.administer(hers, ban("bob", Some(DAY_MS))).unwrap();
    let log = bench.log();
    assert_eq!(log.len(), 2);
    assert!(
        log[0].starts_with("alice:ban add:bob:until 2026-03-18"),
        "{log:?}"
    );
    bench.administer(hers, on_bob(AdminAction::Unban)).unwrap();
    let none = bench.refuses(hers, on_bob(AdminAction::Unban));
    assert_eq!(none, (ErrorCode::BadReference, String::new()));
}

#[test]
fn who_is_disconnected_is_told_so_and_may_come_back() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let hers = bench.signed_in("alice", alice);
    bench.set_role(alice, AccountRole::Moderator);
    let his = bench.signed_in("bob", bob);
    let done = bench.administer(hers, on_bob(AdminAction::Disconnect));
    assert_eq!(done.unwrap().sessions, Some(1));
    let (code, _) = bench.goodbye(his.client).expect("it has ended");
    assert_eq!(code, CODE_ENDED);
    // One who is not there is told of, and nothing is noted.
    let done = bench.administer(hers, on_bob(AdminAction::Disconnect));
    assert_eq!(done.unwrap().sessions, Some(0));
    assert_eq!(bench.log().len(), 1);
    bench.signed_in("bob", bob);
}

#[test]
fn nobody_acts_on_themselves_or_on_an_account_whose_role_is_not_below_theirs() {
    let mut bench = Bench::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| bench.user(name));
    let hers = bench.signed_in("alice", alice);
    let outranked = (ErrorCode::Outranked, String::new());
    for (own, other, may) in [
        (AccountRole::Moderator, AccountRole::Member, true),
        (AccountRole::Moderator, AccountRole::Moderator, false),
        (AccountRole::Moderator, AccountRole::Administrator, false),
        (AccountRole::Administrator, AccountRole::Moderator, true),
        (
            AccountRole::Administrator,
            AccountRole::Administrator,
            false,
        ),
    ] {
        bench.pass(60_000);
        bench.set_role(alice, own);
        bench.set_role(bob, other);
        for action in [
            AdminAction::Disconnect,
            AdminAction::Ban,
            AdminAction::Unban,
        ] {
            let body = Administer {
                for_ms: Some(1000),
                ..on_bob(action)
            };
            if may {
                bench.administer(hers, body).unwrap();
            } else {
                assert_eq!(bench.refuses(hers, body), outranked, "{own} {other}");
            }
        }
    }
    // Not on herself, and nobody becomes what she is by her.
    for body in [
        ban("alice", None),
        appoint("alice", AccountRole::Member),
        appoint("carol", AccountRole::Administrator),
    ] {
        assert_eq!(bench.refuses(hers, body), outranked);
    }
    bench
        .administer(hers, appoint("carol", AccountRole::Moderator))
        .unwrap();
    let Reply::Account(found) = bench.done(Read::FindAccount {
        name: "carol".into(),
        skeleton: None,
    }) else {
        panic!("there is a carol");
    };
    assert_eq!((found.id, found.role), (carol.0, AccountRole::Moderator));
}

#[test]
fn addresses_are_not_banned_where_somebody_is_who_could_not_be() {
    let mut bench = Bench::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| bench.user(name));
    bench.at("192.0.2.9:4000");
    let hers = bench.signed_in("alice", alice);
    bench.set_role(alice, AccountRole::Administrator);
    bench.signed_in("bob", bob);
    bench.signed_in("carol", carol);
    bench.set_role(carol, AccountRole::Administrator);
    bench.at("203.0.113.1:4000");
    let outranked = (ErrorCode::Outranked, String::new());
    for prefix in ["192.0.2.0/24", "203.0.113.1"] {
        assert_eq!(
            bench.refuses(hers, ban(prefix, None)),
            outranked,
            "{prefix}"
        );
    }
    let bad = bench.refuses(hers, ban("127.0.0.1", None));
    assert_eq!(bad.0, ErrorCode::BadReference);
    bench.set_role(carol, AccountRole::Moderator);
    bench.may_close = true;
    bench.at("203.0.113.1:4000");
    let done = bench.administer(hers, ban("192.0.2.77/24", None)).unwrap();
    assert_eq!(done.subject.as_deref(), Some("192.0.2.0/24"));
    assert_eq!(done.users, ["bob", "carol"]);
    let lifted = Write::Unban {
        subject: BanSubject::Prefix(Prefix::parse("192.0.2.0/24").unwrap()),
    };
    bench.operate(lifted);
}

#[test]
fn role_that_is_taken_away_is_gone_at_once_also_for_what_is_under_way() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let hers = bench.signed_in("alice", alice);
    bench.signed_in("bob", bob);
    bench.set_role(alice, AccountRole::Moderator);
    // The hub has let it through, but the store was asked for her role's end before.
    bench.is_held = true;
    bench.set_role(alice, AccountRole::Member);
    bench.say(
        hers,
        Channel::Control,
        &ClientMessage::control(on_bob(AdminAction::Disconnect)),
    );
    bench.pass(50);
    bench.is_held = false;
    bench.pass(50);
    let failure = bench
        .administered(hers)
        .expect_err("she is none any longer");
    assert!(
        matches!(
            failure.code,
            ErrorCode::NotPermitted | ErrorCode::RoleNeeded
        ),
        "{failure:?}"
    );
    let refused = bench.refuses(hers, on_bob(AdminAction::Disconnect));
    assert_eq!(refused, (ErrorCode::RoleNeeded, "moderator".to_owned()));
    assert_eq!(bench.log(), Vec::<String>::new());
}

#[test]
fn addresses_are_shown_to_those_whom_the_operator_lets_see_them() {
    let mut bench = Bench::new();
    let names = ["alice", "bob", "carol", "dora"];
    let [alice, bob, carol, dora] = names.map(|name| bench.user(name));
    bench.at("203.0.113.1:4000");
    bench.signed_in("dora", dora);
    bench.at("192.0.2.1:4000");
    let links = [("alice", alice), ("bob", bob), ("carol", carol)]
        .map(|(name, user)| bench.signed_in(name, user));
    bench.set_role(bob, AccountRole::Moderator);
    bench.set_role(carol, AccountRole::Administrator);
    for (show, seen) in [
        (ShowAddresses::All, [true, true, true]),
        (ShowAddresses::Moderators, [false, true, true]),
        (ShowAddresses::Nobody, [false, false, false]),
    ] {
        let config = HubConfig {
            show_addresses: show,
            ..HubConfig::default()
        };
        bench.hub.core.configure(bench.now, config);
        for ((own, link), is_seen) in names.iter().zip(links).zip(seen) {
            let request = ContactsRequest { tag: 1 };
            bench.say(link, Channel::Control, &ClientMessage::control(request));
            bench.pass(50);
            let heard = bench.heard(link).into_iter();
            let mut lists = heard.filter_map(|body| match body {
                ServerBody::ListContacts(list) => Some(list.contacts),
                _ => None,
            });
            let contacts = lists.next().expect("it is listed who is online");
            assert_eq!(contacts.len(), 4);
            for contact in contacts {
                let is_own = contact.name == *own;
                let is_shown = contact.address != RecipientData::HIDDEN;
                assert_eq!(
                    is_shown,
                    is_seen || is_own,
                    "{show:?} {own} {}",
                    contact.name
                );
            }
        }
    }
    // Nor is it told who is at one that is banned.
    bench.pass(60_000);
    bench.may_close = true;
    let done = bench.administer(links[2], ban("203.0.113.0/24", None));
    assert_eq!(done.unwrap().users, Vec::<String>::new());
}

#[test]
fn who_is_renamed_comes_back_under_the_new_name_of_which_the_others_are_told() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let alice = bench.user("alice");
    let bob = bench.with_ticket("bob");
    let hers = bench.signed_in("alice", alice);
    let his = bench.signed_in("bob", bob);
    bench.heard(hers);
    bench.operate(Write::Rename {
        account: bob.0,
        name: "robert".into(),
        skeleton: "robert".into(),
    });
    let (code, _) = bench.goodbye(his.client).expect("his session is over");
    assert_eq!(code, CODE_RENAMED);
    let again = bench.connect();
    let heard = bench.resume(again, bob);
    let name = heard.into_iter().find_map(|body| match body {
        ServerBody::SessionStart(start) => Some(start.name),
        _ => None,
    });
    assert_eq!(name.as_deref(), Some("robert"));
    bench.say(again, Channel::Control, &ClientMessage::control(hello()));
    bench.pass(50);
    let told: Vec<(String, bool)> = bench
        .heard(hers)
        .into_iter()
        .filter_map(|body| match body {
            ServerBody::Alert(alert) => Some((alert.name, alert.online)),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [("bob".to_owned(), false), ("robert".to_owned(), true)]
    );
}

#[test]
fn request_without_what_it_takes_is_refused() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let hers = bench.signed_in("alice", alice);
    bench.set_role(alice, AccountRole::Administrator);
    let long = Administer {
        text: Some("x".repeat(97)),
        ..on_bob(AdminAction::Ban)
    };
    let unseen = Administer {
        text: Some("\u{200b}".into()),
        ..on_bob(AdminAction::Ban)
    };
    for (body, code) in [
        (
            Administer {
                subject: None,
                ..on_bob(AdminAction::Ban)
            },
            ErrorCode::Malformed,
        ),
        (unseen, ErrorCode::Malformed),
        (on_bob(AdminAction::Role), ErrorCode::Malformed),
        (appoint("bob", AccountRole::Other(9)), ErrorCode::Malformed),
        (on_bob(AdminAction::Other(99)), ErrorCode::Unsupported),
        (on_bob(AdminAction::Ban), ErrorCode::NoSuchUser),
        (on_bob(AdminAction::Rename), ErrorCode::BadName),
        (rename("not a name"), ErrorCode::BadName),
        (announce(""), ErrorCode::Malformed),
        (announce(" \u{200b}\u{2060} "), ErrorCode::Malformed),
        (announce(&"x".repeat(1025)), ErrorCode::TextTooLong),
        (ban("\u{202e}", None), ErrorCode::NoSuchUser),
        (long, ErrorCode::TextTooLong),
    ] {
        assert_eq!(bench.refuses(hers, body.clone()).0, code, "{body:?}");
    }
}

#[test]
fn what_is_so_already_is_answered_so_and_not_noted() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.user("bob");
    let hers = bench.signed_in("alice", alice);
    bench.set_role(alice, AccountRole::Administrator);
    let reason = |text: &str| Administer {
        text: Some(text.into()),
        ..on_bob(AdminAction::Disable)
    };
    for (body, changed) in [
        (on_bob(AdminAction::Enable), Some(false)),
        (reason("spam"), None),
        (reason("spam"), Some(false)),
        (on_bob(AdminAction::Disable), Some(false)),
        (reason("lies"), None),
        (on_bob(AdminAction::Enable), None),
        (appoint("bob", AccountRole::Member), Some(false)),
        (appoint("bob", AccountRole::Moderator), None),
        (appoint("bob", AccountRole::Moderator), Some(false)),
        (rename("bob"), Some(false)),
    ] {
        let done = bench.administer(hers, body.clone());
        assert_eq!(done.map(|done| done.changed), Ok(changed), "{body:?}");
    }
    let noted = bench.administer(hers, audit()).expect("she may read it");
    let noted = noted.actions.iter().map(|line| line.action.as_str());
    let expected = ["user role", "user enable", "user disable", "user disable"];
    assert_eq!(noted.collect::<Vec<_>>(), expected);
}

#[test]
fn administrator_reads_the_log_in_pages() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let hers = bench.signed_in("alice", alice);
    bench.set_role(alice, AccountRole::Administrator);
    for number in 0..40 {
        bench.operate(Write::Audited(crate::store::Audited {
            by: None,
            time_ms: number,
            write: Box::new(Write::EndSessions {
                account: Some(bob.0),
                session: None,
            }),
        }));
    }
    let numbers = |actions: &[AuditEntry]| -> Vec<u64> {
        actions.iter().map(|action| action.number).collect()
    };
    let newest = bench.administer(hers, audit()).unwrap().actions;
    let expected: Vec<u64> = (8..40).rev().collect();
    assert_eq!(numbers(&newest), expected);
    let next = Administer {
        before: Some(8),
        ..audit()
    };
    let oldest = bench.administer(hers, next).unwrap().actions;
    assert_eq!(numbers(&oldest), [7, 6, 5, 4, 3, 2, 1, 0]);
}
