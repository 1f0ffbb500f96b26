//! Headers of tars that anybody made: ustar, GNU and pax, as `tar`, `bsdtar` and Python write them.
//!
//! ```text
//! 0    path, 100 bytes          124  size, 12 bytes            156  sort: 0 file, 5 directory, x and g pax, L long name
//! 100  mode                     136  time                      257  "ustar\0" and a version, "ustar  \0", or zeros
//! 108  uid, gid                 148  sum of the header's bytes 345  of ustar: what stands before the path, 155 bytes
//! ```
//!
//! Of what a header says, the path, the size and the sort are heard; owners, modes and times are nobody's here. A size
//! is octal, or, with the first bit set, the number that its bytes make. A pax header is a file of lines
//! `<length> <key>=<value>`: `path` and `size` are heard, what would name something else than the header says is
//! refused, and every other key is passed over. The body of a long name is the next member's path.

use super::Error;
use super::tar::{BLOCK, sum};
use std::ops::Range;

/// Most bytes of a pax header's body: attributes and access lists travel there.
pub const MOST_PAX: u64 = 1 << 20;
/// Most bytes of a long name; no path of a pack is nearly as long.
pub const MOST_NAME: u64 = 4096;

const PATH: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const SUM: Range<usize> = 148..156;
const SORT: usize = 156;
const MAGIC: Range<usize> = 257..265;
const PREFIX: Range<usize> = 345..500;

/// What a header says of what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    File,
    Directory,
    /// A pax header for the next member.
    Pax,
    /// A pax header for all that follow.
    Global,
    /// The path of the next member.
    LongName,
}

/// A header that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// As it stands there: of a path that goes on elsewhere it is a part, which need not be text.
    pub path: Vec<u8>,
    pub size: u64,
    pub sort: Sort,
}

/// Whether a block's sum is its own: whoever made it meant it to be a header.
pub fn is_header(block: &[u8; BLOCK]) -> bool {
    octal(&block[SUM]) == Some(sum(block))
}

/// Reads a header whose sum is right.
///
/// # Errors
/// What no tar of files and directories says.
pub fn read_header(block: &[u8; BLOCK]) -> Result<Header, Error> {
    let name = text(&block[PATH]);
    let refuse = |reason: &str| Error::unsafe_member(String::from_utf8_lossy(name), reason);
    let prefix = match &block[MAGIC] {
        [b'u', b's', b't', b'a', b'r', 0, ..] => text(&block[PREFIX]),
        // GNU keeps other things there, and the oldest tars nothing.
        b"ustar  \0" | [0, 0, 0, 0, 0, 0, 0, 0] => b"",
        _ => return Err(refuse("a header that is neither ustar nor GNU")),
    };
    let sort = match block[SORT] {
        0 if name.ends_with(b"/") => Sort::Directory,
        b'0' | 0 => Sort::File,
        b'5' => Sort::Directory,
        b'x' => Sort::Pax,
        b'g' => Sort::Global,
        b'L' => Sort::LongName,
        b'1' => return Err(refuse("a hard link")),
        b'2' | b'K' => return Err(refuse("a symbolic link")),
        b'3' | b'4' | b'6' => return Err(refuse("a device or a pipe")),
        b'S' => return Err(refuse("a file with holes")),
        _ => return Err(refuse("a member of a sort that packs do not have")),
    };
    let size = number(&block[SIZE]).ok_or_else(|| refuse("a size that is no number"))?;
    let path = if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() };
    Ok(Header { path, size, sort })
}

/// A field up to its first zero byte.
fn text(field: &[u8]) -> &[u8] {
    field.split(|b| *b == 0).next().unwrap_or_default()
}

fn number(field: &[u8]) -> Option<u64> {
    match field {
        [0x80, bytes @ ..] => {
            bytes.iter().try_fold(0_u64, |n, b| n.checked_mul(256)?.checked_add(u64::from(*b)))
        }
        _ => octal(field),
    }
}

/// Octal digits, with spaces before and a space or a zero byte after them.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_start_matches(' ');
    let digits = text.trim_end_matches([' ', '\0']);
    let plain = !digits.is_empty() && digits.bytes().all(|b| matches!(b, b'0'..=b'7'));
    if plain { u64::from_str_radix(digits, 8).ok() } else { None }
}

/// What stands before a member says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extended {
    pub path: Option<Vec<u8>>,
    pub size: Option<u64>,
}

