//! What a line is to a radio, whether it is to be sent or came in parts.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::event::{self, Defaults, Line, Reader};
use ulp_core::frame::Frame;
use ulp_core::json::{Tape, Value, parse_line};
use ulp_core::line::{Kind, UNUSED};
use ulp_core::report::{Outcome, Position, Refusal, Report};
use ulp_core::statement;

/// What becomes of a line.
pub enum Turned {
    /// It is sent as these. `own` says whether it is one's own news, rather than what another says.
    Frames { frames: Vec<Frame>, own: bool },
    /// It is a packet.
    Packet(Vec<u8>),
}

/// A line that a radio has a use for.
pub enum Fit {
    /// An event for everyone, by this actor.
    Event(String),
    Statement,
    Packet(Vec<u8>),
}

/// Why a line is not sent, or not passed on.
pub enum Unfit {
    Refused(Refusal),
    /// It is for others: the code, whether the shared log may speak of it, and what is said.
    Withheld(&'static str, bool, String),
}

impl From<Refusal> for Unfit {
    fn from(refusal: Refusal) -> Unfit {
        Unfit::Refused(refusal)
    }
}

impl Unfit {
    /// Says it, as far as it is no refusal.
    pub fn tell(self, at: Position, report: &mut Report) -> Result<(), Refusal> {
        match self {
            Unfit::Refused(refusal) => Err(refusal),
            Unfit::Withheld(code, shared, detail) => {
                report.say(Outcome::Withheld, code, at, shared, || (None, detail));
                Ok(())
            }
        }
    }
}

/// Tells what a line is. Of events only those for everyone go on air, whatever a draft is completed with here.
pub fn fit(line: &[u8], defaults: &Defaults) -> Result<Fit, Unfit> {
    let mut tape = Tape::new();
    let object = parse_line(&mut tape, line).map_err(Refusal::from)?;
    match Kind::of(object)? {
        Some(Kind::Event) => event(line, defaults),
        Some(Kind::Statement) => Ok(statement::check(object).map(|_| Fit::Statement)?),
        Some(Kind::Packet) => Ok(Fit::Packet(packet(object)?)),
        // Whether a state is for everyone, who has a use for it looks.
        Some(kind) => Err(Unfit::Withheld(UNUSED, kind != Kind::State, kind.name().to_owned())),
        None => Err(Refusal::new("envelope.operation", "a line of no kind").into()),
    }
}

fn event(line: &[u8], defaults: &Defaults) -> Result<Fit, Unfit> {
    let arena = bumpalo::Bump::new();
    match Reader::new(&arena, defaults).with_drafts().read_bytes(line)? {
        Line::Event(event) if event.lane().is_shared() => Ok(Fit::Event(event.actor.to_owned())),
        Line::Event(event) => Err(private(&event)),
        Line::State(_) => Err(Unfit::Withheld(UNUSED, false, Kind::State.name().to_owned())),
        Line::Other(kind) => Err(kind.no_event().into()),
    }
}

fn private(event: &event::Event<'_>) -> Unfit {
    Unfit::Withheld("view.lane", false, format!("{} is not for everyone", event.lane()))
}

fn packet(object: Value<'_, '_>) -> Result<Vec<u8>, Refusal> {
    let text = object.get("packet").and_then(Value::as_plain_str);
    let bytes = text.and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    bytes.ok_or_else(|| Refusal {
        shared: true,
        ..Refusal::new("radio.frame", "packet is not unpadded base64url")
    })
}
