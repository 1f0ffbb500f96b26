//! The faces that letters are drawn in: DejaVu, which comes with the program, so that words look the same on every
//! machine, and after it those that were given, for the letters that it lacks.
//!
//! ```
//! use ulp_view::fonts::Fonts;
//! let fonts = Fonts::regular(Vec::new());
//! let faces = fonts.faces();
//! assert_eq!(faces.missing("Ouse 水"), ['水']);
//! assert!(faces.letter('W').advance() > faces.letter('i').advance());
//! ```

use crate::path::{Contour, Point};
use std::collections::BTreeSet;
use std::sync::Arc;
use ttf_parser::{Face, GlyphId, OutlineBuilder, fonts_in_collection};

/// Most faces of one file that are looked at.
const MOST_FACES: u32 = 256;
/// Lines that a curve of a letter becomes.
const STEPS: u8 = 4;
/// How wide a letter is where no face says so, in heights.
const WIDTH: f64 = 0.6;

/// A font file as it was read: of one face, or of several.
pub type File = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Font files, the program's own first.
pub struct Fonts {
    files: Vec<File>,
}

impl Fonts {
    /// DejaVu Sans, then those that were given.
    pub fn regular(given: Vec<File>) -> Fonts {
        Fonts::of(&[dejavu::sans::regular()], given)
    }

    /// DejaVu Sans Condensed, upright and bold, then those that were given.
    pub fn condensed(given: Vec<File>) -> Fonts {
        Fonts::of(&[dejavu::sans_condensed::regular(), dejavu::sans_condensed::bold()], given)
    }

    fn of(own: &[&'static [u8]], given: Vec<File>) -> Fonts {
        let own = own.iter().map(|bytes| -> File { Arc::new(*bytes) });
        Fonts { files: own.chain(given).collect() }
    }

    /// The files, in the order in which a letter is looked for.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The faces in all files.
    pub fn faces(&self) -> Faces<'_> {
        Faces(self.files.iter().flat_map(|file| faces_in((**file).as_ref())).collect())
    }
}

/// Whether bytes are a font that can be drawn in: TrueType, OpenType, or a collection of such.
pub fn is_font(bytes: &[u8]) -> bool {
    faces_in(bytes).next().is_some()
}

fn faces_in(bytes: &[u8]) -> impl Iterator<Item = Face<'_>> {
    let count = fonts_in_collection(bytes).unwrap_or(1).min(MOST_FACES);
    (0..count).filter(move |i| begins_inside(bytes, *i)).filter_map(move |i| Face::parse(bytes, i).ok())
}

/// Whether a face of a collection begins within its file, which its reader takes for granted.
fn begins_inside(bytes: &[u8], face: u32) -> bool {
    let at = 12 + 4 * face as usize;
    let start = bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    !bytes.starts_with(b"ttcf") || start.is_some_and(|start| (start as usize) < bytes.len())
}

/// The faces of font files.
pub struct Faces<'f>(Vec<Face<'f>>);

/// A letter in the face that draws it.
#[derive(Clone, Copy)]
pub struct Letter<'f>(Option<(&'f Face<'f>, GlyphId)>);

impl<'f> Faces<'f> {
    /// The letter in the first face that has it; in none, it is the box that stands for such in the first one.
    pub fn letter(&'f self, letter: char) -> Letter<'f> {
        let none = |blank| if blank { None } else { self.0.first().map(|face| (face, GlyphId(0))) };
        Letter(self.find(letter).or_else(|| none(is_blank(letter))))
    }

    /// The letters of a text that no face has, each once, in the order in which they come. What is not seen, as a
    /// control or a joiner, is no letter.
    pub fn missing(&self, text: &str) -> Vec<char> {
        let mut known = BTreeSet::new();
        let is_new = |c: &char| known.insert(*c);
        text.chars().filter(is_new).filter(|c| !is_blank(*c) && self.find(*c).is_none()).collect()
    }

    fn find(&self, letter: char) -> Option<(&Face<'f>, GlyphId)> {
        let has = |face| -> Option<(&Face<'f>, GlyphId)> {
            let glyph = Face::glyph_index(face, letter).filter(|glyph| *glyph != GlyphId(0))?;
            Some((face, glyph))
        };
        self.0.iter().filter(|face| has_outlines(face)).find_map(has)
    }
}

/// Whether a face is made of outlines; one of pictures draws nothing here.
fn has_outlines(face: &Face<'_>) -> bool {
    let tables = face.tables();
    tables.glyf.is_some() || tables.cff.is_some() || tables.cff2.is_some()
}

/// Whether a letter has no ink: spaces, controls, and what Unicode says to ignore where it is not known.
fn is_blank(letter: char) -> bool {
    let ignored = matches!(u32::from(letter),
        0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e
        | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfff8 | 0x1bca0..=0x1bca3
        | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff);
    ignored || letter.is_control() || letter.is_whitespace()
}

impl Letter<'_> {
    /// How far to the right the next letter begins, in heights.
    pub fn advance(&self) -> f64 {
        let Some((face, glyph)) = self.0 else { return 0.0 };
        face.glyph_hor_advance(glyph).map_or(WIDTH, |a| f64::from(a) / f64::from(face.units_per_em()))
    }

