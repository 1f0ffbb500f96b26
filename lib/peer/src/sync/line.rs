//! The lines of the wire but for events: each read strictly, and written in its one form.
//!
//! A line is canonical JSON of exactly the members of its kind; what does not print as it came is no line of the wire.
//! ulp-sync(5) lists the members.

use super::ids::Ids;
use data_encoding::BASE64URL_NOPAD;
use std::str::FromStr;
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Lane, TilePrefix};
use ulp_core::json::write::Members;
use ulp_core::json::{self, Kind, Tape, Value};

/// The version of the wire that this version speaks.
pub const VERSION: i64 = 1;
/// Bytes of a nonce.
pub const NONCE: usize = 16;
/// Most bytes of a blob's data in a line.
pub const BLOB: usize = 48 << 10;

/// What each side draws anew, for the other to attest with.
pub type Nonce = [u8; NONCE];

/// Which way events go, as one side says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Both,
    /// It only takes.
    Pull,
    /// It only gives.
    Push,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Both => "both",
            Mode::Pull => "pull",
            Mode::Push => "push",
        }
    }

    pub fn gives(self) -> bool {
        self != Mode::Pull
    }

    pub fn takes(self) -> bool {
        self != Mode::Push
    }
}

impl FromStr for Mode {
    type Err = ();
    fn from_str(text: &str) -> Result<Mode, ()> {
        [Mode::Both, Mode::Pull, Mode::Push].into_iter().find(|mode| mode.as_str() == text).ok_or(())
    }
}

/// Who speaks, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The derivation that its state roots are of.
    pub state: i64,
    /// In the order of their names.
    pub lanes: Vec<Lane>,
    pub mode: Mode,
    /// Those that were chosen, sorted.
    pub spaces: Option<Vec<String>>,
    /// Those that were chosen, sorted as text.
    pub tiles: Option<Vec<TilePrefix>>,
    /// The most bytes of a turn.
    pub turn: u64,
    pub nonce: Nonce,
}

/// What a side holds of a store or a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub path: String,
    /// Nothing where there is none.
    pub head: Option<Blake3>,
    pub events: u64,
    /// Of the store: its state root, where it is known.
    pub state: Option<State>,
}

/// The state root of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Root(Blake3),
    /// Others wrote to the store, so that it has none of what the head is over.
    Unknown,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Events of a space: all of it, or some.
    Events { path: String, ids: Option<Ids> },
    /// The other's receipts from a height on.
    Receipts { from: u64 },
    /// An object from a byte on.
    Object { object: Sha256, at: u64 },
}

/// Part of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub object: Sha256,
    pub at: u64,
    /// Of the whole.
    pub bytes: u64,
    pub data: Vec<u8>,
}

/// The end of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    pub lines: u64,
    pub hash: Blake3,
    /// Events of this session that its speaker made durable so far.
    pub kept: u64,
}

/// A line of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Hello(Hello),
    /// The attestation, as canonical JSON.
    Attest(String),
    Row(Row),
    Set {
        path: String,
        data: Vec<u8>,
    },
    Have {
        path: String,
        ids: Option<Ids>,
    },
    Want(Want),
    Sent {
        path: String,
        events: u64,
    },
    Blob(Blob),
    Gone(Sha256),
    Refused {
        path: String,
        code: String,
        ids: Ids,
    },
    Over(Over),
    End,
}

/// Why a line is none of the wire's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLine {
    /// It is none, or not as it has to be.
    Malformed,
    /// It speaks another version.
    Version(i64),
}

/// Whether a line says that it is one of the wire, and not an event.
pub fn is_wire(line: &[u8]) -> bool {
    let mut tape = Tape::new();
    let top = json::parse_line(&mut tape, line);
    top.is_ok_and(|top| top.get("sync").is_some() && top.get("operation").is_none())
}

