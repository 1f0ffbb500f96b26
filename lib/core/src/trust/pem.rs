//! PEM as OpenSSL 3 writes and reads it (RFC 7468, RFC 1421): blocks of base64 between two lines, and any text around
//! them, as the attributes of a bag. Lines may be of any width, end as they do on Windows, and be blank.
//!
//! A block may hold a secret: its bytes are wiped when they go out of scope, and no message repeats any.

use std::iter::Peekable;

use data_encoding::BASE64;
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A block of a file.
pub(super) struct Block<'p> {
    pub label: &'p [u8],
    /// Whether its own headers say so; PKCS#8 has a label for what is encrypted.
    pub encrypted: bool,
    /// The bytes, unless the block has no end or is not base64.
    pub der: Option<Zeroizing<Vec<u8>>>,
}

/// The blocks of a file, in their order.
pub(super) fn blocks(pem: &[u8]) -> Vec<Block<'_>> {
    let text = pem.strip_prefix(BYTE_ORDER_MARK).unwrap_or(pem);
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).peekable();
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(label) = label(line, BEGIN) {
            blocks.push(block(label, &mut lines, pem.len()));
        }
    }
    blocks
}

fn label<'p>(line: &'p [u8], mark: &[u8]) -> Option<&'p [u8]> {
    line.strip_prefix(mark)?.strip_suffix(DASHES)
}

/// Reads what follows the first line of a block, up to its last or to the first of another. `room` is what no block of
/// the file exceeds: a buffer that grows leaves its old self behind in memory.
fn block<'p>(name: &'p [u8], lines: &mut Peekable<impl Iterator<Item = &'p [u8]>>, room: usize) -> Block<'p> {
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    let (mut encrypted, mut ended) = (false, false);
    while let Some(line) = lines.next_if(|line| !line.starts_with(BEGIN)) {
        if line.starts_with(END) {
            ended = label(line, END) == Some(name);
            break;
        }
        // No base64 has a colon, and every header has one.
        if line.contains(&b':') {
            encrypted |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
        } else {
            text.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }
    let der = ended.then(|| BASE64.decode(&text).ok().map(Zeroizing::new)).flatten();
    Block { label: name, encrypted, der }
}

/// What kind of key PKCS#8 (RFC 5958) or SubjectPublicKeyInfo (RFC 5280) holds, with its article. `None` where the
/// bytes are not whole, or neither of the two.
pub fn algorithm(der: &[u8]) -> Option<&'static str> {
    let (whole, _) = inside(der, 0x30)?;
    let after_version = inside(whole, 0x02).map_or(whole, |(_, rest)| rest);
    let (algorithm, _) = inside(after_version, 0x30)?;
    let (oid, _) = inside(algorithm, 0x06)?;
    Some(match oid {
        b"\x2b\x65\x70" => ED25519,
        b"\x2b\x65\x71" => "an Ed448",
        b"\x2b\x65\x6e" => "an X25519",
        b"\x2b\x65\x6f" => "an X448",
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" | b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a" => "an RSA",
        b"\x2a\x86\x48\xce\x3d\x02\x01" => "an EC",
        b"\x2a\x86\x48\xce\x38\x04\x01" => "a DSA",
        _ => "another kind of",
    })
}

/// The one algorithm that is used here.
pub const ED25519: &str = "an Ed25519";

/// What an element of this tag holds, and what follows it.
fn inside(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let long = match length {
        0..=0x7f => 0,
        0x81..=0x84 => usize::from(length & 0x7f),
        _ => return None,
    };
    let (digits, rest) = rest.split_at_checked(long)?;
    let many = digits.iter().fold(0, |n, digit| n << 8 | usize::from(*digit));
    let length = if long == 0 { usize::from(*length) } else { many };
    (*first == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_in_any_layout() {
        let read = |pem: &str| -> Vec<(String, bool, Option<Vec<u8>>)> {
            let blocks = blocks(pem.as_bytes());
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            blocks.into_iter().map(|b| (text(b.label), b.encrypted, b.der.map(|der| der.to_vec()))).collect()
        };
        let one = |label: &str, der: Option<&[u8]>| vec![(label.to_owned(), false, der.map(<[u8]>::to_vec))];
        let whole = one("A B", Some(b"hello"));
        for same in [
            "-----BEGIN A B-----\naGVsbG8=\n-----END A B-----\n",
            "-----BEGIN A B-----\naGVsbG8=\n-----END A B-----",
            "\u{feff}-----BEGIN A B-----\r\naGVs\r\nbG8=\r\n-----END A B-----\r\n",
            "Bag Attributes\n  x: y\n-----BEGIN A B----- \n\na\nGVsbG8 =\n\n-----END A B-----\ntext\n",
            "-----BEGIN A B-----\nX-Header: 1\n\naGVsbG8=\n-----END A B-----\n",
        ] {
            assert_eq!(read(same), whole, "{same}");
        }
        for broken in [
            "-----BEGIN A B-----\naGVsbG8=\n",
            "-----BEGIN A B-----\naGVsbG8=\n-----END A C-----\n",
            "-----BEGIN A B-----\naGVsbG8\n-----END A B-----\n",
            "-----BEGIN A B-----\naGVs*G8=\n-----END A B-----\n",
        ] {
            assert_eq!(read(broken), one("A B", None), "{broken}");
        }
        let cut = "-----BEGIN A B-----\naGVs\n-----BEGIN C-----\naGVsbG8=\n-----END C-----\n";
        assert_eq!(read(cut), [one("A B", None), one("C", Some(b"hello"))].concat());
        let encrypted =
            "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\naGVsbG8=\n-----END A-----\n";
        assert_eq!(read(encrypted), [("A".to_owned(), true, Some(b"hello".to_vec()))]);
        for nothing in ["", "hello", " -----BEGIN A-----\n-----END A-----\n", "x-----BEGIN A-----\n"] {
            assert_eq!(read(nothing), [], "{nothing}");
        }
    }

    #[test]
    fn lengths_that_lie_are_not_followed() {
        let ed25519 = b"\x30\x07\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70";
        assert_eq!(algorithm(&[&ed25519[..1], b"\x0a", &ed25519[2..]].concat()), Some(ED25519));
        for bad in [
            &b""[..],
            b"\x30",
            b"\x30\x80\x00",
            b"\x30\x84\xff\xff\xff\xff\x00",
            b"\x30\x02\x30\x7f",
            ed25519,
        ] {
            assert_eq!(algorithm(bad), None, "{bad:?}");
        }
    }
}
