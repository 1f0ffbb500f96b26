//! `projector-audio` as its users run it: the score, sound that rises with the flood and never clips, files that sox
//! and midicsv read, and the same bytes however the trace came.

mod bounds;
mod identity;

use crate::reference::generate;
use crate::run;
use std::path::Path;

const FLOOD: &str = "examples/flood/trace.jsonl";
const RATE: usize = 48_000;

fn sound(script: &str, dir: &Path) -> Vec<u8> {
    let output = run::shell(script, dir);
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Left and right of a WAV of 16 bits, whose header must be the whole truth.
fn samples(wav: &[u8]) -> Vec<[i16; 2]> {
    assert_eq!(&wav[..4], b"RIFF");
    assert_eq!(u32::from_le_bytes(wav[4..8].try_into().unwrap()) as usize, wav.len() - 8);
    assert_eq!(u32::from_le_bytes(wav[40..44].try_into().unwrap()) as usize, wav.len() - 44);
    let sample = |b: &[u8]| i16::from_le_bytes([b[0], b[1]]);
    wav[44..].chunks(4).map(|f| [sample(&f[..2]), sample(&f[2..])]).collect()
}

/// The mean loudness of a stretch in seconds, 0 to 1.
fn loudness(samples: &[[i16; 2]], seconds: std::ops::Range<usize>) -> f64 {
    let part = &samples[seconds.start * RATE..seconds.end * RATE];
    let sum: f64 = part.iter().flatten().map(|s| (f64::from(*s) / 32768.0).powi(2)).sum();
    (sum / (2 * part.len()) as f64).sqrt()
}

fn trace(lines: &[&str], dir: &Path) {
    let whole = |(i, line): (usize, &&str)| {
        format!("{{\"event_id\":\"e{i}\",\"timestamp\":{},\"actor_id\":\"a\",{line}}}\n", 1000 + 10 * i)
    };
    let text: String = lines.iter().enumerate().map(whole).collect();
    std::fs::write(dir.join("trace.jsonl"), text).unwrap();
}

#[test]
fn the_flood_is_heard_to_rise_and_never_clips() {
    let dir = run::checkout();
    let wav = sound(&format!("projector-audio -f wav {FLOOD}"), dir.path());
    let samples = samples(&wav);
    assert_eq!(samples.len(), 30 * RATE);
    let peak = samples.iter().flatten().map(|s| s.unsigned_abs()).max().unwrap();
    assert!((16_000..32_000).contains(&peak), "{peak}");
    // The levels of March 2021 begin at the eleventh second and are highest at the eighteenth.
    let rise: Vec<f64> = [10..12, 12..14, 14..16, 16..18].map(|s| loudness(&samples, s)).into();
    assert!(rise.windows(2).all(|w| w[0] < w[1]) && rise[3] > 6.0 * rise[0], "{rise:?}");
    assert!(samples[30 * RATE - 1].iter().all(|s| s.unsigned_abs() < 8), "it ends in silence");
}

/// A speaker as small as a telephone's plays next to nothing below 300 Hz.
#[test]
fn the_flood_is_heard_on_a_telephone() {
    let dir = run::checkout();
    sound(&format!("projector-audio -f wav -o whole.wav {FLOOD}"), dir.path());
    run::sh("sox whole.wav phone.wav highpass 300 highpass 300", dir.path());
    let read = |name: &str| samples(&std::fs::read(dir.path().join(name)).unwrap());
    let (whole, phone) = (read("whole.wav"), read("phone.wav"));
    let half = RATE / 2;
    let level = |part: &[[i16; 2]]| {
        let sum: f64 = part.iter().flatten().map(|s| (f64::from(*s) / 32768.0).powi(2)).sum();
        (sum / (2 * part.len()) as f64).sqrt()
    };
    let stretches = whole.chunks(half).zip(phone.chunks(half)).map(|(a, b)| (level(a), level(b)));
    for (i, (all, heard)) in stretches.enumerate() {
        // From -50 dB on there is sound; a quarter of it is heard.
        assert!(all < 0.003 || heard > all / 4.0, "{} s: {heard:.4} of {all:.4}", i as f64 / 2.0);
    }
}

/// The date of each caption, and when it begins and ends, in seconds.
fn cues(captions: &str) -> Vec<(&str, f64, f64)> {
    let seconds = |clock: &str| {
        let parts: Vec<f64> = clock.split(':').map(|part| part.parse().unwrap()).collect();
        parts[0] * 3600.0 + parts[1] * 60.0 + parts[2]
    };
    let cue = |block| {
        let mut lines = str::lines(block).skip(1);
        let (start, end) = lines.next().unwrap().split_once(" --> ").unwrap();
        (lines.next().unwrap(), seconds(start), seconds(end))
    };
    captions.split("\n\n").skip(1).map(cue).collect()
}

/// Two floods years apart fall into one window of the captions: each is told of with its own date.
#[test]
fn no_caption_spans_a_gap_and_each_says_what_rises() {
    let dir = run::checkout();
    let reading = |id: usize, time: i64, value: f64| {
        format!(
            "{{\"event_id\":\"e{id}\",\"timestamp\":{time},\"actor_id\":\"a\",\"operation\":\"sensor_reading\",\"sensor\":\"water_level\",\"node_id\":\"x\",\"value\":{value},\"unit\":\"m\"}}\n"
        )
    };
    let mut lines = "{\"event_id\":\"c\",\"timestamp\":1700000000,\"actor_id\":\"a\",\"operation\":\"create_node\",\"node_id\":\"x\",\"properties\":{\"name\":\"Ouse\"}}\n".to_owned();
    for i in 0..20 {
        let in_2024 = i64::try_from(i / 10).unwrap() * 31_000_000;
        lines += &reading(i, 1_700_000_100 + in_2024 + 100 * i as i64, 1.1 + 0.05 * i as f64);
    }
    std::fs::write(dir.path().join("trace.jsonl"), lines).unwrap();
    for pace in ["--duration 4s", "--duration 3s", "--speed 1e7"] {
        let captions = run::sh(&format!("projector-audio -f vtt {pace} trace.jsonl"), dir.path());
        let score = run::sh(&format!("projector-audio {pace} trace.jsonl"), dir.path());
        let cues = cues(&captions);
        assert!(
            cues.iter().any(|c| c.0.starts_with("2023")) && cues.iter().any(|c| c.0.starts_with("2024")),
            "{captions}"
        );
        for note in score.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()) {
            let number: usize =
                note["event_id"].as_str().unwrap().trim_start_matches('e').parse().unwrap_or(0);
            let expected = if number < 10 { "2023" } else { "2024" };
            let t = note["t"].as_f64().unwrap();
            let there: Vec<_> = cues.iter().filter(|c| c.1 - 1e-3 <= t && t < c.2 - 1e-3).collect();
            assert!(there.iter().any(|c| c.0.starts_with(expected)), "{note} is not told of in {captions}");
        }
        assert!(cues.windows(2).all(|pair| pair[0].2 <= pair[1].1 + 1e-9), "{captions}");
        assert!(captions.contains("Water level at Ouse rises to "), "{captions}");
    }
    let flood = run::sh(&format!("projector-audio -f vtt {FLOOD}"), dir.path());
    assert!(
        flood.contains(" rises to ") && flood.contains(" mm\n") && !flood.contains("held tones"),
        "{flood}"
    );
}

