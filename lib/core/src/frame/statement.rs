//! A frame as the line that it stands for, and the line's proof.
//!
//! ```text
//! {"knows":[{"events":4,"path":"m/world/demo/tiles/z0/x0/y0/head","points_to":"blake3:14e0bc4b178d"}],
//!  "peer":"did:key:z6Mk…","proof":"oYEB…","seq":1795167000,"ttl":86400}
//! ```
//!
//! Presence, intent and ranges are no statements, and stand in no line. The proof has no hops, so that a frame gives
//! one line, however far it came.

use super::{Entry, Frame, Held, Rows, Tag, refuse};
use crate::json::write::Members;
use crate::json::{Canonical, Value};
use crate::path::{Path, Root, Space};
use crate::report::Refusal;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

/// How long a frame's line is worth something, in seconds.
pub const TTL: u32 = 86_400;
/// The code of a proof that is none.
const NO_PROOF: &str = "statement.proof";

/// What a path's hash is called, in an advert and in a want.
fn hash_of(wants: bool) -> &'static str {
    if wants { "have" } else { "points_to" }
}

impl Frame {
    /// The line that it stands for, canonical; nothing where it says nothing of a tile or a space. `peer` and `space`
    /// are what its tags stand for; `proven` says that its signature holds for that peer, and is the line's proof.
    pub fn statement(&self, peer: &str, space: &Space, proven: bool) -> Option<String> {
        let proof = proven.then(|| BASE64URL_NOPAD.encode(&self.clone().with_hops(0).print()));
        self.line(peer, space, proof.as_deref())
    }

    fn line(&self, peer: &str, space: &Space, proof: Option<&str>) -> Option<String> {
        let rows = self.rows()?;
        let items: Vec<Vec<u8>> = rows.entries.iter().filter_map(|entry| item(rows, *entry, space)).collect();
        if items.is_empty() {
            return None;
        }
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        if !rows.wants {
            line.list("knows", &items, &mut out);
        }
        line.text("peer", peer, &mut out);
        proof.inspect(|proof| line.word("proof", proof, &mut out));
        line.integer("seq", self.seq, &mut out);
        line.integer("ttl", TTL, &mut out);
        if rows.wants {
            line.list("wants", &items, &mut out);
        }
        line.close(&mut out);
        String::from_utf8(out).ok()
    }
}

fn item(rows: &Rows, entry: Entry, space: &Space) -> Option<Vec<u8>> {
    let (path, held) = match entry {
        Entry::Tip(tile, held) => (Path::Tile(space.clone(), tile, Some(Root::Head)), held),
        Entry::Space(held) => (Path::Space(space.clone()), held),
        Entry::Range(_) => return None,
    };
    let mut out = Vec::new();
    let mut item = Members::open(&mut out);
    item.integer("events", held.events, &mut out);
    if rows.wants {
        item.raw(hash_of(true), Some(&head(held)), &mut out);
    }
    item.word("path", path, &mut out);
    if !rows.wants {
        item.raw(hash_of(false), Some(&head(held)), &mut out);
    }
    item.close(&mut out);
    Some(out)
}

fn head(held: Held) -> String {
    held.head.map_or_else(|| "null".to_owned(), |head| format!("\"blake3:{}\"", HEXLOWER.encode(&head)))
}

/// The signed frame that is the proof of a statement, of which the statement is the decoding; nothing where it has no
/// `proof`. The statement passed [`check`](crate::statement::check); whether the signature holds, [`Frame::verify`]
/// says.
///
/// # Errors
/// `statement.proof`: it is no signed frame, or one of which this statement is not the line.
pub fn proof(statement: Value<'_, '_>) -> Result<Option<Frame>, Refusal> {
    let Some(text) = statement.get("proof") else { return Ok(None) };
    let text = text.as_plain_str().unwrap_or_default();
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
    let frame = bytes.and_then(|bytes| Frame::parse(&bytes).ok()).filter(Frame::is_signed);
    let frame = frame.ok_or_else(|| refuse(NO_PROOF, "not a signed frame in base64url"))?;
    let named = named(statement).filter(|(peer, space)| {
        frame.peer == Tag::of_peer(peer)
            && frame.rows().is_some_and(|rows| rows.space == Tag::of_space(space))
    });
    let decoded = named.and_then(|(peer, space)| frame.line(&peer, &space, Some(text)));
    let mut canonical = Vec::new();
    Canonical::new().write(statement, &mut canonical);
    if decoded.is_some_and(|line| line.as_bytes() == canonical) {
        Ok(Some(frame))
    } else {
        Err(refuse(NO_PROOF, "the line is not what the frame says"))
    }
}

/// Who a statement is by, and of which space: that of its first path, as a frame speaks of one.
fn named(statement: Value<'_, '_>) -> Option<(String, Space)> {
    let list = statement.get("knows").or_else(|| statement.get("wants"))?;
    let path = list.items().next()?.get("path")?.as_text()?;
    match Path::parse_pointer(&path).ok()? {
        Path::Space(space) | Path::Tile(space, ..) => Some((statement.get("peer")?.as_text()?, space)),
        Path::World | Path::Lane(..) => None,
    }
}
