//! Headers of our own tars: ustar, with a pax header before those whose path or size ustar cannot hold. What others
//! write is read in [`header`](super::header).
//!
//! ```text
//! 0    path, 100 bytes          124  size, 11 octal digits     156  sort: 0 file, x pax header
//! 100  mode, 7 octal digits     136  time, 11 octal digits     257  "ustar\0" "00"
//! 108  uid, gid: 0              148  sum of the header's bytes 345  what stands before the path, 155 bytes
//! ```
//!
//! A pax header is a file of lines `<length> path=<path>` and `<length> size=<bytes>`; no other key is written. After
//! each body zeros fill the block of 512 bytes, and two blocks of zeros end the tar.

use std::io::Write as _;

/// Bytes of a header, and what bodies are filled up to.
pub const BLOCK: usize = 512;
/// What ends a tar.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// Most bytes that eleven octal digits can say.
pub(super) const MOST_OCTAL: u64 = (8 << 30) - 1;
const PATH: usize = 100;
const PREFIX: usize = 155;

/// How many zeros follow a body of that many bytes.
pub fn padding(size: u64) -> usize {
    // Less than a block.
    (size.wrapping_neg() % BLOCK as u64) as usize
}

/// How many bytes a file takes in a tar, its header included.
pub fn room(path: &str, size: u64) -> u64 {
    let headers = if needs_pax(path, size) { 3 * BLOCK } else { BLOCK };
    headers as u64 + size + padding(size) as u64
}

fn needs_pax(path: &str, size: u64) -> bool {
    split(path).is_none() || size > MOST_OCTAL
}

/// A path as its two fields hold it.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= PATH {
        return Some(("", path));
    }
    let at = path.char_indices().filter(|(i, c)| *c == '/' && path.len() - i - 1 <= PATH).map(|(i, _)| i);
    let at = at.min().filter(|i| *i > 0 && *i <= PREFIX)?;
    Some((&path[..at], &path[at + 1..]))
}

/// Appends the header of a file, with the pax header that it may need.
pub fn write_header(path: &str, size: u64, mode: u32, time: u64, out: &mut Vec<u8>) {
    let Some((prefix, name)) = split(path).filter(|_| size <= MOST_OCTAL) else {
        let mut body = Vec::new();
        pax_line("path", path, &mut body);
        if size > MOST_OCTAL {
            pax_line("size", &size.to_string(), &mut body);
        }
        let short: String = path.chars().take(PATH / 4).collect();
        out.extend(header(("", &short), body.len() as u64, 0o644, time, b'x'));
        let padding = padding(body.len() as u64);
        out.extend(body);
        out.extend(&END[..padding]);
        out.extend(header(("", &short), size.min(MOST_OCTAL), mode, time, b'0'));
        return;
    };
    out.extend(header((prefix, name), size, mode, time, b'0'));
}

fn header((prefix, name): (&str, &str), size: u64, mode: u32, time: u64, sort: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..name.len()].copy_from_slice(name.as_bytes());
    octal(&mut block[100..108], u64::from(mode));
    octal(&mut block[108..116], 0);
    octal(&mut block[116..124], 0);
    octal(&mut block[124..136], size);
    octal(&mut block[136..148], time.min(MOST_OCTAL));
    block[156] = sort;
    block[257..265].copy_from_slice(b"ustar\x0000");
    octal(&mut block[329..337], 0);
    octal(&mut block[337..345], 0);
    block[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
    let sum = sum(&block);
    octal(&mut block[148..155], sum);
    block[155] = b' ';
    block
}

/// Octal digits, and a zero byte.
fn octal(field: &mut [u8], value: u64) {
    let digits = field.len() - 1;
    // Writing to a slice of the right length does not fail.
    let _ = (&mut field[..digits]).write_all(format!("{value:0digits$o}").as_bytes());
}

/// The sum of a header's bytes, the sum's own field counted as spaces.
pub fn sum(block: &[u8; BLOCK]) -> u64 {
    let bytes = |range: std::ops::Range<usize>| block[range].iter().map(|b| u64::from(*b)).sum::<u64>();
    bytes(0..148) + bytes(156..BLOCK) + 8 * u64::from(b' ')
}

/// A line of a pax header: it says its own length, itself included.
fn pax_line(key: &str, value: &str, out: &mut Vec<u8>) {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len();
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    out.extend(format!("{length}{rest}").into_bytes());
}