#[test]
fn every_length_is_exact_to_the_frame() {
    let dir = run::checkout();
    for (duration, frames) in [("0.1s", 4_800), ("1234ms", 59_232), ("7", 7 * RATE)] {
        let wav = sound(&format!("projector-audio -f wav --duration {duration} {FLOOD}"), dir.path());
        assert_eq!(samples(&wav).len(), frames, "{duration}");
    }
    let empty = sound("projector-audio -f wav --duration 1s < /dev/null", dir.path());
    assert!(samples(&empty).iter().all(|s| *s == [0, 0]));
}

#[test]
fn the_bytes_do_not_depend_on_how_the_trace_came() {
    let dir = run::checkout();
    for format in ["jsonl", "wav --duration 3s", "mid", "vtt"] {
        let once = sound(&format!("projector-audio -j 1 -f {format} {FLOOD}"), dir.path());
        let again = sound(&format!("sed '1!G;h;$!d' {FLOOD} | projector-audio -j 2 -f {format}"), dir.path());
        assert!(once == again, "{format}");
    }
    let mixed = format!(
        "ulp-materialize {FLOOD} > state.jsonl; cat {FLOOD} state.jsonl | projector-audio | cmp - <(projector-audio {FLOOD})"
    );
    run::sh(&mixed, dir.path());
}

/// What a format of the flood hashes to. A change of sound is a change of these, on purpose.
#[test]
fn the_flood_sounds_as_it_did() {
    let dir = run::checkout();
    let mut hashes = String::new();
    for format in ["jsonl", "wav", "wav --bits 24", "wav --bits float", "mid", "vtt"] {
        let bytes = sound(&format!("projector-audio -f {format} {FLOOD}"), dir.path());
        hashes += &format!("{format}: {}\n", &blake3::hash(&bytes).to_hex()[..16]);
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("flood_sound", hashes);
    });
}

