//! A font of a few letters, each a square: small enough to be made by a test.

/// Units of a height.
const UNITS: u16 = 1000;
/// The side of the square that each letter is, as is its advance.
const SIDE: i16 = 800;

/// A TrueType font that has these letters, in ascending order, and no others.
pub fn of_squares(letters: &[char]) -> Vec<u8> {
    tables(letters, 0)
}

/// The same as the second face of a collection whose first has nothing.
pub fn collection(letters: &[char]) -> Vec<u8> {
    let mut out = b"ttcf\0\x01\0\0".to_vec();
    let first = tables(&[], 20);
    long(&mut out, 2);
    long(&mut out, 20);
    long(&mut out, 20 + first.len());
    let second = tables(letters, 20 + first.len());
    [out, first, second].concat()
}

/// A font whose file begins at `base`.
fn tables(letters: &[char], base: usize) -> Vec<u8> {
    let glyphs = letters.len() + 1;
    let all: [(&[u8], Vec<u8>); 8] = [
        (b"cmap", cmap(letters)),
        (b"glyf", square().repeat(glyphs)),
        (b"head", head()),
        (b"hhea", hhea(glyphs)),
        (b"hmtx", words(&[SIDE, 0]).repeat(glyphs)),
        (b"loca", (0..=glyphs).flat_map(|i| be(i * square().len())).collect()),
        (b"maxp", [be(0x10000), words(&[short(glyphs)]), vec![0; 26]].concat()),
        (b"name", name()),
    ];
    let mut out = [be(0x10000), words(&[short(all.len()), 128, 3, 0])].concat();
    let mut at = out.len() + 16 * all.len();
    let mut body = Vec::new();
    for (tag, mut table) in all {
        out.extend(tag);
        long(&mut out, 0);
        long(&mut out, base + at);
        long(&mut out, table.len());
        table.resize(table.len().next_multiple_of(4), 0);
        at += table.len();
        body.extend(table);
    }
    out.extend(body);
    out
}

/// A square on the baseline.
fn square() -> Vec<u8> {
    let contour = words(&[1, 0, 0, SIDE, SIDE, 3, 0]);
    let flags = vec![1; 4];
    [contour, flags, words(&[0, 0, SIDE, 0, 0, SIDE, 0, -SIDE]), vec![0; 2]].concat()
}

fn cmap(letters: &[char]) -> Vec<u8> {
    let groups = letters.iter().zip(1_usize..).flat_map(|(letter, glyph)| {
        let code = u32::from(*letter) as usize;
        [be(code), be(code), be(glyph)].concat()
    });
    let count = letters.len();
    let header = [words(&[0, 1, 3, 10]), be(12), words(&[12, 0]), be(16 + 12 * count), be(0), be(count)];
    header.concat().into_iter().chain(groups).collect()
}

fn head() -> Vec<u8> {
    let start = [be(0x10000), be(0x10000), be(0), be(0x5f0f_3cf5), words(&[0, UNITS.cast_signed()])].concat();
    [start, vec![0; 16], words(&[0, 0, SIDE, SIDE, 0, 8, 2, 1, 0])].concat()
}

fn hhea(glyphs: usize) -> Vec<u8> {
    [be(0x10000), words(&[SIDE, 0, 0]), vec![0; 24], words(&[short(glyphs)])].concat()
}

/// The family is called Squares.
fn name() -> Vec<u8> {
    let text: Vec<u8> = "Squares".encode_utf16().flat_map(u16::to_be_bytes).collect();
    // The name of its family, and the one that PostScript knows it by.
    let record = |id: i16| words(&[3, 1, 0x409, id, short(text.len()), 0]);
    [words(&[0, 2, 30]), record(1), record(6), text.clone()].concat()
}

fn be(n: usize) -> Vec<u8> {
    u32::try_from(n).unwrap().to_be_bytes().to_vec()
}

fn long(out: &mut Vec<u8>, n: usize) {
    out.extend(be(n));
}

fn short(n: usize) -> i16 {
    i16::try_from(n).unwrap()
}

fn words(numbers: &[i16]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}
