//! What is flipped, dropped, doubled, reordered, cut or made up on the way: never taken half, and nothing panics.

use super::super::line::{Line, Mode};
use super::super::records::{self, Records};
use super::super::session::{Fault, Role, Session};
use super::super::set::{Set, Step};
use super::super::turn::{Heard, Turn};
use super::meetings::{Dice, event};
use super::memory::Memory;
use super::{hear, meet, terms};
use ulp_core::hash::Blake3;
use ulp_core::id::Time;

fn stores() -> [Memory; 2] {
    let lines = |keep: fn(u64) -> bool| (0..14).filter(|n| keep(*n)).map(event).collect::<Vec<_>>();
    [Memory::of(&lines(|n| n % 3 != 0)), Memory::of(&lines(|n| n % 4 != 0))]
}

/// Plays a session in which one turn is changed, and holds the stores to what they had or what a whole turn brings.
fn play(is_liar: bool, change: impl FnMut(usize, Vec<u8>) -> Vec<u8>) {
    let [mut one, mut other] = stores();
    let all: std::collections::BTreeSet<Blake3> = one.hashes().union(&other.hashes()).copied().collect();
    let before = [one.hashes(), other.hashes()];
    let both = [terms(Role::Client, Mode::Both, 1 << 20), terms(Role::Server, Mode::Both, 1 << 20)];
    let said = meet([&mut one, &mut other], both, change);
    // Who is asked for a whole space may know more of it.
    let strange = Blake3::of(event(99).as_bytes());
    for (end, (before, mut after)) in said.ends.iter().zip(before.iter().zip([one.hashes(), other.hashes()]))
    {
        after.remove(&strange);
        assert!(before.is_subset(&after) && after.is_subset(&all));
        if !is_liar && matches!(end, Ok(summary) if summary.agrees && !summary.spaces.is_empty()) {
            assert_eq!(after, all);
        }
    }
}

fn turns() -> Vec<Vec<u8>> {
    let [mut one, mut other] = stores();
    let both = [terms(Role::Client, Mode::Both, 1 << 20), terms(Role::Server, Mode::Both, 1 << 20)];
    meet([&mut one, &mut other], both, |_, said| said).turns
}

#[test]
fn a_byte_flipped_or_cut_off_anywhere_breaks_its_turn() {
    for (at, turn) in turns().iter().enumerate() {
        for byte in 0..turn.len() {
            let flip = |n: usize, mut said: Vec<u8>| {
                if n == at {
                    said[byte] ^= 1 << (byte % 8);
                }
                said
            };
            if byte % 7 == 0 {
                play(false, flip);
            }
            let mut bad = turn.clone();
            bad[byte] ^= 1 << (byte % 8);
            let whole = hear(turn);
            // The count of what was kept alone is not hashed.
            let is_same = matches!((hear(&bad), &whole), (Heard::Whole { text, .. }, Heard::Whole { text: of, .. }) if text == *of);
            assert!(is_same || !matches!(hear(&bad), Heard::Whole { .. }), "turn {at}, byte {byte}");
            assert_eq!(hear(&turn[..byte]), Heard::More, "turn {at}, byte {byte}");
        }
    }
}

#[test]
fn lines_dropped_doubled_and_reordered_break_their_turn() {
    for (at, turn) in turns().iter().enumerate() {
        let lines: Vec<&[u8]> = turn.split_inclusive(|b| *b == b'\n').collect();
        for n in 0..lines.len() {
            let mut dropped = lines.clone();
            dropped.remove(n);
            let mut doubled = lines.clone();
            doubled.insert(n, lines[n]);
            let mut turned = lines.clone();
            turned.swap(n, (n + 1) % lines.len());
            for changed in [dropped, doubled, turned] {
                let changed = changed.concat();
                play(false, |n, said| if n == at { changed.clone() } else { said });
            }
        }
    }
}

