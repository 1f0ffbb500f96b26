//! The readers of `ulp-import` without its process. Its files stand at the root here as they do there: what they say of
//! each other holds.

#[path = "../../bin/ulp-import/args.rs"]
pub mod args;
#[path = "../../bin/ulp-import/canvas.rs"]
pub mod canvas;
#[path = "../../bin/ulp-import/desk.rs"]
pub mod desk;
#[path = "../../bin/ulp-import/draft.rs"]
pub mod draft;
#[path = "../../bin/ulp-import/excalidraw/mod.rs"]
pub mod excalidraw;
#[path = "../../bin/ulp-import/framer.rs"]
pub mod framer;
#[path = "../../bin/ulp-import/geojson.rs"]
pub mod geojson;
#[path = "../../bin/ulp-import/gpx.rs"]
pub mod gpx;
#[path = "../../bin/ulp-import/ids.rs"]
pub mod ids;
#[path = "../../bin/ulp-import/known.rs"]
pub mod known;
#[path = "../../bin/ulp-import/objects.rs"]
pub mod objects;
#[path = "../../bin/ulp-import/ocif/mod.rs"]
pub mod ocif;
#[path = "../../bin/ulp-import/pipe.rs"]
pub mod pipe;
#[path = "../../bin/ulp-import/place.rs"]
pub mod place;
#[path = "../../bin/ulp-import/record.rs"]
pub mod record;
#[path = "../../bin/ulp-import/row.rs"]
pub mod row;
#[path = "../../bin/ulp-import/rows.rs"]
pub mod rows;
#[path = "../../bin/ulp-import/senml.rs"]
pub mod senml;
#[path = "../../bin/ulp-import/shape.rs"]
pub mod shape;
#[path = "../../bin/ulp-import/sink.rs"]
pub mod sink;
#[path = "../../bin/ulp-import/sketch.rs"]
pub mod sketch;
#[path = "../../bin/ulp-import/split.rs"]
pub mod split;
#[path = "../../bin/ulp-import/survey.rs"]
pub mod survey;
#[path = "../../bin/ulp-import/table.rs"]
pub mod table;
#[path = "../../bin/ulp-import/table_args.rs"]
pub mod table_args;
#[path = "../../bin/ulp-import/texts.rs"]
pub mod texts;
#[path = "../../bin/ulp-import/time.rs"]
pub mod time;
#[path = "../../bin/ulp-import/whole.rs"]
pub mod whole;
#[path = "../../bin/ulp-import/work.rs"]
pub mod work;

use std::sync::OnceLock;

use bumpalo::Bump;
use clap::Parser as _;
use ulp_cli::{Failure, Log};
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::json::{EVENT_BYTES, is_canonical};

use args::Args;
use desk::Desk;
use pipe::Taker;
use sink::Sink;
use work::Held;

/// What a bit of the first byte asks for; without it, the other.
const OPTIONS: [(&[&str], &[&str]); 7] = [
    (&["--origin", "auto"], &["--origin", "52.6,-2,100,50"]),
    (&["--zoom", "4"], &[]),
    (&["--flip"], &[]),
    (&["--time", "2026-01-01T00:00:00Z"], &["--time", "t"]),
    (&["--prefix", "p/"], &[]),
    (&["--space", "s", "--layer", "l"], &[]),
    (&["--actor", "node:a", "--kind", "k"], &[]),
];
/// As [`OPTIONS`], of tables alone.
const TABLE: (&[&str], &[&str]) = (&["--sensor", "a=Cel", "--delimiter", ";"], &[]);

/// Most lines that a byte comes to: a node that comes again is changed in five ways.
const LINES: usize = 5;

/// Imports what stands behind the first byte, which says by which options, and looks at what comes of it: every line is
/// an event as the gate takes it, in its canonical form; there are no more of them than the input accounts for; and the
/// same comes however the lines of the input arrive.
pub fn check(format: &str, bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else { return };
    let args = args(format, *choice);
    let whole = imported(args, [text]);
    assert!(whole == imported(args, text.split_inclusive(|b| *b == b'\n')), "it counts how lines arrive");
    let (arena, defaults) = (Bump::new(), Defaults::default());
    let mut gate = Reader::new(&arena, &defaults).with_drafts();
    let lines: Vec<&[u8]> = whole.out.split_inclusive(|b| *b == b'\n').collect();
    assert!(lines.len() <= LINES * text.len(), "more lines than bytes account for");
    for line in lines {
        let line = line.strip_suffix(b"\n").expect("a line has its end");
        assert!(line.len() <= EVENT_BYTES && std::str::from_utf8(line).is_ok_and(is_canonical));
        let read = gate.read_bytes(line);
        assert!(matches!(read, Ok(Line::Event(_))), "{read:?}: {}", String::from_utf8_lossy(line));
    }
}

/// The options that a byte chooses, parsed once: a process has one format.
fn args(format: &str, choice: u8) -> &'static Args {
    static ARGS: [OnceLock<Args>; 256] = [const { OnceLock::new() }; 256];
    ARGS[usize::from(choice)].get_or_init(|| {
        let table = (format == "csv").then_some(&TABLE);
        let options = OPTIONS.iter().chain(table).enumerate();
        let chosen = options.flat_map(|(bit, (yes, no))| if choice >> bit & 1 == 1 { *yes } else { *no });
        let words = ["ulp-import", "-f", format].into_iter().chain(chosen.copied());
        Args::try_parse_from(words).expect("options of the tool")
    })
}

/// What comes of an import: how it ended, what was written, what was counted.
#[derive(PartialEq)]
struct Imported {
    done: Result<(), Failure>,
    out: Vec<u8>,
    tally: String,
}

fn imported<'t>(args: &Args, pieces: impl IntoIterator<Item = &'t [u8]>) -> Imported {
    static ALONE: OnceLock<()> = OnceLock::new();
    // On the fuzzer's own thread, so that the same input takes the same way.
    ALONE.get_or_init(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
        pool.build_global().expect("the first pool");
    });
    let limit = framer::line_bytes(args.format);
    let held = |bytes: &[u8]| Held { source: 0, bytes: bytes.to_vec(), too_long: false, limit };
    let held: Vec<Held> = pieces.into_iter().map(held).collect();
    let mut desk = Desk::of(args).expect("options that fit each other");
    let (mut out, mut log) = (Vec::new(), Log::unseen("ulp-import"));
    let done = if desk.is_survey() {
        work::surveyed(&mut desk, &held, &mut out, &mut log)
    } else {
        work::again(&desk, &held, Taker::Sink(Sink::new(&desk, &mut out, &mut log))).map(drop)
    };
    Imported { done, out, tally: format!("{:?}", log.tally()) }
}
