//! Headers of a tar: ustar, with a pax header before those whose path or size ustar cannot hold.
//!
//! ```text
//! 0    path, 100 bytes          124  size, 11 octal digits     156  sort: 0 file, 5 directory, x pax header
//! 100  mode, 7 octal digits     136  time, 11 octal digits     257  "ustar\0" "00"
//! 108  uid, gid: 0              148  sum of the header's bytes 345  what stands before the path, 155 bytes
//! ```
//!
//! A pax header is a file of lines `<length> path=<path>` and `<length> size=<bytes>`; no other key is read. After
//! each body zeros fill the block of 512 bytes, and two blocks of zeros end the tar.

use super::Error;
use std::io::Write as _;

/// Bytes of a header, and what bodies are filled up to.
pub const BLOCK: usize = 512;
/// What ends a tar.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// Most bytes of a pax header's body.
pub const MOST_PAX: u64 = 4096;
/// Most bytes that eleven octal digits can say.
const MOST_OCTAL: u64 = (8 << 30) - 1;
const PATH: usize = 100;
const PREFIX: usize = 155;

/// What a header says of what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    File,
    Directory,
    /// A pax header for the next member.
    Pax,
}

/// A header that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub path: String,
    pub size: u64,
    pub sort: Sort,
}

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
fn sum(block: &[u8; BLOCK]) -> u64 {
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

/// Whether a block's sum is its own: whoever made it meant it to be a header.
pub fn is_header(block: &[u8; BLOCK]) -> bool {
    number(&block[148..156]) == Some(sum(block))
}

/// Reads a header whose sum is right.
///
/// # Errors
/// What ustar does not know, and what a pack does not hold.
pub fn read_header(block: &[u8; BLOCK]) -> Result<Header, Error> {
    let name = text(&block[..PATH]);
    let prefix = text(&block[345..345 + PREFIX]);
    let shown = String::from_utf8_lossy(name).into_owned();
    let refuse = |reason: &str| Error::unsafe_member(shown.clone(), reason);
    if &block[257..265] != b"ustar\x0000" {
        return Err(refuse("a header that is not ustar"));
    }
    let sort = match block[156] {
        b'0' | 0 => Sort::File,
        b'5' => Sort::Directory,
        b'x' => Sort::Pax,
        b'1' => return Err(refuse("a hard link")),
        b'2' => return Err(refuse("a symbolic link")),
        b'3' | b'4' | b'6' => return Err(refuse("a device or a pipe")),
        _ => return Err(refuse("a member of a sort that packs do not have")),
    };
    let size = number(&block[124..136]).ok_or_else(|| refuse("a size that is not octal"))?;
    let path = if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() };
    let path = String::from_utf8(path).map_err(|_| refuse("a path that is not UTF-8"))?;
    Ok(Header { path, size, sort })
}

/// A field up to its first zero byte.
fn text(field: &[u8]) -> &[u8] {
    field.split(|b| *b == 0).next().unwrap_or_default()
}

/// Octal digits, with spaces before and a space or a zero byte after them.
fn number(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_start_matches(' ');
    let digits = text.trim_end_matches([' ', '\0']);
    let plain = !digits.is_empty() && digits.bytes().all(|b| matches!(b, b'0'..=b'7'));
    if plain { u64::from_str_radix(digits, 8).ok() } else { None }
}

/// What a pax header says of the next member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pax {
    pub path: Option<String>,
    pub size: Option<u64>,
}

/// Reads a pax header's body.
///
/// # Errors
/// Any key but `path` and `size`, one that stands twice, a line that is none.
pub fn read_pax(body: &[u8]) -> Result<Pax, Error> {
    let wrong = || Error::unsafe_member("pax header", "a line that packs do not have");
    let mut pax = Pax::default();
    let mut rest = body;
    while !rest.is_empty() {
        let digits = rest.iter().position(|b| *b == b' ').filter(|n| *n <= 5).ok_or_else(wrong)?;
        let length =
            std::str::from_utf8(&rest[..digits]).ok().filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
        let length: usize = length.and_then(|t| t.parse().ok()).ok_or_else(wrong)?;
        let line = rest.get(digits + 1..length).and_then(|l| l.strip_suffix(b"\n")).ok_or_else(wrong)?;
        let line = std::str::from_utf8(line).map_err(|_| wrong())?;
        match line.split_once('=').ok_or_else(wrong)? {
            ("path", path) if pax.path.is_none() => pax.path = Some(path.to_owned()),
            ("size", size) if pax.size.is_none() => pax.size = Some(decimal(size).ok_or_else(wrong)?),
            (key, _) => return Err(Error::unsafe_member("pax header", format!("the key {key}"))),
        }
        rest = &rest[length..];
    }
    Ok(pax)
}

fn decimal(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Header, Error> {
        let mut pax = Pax::default();
        for (i, block) in bytes.chunks_exact(BLOCK).enumerate() {
            let block: &[u8; BLOCK] = block.try_into().unwrap();
            if i == 1 && bytes.len() > BLOCK {
                continue;
            }
            assert!(is_header(block));
            let header = read_header(block)?;
            if header.sort == Sort::Pax {
                let body = &bytes[BLOCK..BLOCK + usize::try_from(header.size).unwrap()];
                pax = read_pax(body)?;
                continue;
            }
            let (path, size) = (pax.path.unwrap_or(header.path), pax.size.unwrap_or(header.size));
            return Ok(Header { path, size, sort: header.sort });
        }
        unreachable!("a header")
    }

    #[test]
    fn headers_read_as_they_were_written() {
        let long = |n: usize| format!("a/{}/{}", "b".repeat(n), "c".repeat(90));
        let one = |n: usize| "d".repeat(n);
        for path in [
            "world/bagit.txt",
            &long(5),
            &long(60),
            &long(140),
            &long(152),
            &long(153),
            &long(200),
            &one(100),
            &one(101),
        ] {
            for size in [0, 1, 511, 512, 8 << 20, MOST_OCTAL, MOST_OCTAL + 1, 1 << 50] {
                let mut bytes = Vec::new();
                write_header(path, size, 0o644, 0, &mut bytes);
                assert_eq!(bytes.len() as u64 + size + padding(size) as u64, room(path, size));
                assert_eq!(read(&bytes).unwrap(), Header { path: path.to_owned(), size, sort: Sort::File });
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_no_header() {
        let mut bytes = Vec::new();
        write_header("world/bagit.txt", 9, 0o644, 1, &mut bytes);
        for bit in 0..BLOCK * 8 {
            let mut block: [u8; BLOCK] = bytes[..].try_into().unwrap();
            block[bit / 8] ^= 1 << (bit % 8);
            // The sum's own field may be filled with spaces or zero bytes.
            let filling = (148..156).contains(&(bit / 8)) && matches!(block[bit / 8], b' ' | 0);
            assert!(!is_header(&block) || filling, "bit {bit}");
        }
    }

    #[test]
    fn only_paths_and_sizes_are_read_from_pax() {
        assert_eq!(
            read_pax(b"11 path=ab\n10 size=7\n").unwrap(),
            Pax { path: Some("ab".into()), size: Some(7) }
        );
        for bad in [
            &b"11 path=ab\n11 path=ab\n"[..],
            b"12 path=ab\n",
            b"10 path=ab\n",
            b"0 path=ab\n",
            b"19 linkpath=/etc/x\n",
            b"11 size=-7\n",
            b"99999999999999999999 path=a\n",
            b"11 path=ab",
            b"+11 path=ab\n",
            b"\xff",
        ] {
            assert!(read_pax(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
