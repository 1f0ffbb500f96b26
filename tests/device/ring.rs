//! The ferry's ring: what it keeps is what was kept last, whenever power is lost.

use super::{PROGRAMS, Questions, bytes, hex, rng};
use crate::reference::generate::Rng;
use crate::sample;
use ulp_core::frame::Tag;

/// Bytes before a block's records, and before a record's line.
const BLOCK_HEAD: usize = 8;
const RECORD_HEAD: usize = 17;

/// What should lie in a ring: blocks, the oldest first, each with its lines.
struct Model {
    block: usize,
    blocks: usize,
    lines: Vec<Vec<Vec<u8>>>,
    /// Bytes of the last block that are taken.
    end: usize,
}

impl Model {
    fn new(block: usize, blocks: usize) -> Model {
        Model { block, blocks, lines: Vec::new(), end: block }
    }

    /// Keeps a line, where power is lost after so many bytes. Whether it could.
    fn keep(&mut self, line: &[u8], mut power: usize) -> bool {
        let whole = RECORD_HEAD + line.len();
        if BLOCK_HEAD + whole > self.block {
            return false;
        }
        if self.lines.iter().flatten().any(|kept| kept == line) {
            return true;
        }
        if self.end + whole > self.block {
            // Erasing takes no bytes, and needs power.
            if power == 0 {
                return false;
            }
            if self.lines.len() == self.blocks {
                self.lines.remove(0);
            }
            if power < BLOCK_HEAD {
                return false;
            }
            power -= BLOCK_HEAD;
            self.lines.push(Vec::new());
            self.end = BLOCK_HEAD;
        }
        if power < whole {
            // After what was cut off nothing is written in its block.
            self.end = if power > 0 { self.block } else { self.end };
            return false;
        }
        self.end += whole;
        self.lines.last_mut().unwrap().push(line.to_vec());
        true
    }

    fn newest_first(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.lines.iter().rev().flat_map(|block| block.iter().rev())
    }
}

fn place(rng: &mut Rng) -> (&'static str, i32) {
    (["demo", "flood", "default"][rng.below(3)], rng.below(3) as i32 - 1)
}

/// A line of a tile, as canonical lines and sensors' lines are, and as people may write them.
fn line(rng: &mut Rng) -> ((String, i32), Vec<u8>) {
    let (space, x) = place(rng);
    let value = rng.below(40);
    let text = match (space, x) {
        ("default", 0) if rng.chance(50) => {
            format!("{{\"a\":[{{\"tile\":\"z1/x1/y1\"}},\"}}\"],\"value\":{value}}}")
        }
        ("default", _) => format!("{{\"value\":{value},\"tile\":\"z0/x{x}/y-7\"}}"),
        _ if rng.chance(50) => {
            format!(" {{ \"tile\" : \"z0/x{x}/y-7\" , \"space_id\":\"{space}\", \"v\":\"\\\"{value}\"}} ")
        }
        _ => format!(
            "{{\"s\":{{\"space_id\":\"no\"}},\"space_id\":\"{space}\",\"tile\":\"z0/x{x}/y-7\",\"value\":{value}}}"
        ),
    };
    let x = if text.contains("\"a\"") { 7 } else { x };
    ((space.to_owned(), x), text.into_bytes())
}

/// The bytes of a tile: x 7 stands for the page's own.
fn tile(x: i32) -> Vec<u8> {
    let number = |n: i32| n.to_be_bytes()[1..].to_vec();
    if x == 7 { vec![0; 7] } else { [vec![0], number(x), number(-7)].concat() }
}

fn shown<'l>(lines: impl Iterator<Item = &'l Vec<u8>>) -> String {
    lines.map(|line| hex(line)).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_ring_keeps_the_newest_lines_whenever_power_is_lost() {
    let Some(programs) = PROGRAMS.as_ref() else { return };
    for batch in 0..sample::size(400, 8) {
        let (mut rng, mut questions) = (rng(batch), Questions::default());
        for _ in 0..20 {
            let (block, blocks) = ([128, 200, 4096][rng.below(3)], 2 + rng.below(4));
            let (mut model, mut places) = (Model::new(block, blocks), Vec::new());
            questions.ask(format!("ring {block} {blocks}"), "yes");
            for _ in 0..60 {
                // What is no object is kept too, and is of the page's own tile.
                let noise = (("default".to_owned(), 7), bytes(&mut rng, 190));
                let (place, line) = if rng.chance(3) { noise } else { line(&mut rng) };
                let power = rng.chance(10).then(|| rng.below(200));
                if let Some(power) = power {
                    questions.ask(format!("power {power}"), "yes");
                }
                let kept = model.keep(&line, power.unwrap_or(usize::MAX));
                places.push((line.clone(), place));
                questions.ask(format!("store {}", hex(&line)), if kept { "yes" } else { "no" });
                if power.is_some() || rng.chance(10) {
                    questions.ask("open".to_owned(), "yes");
                }
                if rng.chance(20) {
                    questions.ask("lines".to_owned(), shown(model.newest_first()));
                    let (space, x) = places[rng.below(places.len())].1.clone();
                    let of_tile =
                        |line: &&Vec<u8>| places.iter().any(|(l, p)| l == *line && *p == (space.clone(), x));
                    let tag = Tag::of(format!("m/world/{space}").as_bytes());
                    let wanted = shown(model.newest_first().filter(of_tile));
                    questions.ask(format!("lines {tag} {}", hex(&tile(x))), wanted);
                }
            }
        }
        questions.hold(&programs.large);
    }
}