impl Line {
    /// Reads a line, without its end.
    ///
    /// # Errors
    /// Where it is not exactly one of the wire's.
    pub fn parse(text: &[u8]) -> Result<Line, NoLine> {
        let mut tape = Tape::new();
        let top = json::parse_line(&mut tape, text).map_err(|_| NoLine::Malformed)?;
        if let Some(v) = top.get("v").and_then(Value::as_i64).filter(|v| *v != VERSION)
            && top.get("sync").is_some_and(|sync| sync.is_str("hello"))
        {
            return Err(NoLine::Version(v));
        }
        let line = read(top).ok_or(NoLine::Malformed)?;
        let mut printed = Vec::with_capacity(text.len());
        line.print(&mut printed);
        // What has another member, or is spelt in another way, does not print as it came.
        if printed.strip_suffix(b"\n") == Some(text) { Ok(line) } else { Err(NoLine::Malformed) }
    }

    /// Appends the line with its end.
    pub fn print(&self, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        let kind = match self {
            Line::Hello(hello) => {
                print_hello(hello, &mut line, out);
                return line.end_line(out);
            }
            Line::Attest(attestation) => {
                line.raw("attestation", Some(attestation), out);
                "attest"
            }
            Line::Row(row) => {
                print_row(row, &mut line, out);
                return line.end_line(out);
            }
            Line::Set { path, data } => {
                line.word("data", BASE64URL_NOPAD.encode_display(data), out);
                line.text("path", path, out);
                "set"
            }
            Line::Have { path, ids } => {
                print_ids(ids.as_ref(), &mut line, out);
                line.text("path", path, out);
                "have"
            }
            Line::Want(want) => {
                print_want(want, &mut line, out);
                "want"
            }
            Line::Sent { path, events } => {
                line.integer("events", events, out);
                line.text("path", path, out);
                "sent"
            }
            Line::Blob(Blob { object, at, bytes, data }) => {
                line.integer("at", at, out);
                line.integer("bytes", bytes, out);
                line.word("data", BASE64URL_NOPAD.encode_display(data), out);
                line.word("object", object, out);
                "blob"
            }
            Line::Gone(object) => {
                line.word("object", object, out);
                "gone"
            }
            Line::Refused { path, code, ids } => {
                line.text("code", code, out);
                print_ids(Some(ids), &mut line, out);
                line.text("path", path, out);
                "refused"
            }
            Line::Over(Over { lines, hash, kept }) => {
                line.word("hash", hash, out);
                line.integer("kept", kept, out);
                line.integer("lines", lines, out);
                "over"
            }
            Line::End => "end",
        };
        line.word("sync", kind, out);
        line.end_line(out);
    }
}

fn print_hello(hello: &Hello, line: &mut Members, out: &mut Vec<u8>) {
    let texts = |items: &[Lane]| items.iter().map(Lane::to_string).collect::<Vec<_>>();
    line.texts("lanes", texts(&hello.lanes).iter().map(String::as_str), out);
    line.word("mode", hello.mode.as_str(), out);
    line.word("nonce", BASE64URL_NOPAD.encode(&hello.nonce), out);
    if let Some(spaces) = &hello.spaces {
        line.texts("spaces", spaces.iter().map(String::as_str), out);
    }
    line.integer("state", hello.state, out);
    line.word("sync", "hello", out);
    if let Some(tiles) = &hello.tiles {
        let tiles: Vec<String> = tiles.iter().map(TilePrefix::to_string).collect();
        line.texts("tiles", tiles.iter().map(String::as_str), out);
    }
    line.integer("turn", hello.turn, out);
    line.integer("v", VERSION, out);
}

fn print_row(row: &Row, line: &mut Members, out: &mut Vec<u8>) {
    let hash = |hash: &Blake3| format!("\"{hash}\"");
    line.integer("events", row.events, out);
    line.raw("head", Some(&row.head.as_ref().map_or("null".to_owned(), hash)), out);
    line.text("path", &row.path, out);
    match &row.state {
        Some(State::Root(root)) => line.word("state_root", root, out),
        Some(State::Unknown) => line.raw("state_root", Some("null"), out),
        None => {}
    }
    line.word("sync", "row", out);
}

fn print_ids(ids: Option<&Ids>, line: &mut Members, out: &mut Vec<u8>) {
    if let Some(ids) = ids {
        line.word("ids", ids.print(), out);
    }
}

