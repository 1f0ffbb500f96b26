//! A replay shows at every instant what `--at` that instant shows.

use crate::reference::generate::{self, Rng};
use crate::{run, sample};
use chrono::DateTime;
use serde_json::Value;
use std::collections::BTreeSet;

const MAP: &str = env!("CARGO_BIN_EXE_projector-map");
const HISTORIES: usize = 400;
const INSTANTS: usize = 5;

fn features(args: &[&str], input: &str) -> Vec<Value> {
    let args = [&["--origin", "52.6,-2"], args].concat();
    let output = run::feed(MAP, &args, input);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn nanos(time: &Value) -> Option<i64> {
    DateTime::parse_from_rfc3339(time.as_str()?).ok()?.timestamp_nanos_opt()
}

/// A feature without what tells intervals apart.
fn plain(mut feature: Value, is_interval: bool) -> String {
    let properties = feature["properties"].as_object_mut().unwrap();
    if is_interval {
        let start = properties.remove("start");
        properties.remove("end");
        assert!(start.is_some());
        let id = feature["id"].as_str().unwrap();
        // A key is an instant, a slash and a name, in which there may be anything.
        let mut cut = (0..id.len()).filter(|i| id.is_char_boundary(*i) && id[*i..].starts_with('@'));
        let is_key = |i: &usize| {
            id[i + 1..].split_once('/').is_some_and(|(eff, _)| ulp_core::id::Time::parse(eff).is_some())
        };
        let cut = cut.find(is_key).unwrap();
        feature["id"] = Value::from(&id[..cut]);
    }
    feature.to_string()
}

#[test]
fn a_replay_is_the_view_at_every_instant() {
    let compared = std::sync::atomic::AtomicUsize::new(0);
    let seeds: Vec<usize> = sample::of(0..HISTORIES, 20).collect();
    sample::each(&seeds, |_, seed| {
        let seed = *seed as u64;
        let mut lines = generate::history(seed, 5 + (seed % 76) as usize);
        // A replay is laid out as the space says last.
        let is_setting = |line: &str| {
            let read: Result<Value, _> = serde_json::from_str(line);
            read.is_ok_and(|event| event.to_string().contains("@space"))
        };
        lines.retain(|line| !is_setting(line));
        let input = lines.join("\n");
        let view: &[&str] =
            [&[][..], &["--policy", "public", "--policy", "redacted"], &["--tile", "z0"]][seed as usize % 3];
        let replay = features(&[view, &["--replay"]].concat(), &input);
        let times: BTreeSet<i64> = replay.iter().filter_map(|f| nanos(&f["properties"]["start"])).collect();
        let times: Vec<i64> = times.into_iter().collect();
        let mut rng = Rng::new(seed);
        for _ in 0..INSTANTS.min(times.len()) {
            let at = times[rng.below(times.len())];
            let text = ulp_core::id::Time(at).to_string();
            let now = features(&[view, &["--at", &text]].concat(), &input);
            let lasts = |f: &&Value| {
                let properties = &f["properties"];
                nanos(&properties["start"]).is_some_and(|start| start <= at)
                    && nanos(&properties["end"]).is_none_or(|end| end > at)
            };
            let shown: BTreeSet<String> =
                replay.iter().filter(lasts).map(|f| plain(f.clone(), true)).collect();
            let expected: BTreeSet<String> = now.into_iter().map(|f| plain(f, false)).collect();
            let missing: Vec<_> = expected.difference(&shown).collect();
            let extra: Vec<_> = shown.difference(&expected).collect();
            assert!(missing.is_empty() && extra.is_empty(), "seed {seed} at {text}: {missing:?} {extra:?}");
            compared.fetch_add(expected.len(), std::sync::atomic::Ordering::Relaxed);
        }
    });
    run::say(&format!("{} features of replays are those of their instants", compared.into_inner()));
}
