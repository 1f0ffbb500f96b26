//! Sessions of two stores in memory: those that are written down, and random ones.

mod hostile;
mod meetings;
mod memory;
mod transcripts;

use super::line::{Hello, Mode, Nonce};
use super::session::{Fault, Role, Session, Terms};
use super::turn::{Heard, Hearing};
use super::verdict::Summary;
use memory::Memory;
use std::convert::Infallible;

pub const CLIENT: Nonce = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
pub const SERVER: Nonce = [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31];

pub fn terms(role: Role, mode: Mode, turn: u64) -> Terms {
    let lanes = ["public.public", "team.public"].map(|lane| lane.parse().unwrap()).to_vec();
    let nonce = if role == Role::Client { CLIENT } else { SERVER };
    let hello = Hello { state: 1, lanes, mode, spaces: None, tiles: None, turn, nonce };
    Terms { role, hello, insists_on: None, wants_objects: true }
}

/// What a session said, turn by turn, and how both sides ended.
pub struct Said {
    pub turns: Vec<Vec<u8>>,
    pub ends: [Result<Summary, Fault<Infallible>>; 2],
}

/// Lets two stores meet. `wire` may change what is said on its way.
pub fn meet(
    stores: [&mut Memory; 2],
    terms: [Terms; 2],
    mut wire: impl FnMut(usize, Vec<u8>) -> Vec<u8>,
) -> Said {
    let [one, other] = stores;
    let [client, server] = terms;
    let mut sides = [(Session::new(client), one), (Session::new(server), other)];
    let mut turns = Vec::new();
    let mut fault: [Option<Fault<Infallible>>; 2] = [None, None];
    for n in 0.. {
        let (speaker, listener) = (n % 2, (n + 1) % 2);
        let (session, store) = &mut sides[speaker];
        let said = match session.speak(*store) {
            Ok(said) => said,
            Err(error) => {
                fault[speaker] = Some(error);
                break;
            }
        };
        turns.push(said.clone());
        let heard = match hear(&wire(n, said)) {
            Heard::Whole { text, kept } => {
                let (session, store) = &mut sides[listener];
                session.hear(*store, &text, kept)
            }
            _ => Err(Fault::Turn("broken".to_owned())),
        };
        if let Err(error) = heard {
            fault[listener] = Some(error);
            break;
        }
        if sides.iter().all(|(session, _)| session.is_over()) {
            break;
        }
        assert!(n < 20_000, "a session without an end");
    }
    let ends = std::array::from_fn(|at| {
        let (session, store) = &mut sides[at];
        match fault[at].take() {
            Some(fault) => Err(fault),
            None => Ok(session.summary(*store).unwrap()),
        }
    });
    Said { turns, ends }
}

pub fn hear(turn: &[u8]) -> Heard {
    let mut hearing = Hearing::default();
    for line in turn.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n")) {
        match hearing.line(&line[..line.len() - 1]) {
            Heard::More => {}
            ended => return ended,
        }
    }
    Heard::More
}
