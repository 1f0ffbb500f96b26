//! What a line is to a radio, whether it is to be sent or came in parts.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::event::{self, Defaults, Line, Reader};
use ulp_core::frame::{self, Frame};
use ulp_core::json::{Tape, Value, parse_line};
use ulp_core::line::{Kind, UNUSED};
use ulp_core::report::{Outcome, Position, Refusal, Report};
use ulp_core::statement;
use ulp_core::trust::{Did, SIGNATURE, Scratch, Signature, Verifier};

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

/// How a statement is signed.
pub enum Proof {
    None,
    /// By a signature in it.
    Signature,
    /// By a frame, which is this.
    Frame(Frame),
}

/// Holds a statement to its signature, if it has one. Whose key a name is that is no key by itself nobody says here.
pub fn proof(
    statement: Value<'_, '_>,
    peer: &str,
    verifier: &Verifier,
    scratch: &mut Scratch,
) -> Result<Proof, Refusal> {
    let shared = |refusal| Refusal { shared: true, ..refusal };
    let did: Option<Did> = peer.parse().ok();
    if let Some(frame) = frame::proof(statement)? {
        did.map_or(Ok(()), |did| frame.verify(did, verifier))?;
        return Ok(Proof::Frame(frame));
    }
    let Some(raw) = statement.get(SIGNATURE) else { return Ok(Proof::None) };
    let signature = Signature::of_event(raw).map_err(shared)?;
    if did.is_some_and(|did| did != signature.signer) {
        return Err(shared(Refusal::new("signature.actor", "it is signed by another than its peer")));
    }
    verifier.verify(statement, &signature, scratch).map_err(shared)?;
    Ok(Proof::Signature)
}
