//! The tape: a flat list of nodes, in reading order, that point into the line.

use super::keys::Keys;
use super::node::Node;
use super::scan::{Open, Scan};
use super::{Error, Value, text};

/// Longest text, so that positions and counts fit a node. Twice the longest state line.
pub(super) const TEXT_BYTES: usize = (1 << 27) - 1;
/// A tape with room for more nodes is given back before the next line.
const KEEP: usize = 1 << 16;

/// What a text may be.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Nothing but an object.
    pub object: bool,
    /// Integer literals of any size. Canonical JSON has some of up to 21 digits.
    pub wide: bool,
    /// The depth beyond which the tape notes the place.
    pub mark: usize,
    pub max_depth: usize,
}

impl Rules {
    pub fn object(max_depth: usize) -> Rules {
        Rules { object: true, wide: false, mark: max_depth, max_depth }
    }

    /// For text that was accepted once, or was written here.
    pub fn lenient() -> Rules {
        Rules { object: false, wide: true, ..Rules::object(TEXT_BYTES) }
    }
}

/// A reusable parser. One line at a time; after the first few lines it allocates nothing.
///
/// ```
/// let mut tape = ulp_core::json::Tape::new();
/// let value = tape.parse(r#"{"n":[1,2]}"#, 64)?;
/// assert_eq!(value.get("n").map(|n| n.len()), Some(2));
/// # Ok::<(), ulp_core::json::Error>(())
/// ```
#[derive(Default)]
pub struct Tape {
    pub(super) nodes: Vec<Node>,
    /// The open containers around the innermost one.
    pub(super) open: Vec<Open>,
    pub(super) keys: Keys,
    /// Where brackets first went deeper than the mark, if they did.
    pub(super) beyond: Option<usize>,
}

impl Tape {
    pub fn new() -> Tape {
        Tape::default()
    }

    /// Parses one document that must be an object, no deeper than `max_depth`; the outer object is 1.
    ///
    /// Errors: the first fault in reading order; a lone surrogate escape anywhere in the line is
    /// [`Fault::Utf8`](super::Fault::Utf8) and comes before all others. A text over 128 MiB is
    /// [`Fault::TooLong`](super::Fault::TooLong).
    pub fn parse<'t, 'a>(&'t mut self, line: &'a str, max_depth: usize) -> Result<Value<'t, 'a>, Error> {
        self.read(line, Rules::object(max_depth))?;
        Ok(self.root(line))
    }

    /// Parses one document of any kind; errors as for [`Tape::parse`]. A scalar has depth 0.
    pub fn parse_any<'t, 'a>(&'t mut self, text: &'a str, max_depth: usize) -> Result<Value<'t, 'a>, Error> {
        self.read(text, Rules { object: false, ..Rules::object(max_depth) })?;
        Ok(self.root(text))
    }

    /// As [`Tape::parse`], but for integers of any size, which lines may not have.
    pub fn parse_wide<'t, 'a>(&'t mut self, line: &'a str, max_depth: usize) -> Result<Value<'t, 'a>, Error> {
        self.read(line, Rules { wide: true, ..Rules::object(max_depth) })?;
        Ok(self.root(line))
    }

    /// Fills the tape from a text.
    pub(super) fn read(&mut self, text: &str, rules: Rules) -> Result<(), Error> {
        self.clear();
        if text.len() > TEXT_BYTES {
            return Err(Error { fault: super::Fault::TooLong, offset: TEXT_BYTES });
        }
        let read = Scan::new(self, text, rules).document();
        read.map_err(|error| match text::lone_surrogate(text.as_bytes()) {
            Some(offset) => Error { fault: super::Fault::Utf8, offset },
            None => error,
        })
    }

    /// The document that was read last, from this very text.
    pub(super) fn root<'t, 'a>(&'t self, text: &'a str) -> Value<'t, 'a> {
        Value::new(&self.nodes, text, 0)
    }

    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.nodes.shrink_to(KEEP);
        self.open.clear();
        self.keys.clear();
        self.beyond = None;
    }
}
