//! The reader and the writer against slow, obvious twins built on serde_json.

use crate::json::{
    Fault, Tape, is_canonical, key_order, parse_line, write_canonical, write_number, write_string,
};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// An object as the pairs that stand in it.
struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Whether a double can be read again once ECMAScript printed it: it prints integers up to 10^21.
fn is_readable(n: f64) -> bool {
    n.abs() <= 9_007_199_254_740_991.0 || (1e21..f64::INFINITY).contains(&n.abs())
}

/// Whether a text is I-JSON, at most `depth` deep.
fn accepts(text: &str, depth: usize) -> bool {
    let Ok(raw) = serde_json::from_str::<&RawValue>(text) else { return false };
    let raw = raw.get();
    match raw.as_bytes()[0] {
        b'{' => serde_json::from_str::<Pairs>(raw).is_ok_and(|Pairs(pairs)| {
            let mut keys: Vec<_> = pairs.iter().map(|(key, _)| key).collect();
            keys.sort();
            depth > 0
                && keys.windows(2).all(|pair| pair[0] != pair[1])
                && pairs.iter().all(|(_, value)| accepts(value.get(), depth - 1))
        }),
        b'[' => serde_json::from_str::<Vec<&RawValue>>(raw)
            .is_ok_and(|items| depth > 0 && items.iter().all(|item| accepts(item.get(), depth - 1))),
        b'"' => serde_json::from_str::<String>(raw).is_ok(),
        b'-' | b'0'..=b'9' if raw.contains(['.', 'e', 'E']) => is_readable(raw.parse().unwrap()),
        b'-' | b'0'..=b'9' => raw.parse::<i128>().is_ok_and(|n| n.abs() < 1 << 53),
        _ => true,
    }
}

/// RFC 8785 through a tree.
fn slow_canonical(value: &serde_json::Value) -> String {
    use serde_json::Value::{Array, Number, Object};
    match value {
        Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(key, _)| key.encode_utf16().collect::<Vec<_>>());
            let member =
                |(k, v): (&String, _)| format!("{}:{}", serde_json::to_string(k).unwrap(), slow_canonical(v));
            format!("{{{}}}", members.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        Array(items) => format!("[{}]", items.iter().map(slow_canonical).collect::<Vec<_>>().join(",")),
        Number(n) => ryu_js::Buffer::new().format(n.as_f64().unwrap()).to_owned(),
        other => other.to_string(),
    }
}

fn canonical(text: &str) -> String {
    let mut out = Vec::new();
    write_canonical(text, &mut out);
    String::from_utf8(out).unwrap()
}

/// A string as someone might write it: some characters as escapes, in either case.
fn written(s: &str, choices: &[u8]) -> String {
    let mut out = String::from("\"");
    for (i, c) in s.chars().enumerate() {
        let choice = choices.get(i % choices.len().max(1)).copied().unwrap_or(0);
        let must = c < ' ' || c == '"' || c == '\\';
        match choice % 4 {
            0 if must => {
                let escaped = serde_json::to_string(&c.to_string()).unwrap();
                out += &escaped[1..escaped.len() - 1];
            }
            1 if c == '/' => out += "\\/",
            2 => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out += &format!("\\u{unit:04X}")),
            _ if must || choice % 4 == 3 => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out += &format!("\\u{unit:04x}"))
            }
            _ => out.push(c),
        }
    }
    out + "\""
}

fn string() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[a-c]{0,3}",
        "[a-z_]{0,20}",
        any::<String>(),
        "[\u{0}-\u{7f}]{0,9}",
        "[a\u{e000}\u{ffff}\u{10000}\u{d7ff}\u{10ffff}é]{0,4}"
    ];
    (text, prop::collection::vec(any::<u8>(), 0..4), any::<bool>())
        .prop_map(
            |(text, choices, plain)| {
                if plain { serde_json::to_string(&text).unwrap() } else { written(&text, &choices) }
            },
        )
        .prop_filter("a lone quote or backslash", |text| serde_json::from_str::<String>(text).is_ok())
}

fn number() -> impl Strategy<Value = String> {
    let double = || any::<f64>().prop_filter("readable", |n| is_readable(*n));
    prop_oneof![
        (-9_007_199_254_740_991i64..=9_007_199_254_740_991).prop_map(|n| n.to_string()),
        (-200i64..200).prop_map(|n| n.to_string()),
        double().prop_map(|n| format!("{n:e}")),
        double().prop_map(|n| format!("{n:?}").replace("inf", "0")),
        (any::<i32>(), 0..12usize).prop_map(|(n, d)| format!("{:.*}", d.max(1), n as f64 / 1000.0)),
        (any::<i64>(), 1..25usize).prop_map(|(n, d)| format!("{:.*}", d, n as f64 / 1e18)),
        Just("-0".to_owned()),
        Just("-0.0".to_owned()),
        Just("1E400".to_owned()),
        Just("1e-400".to_owned()),
        Just("9007199254740992".to_owned()),
        Just("0.000001".to_owned()),
        Just("0.0000001".to_owned()),
        Just("1e21".to_owned()),
    ]
}

