//! Packets: read, refused, printed and signed alike.

use super::{PROGRAMS, Questions, bytes, hex, rng};
use crate::reference::generate::Rng;
use crate::sample;
use ulp_core::frame::{Body, Entry, Frame, Held, MOST_ENTRIES, Part, Range, Rows, Tag, packet};
use ulp_core::id::Tile;
use ulp_core::path::Space;
use ulp_peer::radio::Lora;

/// A frame as anyone may send one.
pub fn frame(rng: &mut Rng) -> Frame {
    let body = if rng.chance(25) { part(rng) } else { rows(rng) };
    Frame { hops: rng.below(8) as u8, peer: tag(rng), seq: rng.draw() as u32, body }
}

fn tag(rng: &mut Rng) -> Tag {
    Tag((rng.draw() as u32).to_be_bytes())
}

fn part(rng: &mut Rng) -> Body {
    let total = 1 + rng.below(64) as u8;
    let length = 1 + rng.below(40);
    Body::Part(Part { index: rng.below(usize::from(total)) as u8, total, data: bytes(rng, length) })
}

fn rows(rng: &mut Rng) -> Body {
    let wants = rng.chance(50);
    let entries = (0..rng.below(MOST_ENTRIES + 1)).map(|_| entry(rng, wants)).collect();
    let signature = rng.chance(30).then(|| bytes(rng, 64).try_into().unwrap());
    Body::Rows(Rows { wants, space: tag(rng), entries, signature })
}

fn entry(rng: &mut Rng, wants: bool) -> Entry {
    let held = Held { events: rng.draw() as u32, head: Some(bytes(rng, 6).try_into().unwrap()) };
    match rng.below(if wants { 3 } else { 2 }) {
        0 => Entry::Space(held),
        1 => {
            let mut place = || (rng.draw() as i64) >> 40;
            let (x, y) = (place(), place());
            Entry::Tip(Tile { z: rng.below(31) as u8, x, y }, held)
        }
        _ => {
            let key = |rng: &mut Rng| rng.draw() >> 24;
            let (from, to) = (key(rng), key(rng));
            let digest = (rng.draw() as u32).to_be_bytes();
            Entry::Range(Range { from, to, rows: rng.draw() as u16, digest })
        }
    }
}

/// A packet that is whole, or was hurt.
fn some_packet(rng: &mut Rng) -> Vec<u8> {
    let mut all: Vec<u8> = (0..1 + rng.below(3)).flat_map(|_| frame(rng).print()).collect();
    match rng.below(4) {
        0 => {
            let at = rng.below(all.len());
            all[at] ^= 1 << rng.below(8);
        }
        1 => all.truncate(rng.below(all.len() + 1)),
        2 => {
            let more = rng.below(20);
            all.extend(bytes(rng, more));
        }
        _ => {}
    }
    all
}

/// A packet as `answers.c` prints it.
fn shown(all: &[u8]) -> String {
    match packet(all) {
        Ok(frames) => frames.iter().map(show).collect::<Vec<_>>().join("; "),
        Err(_) => "refused".to_owned(),
    }
}

fn show(frame: &Frame) -> String {
    let (hops, peer, seq) = (frame.hops, frame.peer, frame.seq);
    let start = |kind: &str| format!("{kind} hops {hops} peer {peer} seq {seq}");
    match &frame.body {
        Body::Part(part) => {
            format!("{} {}/{} {}", start("part"), part.index, part.total, hex(&part.data))
        }
        Body::Rows(rows) => {
            let kind = if rows.wants { "wants" } else { "tips" };
            let entries: String = rows.entries.iter().map(|e| format!(" {}", show_entry(e))).collect();
            let signature = rows.signature.map_or(String::new(), |s| format!(" signed {}", hex(&s)));
            format!("{} space {}{entries}{signature}", start(kind), rows.space)
        }
    }
}

fn show_entry(entry: &Entry) -> String {
    let of = |held: &Held| format!("{}:{}", held.events, hex(&held.head.unwrap_or_default()));
    match entry {
        Entry::Tip(tile, held) => format!("{tile}:{}", of(held)),
        Entry::Space(held) => format!("space:{}", of(held)),
        Entry::Range(r) => format!("range:{}:{}:{}:{}", r.from, r.to, r.rows, hex(&r.digest)),
    }
}

/// What is signed of a frame alone.
fn message(all: &[u8]) -> String {
    match Frame::parse(all) {
        Ok(frame) if frame.rows().is_some() => hex(&frame.message()),
        _ => "none".to_owned(),
    }
}

#[test]
fn packets_are_read_and_refused_alike() {
    let Some(programs) = PROGRAMS.as_ref() else { return };
    for batch in 0..sample::size(200, 2) {
        let (mut rng, mut questions) = (rng(batch), Questions::default());
        for _ in 0..5_000 {
            let all = some_packet(&mut rng);
            questions.ask(format!("packet {}", hex(&all)), shown(&all));
            let one = frame(&mut rng);
            if one.is_signed() {
                questions.ask(format!("message {}", hex(&one.print())), message(&one.print()));
            }
        }
        questions.hold(&programs.large);
    }
}

#[test]
fn airtime_is_the_same() {
    let Some(programs) = PROGRAMS.as_ref() else { return };
    let mut questions = Questions::default();
    for sf in 7..=12 {
        for bw in ["7.8", "31.25", "41.7", "62.5", "125", "250", "500", "1625"] {
            for (cr, preamble) in [(5, 8), (6, 16), (8, 65_535)] {
                let lora: Lora = format!("sf={sf},bw={bw},cr={cr},preamble={preamble}").parse().unwrap();
                let hertz = bw.parse::<f64>().unwrap() * 1000.0;
                for bytes in sample::of(0..=300, 20) {
                    questions
                        .ask(format!("airtime {bytes} {sf} {hertz} {cr} {preamble}"), lora.airtime(bytes));
                }
            }
        }
    }
    questions.hold(&programs.large);
}

#[test]
fn spaces_have_the_same_tags() {
    let Some(programs) = PROGRAMS.as_ref() else { return };
    let mut questions = Questions::default();
    let mut ask = |id: &str| {
        let tag = Tag::of_space(&Space::Named(id.to_owned()));
        questions.ask(format!("space {}", hex(id.as_bytes())), tag);
    };
    [
        "demo", "Demo", "con", "con.txt", "console", "com0", "com10", "lpt9.x", ".a.", "a.b", "Zoë", "~",
        "com.",
    ]
    .into_iter()
    .for_each(&mut ask);
    let mut rng = rng(0);
    for _ in 0..sample::size(20_000, 500) {
        let letters: Vec<char> = "conaux.lpt09~ Aé_-".chars().collect();
        let id: String = (0..1 + rng.below(8)).map(|_| letters[rng.below(letters.len())]).collect();
        ask(&id);
    }
    questions.hold(&programs.large);
}