#[test]
fn state_lines_alone_are_heard_by_their_keys() {
    let dir = run::checkout();
    let score = format!("ulp-materialize {FLOOD} | projector-audio | jq -r .voice | sort | uniq -c");
    let voices = run::sh(&score, dir.path());
    for voice in ["bell", "held", "pluck", "string"] {
        assert!(voices.contains(voice), "{voices}");
    }
}

#[test]
fn stock_programs_read_the_files() {
    let dir = run::checkout();
    let facts = run::sh(
        &format!(
            "projector-audio -f wav --bits 24 -o a.wav {FLOOD}; soxi -s a.wav; soxi -b a.wav; soxi -r a.wav; soxi -c a.wav
             projector-audio -f wav --bits float {FLOOD} | sox -t wav - -n stat 2>&1 | grep -c Length
             projector-audio -f mid {FLOOD} | midicsv | sed -n '1p;$p'"
        ),
        dir.path(),
    );
    let header = "0, 0, Header, 1, 13, 480\n0, 0, End_of_file\n";
    assert_eq!(facts, format!("1440000\n24\n48000\n2\n1\n{header}"));
    let ends = format!("projector-audio -f mid {FLOOD} | midicsv | grep End_track | cut -d, -f2 | sort -u");
    assert_eq!(run::sh(&ends, dir.path()), " 28800\n", "a tick is 1/960 s");
    // Every note that begins ends.
    let notes = format!(
        "projector-audio -f mid {FLOOD} | midicsv | awk -F', ' '/Note_on/ {{n[$4,$5]++; if (n[$4,$5] > 1) bad = 1}} \
         /Note_off/ {{n[$4,$5]--}} END {{for (k in n) if (n[k]) bad = 1; print bad + 0}}'"
    );
    assert_eq!(run::sh(&notes, dir.path()), "0\n");
}