fn document() -> impl Strategy<Value = String> {
    let space = || prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\t\r\n")];
    let leaf = prop_oneof![
        string(),
        number(),
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("null".to_owned())
    ];
    leaf.prop_recursive(5, 64, 12, move |inner| {
        let item = (space(), inner.clone(), space()).prop_map(|(a, v, b)| format!("{a}{v}{b}"));
        let member =
            (space(), string(), space(), item.clone()).prop_map(|(a, k, b, v)| format!("{a}{k}{b}:{v}"));
        prop_oneof![
            prop::collection::vec(item, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..40).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

/// A text that is nearly JSON.
fn nearly() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"a\"",
        "\"b\":",
        "\\u0061",
        "\\ud800",
        "\\udc00",
        "\\n",
        "0",
        "1",
        "-",
        ".",
        "e",
        "+",
        "true",
        "null",
        "fals",
        " ",
        "\t",
        "\n",
        "é",
        "\u{0}",
        "\u{1f}",
        "\u{7f}",
        "\u{ffff}",
        "9007199254740993",
        "1e999",
        "\u{a0}",
    ]);
    let tokens = prop::collection::vec(token.clone(), 0..12).prop_map(|tokens| tokens.concat());
    let broken = (document(), prop::collection::vec((any::<prop::sample::Index>(), token, 0..3usize), 1..4))
        .prop_map(|(text, edits)| {
            let mut chars: Vec<char> = text.chars().collect();
            for (place, token, gone) in edits {
                let at = place.index(chars.len() + 1);
                let end = (at + gone).min(chars.len());
                chars.splice(at..end, token.chars());
            }
            chars.into_iter().collect()
        });
    prop_oneof![tokens, broken, document()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn accepts_what_the_slow_twin_accepts(text in nearly()) {
        let mut tape = Tape::new();
        let read = tape.parse_any(&text, 4).map(|value| value.raw().to_owned());
        prop_assert_eq!(read.is_ok(), accepts(&text, 4), "{:?}", read);
        if let Ok(raw) = read {
            prop_assert_eq!(raw, text.trim_matches([' ', '\t', '\r', '\n']));
        } else if let Err(error) = read {
            prop_assert!(error.offset <= text.len());
        }
    }

    #[test]
    fn a_reused_tape_reads_the_same(texts in prop::collection::vec(nearly(), 1..6)) {
        let mut tape = Tape::new();
        for text in &texts {
            let reused = tape.parse_any(text, 64).map(|v| format!("{v:?}{}", v.is_canonical()));
            let mut fresh = Tape::new();
            prop_assert_eq!(reused, fresh.parse_any(text, 64).map(|v| format!("{v:?}{}", v.is_canonical())));
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse_line(&mut Tape::new(), &bytes);
        let _ = parse_line(&mut Tape::new(), String::from_utf8_lossy(&bytes).as_bytes());
    }

    #[test]
    fn any_text_is_written_without_a_panic(text in nearly()) {
        let _ = canonical(&text);
        let _ = is_canonical(&text);
    }

    #[test]
    fn canonical_form_equals_the_slow_twin(text in document()) {
        let mut tape = Tape::new();
        let Ok(_) = tape.parse_any(&text, 64) else { return Ok(()) };
        let expected = slow_canonical(&serde_json::from_str(&text).unwrap());
        let written = canonical(&text);
        prop_assert_eq!(&written, &expected);
        prop_assert!(is_canonical(&written));
        prop_assert_eq!(&canonical(&written), &written);
        prop_assert_eq!(is_canonical(&text), text == written);
    }

    #[test]
    fn strings_unescape(text in string()) {
        let arena = bumpalo::Bump::new();
        let expected: String = serde_json::from_str(&text).unwrap();
        let mut tape = Tape::new();
        let value = tape.parse_any(&text, 0).unwrap();
        prop_assert!(value.is_str(&expected));
        prop_assert!(!value.is_str(&(expected.clone() + "x")));
        prop_assert_eq!(value.as_str(&arena), Some(expected.as_str()));
        let mut out = Vec::new();
        write_string(&expected, &mut out);
        prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&expected).unwrap());
    }

    #[test]
    fn keys_order_by_utf16(a in any::<String>(), b in any::<String>()) {
        prop_assert_eq!(key_order(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
    }

    #[test]
    fn numbers_print_as_ecmascript(n in any::<f64>()) {
        let mut out = Vec::new();
        write_number(n, &mut out);
        let printed = String::from_utf8(out).unwrap();
        if n.is_finite() {
            prop_assert_eq!(printed, ryu_js::Buffer::new().format(n).to_owned());
        } else {
            prop_assert_eq!(printed, "null");
        }
    }

    #[test]
    fn short_decimals_are_canonical_only_where_they_are(digits in "-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,22}") {
        let shortest = ryu_js::Buffer::new().format(digits.parse::<f64>().unwrap()) == digits;
        let mut tape = Tape::new();
        let number: f64 = digits.parse().unwrap();
        let Ok(value) = tape.parse_any(&digits, 0) else {
            prop_assert!(!is_readable(number));
            return Ok(());
        };
        prop_assert!(shortest || !value.is_evidently_canonical());
        prop_assert_eq!(value.is_canonical(), shortest);
    }
}

/// A line that would be quadratic to a reader that compares every key with every other, or that hashes naively.
#[test]
fn big_objects_take_their_length() {
    let members: String = (0..100_000u32).rev().map(|i| format!("\"{i:06}\":1,")).collect();
    let same_ends: String = (0..40_000u32).rev().map(|i| format!("\"aaaaaaaa{i:06}bbbbbbbb\":1,")).collect();
    for body in [members, same_ends] {
        let start = std::time::Instant::now();
        let line = format!("{{{body}\"z\":1}}");
        assert!(Tape::new().parse(&line, 64).is_ok());
        let again = format!("{{{body}\"z\":1,\"z\":1}}");
        assert_eq!(Tape::new().parse(&again, 64).unwrap_err().fault, Fault::DuplicateKey);
        assert!(is_canonical(&canonical(&line)));
        assert!(start.elapsed().as_secs() < 10);
    }
}