    /// Adds the outlines of the letter in that height, its baseline beginning at `origin`.
    pub fn outline(&self, origin: Point, height: f64, contours: &mut Vec<Contour>) {
        let Some((face, glyph)) = self.0 else { return };
        let scale = height / f64::from(face.units_per_em());
        face.outline_glyph(glyph, &mut Pen { contours, points: Vec::new(), at: [0.0; 2], origin, scale });
    }
}

/// What draws a letter.
struct Pen<'c> {
    contours: &'c mut Vec<Contour>,
    points: Vec<Point>,
    at: Point,
    origin: Point,
    scale: f64,
}

impl Pen<'_> {
    fn to(&mut self, p: Point) {
        self.at = p;
        self.points.push([self.origin[0] + p[0] * self.scale, self.origin[1] + p[1] * self.scale]);
    }

    /// A curve, by a polynomial in the share of the way.
    fn curve(&mut self, point: impl Fn(f64, usize) -> f64) {
        for step in 1..=STEPS {
            let t = f64::from(step) / f64::from(STEPS);
            self.to([point(t, 0), point(t, 1)]);
        }
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.points.clear();
        self.line_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.to([f64::from(x), f64::from(y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (from, a, to) = (self.at, [x1, y1].map(f64::from), [x, y].map(f64::from));
        self.curve(|t, i| {
            let s = 1.0 - t;
            s * s * from[i] + 2.0 * s * t * a[i] + t * t * to[i]
        });
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let from = self.at;
        let [a, b, to] = [[x1, y1], [x2, y2], [x, y]].map(|p| p.map(f64::from));
        self.curve(|t, i| {
            let s = 1.0 - t;
            s * s * s * from[i] + 3.0 * s * s * t * a[i] + 3.0 * s * t * t * b[i] + t * t * t * to[i]
        });
    }

    fn close(&mut self) {
        self.contours.push(Contour { points: std::mem::take(&mut self.points), closed: true });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(faces: &Faces<'_>, letter: char) -> Vec<Contour> {
        let mut contours = Vec::new();
        faces.letter(letter).outline([0.0; 2], 10.0, &mut contours);
        contours
    }

    #[test]
    fn letters_have_outlines_and_room() {
        let fonts = Fonts::regular(Vec::new());
        let faces = fonts.faces();
        assert_eq!(outline(&faces, 'o').len(), 2);
        assert_eq!(outline(&faces, '日'), outline(&faces, '\u{10ffff}'));
        assert!(faces.letter('W').advance() > faces.letter('i').advance());
        for blank in ['\u{0}', '\n', '\u{e0041}', '\u{2066}'] {
            assert!(outline(&faces, blank).is_empty(), "{blank:?}");
        }
    }

    #[test]
    fn what_no_face_has_is_named_once() {
        let fonts = Fonts::condensed(Vec::new());
        assert_eq!(fonts.faces().missing("日a水\u{200d}\n日\u{fe0f}\u{7}é"), ['日', '水']);
    }

    #[test]
    fn only_fonts_are_fonts() {
        assert!(is_font(dejavu::sans::regular()));
        for bad in [&b""[..], b"\0\x01\0\0", b"ttcf\0\x01\0\0\xff\xff\xff\xff", b"OTTO", &[0xff; 64]] {
            assert!(!is_font(bad), "{bad:?}");
        }
    }
}
