//! Random journals: whatever order, repetition and gathering, one view; and nothing that comes by another road than the
//! subject's own raises a consent.

use crate::reference::generate::Rng;
use crate::sample;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::Tape;
use ulp_core::trust::Instant;
use ulp_um::cache::words::{Role, State, Step, Word};
use ulp_um::cache::{Cached, Document, Line, Reopen, Settings, View, fold};

const SUBJECT: &str = "did:example:alice";
const KEYS: [&str; 3] = ["voice", "profile", "urn:c:1"];

/// A time of the hour from noon, in seconds.
fn at(seconds: usize) -> String {
    format!("2026-11-20T{:02}:{:02}:{:02}.000Z", 12 + seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A journal, and the documents that it names.
struct Journal {
    lines: Vec<Line>,
    documents: BTreeMap<Sha256, Document>,
}

fn word(rng: &mut Rng) -> &'static str {
    ["denied", "restricted", "allowed", "allowed", "who knows"][rng.below(5)]
}

fn document(rng: &mut Rng) -> String {
    let issued = at(60 * rng.below(8));
    let expires = at(60 * (9 + rng.below(60)));
    let mut consents: Vec<String> = Vec::new();
    let version = ["0.2", "0.4"][rng.below(2)];
    for key in KEYS {
        if rng.below(3) == 0 {
            continue;
        }
        consents.push(match version {
            "0.2" => format!(r#"{{"name":"{key}","value":"{}"}}"#, word(rng)),
            _ => format!(
                r#"{{"@id":"{key}","grantedAt":"{}","expiresAt":"{}"}}"#,
                at(0),
                at(60 * rng.below(90))
            ),
        });
    }
    format!(
        r#"{{"@id":"urn:m:{}","claims":[{{"@type":"um:Claim","name":"role","value":{}}}],"consents":[{}],"expiresAt":"{expires}","facets":[{{"entity":{{"prefs.a":{}}}}}],"issuedAt":"{issued}","manifestVersion":"{version}","pointers":[{{"name":"p","url":"https://{}"}}],"signature":{{{}}},"subject":"{SUBJECT}"}}"#,
        rng.below(6),
        rng.below(2),
        consents.join(","),
        rng.below(3),
        rng.below(2),
        ["", r#""statusRef":"https://s""#, r#""revocationCursor":"c-9""#][rng.below(3)]
    )
}

fn journal(rng: &mut Rng) -> Journal {
    let texts: Vec<String> = (0..1 + rng.below(5)).map(|_| document(rng)).collect();
    let documents = texts
        .iter()
        .map(|text| (Sha256::of(text.as_bytes()), Document::read(text, &|_| Vec::new()).unwrap()))
        .collect();
    let lines = (0..1 + rng.below(14)).map(|_| line(rng, &texts)).collect();
    Journal { lines, documents }
}

fn line(rng: &mut Rng, texts: &[String]) -> Line {
    let text = &texts[rng.below(texts.len())];
    let hash = Sha256::of(text.as_bytes());
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let now = at(rng.below(900));
    let road = ["authoritative", "relay", "projection"][rng.below(3)];
    let rest = match rng.below(6) {
        0..=2 => {
            let standing = match road {
                "authoritative" => ["authoritative", "authoritative", "hearsay"][rng.below(3)],
                _ => ["genuine", "hearsay"][rng.below(2)],
            };
            let refused = rng.below(8) == 0;
            match refused {
                true => r#""code":"um.expired","result":"refused","step":"fetch""#.to_owned(),
                false => {
                    format!(r#""object":"{hash}","result":"accepted","standing":"{standing}","step":"fetch""#)
                }
            }
        }
        3 => format!(
            r#""data":{{"expiresAt":{},"hash":"{hash}","issuedAt":{},"manifestId":{},"revocationCursor":"c-{}","subject":"{SUBJECT}"}},"result":"accepted","step":"metadata""#,
            value["expiresAt"],
            value["issuedAt"],
            value["@id"],
            8 + rng.below(4)
        ),
        4 => format!(
            r#""data":{{"cursor":"c-{}","manifestId":{},"nextCheck":"PT{}M","status":"{}","updatedAt":"{}"}},"result":"accepted","step":"status""#,
            8 + rng.below(4),
            value["@id"],
            rng.below(30),
            ["active", "active", "active", "suspended", "revoked"][rng.below(5)],
            at(rng.below(900))
        ),
        _ => format!(
            r#""data":{{"changeType":"consent","changedAt":"{}","eventId":"e{}","fields":{{"{}":"{}"}},"subject":"{SUBJECT}"}},"result":"accepted","step":"{}""#,
            at(rng.below(900)),
            rng.below(3),
            KEYS[rng.below(3)],
            word(rng),
            ["change", "local"][rng.below(2)]
        ),
    };
    let text = format!(r#"{{"at":"{now}",{rest},"road":"{road}","source":"s","subject":"{SUBJECT}"}}"#);
    Line::parse(&text, &mut Tape::new()).unwrap()
}

fn view(lines: &[Line], journal: &Journal, reopen: Reopen, now: Time) -> View {
    let settings = Settings { reopen, ..Settings::default() };
    fold(SUBJECT, Cached { lines, documents: &journal.documents, settings: &settings, now }).view
}

fn shuffle(rng: &mut Rng, lines: &mut [Line]) {
    for at in (1..lines.len()).rev() {
        lines.swap(at, rng.below(at + 1));
    }
}

#[test]
fn a_view_is_one_however_its_lines_come_and_no_other_road_raises_a_consent() {
    let mut rng = Rng::new(16);
    let now = Instant::parse(&at(900)).unwrap().time().unwrap();
    let mut states = BTreeMap::<State, usize>::new();
    for _ in 0..sample::size(10_000, 1_000) {
        let journal = journal(&mut rng);
        let reopen = [Reopen::Authoritative, Reopen::Never][rng.below(2)];
        let whole = view(&journal.lines, &journal, reopen, now);
        *states.entry(whole.state).or_default() += 1;
        // Two caches that each have a part, and both a middle: gathered in any order.
        let cut = rng.below(journal.lines.len() + 1);
        let (first, second) = journal.lines.split_at(cut);
        let mut gathered = [second, first, &first[cut / 2..]].concat();
        shuffle(&mut rng, &mut gathered);
        assert_eq!(view(&gathered, &journal, reopen, now).print(), whole.print());
        raises_nothing(&mut rng, &journal, reopen, now);
    }
    assert!(states.len() == State::ALL.len(), "{states:?}");
}

/// The id of an event.
fn id(line: &Line) -> Option<String> {
    let data: serde_json::Value = serde_json::from_str(line.data.as_deref()?).unwrap();
    data["eventId"].as_str().map(str::to_owned)
}

/// Takes away what came by other roads: no consent was higher with it.
fn raises_nothing(rng: &mut Rng, journal: &Journal, reopen: Reopen, now: Time) {
    // What comes by both may count from when it came first, and of two events of one id that of the smaller hash counts,
    // whoever said it; so these come along.
    let name = |line: &Line| line.object.map(|hash| hash.hex()).or_else(|| id(line));
    let is_own = |line: &Line| line.road == Some(Role::Authoritative) && line.step != Step::Change;
    let own: BTreeSet<Option<String>> = journal.lines.iter().filter(|line| is_own(line)).map(name).collect();
    let is_own = |line: &Line| is_own(line) || own.contains(&name(line));
    let own: Vec<Line> = journal.lines.iter().filter(|line| is_own(line)).cloned().collect();
    let without = view(&own, journal, reopen, now);
    let mut with = journal.lines.clone();
    shuffle(rng, &mut with);
    for (key, word) in view(&with, journal, reopen, now).consents {
        let alone = without.consents.get(&key).copied().unwrap_or(Word::Denied);
        assert!(word <= alone, "{key}: {word} with other roads, {alone} without");
    }
}
