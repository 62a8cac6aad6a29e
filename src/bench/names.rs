//! The names of a run's accounts and rooms: canonical, and used by no other run.

use crate::protocol::ROOM_SIGN;

#[derive(Debug, Clone)]
pub struct Names {
    /// `bench-` and eight random digits.
    run: String,
}

impl Names {
    pub fn new(seed: [u8; 32]) -> Self {
        let [a, b, c, d, ..] = seed;
        Self {
            run: format!("bench-{:08x}", u32::from_be_bytes([a, b, c, d])),
        }
    }

    /// How the names of all clients begin; the number follows.
    pub fn prefix(&self) -> String {
        format!("{}-", self.run)
    }

    pub fn client(&self, client: usize) -> String {
        format!("{}-{client}", self.run)
    }

    /// With the sign. The first has no number.
    pub fn room(&self, room: usize) -> String {
        match room {
            0 => format!("{ROOM_SIGN}{}", self.run),
            room => format!("{ROOM_SIGN}{}-{room}", self.run),
        }
    }

    /// Of a room in which nobody speaks.
    pub fn lobby(&self, lobby: usize) -> String {
        format!("{ROOM_SIGN}{}-lobby-{lobby}", self.run)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::server::RoomName;

    #[test]
    fn no_two_rooms_of_a_run_have_names_that_look_alike() {
        let names = Names::new([7; 32]);
        let rooms = (0..120).map(|room| names.room(room));
        let lobbies = (0..120).map(|lobby| names.lobby(lobby));
        let forms = |name: String| RoomName::parse(&name).expect(&name).into_forms();
        let looks: HashSet<String> = rooms.chain(lobbies).map(|it| forms(it).1).collect();
        assert_eq!(looks.len(), 240);
        assert_eq!(names.client(7), names.prefix() + "7");
    }
}
