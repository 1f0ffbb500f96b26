//! The sound of a page: the notes that `projector-audio` writes, handed to the browser's oscillators.

use crate::browser::Browser;
use crate::run::feed;
use serde_json::Value;

const FLOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/flood/trace.jsonl");

fn written(program: &str, args: &[&str]) -> String {
    let output = feed(program, &[args, &[FLOOD]].concat(), b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A member of what a page holds.
fn held(page: &str, name: &str) -> Value {
    let (_, rest) = page.split_once(&format!("\"{name}\":")).unwrap();
    serde_json::Deserializer::from_str(rest).into_iter().next().unwrap().unwrap()
}

#[test]
fn a_page_plays_the_notes_of_the_score() {
    let lines = written(env!("CARGO_BIN_EXE_projector-audio"), &[]);
    let score: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for program in [env!("CARGO_BIN_EXE_projector-2d"), env!("CARGO_BIN_EXE_projector-3d")] {
        let page = written(program, &["-f", "html"]);
        let held_score = held(&page, "score");
        let notes = held_score["notes"].as_array().unwrap();
        assert_eq!(notes.len(), score.len());
        let ids = held(&page, "id");
        for (note, told) in notes.iter().zip(&score) {
            for (i, name) in ["t", "duration", "pitch", "velocity", "pan", "voice"].into_iter().enumerate() {
                assert_eq!(note[i], told[name], "{name} of {told}");
            }
            let event = ids[usize::try_from(note[7].as_i64().unwrap()).unwrap()].as_str().unwrap();
            assert_eq!(event.split('#').next(), told["event_id"].as_str());
            assert_eq!(note.as_array().unwrap().len() > 8, told["voice"] == "held");
        }
    }
}

#[test]
fn the_button_plays_and_takes_the_slider_along() {
    let Some(mut browser) = Browser::start() else { return };
    browser.resize(960, 640);
    browser.open(written(env!("CARGO_BIN_EXE_projector-2d"), &["-f", "html"]).as_bytes());
    browser.rest();
    // The same notes, written into a context that works them out at once: they sound.
    let loudness = browser.ask(
        "(async () => { const context = new OfflineAudioContext(2, 8000 * 3, 8000); \
         new Recital(context, embedded.score).perform(0, 3, 0); \
         const sound = await context.startRendering(); \
         const samples = sound.getChannelData(0); \
         return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length); })()",
    );
    assert!((0.005..0.8).contains(&loudness.as_f64().unwrap()), "{loudness}");
    assert_eq!(browser.ask("byId('listen').ariaLabel"), "Listen");
    browser.click("#listen");
    assert_eq!(
        browser.ask("[byId('listen').ariaLabel, byId('listen').ariaPressed]"),
        serde_json::json!(["Stop listening", "true"])
    );
    let moved = "new Promise(done => { let left = 100; const look = () => (history.at < history.length && history.at > 0 || left-- === 0 \
        ? done(history.at) : setTimeout(look, 100)); look(); })";
    let at = browser.ask(moved).as_u64().unwrap();
    assert!(at > 0 && at < 8007, "{at}");
    browser.click("#listen");
    assert_eq!(browser.ask("byId('listen').ariaPressed"), "false");
    browser.assert_quiet();
}
