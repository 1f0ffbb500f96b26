//! make a trace heard

mod captions;
mod clips;
mod midi;
mod mix;
mod synth;
mod wav;

use clap::{Parser, ValueEnum};
use clips::{Clip, Clips};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use ulp_cli::follow;
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, Log, Output, Status, read_yaml};
use ulp_view::View;
use ulp_view::record::Record;
use ulp_view::sound::clock::{self, Pace};
use ulp_view::sound::mapping::{self, Mapping};
use ulp_view::sound::score::Score;
use ulp_view::sound::sonify;
use ulp_view::sound::voice::Voice;
use wav::Bits;

/// make a trace heard
#[derive(Parser)]
#[command(name = "projector-audio", version)]
struct Args {
    #[command(flatten)]
    projection: Projection,
    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// How long the sound is: 30s, 1m30s, 500ms; at most 3h
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = clock::duration)]
    duration: i64,
    /// Seconds of the trace in one of sound, instead of a duration; gaps stay as long as they are
    #[arg(long, value_name = "N", value_parser = clock::speed, conflicts_with = "duration")]
    speed: Option<f64>,
    /// Where the listener stands, looking along y [default: in the middle of what is heard]
    #[arg(long, value_name = "X,Y,Z", value_parser = mapping::listener, allow_hyphen_values = true)]
    listener: Option<[f64; 3]>,
    /// Take the sounds of events from FILE (YAML)
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// How a sample of the wav is written
    #[arg(long, value_enum, value_name = "BITS", default_value_t = Bits::Sixteen)]
    bits: Bits,
    /// Write notes as the trace grows
    #[arg(long, conflicts_with = "store")]
    follow: bool,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON lines: the score, a record a note
    Jsonl,
    /// The sound, 48 kHz in stereo
    Wav,
    /// A Standard MIDI File
    Mid,
    /// WebVTT: captions that say what is heard
    Vtt,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    let mut mapping = match &args.mapping {
        None => Mapping::default(),
        Some(path) => read_yaml(path, Mapping::parse)?,
    };
    mapping.listener = args.listener.or(mapping.listener);
    if args.follow {
        if args.format != Format::Jsonl {
            return Err(Failure::usage("--follow", "it goes with -f jsonl"));
        }
        return follow::follow_whole(&args.projection, log, |view| records(&args, &mapping, view));
    }
    let needs = if args.format == Format::Wav { Needs::Mix } else { Needs::History };
    project::project(&args.projection, needs, log, |view, out, log| write(&args, &mapping, view, out, log))
}

/// The recordings that are heard, and all that is.
fn score(args: &Args, mapping: &Mapping, view: &View<'_, '_>) -> Result<(Score, Clips), Failure> {
    let events = sonify::sonify(view, mapping);
    let (pace, length) = match args.speed {
        Some(speed) => (Pace::Speed(speed), clock::LONGEST),
        None => (Pace::Duration { length: args.duration, even: mapping.even }, args.duration),
    };
    let clips = Clips::new(view.blobs, events.iter().filter_map(|e| e.clip.as_deref()), length);
    let length_of = |reference: &str| clips.get(reference).map(Clip::length);
    let score = Score::new(&events, mapping, pace, &length_of).map_err(|e| Failure::usage("--speed", e))?;
    Ok((score, clips))
}

fn write(
    args: &Args,
    mapping: &Mapping,
    view: &View<'_, '_>,
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let (score, clips) = score(args, mapping, view)?;
    match args.format {
        Format::Jsonl => {
            let mut lines = Vec::new();
            score.write(args.projection.provenance, &mut lines);
            out.write_all(&lines)?;
        }
        Format::Wav => write_wav(&score, &clips, args.bits, out)?,
        Format::Mid => {
            out.write_all(&midi::write(&score, &captions::captions(&score)))?;
            let dropped = score.notes.iter().filter(|n| n.voice == Voice::Clip);
            dropped
                .map(|n| format!("{}: a recording", n.node))
                .try_for_each(|d| project::note(view, "export.dropped", d, log))?;
        }
        Format::Vtt => out.write_all(captions::write(&captions::captions(&score)).as_bytes())?,
    }
    for said in &score.dropped {
        project::note(view, "export.dropped", said.clone(), log)?;
    }
    project::note_blobs(view, log)
}

/// The notes as records: one with the same event, voice and pitch takes the place of the one before.
fn records(args: &Args, mapping: &Mapping, view: &View<'_, '_>) -> Result<Vec<Record>, Failure> {
    let (score, _) = score(args, mapping, view)?;
    Ok(score.records(args.projection.provenance))
}

/// Writes the sound as it is worked out: a header that knows its length, then the samples.
fn write_wav(score: &Score, clips: &Clips, bits: Bits, out: &mut Output) -> Result<(), Failure> {
    let frames = clips::frame(score.length);
    let mut bytes = Vec::new();
    wav::write_header(frames, bits, &mut bytes);
    mix::mix(&synth::tones(score, clips), frames, |part| {
        wav::write_frames(part, bits, &mut bytes);
        out.write_all(&bytes)?;
        bytes.clear();
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_man_page_shows_the_default() {
        let page = include_str!("man.roff");
        let (_, shown) = page.split_once(".nf\nroot:").unwrap();
        let (shown, _) = shown.split_once(".fi").unwrap();
        let shown = format!("root:{shown}").replace("\\-", "-").replace("\\(aq", "'");
        let mut mapping = Mapping::parse(&shown).unwrap();
        mapping.listener = None;
        assert_eq!(mapping, Mapping::default());
    }
}