#[test]
fn a_deletion_falls_and_a_sensor_bends() {
    let dir = run::checkout();
    let reading =
        |v: f64| format!(r#""operation":"sensor_reading","sensor":"level","node_id":"a","value":{v}"#);
    let (low, middle, high) = (reading(1.0), reading(2.0), reading(3.0));
    let create = r#""operation":"create_node","node_id":"a","transform":{"position":[5,0]}"#;
    let delete = r#""operation":"delete_node","node_id":"a""#;
    trace(&[create, &low, &middle, &high, delete], dir.path());
    let pitches = |voice: &str| {
        let script = format!("projector-audio trace.jsonl | jq 'select(.voice == \"{voice}\").pitch'");
        let text = run::sh(&script, dir.path());
        text.lines().map(|l| l.parse().unwrap()).collect::<Vec<f64>>()
    };
    let held = pitches("held");
    assert!(
        held.len() == 3 && held[0] < held[1] && held[1] < held[2] && held[2] - held[0] == 12.0,
        "{held:?}"
    );
    let fall = pitches("fall");
    assert!(fall.len() == 2 && fall[0] - fall[1] == 5.0, "{fall:?}");
}

#[test]
fn sides_follow_the_listener() {
    let dir = run::checkout();
    let at = |x: i32| {
        format!(r#""operation":"create_node","node_id":"n{x}","transform":{{"position":[{x},0,0]}}"#)
    };
    trace(&[&at(-10), &at(10), &at(30)], dir.path());
    let pans = |listener: &str| {
        let script = format!("projector-audio {listener} trace.jsonl | jq -c .pan");
        run::sh(&script, dir.path()).lines().map(|l| l.parse().unwrap()).collect::<Vec<f64>>()
    };
    let pans_there = pans("--listener=-30,0,0");
    assert!(pans_there.iter().all(|p| *p > 0.9), "{pans_there:?}");
    let pans_here = pans("");
    assert!(pans_here[0] < -0.5 && pans_here[1] == 0.0 && pans_here[2] > 0.5, "{pans_here:?}");
}

#[test]
fn hostile_text_stays_text() {
    let dir = run::checkout();
    let label = r#"<v Eve>\u001b[31m&amp; -->\n\n00:00.000 --> 00:09.000 \u202e\u0085</v>"#;
    let create =
        format!(r#""operation":"create_node","node_id":"--><b>","properties":{{"label":"{label}"}}"#);
    trace(&[&create], dir.path());
    let captions = run::sh("projector-audio -f vtt trace.jsonl", dir.path());
    assert_eq!(captions.matches("-->").count(), 1, "{captions}");
    assert!(!captions.contains('<') && !captions.contains('\u{1b}') && !captions.contains('\u{202e}'));
    for format in ["jsonl", "vtt", "mid"] {
        let bytes = sound(&format!("projector-audio -f {format} trace.jsonl"), dir.path());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(
            !text.contains("\u{1b}[") && !text.contains('\u{202e}') && !text.contains('\u{85}'),
            "{format}"
        );
    }
}

#[test]
fn nothing_is_heard_of_a_lane_that_is_not_for_everyone() {
    let dir = run::checkout();
    let secret = r#""operation":"create_node","node_id":"secret","scope":{"policy":"private"}"#;
    let hidden = r#""operation":"create_node","node_id":"veiled","scope":{"policy":"redacted"},"transform":{"position":[9,9]},"properties":{"label":"password"}"#;
    let named = r#""operation":"set_properties","node_id":"secret","properties":{"label":"leak"}"#;
    trace(&[secret, hidden, named], dir.path());
    let heard = |options: &str| run::sh(&format!("projector-audio {options} trace.jsonl"), dir.path());
    assert_eq!(heard(""), "");
    let score = heard("--policy public --policy redacted");
    assert!(!score.contains("secret") && !score.contains("leak") && !score.contains("password"), "{score}");
    assert!(score.contains("veiled appears"), "{score}");
    assert!(score.contains("\"pan\":0,"), "{score}");
}

#[test]
fn recordings_are_placed_and_mixed() {
    let dir = run::checkout();
    run::sh(
        "mkdir blobs && sox -n -r 44100 -b 16 -c 1 tone.flac synth 1 sine 440 vol 0.5
         name=$(sha256sum tone.flac | cut -c 1-64) && cp tone.flac blobs/$name
         echo '{\"event_id\":\"1\",\"timestamp\":1,\"actor_id\":\"a\",\"operation\":\"create_node\",\"node_id\":\"bird\",\"media\":{\"ref\":\"sha256:'$name'\",\"mime\":\"audio/flac\"}}' > trace.jsonl",
        dir.path(),
    );
    let note = run::sh(
        "projector-audio --objects blobs trace.jsonl | jq -c 'select(.voice == \"clip\")'",
        dir.path(),
    );
    assert!(note.contains("\"duration\":1,") && note.contains("bird: a recording"), "{note}");
    let with = sound("projector-audio -f wav --duration 4s --objects blobs trace.jsonl", dir.path());
    let without = sound("projector-audio -f wav --duration 4s trace.jsonl", dir.path());
    assert!(loudness(&samples(&with), 0..1) > 2.0 * loudness(&samples(&without), 0..1));
    let dropped = run::shell("projector-audio -f mid --objects blobs trace.jsonl >/dev/null", dir.path());
    assert!(String::from_utf8_lossy(&dropped.stderr).contains("\"export.dropped\":1"));
    let missing = run::shell("projector-audio --objects . trace.jsonl >/dev/null", dir.path());
    assert!(String::from_utf8_lossy(&missing.stderr).contains("\"media.missing\":1"));
}

#[test]
fn random_histories_sound() {
    let dir = run::checkout();
    for seed in 0..12 {
        let lines = generate::history(seed, 60);
        std::fs::write(dir.path().join("trace.jsonl"), lines.join("\n")).unwrap();
        for format in ["jsonl", "wav", "mid", "vtt"] {
            let script = format!("projector-audio -f {format} --duration 500ms trace.jsonl 2>/dev/null");
            let output = run::shell(&script, dir.path());
            assert!(matches!(output.status.code(), Some(0 | 1)), "{seed} {format}");
        }
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let dir = run::checkout();
    let output = run::shell(&format!("projector-audio -f wav {FLOOD} | head -c 1000 | wc -c"), dir.path());
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1000");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn following_ends_with_the_score() {
    let dir = run::checkout();
    for pace in ["--duration 20s", "--speed 86400"] {
        let parts =
            format!("head -3000 {FLOOD}; sleep 0.3; tail -n +3001 {FLOOD} | shuf --random-source={FLOOD}");
        let followed = run::sh(&format!("{{ {parts}; }} | projector-audio --follow {pace}"), dir.path());
        let score = run::sh(&format!("projector-audio {pace} {FLOOD}"), dir.path());
        // Records as a reader keeps them, by what tells them apart; what is gone is taken away.
        let mut kept: std::collections::BTreeMap<String, &str> = Default::default();
        let mut gone = 0;
        for line in followed.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let id = format!("{} {} {}", record["event_id"], record["pitch"], record["voice"]);
            if record["gone"] == true {
                assert!(kept.remove(&id).is_some(), "{line}");
                gone += 1;
            } else {
                kept.insert(id, line);
            }
        }
        let mut expected: Vec<&str> = score.lines().collect();
        let mut kept: Vec<&str> = kept.into_values().collect();
        expected.sort_unstable();
        kept.sort_unstable();
        assert!(kept == expected && gone > 0, "{pace}: {} of {}, {gone} gone", kept.len(), expected.len());
    }
    let refused = run::shell("projector-audio --follow -f wav < /dev/null", dir.path());
    assert_eq!(refused.status.code(), Some(2));
}
