//! Knows what was typed, and checks what everybody saw.

use udpchat::client::Tone;

use crate::hosts::ClientHost;

/// A line that somebody typed and that others are to see.
struct Said {
    from: usize,
    to: Vec<usize>,
    text: String,
}

/// All that was typed.
#[derive(Default)]
pub struct Oracle {
    said: Vec<Said>,
}

impl Oracle {
    pub fn expect(&mut self, from: usize, to: usize, text: &str) {
        self.said.push(Said {
            from,
            to: vec![to],
            text: text.to_owned(),
        });
    }

    pub fn expect_to_all(&mut self, from: usize, count: usize, text: &str) {
        let to = (0..count).filter(|other| *other != from).collect();
        self.said.push(Said {
            from,
            to,
            text: text.to_owned(),
        });
    }

    /// Whether everything was seen, and every author knows it.
    pub fn is_complete(&self, clients: &[ClientHost]) -> bool {
        let seen = self.said.iter().all(|said| {
            said.to
                .iter()
                .all(|reader| shown(&clients[*reader], &said.text).len() == 1)
        });
        seen && clients
            .iter()
            .enumerate()
            .all(|(number, client)| receipts(client) >= self.private(number))
    }

    /// The promises: once, in order, and receipts for all.
    pub fn check(&self, clients: &[ClientHost]) {
        for said in &self.said {
            for reader in &said.to {
                let count = shown(&clients[*reader], &said.text).len();
                assert_eq!(count, 1, "user{reader} saw {} {count} times", said.text);
            }
            for (number, client) in clients.iter().enumerate() {
                let meant = number == said.from || said.to.contains(&number);
                let seen = shown(client, &said.text).len();
                assert!(
                    meant || seen == 0,
                    "user{number} saw {}, which was not for them",
                    said.text
                );
            }
        }
        for (reader, client) in clients.iter().enumerate() {
            self.check_order(reader, client);
        }
        self.check_common_order(clients);
        for (number, client) in clients.iter().enumerate() {
            let (wanted, got) = (self.private(number), receipts(client));
            assert_eq!(
                got, wanted,
                "user{number} has receipts for {got} of {wanted} private messages"
            );
        }
    }

    /// What one author said in one conversation is seen in the order in which it was typed.
    fn check_order(&self, reader: usize, client: &ClientHost) {
        for from in 0.. {
            let of_author = |said: &&Said| said.from == from && said.to.contains(&reader);
            let said: Vec<&Said> = self.said.iter().filter(of_author).collect();
            if said.is_empty() && from > reader {
                break;
            }
            for everyone in [true, false] {
                let places: Vec<usize> = said
                    .iter()
                    .filter(|said| (said.to.len() > 1) == everyone)
                    .flat_map(|said| shown(client, &said.text))
                    .collect();
                assert!(
                    places.is_sorted(),
                    "user{reader} saw what user{from} said out of order"
                );
            }
        }
    }

    /// Two readers see what was said to everyone by a third in one order.
    fn check_common_order(&self, clients: &[ClientHost]) {
        for (a, first) in clients.iter().enumerate() {
            for (b, second) in clients.iter().enumerate().skip(a + 1) {
                let both = |said: &&Said| said.to.contains(&a) && said.to.contains(&b);
                let mut places: Vec<(Vec<usize>, Vec<usize>)> = self
                    .said
                    .iter()
                    .filter(both)
                    .map(|said| (shown(first, &said.text), shown(second, &said.text)))
                    .collect();
                places.sort();
                assert!(
                    places.iter().map(|(_, second)| second).is_sorted(),
                    "user{a} and user{b} saw everyone's conversation in different orders"
                );
            }
        }
    }

    /// How many private messages somebody sent.
    fn private(&self, number: usize) -> usize {
        self.said
            .iter()
            .filter(|said| said.from == number && said.to.len() == 1)
            .count()
    }

    /// Says what is missing.
    pub fn report(&self, clients: &[ClientHost]) {
        for said in &self.said {
            for reader in &said.to {
                let count = shown(&clients[*reader], &said.text).len();
                if count != 1 {
                    eprintln!(
                        "{} from user{}: user{reader} saw it {count} times",
                        said.text, said.from
                    );
                }
            }
        }
        for (number, client) in clients.iter().enumerate() {
            eprintln!(
                "user{number}: receipts for {} of {} private messages",
                receipts(client),
                self.private(number)
            );
        }
    }
}

/// The places on somebody's screen at which others' words hold this text.
fn shown(client: &ClientHost, text: &str) -> Vec<usize> {
    let screen = client.screen.lock().unwrap();
    let said =
        |(_, (tone, line)): &(usize, &(Tone, String))| *tone == Tone::Said && line.contains(text);
    screen
        .lines
        .iter()
        .enumerate()
        .filter(said)
        .map(|(place, _)| place)
        .collect()
}

/// The receipts for private messages on somebody's screen: those without a count of how many of how many.
fn receipts(client: &ClientHost) -> usize {
    let screen = client.screen.lock().unwrap();
    let receipt = |(tone, line): &&(Tone, String)| {
        *tone == Tone::Receipt && line.contains("received by") && !line.contains(" of ")
    };
    screen.lines.iter().filter(receipt).count()
}