fn print_want(want: &Want, line: &mut Members, out: &mut Vec<u8>) {
    match want {
        Want::Events { path, ids } => {
            print_ids(ids.as_ref(), line, out);
            line.text("path", path, out);
        }
        Want::Receipts { from } => line.integer("receipts", from, out),
        Want::Object { object, at } => {
            line.integer("at", at, out);
            line.word("object", object, out);
        }
    }
}

fn read(top: Value<'_, '_>) -> Option<Line> {
    let text = |name: &str| top.get(name)?.as_text();
    let count = |name: &str| u64::try_from(top.get(name)?.as_i64()?).ok();
    let path = || text("path");
    let object = || text("object")?.parse().ok();
    let data = || BASE64URL_NOPAD.decode(text("data")?.as_bytes()).ok();
    let ids = || match top.get("ids") {
        None => Some(None),
        Some(ids) => Ids::parse(&ids.as_text()?).map(Some),
    };
    Some(match text("sync")?.as_str() {
        "hello" => Line::Hello(read_hello(top)?),
        "attest" => {
            let attestation = top.get("attestation").filter(|a| a.kind() == Kind::Object)?;
            Line::Attest(attestation.raw().to_owned())
        }
        "row" => Line::Row(read_row(top)?),
        "set" => Line::Set { path: path()?, data: data()? },
        "have" => Line::Have { path: path()?, ids: ids()? },
        "want" => Line::Want(if top.get("receipts").is_some() {
            Want::Receipts { from: count("receipts")? }
        } else if top.get("object").is_some() {
            Want::Object { object: object()?, at: count("at")? }
        } else {
            Want::Events { path: path()?, ids: ids()? }
        }),
        "sent" => Line::Sent { path: path()?, events: count("events")? },
        "blob" => {
            let data = data().filter(|data| data.len() <= BLOB)?;
            Line::Blob(Blob { object: object()?, at: count("at")?, bytes: count("bytes")?, data })
        }
        "gone" => Line::Gone(object()?),
        "refused" => {
            let code = text("code").filter(|code| is_code(code))?;
            Line::Refused { path: path()?, code, ids: ids()?? }
        }
        "over" => {
            let hash = text("hash")?.parse().ok()?;
            Line::Over(Over { lines: count("lines")?, hash, kept: count("kept")? })
        }
        "end" => Line::End,
        _ => return None,
    })
}

fn read_hello(top: Value<'_, '_>) -> Option<Hello> {
    let texts = |name: &str| -> Option<Option<Vec<String>>> {
        let Some(list) = top.get(name) else { return Some(None) };
        let items: Option<Vec<String>> = list.items().map(Value::as_text).collect();
        let items = items.filter(|items| list.kind() == Kind::Array && !items.is_empty())?;
        items.windows(2).all(|pair| pair[0] < pair[1]).then_some(Some(items))
    };
    let lanes: Option<Vec<Lane>> = texts("lanes")??.iter().map(|lane| lane.parse().ok()).collect();
    let tiles = match texts("tiles")? {
        None => None,
        Some(tiles) => Some(tiles.iter().map(|tile| tile.parse().ok()).collect::<Option<Vec<_>>>()?),
    };
    let nonce = BASE64URL_NOPAD.decode(top.get("nonce")?.as_text()?.as_bytes()).ok()?;
    Some(Hello {
        state: top.get("state")?.as_i64()?,
        lanes: lanes?,
        mode: top.get("mode")?.as_text()?.parse().ok()?,
        spaces: texts("spaces")?,
        tiles,
        turn: u64::try_from(top.get("turn")?.as_i64()?).ok().filter(|turn| *turn > 0)?,
        nonce: nonce.try_into().ok()?,
    })
}

fn read_row(top: Value<'_, '_>) -> Option<Row> {
    let hash = |value: Value<'_, '_>| {
        if value.is_null() { Some(None) } else { value.as_text()?.parse().ok().map(Some) }
    };
    let state = match top.get("state_root") {
        None => None,
        Some(root) => Some(hash(root)?.map_or(State::Unknown, State::Root)),
    };
    Some(Row {
        path: top.get("path")?.as_text()?,
        head: hash(top.get("head")?)?,
        events: u64::try_from(top.get("events")?.as_i64()?).ok()?,
        state,
    })
}

