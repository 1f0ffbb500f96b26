//! Turns: what one side says before the other does, closed by a line that counts and hashes it.

use super::line::{Line, Over};
use ulp_core::hash::Blake3;

/// A turn that is being put together.
#[derive(Debug, Default)]
pub struct Turn {
    text: Vec<u8>,
    lines: u64,
}

impl Turn {
    /// Adds a line with its end, unless the turn would become longer than `most` bytes by it; the first always fits.
    pub fn push(&mut self, line: &[u8], most: u64) -> bool {
        let fits = self.lines == 0 || (self.text.len() + line.len()) as u64 <= most;
        if fits {
            self.text.extend_from_slice(line);
            self.lines += 1;
        }
        fits
    }

    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// The turn with the line that ends it, where so many events were kept.
    pub fn close(self, kept: u64) -> Vec<u8> {
        let Turn { mut text, lines } = self;
        let over = Over { lines, hash: Blake3::of(&text), kept };
        Line::Over(over).print(&mut text);
        text
    }
}

/// A turn that is being heard.
#[derive(Debug, Default)]
pub struct Hearing {
    text: Vec<u8>,
    lines: u64,
}

/// What a line that was heard makes of a turn.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// It goes on.
    More,
    /// It is over, and holds: its lines, each with its end, and how many events the other side kept.
    Whole { text: Vec<u8>, kept: u64 },
    /// It is over, and its lines are not those that were said.
    Broken,
}

impl Hearing {
    /// Takes the next line, without its end. Blank ones keep a pipe alive, and do not count.
    pub fn line(&mut self, line: &[u8]) -> Heard {
        if line.is_empty() {
            return Heard::More;
        }
        // Only the wire's own lines begin as this one does.
        if line.starts_with(b"{\"hash\":")
            && let Ok(Line::Over(over)) = Line::parse(line)
        {
            let holds = over.lines == self.lines && over.hash == Blake3::of(&self.text);
            return if holds {
                Heard::Whole { text: std::mem::take(&mut self.text), kept: over.kept }
            } else {
                Heard::Broken
            };
        }
        self.text.extend_from_slice(line);
        self.text.push(b'\n');
        self.lines += 1;
        Heard::More
    }

    /// How many bytes its lines have so far.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(turn: &[u8]) -> Heard {
        let mut hearing = Hearing::default();
        let mut last = Heard::More;
        for line in turn.split_inclusive(|b| *b == b'\n') {
            last = hearing.line(line.strip_suffix(b"\n").unwrap_or(line));
        }
        last
    }

    #[test]
    fn a_turn_reads_as_it_was_said_and_no_other() {
        let mut turn = Turn::default();
        assert!(turn.push(b"one\n", 2) && !turn.push(b"two\n", 7) && turn.push(b"two\n", 8));
        let said = turn.close(3);
        assert_eq!(hear(&said), Heard::Whole { text: b"one\ntwo\n".to_vec(), kept: 3 });
        for at in 0..said.len() {
            let mut bad = said.clone();
            bad[at] ^= 1;
            assert!(
                !matches!(hear(&bad), Heard::Whole { kept: 3, .. }) || at > 8 && hear(&bad) == hear(&said),
                "{at}"
            );
            assert_eq!(hear(&said[..at]), if at + 1 == said.len() { hear(&said) } else { Heard::More });
        }
        let blank = [b"\n\n".to_vec(), said.clone()].concat();
        assert_eq!(hear(&blank), hear(&said));
    }

    #[test]
    fn a_turn_of_nothing_is_one() {
        let said = Turn::default().close(0);
        assert_eq!(hear(&said), Heard::Whole { text: Vec::new(), kept: 0 });
    }
}