/// The same, where the liar knows how to hash: lines of all turns, in any order.
#[test]
fn turns_made_up_of_any_lines_take_nothing_that_was_not_asked_for() {
    let lines: Vec<Vec<u8>> =
        turns().iter().flat_map(|turn| turn.split_inclusive(|b| *b == b'\n')).map(<[u8]>::to_vec).collect();
    let strange = event(99);
    let mut dice = Dice(7);
    for _ in 0..3000 {
        let (from, role) = (dice.below(8) as usize, dice.below(2));
        let mut liar = Turn::default();
        for _ in 0..dice.below(4) + 1 {
            let line = &lines[dice.below(lines.len() as u64) as usize];
            if !matches!(Line::parse(line.strip_suffix(b"\n").unwrap()), Ok(Line::Over(_))) {
                liar.push(line, u64::MAX);
            }
        }
        if dice.below(3) == 0 {
            liar.push(format!("{strange}\n").as_bytes(), u64::MAX);
        }
        let lie = liar.close(0);
        play(true, |n, said| if n >= from && n as u64 % 2 == role { lie.clone() } else { said });
    }
}

#[test]
fn an_event_that_was_not_asked_for_takes_the_whole_turn_with_it() {
    let [mut one, _] = stores();
    let before = one.hashes();
    let mut session = Session::new(terms(Role::Client, Mode::Both, 1 << 20));
    session.speak(&mut one).unwrap();
    let heard = session.hear(&mut one, format!("{}\n", event(0)).as_bytes(), 0);
    assert!(matches!(heard, Err(Fault::Event(_))), "{heard:?}");
    assert_eq!(one.hashes(), before);
}

#[test]
fn another_version_is_told_from_a_bad_line() {
    for (line, is_version) in [
        ("{\"lanes\":[],\"sync\":\"hello\",\"v\":2}", true),
        ("{\"sync\":\"hello\",\"v\":1}", false),
        ("{\"sync\":\"end\"}", false),
        ("{}", false),
    ] {
        let [mut one, _] = stores();
        let mut session = Session::new(terms(Role::Server, Mode::Both, 1 << 20));
        let heard = session.hear(&mut one, format!("{line}\n").as_bytes(), 0);
        assert_eq!(matches!(heard, Err(Fault::Version(2))), is_version, "{line}");
        assert!(heard.is_err());
    }
}

#[test]
fn any_message_about_a_set_is_answered_or_refused() {
    let mut dice = Dice(8);
    let mut rows: Vec<_> = (0..500_u64)
        .map(|n| records::row(Time((n / 3) as i64), &Blake3::of(&n.to_be_bytes()).0, n))
        .collect();
    rows.sort_unstable();
    let records = Records::new(rows.concat());
    let good = Set::new(records.clone()).unwrap().begin().unwrap();
    for _ in 0..3000 {
        let mut message = good.clone();
        for _ in 0..dice.below(6) {
            let at = dice.below(message.len() as u64) as usize;
            match dice.below(3) {
                0 => message[at] = dice.below(256) as u8,
                1 => message.truncate(at + 1),
                _ => message.insert(at, dice.below(256) as u8),
            }
        }
        if dice.below(8) == 0 {
            message = (0..dice.below(300)).map(|_| dice.below(256) as u8).collect();
        }
        let mut client = Set::new(records.clone()).unwrap();
        client.begin().unwrap();
        client.hear(&message);
        Set::new(records.clone()).unwrap().answer(&message);
    }
}

#[test]
fn lists_that_would_grow_beyond_bounds_are_given_up() {
    let count = super::super::set::MOST as u64 + 1;
    let rows: Vec<_> =
        (0..count).map(|n| records::row(Time(n as i64), &Blake3::of(&n.to_be_bytes()).0, n)).collect();
    let mut client = Set::new(Records::new(rows.concat())).unwrap();
    client.begin().unwrap();
    // One range of all, in which the other side has nothing.
    assert_eq!(client.hear(&[0x61, 0, 0, 2, 0]), Step::TooMany);
}