/// Whether a text looks as a boundary code does: words of letters, digits and `_` with a point between.
fn is_code(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    text.len() <= 64 && text.contains('.') && text.split('.').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn all() -> Vec<String> {
        let head = Blake3::of(b"");
        vec![
            r#"{"lanes":["team.public"],"mode":"pull","nonce":"AAECAwQFBgcICQoLDA0ODw","spaces":["a","b"],"state":1,"sync":"hello","tiles":["z0","z1/x2/y3"],"turn":1,"v":1}"#.to_owned(),
            r#"{"attestation":{"peer":"x"},"sync":"attest"}"#.to_owned(),
            format!(r#"{{"events":1,"head":"{head}","path":"m/world","state_root":null,"sync":"row"}}"#),
            format!(r#"{{"events":1,"head":"{head}","path":"m/world","state_root":"{head}","sync":"row"}}"#),
            r#"{"events":0,"head":null,"path":"m/world/demo","sync":"row"}"#.to_owned(),
            r#"{"data":"YQ","path":"m/world/demo","sync":"set"}"#.to_owned(),
            r#"{"path":"m/world/demo","sync":"have"}"#.to_owned(),
            r#"{"ids":"","path":"m/world/demo","sync":"want"}"#.to_owned(),
            r#"{"receipts":4,"sync":"want"}"#.to_owned(),
            format!(r#"{{"at":7,"object":"{OBJECT}","sync":"want"}}"#),
            r#"{"events":9007199254740991,"path":"m/world","sync":"sent"}"#.to_owned(),
            format!(r#"{{"at":0,"bytes":2,"data":"YQ","object":"{OBJECT}","sync":"blob"}}"#),
            format!(r#"{{"object":"{OBJECT}","sync":"gone"}}"#),
            r#"{"code":"scope.operation","ids":"YFWKN5QEoC87JsOeG_Zo4A","path":"m/world/demo","sync":"refused"}"#
                .to_owned(),
            format!(r#"{{"hash":"{head}","kept":0,"lines":1,"sync":"over"}}"#),
            r#"{"sync":"end"}"#.to_owned(),
        ]
    }

    #[test]
    fn every_kind_prints_as_it_reads() {
        for text in all() {
            let line = Line::parse(text.as_bytes()).unwrap_or_else(|_| panic!("{text}"));
            let mut printed = Vec::new();
            line.print(&mut printed);
            assert_eq!(String::from_utf8(printed).unwrap(), text + "\n");
        }
    }

    #[test]
    fn a_member_more_or_less_or_spelt_otherwise_is_no_line() {
        for text in all() {
            let more = text.replacen('{', r#"{"a":1,"#, 1);
            let spaced = text.replacen(':', ": ", 1);
            let first = text.find(',').map_or(text.len() - 1, |at| at + 1);
            // A have and a want may go without ids.
            let less = format!("{{{}", &text[first..])
                .replace("{\"path\":\"m/world/demo\",\"sync\":\"want\"}", "{}");
            for bad in [more, spaced, less, text.replace("sync", "sink"), text.replace(":1,", ":-1,") + " "] {
                assert_eq!(Line::parse(bad.as_bytes()), Err(NoLine::Malformed), "{bad}");
            }
        }
        for bad in [
            r#"{"lanes":["team.public","public.public"],"mode":"both","nonce":"AAECAwQFBgcICQoLDA0ODw","state":1,"sync":"hello","turn":1,"v":1}"#,
            r#"{"lanes":["team.public"],"mode":"both","nonce":"AAECAwQFBgcICQoLDA0O","state":1,"sync":"hello","turn":1,"v":1}"#,
            r#"{"lanes":["team.public"],"mode":"both","nonce":"AAECAwQFBgcICQoLDA0ODw","state":1,"sync":"hello","turn":0,"v":1}"#,
            r#"{"code":"<b>","ids":"","path":"m/world/demo","sync":"refused"}"#,
            r#"{"events":-1,"head":null,"path":"m/world/demo","sync":"row"}"#,
        ] {
            assert_eq!(Line::parse(bad.as_bytes()), Err(NoLine::Malformed), "{bad}");
        }
        let newer = br#"{"sync":"hello","v":2,"x":1}"#;
        assert_eq!(Line::parse(newer), Err(NoLine::Version(2)));
    }
}
