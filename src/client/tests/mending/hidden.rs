//! What users whom one blocks or ignores put to messages: it is kept, and not shown.

use super::*;
use crate::protocol::{Blocked, BlockedUser};

const CAROL: AccountId = AccountId(9);

fn blocks(desk: &mut Desk, users: &[(AccountId, &str)]) {
    let user = |(account, name): &(AccountId, &str)| BlockedUser {
        account: *account,
        name: (*name).to_owned(),
    };
    let users = users.iter().map(user).collect();
    desk.control(&ServerMessage::control(Blocked { tag: None, users }));
}

#[test]
fn what_hidden_users_put_to_a_message_is_shown_once_they_are_hidden_no_longer() {
    let mut desk = in_conversation();
    react(&mut desk, &by_bob(4, 3), 2, "👍");
    let by_carol = Come {
        author: CAROL,
        ..by_bob(5, 4)
    };
    react(&mut desk, &by_carol, 2, "👎");
    refer(&mut desk, &by_bob(6, 5), EntryKind::Pin, 2);
    let answer = EntryBody::of(&text_by(CAROL, PAIR, "fine"));
    let by_carol = Come {
        author: CAROL,
        ..by_bob(7, 6)
    };
    come(&mut desk, &by_carol, (EntryKind::Text, 1), answer);
    let shown = history(&mut desk);
    let own = "14:02 (you): at four  (pinned; 👍 bob; 👎 bob)";
    assert!(shown.iter().any(|line| line == own), "{shown:?}");
    blocks(&mut desk, &[(BOB, "bob")]);
    desk.lines();
    let hidden = history(&mut desk);
    let own = "14:02 (you): at four  (👎 bob)";
    assert!(hidden.iter().any(|line| line == own), "{hidden:?}");
    assert!(
        !hidden.iter().any(|line| line.contains("tea?")),
        "{hidden:?}"
    );
    desk.settle();
    desk.type_line("/pins");
    assert_eq!(desk.lines().len(), 1, "nothing is pinned");
    // A deletion is kept all the same: nothing of the text is left once he is shown again.
    refer(&mut desk, &by_bob(8, 7), EntryKind::Delete, 1);
    assert!(desk.lines().is_empty());
    blocks(&mut desk, &[]);
    desk.lines();
    let again = history(&mut desk);
    for line in [
        "14:01 (deleted by bob)",
        "14:02 (you): at four  (pinned; 👍 bob; 👎 bob)",
    ] {
        assert!(again.iter().any(|known| known == line), "{again:?}");
    }
}