impl Extended {
    /// Takes in the body of a pax header.
    ///
    /// # Errors
    /// A key that would name something else than the header says, a path or a size that stands twice, a line that is
    /// none.
    pub fn pax(&mut self, body: &[u8]) -> Result<(), Error> {
        let wrong = |reason: &str| Error::unsafe_member("pax header", reason);
        let mut rest = body;
        while !rest.is_empty() {
            let (key, value, after) = line(rest).ok_or_else(|| wrong("a line that is none"))?;
            rest = after;
            match key {
                b"path" => self.path(value.to_vec())?,
                b"size" if value.is_empty() => {}
                b"size" if self.size.is_none() => {
                    self.size = Some(decimal(value).ok_or_else(|| wrong("a size that is no number"))?);
                }
                b"size" => return Err(wrong("a size that stands twice")),
                _ if key == b"linkpath" || key.starts_with(b"GNU.sparse.") => {
                    return Err(wrong(&format!("the key {}", String::from_utf8_lossy(key))));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes in the body of a long name, which may end in zero bytes.
    ///
    /// # Errors
    /// A path that stands twice.
    pub fn long_name(&mut self, body: &[u8]) -> Result<(), Error> {
        self.path(text(body).to_vec())
    }

    /// One that is empty takes the header's back.
    fn path(&mut self, path: Vec<u8>) -> Result<(), Error> {
        if self.path.is_some() {
            return Err(Error::unsafe_member("pax header", "a path that stands twice"));
        }
        self.path = Some(path).filter(|path| !path.is_empty());
        Ok(())
    }
}

/// A line of a pax header, as its key and its value, and what follows it. It says its own length.
fn line(rest: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let digits = rest.iter().position(|b| *b == b' ').filter(|n| *n <= 7)?;
    let length = usize::try_from(decimal(&rest[..digits])?).ok()?;
    let line = rest.get(digits + 1..length)?.strip_suffix(b"\n")?;
    let equals = line.iter().position(|b| *b == b'=')?;
    Some((&line[..equals], &line[equals + 1..], &rest[length..]))
}

fn decimal(text: &[u8]) -> Option<u64> {
    let plain = !text.is_empty() && text.len() <= 19 && text.iter().all(u8::is_ascii_digit);
    if plain { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::tar::{MOST_OCTAL, padding, room, write_header};
    use super::*;

    fn read(bytes: &[u8]) -> Result<Header, Error> {
        let mut extended = Extended::default();
        for (i, block) in bytes.chunks_exact(BLOCK).enumerate() {
            let block: &[u8; BLOCK] = block.try_into().unwrap();
            if i == 1 && bytes.len() > BLOCK {
                continue;
            }
            assert!(is_header(block));
            let header = read_header(block)?;
            if header.sort == Sort::Pax {
                extended.pax(&bytes[BLOCK..BLOCK + usize::try_from(header.size).unwrap()])?;
                continue;
            }
            let (path, size) = (extended.path.unwrap_or(header.path), extended.size.unwrap_or(header.size));
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
                let path = path.as_bytes().to_vec();
                assert_eq!(read(&bytes).unwrap(), Header { path, size, sort: Sort::File });
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
            let filling = SUM.contains(&(bit / 8)) && matches!(block[bit / 8], b' ' | 0);
            assert!(!is_header(&block) || filling, "bit {bit}");
        }
    }

    #[test]
    fn numbers_are_octal_or_bytes() {
        for (field, expected) in [
            (&b"00000000017\0"[..], Some(15)),
            (b"         17 ", Some(15)),
            (b"777777777777", Some((1 << 36) - 1)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(2 << 32)),
            (b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", Some(u64::MAX)),
            (b"\x80\0\0\x01\0\0\0\0\0\0\0\0", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\0\0\0\0\0\0\0\0\0\0\0\0", None),
            (b"0000000001x\0", None),
            (b"-0000000001\0", None),
        ] {
            assert_eq!(number(field), expected, "{field:?}");
        }
    }

    #[test]
    fn paths_and_sizes_are_heard_and_what_names_something_else_is_refused() {
        let pax = |body: &[u8]| {
            let mut extended = Extended::default();
            extended.pax(body).map(|()| extended)
        };
        let known = Extended { path: Some(b"ab".to_vec()), size: Some(7) };
        assert_eq!(pax(b"11 path=ab\n10 size=7\n").unwrap(), known);
        assert_eq!(pax(b"13 mtime=1.5\n11 path=ab\n15 SCHILY.x=\n\xff\n10 size=7\n").unwrap(), known);
        assert_eq!(pax(b"8 path=\n8 size=\n").unwrap(), Extended::default());
        for bad in [
            &b"11 path=ab\n11 path=ab\n"[..],
            b"10 size=7\n10 size=7\n",
            b"12 path=ab\n",
            b"10 path=ab\n",
            b"0 path=ab\n",
            b"19 linkpath=/etc/x\n",
            b"22 GNU.sparse.major=1\n",
            b"11 size=-7\n",
            b"99999999999999999999 path=a\n",
            b"11 path=ab",
            b"+11 path=ab\n",
            b"9 mtime1\n",
            b"\xff",
        ] {
            assert!(pax(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
        let mut extended = Extended::default();
        extended.long_name(b"world/bagit.txt\0\0").unwrap();
        assert_eq!(extended.path.as_deref(), Some(&b"world/bagit.txt"[..]));
        assert!(extended.long_name(b"other\0").is_err());
    }
}
