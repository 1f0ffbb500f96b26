//! One line a case.

use super::*;
use Fault::*;

fn fault(line: &str) -> Option<Fault> {
    parse_text(&mut Tape::new(), line).err().map(|e| e.fault)
}

fn at(line: &str) -> Option<usize> {
    parse_text(&mut Tape::new(), line).err().map(|e| e.offset)
}

fn nested(depth: usize) -> String {
    format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1))
}

fn canonical(raw: &str) -> String {
    let mut out = Vec::new();
    write_canonical(raw, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn grammar() {
    let good = [
        "{}",
        " {\t}\r\n",
        r#"{"":0}"#,
        r#"{"a":[1,-0,0.5,1e5,1E+5,1e-5,-1.5e3]}"#,
        r#"{"a":[true,false,null,"",[],{}]}"#,
        r#"{"a":"\"\\\/\b\f\n\r\t\u0000\uFFFF\ufffe"}"#,
        r#"{"a":"\ud83d\ude00"}"#,
        "{\"a\":\"\u{7f}\u{ffff}😀\"}",
        r#"{"a":1e-400}"#,
    ];
    for line in good {
        assert_eq!(fault(line), None, "{line}");
    }
    let bad = [
        "",
        " ",
        "[]",
        "1",
        "\"a\"",
        "{",
        "}",
        "{]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1}",
        "{\"a\":[1 2]}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":-}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":-01}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":tru}",
        "{\"a\":truee}",
        "{\"a\":nul",
        "{\"a\":\"",
        "{\"a\":\"b",
        "{\"a\":\"\\",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\0\"}",
        "{\"a\":\0}",
        "{\"a\":1}\0",
        "{/**/}",
        "{\"a\":1}//",
        "\u{feff}{}",
        "{\u{a0}}",
        "{\"a\":0x1}",
        "{\"a\":1_0}",
        "{,}",
        "{\"a\"::1}",
    ];
    for line in bad {
        assert_eq!(fault(line), Some(Syntax), "{line:?}");
    }
}

#[test]
fn duplicate_keys() {
    for line in [
        r#"{"a":1,"a":1}"#,
        r#"{"x":{"a":1,"a":1}}"#,
        r#"{"b":1,"a":1,"b":1}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#"{"\u0061":1,"b":1,"a":1}"#,
        r#"{"c":1,"\u0061":1,"\u0061":2}"#,
        r#"{"":1,"":1}"#,
        r#"{"a":[{"é":1,"d":1,"\u00e9":1}]}"#,
    ] {
        assert_eq!(fault(line), Some(DuplicateKey), "{line}");
    }
    for line in
        [r#"{"a":{"a":1},"b":{"a":1}}"#, r#"{"b":{"b":1,"a":1},"a":{"b":1,"a":1}}"#, r#"{"a":1,"A":1}"#]
    {
        assert_eq!(fault(line), None, "{line}");
    }
    assert_eq!(at(r#"{"b":1,"a":1,"b":1}"#), Some(13));
}

#[test]
fn many_keys() {
    for n in [30u32, 31, 32, 33, 34, 35, 65, 1000, 50_000] {
        let line = |keys: &[u32]| {
            let members: Vec<_> = keys
                .iter()
                .map(|k| format!("\"k{}\":{{\"z\":1,\"a\":2}}", k.wrapping_mul(2654435761) % 1000003))
                .collect();
            format!("{{{}}}", members.join(","))
        };
        let mut keys: Vec<_> = (0..n).collect();
        let fault = |line: String| Tape::new().parse(&line, 64).err().map(|e| e.fault);
        assert_eq!(fault(line(&keys)), None, "{n}");
        for again in [0, n / 2, n - 1] {
            keys.push(again);
            assert_eq!(fault(line(&keys)), Some(DuplicateKey), "{n} {again}");
            keys.pop();
        }
    }
}

#[test]
fn depth() {
    assert_eq!(fault(&nested(64)), None);
    assert_eq!(fault(&nested(65)), Some(Depth));
    assert_eq!(at(&nested(65)), Some(68));
    let state = |n| nested(n).replacen('{', "{\"operation\":\"node_state\",", 1);
    assert_eq!(fault(&state(68)), None);
    assert_eq!(fault(&state(69)), Some(Depth));
    let late = |n| nested(n).trim_end_matches('}').to_owned() + ",\"operation\":\"node_stat\\u0065\"}";
    assert_eq!(fault(&late(68)), None);
    assert_eq!(fault(&late(69)), Some(Depth));
    assert_eq!(fault(&"[".repeat(1 << 20)), Some(Syntax));
    assert_eq!(fault(&format!("{{\"a\":{}", "[".repeat(1 << 19))), Some(Depth));
}

#[test]
fn numbers() {
    for number in [
        "9007199254740991",
        "-9007199254740991",
        "9007199254740991.0",
        "1e21",
        "1e308",
        "-0",
        "1e-9999",
        "0e99999",
    ] {
        assert_eq!(fault(&format!("{{\"a\":{number}}}")), None, "{number}");
    }
    let long = "1".repeat(310) + ".5";
    for number in [
        "9007199254740992",
        "-9007199254740992",
        "10000000000000000",
        // Printed, these would be integers that cannot be read again.
        "9007199254740992.0",
        "9007199254740992e0",
        "1e20",
        "1e309",
        "-1e400",
        &"9".repeat(400),
        &long,
    ] {
        assert_eq!(fault(&format!("{{\"a\":{number}}}")), Some(Number), "{number}");
    }
}

#[test]
fn precedence() {
    let cases = [
        (r#"{"a":1,"a":1,"b":1e999}"#, DuplicateKey),
        (r#"{"b":1e999,"a":1,"a":1}"#, Number),
        (r#"{"a":1e999,]"#, Number),
        (r#"{"a":1,],"b":1e999}"#, Syntax),
        (r#"{"a":1,"a""#, DuplicateKey),
        (r#"{"a":1,"a"#, Syntax),
        (r#"{"a":"\ud800"}"#, Utf8),
        (r#"{"a":"\udc00"}"#, Utf8),
        (r#"{"a":"\ud800\ud800"}"#, Utf8),
        (r#"{"a":"\ud800\n"}"#, Utf8),
        (r#"{"a":"\ud800x"#, Utf8),
        (r#"{"a":1,"a":1,"b":"\uDFFF"}"#, Utf8),
        (r#"{"a":1e999,"b":"\uDFFF"}"#, Utf8),
        (r#"{x "\uD800"#, Utf8),
        (r#"["\uD800"]"#, Utf8),
        (r#"{"\uD800":1}"#, Utf8),
        (r#"{x \uD800}"#, Syntax),
        (r#"{x "\\uD800"}"#, Syntax),
        (r#"{x "\"\uD800"}"#, Utf8),
        (r#"{x "a" \uD800 "b"}"#, Syntax),
        (r#"{"a":"\q\ud800"}"#, Utf8),
    ];
    for (line, expected) in cases {
        assert_eq!(fault(line), Some(expected), "{line}");
    }
    let deep = nested(65);
    assert_eq!(fault(&deep.replace("[]", "[1e999]")), Some(Depth));
    assert_eq!(fault(&deep.replacen('[', "[1e999,[", 1)), Some(Number));
    assert_eq!(fault(&deep.replace("[]", "[\"\\ud800\"]")), Some(Utf8));
    let state = deep.replacen('{', "{\"operation\":\"a_state\",", 1);
    assert_eq!(fault(&state.replace("[]", "[1e999]")), Some(Number));
}

#[test]
fn lengths() {
    let event = |n: usize| format!("{{\"operation\":\"x\",\"a\":\"{}\"}}", "x".repeat(n - 24));
    let state = |n: usize| format!("{{\"a\":\"{}\",\"operation\":\"x_state\"}}", "x".repeat(n - 30));
    assert_eq!(event(EVENT_BYTES).len(), EVENT_BYTES);
    assert_eq!(fault(&event(EVENT_BYTES)), None);
    assert_eq!(fault(&(event(EVENT_BYTES) + "\r\n")), None);
    assert_eq!(fault(&event(EVENT_BYTES + 1)), Some(TooLong));
    assert_eq!(state(EVENT_BYTES + 1).len(), EVENT_BYTES + 1);
    assert_eq!(fault(&state(EVENT_BYTES + 1)), None);
    assert_eq!(fault(&(state(EVENT_BYTES) + "x")), Some(Syntax));
    assert_eq!(fault(&state(STATE_BYTES)), None);
    assert_eq!(fault(&state(STATE_BYTES + 1)), Some(TooLong));
    let mut bytes = event(EVENT_BYTES + 1).into_bytes();
    bytes[100] = 0xff;
    assert_eq!(parse_line(&mut Tape::new(), &bytes).err().map(|e| e.fault), Some(TooLong));
    let mut bytes = br#"{"operation":"x_state","a":""#.to_vec();
    bytes.resize(EVENT_BYTES + 1, b'x');
    bytes.push(0xff);
    let error = parse_line(&mut Tape::new(), &bytes).err();
    assert_eq!(error, Some(Error { fault: Utf8, offset: EVENT_BYTES + 1 }));
}

#[test]
fn bytes() {
    for line in [
        &b"{\"a\":\"\xff\"}"[..],
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"\xff",
        b"{\"a\":1,\"a\":1}\xc0\x80",
        b"{\"a\":\"\xf4\x90\x80\x80\"}",
    ] {
        assert_eq!(parse_line(&mut Tape::new(), line).err().map(|e| e.fault), Some(Utf8), "{line:?}");
    }
}

#[test]
fn navigation() {
    let mut tape = Tape::new();
    let arena = bumpalo::Bump::new();
    let line = r#" {"s":"a\u00e9\n", "p":"é", "n":-1.5e2, "i":42, "t":true, "f":false, "z":null, "l":[1,[2,3],{"x":4}], "\u006f":{}} "#;
    let v = tape.parse(line, 64).unwrap();
    let get = |key| v.get(key).unwrap();
    assert_eq!(v.len(), 9);
    assert_eq!(v.raw(), line.trim());
    assert_eq!(get("s").as_str(&arena), Some("aé\n"));
    assert!(get("s").is_str("aé\n") && !get("s").is_str("aé") && !get("s").is_str("aé\nx"));
    assert!(
        get("s").str_ends_with("é\n") && !get("s").str_ends_with("\\n") && !get("s").str_ends_with("xaé\n")
    );
    assert_eq!(get("s").as_plain_str(), None);
    assert_eq!(get("p").as_plain_str(), Some("é"));
    assert_eq!(get("n").as_f64(), Some(-150.0));
    assert_eq!((get("i").as_i64(), get("n").as_i64()), (Some(42), None));
    assert_eq!((get("t").as_bool(), get("f").as_bool(), get("z").as_bool()), (Some(true), Some(false), None));
    assert!(get("z").is_null());
    let items: Vec<_> = get("l").items().map(|i| i.raw()).collect();
    assert_eq!(items, ["1", "[2,3]", r#"{"x":4}"#]);
    assert_eq!(get("o").kind(), Kind::Object);
    assert!(get("o").is_empty() && get("o").items().count() == 0 && get("l").members().count() == 0);
    assert_eq!(v.get("nothing").map(|v| v.raw()), None);
    assert_eq!(v.members().map(|(k, _)| k.raw()).collect::<String>(), r#""s""p""n""i""t""f""z""l""\u006f""#);
    assert_eq!(get("l").get("x").map(|v| v.raw()), None);
}

#[test]
fn canonical_forms() {
    let cases = [
        ("{ }", "{}"),
        (" [ 1 , 2 ] ", "[1,2]"),
        (r#"{"b":1,"a":{"d":1,"c":[{"f":1,"e":1}]}}"#, r#"{"a":{"c":[{"e":1,"f":1}],"d":1},"b":1}"#),
        (
            r#""\u0061\/\u0022\u005c\u0008\u0009\u000A\u000c\u000d\u001F\u007f\u00e9\ud83d\ude00""#,
            "\"a/\\\"\\\\\\b\\t\\n\\f\\r\\u001f\u{7f}é😀\"",
        ),
        (
            r#"{"\ufb33":1,"\ud83d\ude00":2,"é":3,"1":4,"\r":5}"#,
            "{\"\\r\":5,\"1\":4,\"é\":3,\"😀\":2,\"\u{fb33}\":1}",
        ),
        (
            "[1.0,-0,0.0,1e2,1E-7,0.000001,1e21,100000000000000000000.0,4.50,2e-3]",
            "[1,0,0,100,1e-7,0.000001,1e+21,100000000000000000000,4.5,0.002]",
        ),
        (
            "[0.30000000000000004,333333333.33333329,1e-27,5e-324]",
            "[0.30000000000000004,333333333.3333333,1e-27,5e-324]",
        ),
    ];
    for (raw, expected) in cases {
        assert_eq!(canonical(raw), expected);
        assert!(is_canonical(expected), "{expected}");
        assert!(!is_canonical(raw) || raw == expected, "{raw}");
    }
}

#[test]
fn deep_texts_are_canonical_too() {
    for depth in [71, 72, 73, 100_000] {
        let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_canonical(&text) && canonical(&text) == text, "{depth}");
        assert!(!is_canonical(&text.replace("[]", "[ ]")), "{depth}");
        assert_eq!(canonical(&text.replace("[]", "[ 1.0 ]")), text.replace("[]", "[1]"), "{depth}");
    }
}

#[test]
fn what_is_no_json_is_not_canonical() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "{\"a\"",
        "{\"a\":",
        "[1",
        "[1,",
        "\"",
        "\"\\",
        "\"a",
        "-",
        "1.",
        "t",
        "tru",
        "{]",
        "[}",
        "1 ",
        "{}{}",
        "{\"a\" ",
        "[,",
        "{,",
        "\"\u{1}\"",
        "{\"a\":1,\"a\":1}",
        "1e400",
    ] {
        assert!(!is_canonical(text), "{text}");
    }
}

/// As the library prints them that is asked where nothing simpler is sure.
fn printed(n: f64) -> String {
    ryu_js::Buffer::new().format_finite(n).to_owned()
}

fn written(n: f64) -> String {
    let mut out = Vec::new();
    write_number(n, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn decimals_are_written_as_ecmascript_prints_them() {
    let limits =
        [1e-9, 1e-7, 1e-6, 1.0, 8_388_608.0, 8_589_934_592.0, 9_007_199_254_740_992.0, 1e21, f64::MAX];
    let mut numbers: Vec<f64> =
        vec![-0.0, 0.1 + 0.2, 0.3, 5e-324, 100.0, 1_767_225_600.000_001, 3_899_999.999_999];
    for limit in limits {
        numbers.extend([limit, limit.next_down(), limit.next_up(), limit - 1e-6, limit - 1e-9, limit + 1e-6]);
    }
    // Decimals of every length and size, and the doubles around them.
    let mut seed = 1_u64;
    for round in 0..200_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let digits = (seed >> 11) >> (round % 53);
        let decimal = digits as f64 / [1.0, 1e3, 1e6, 1e7, 1e9, 1e10][round % 6];
        numbers.extend([decimal, decimal.next_up(), decimal.next_down(), f64::from_bits(seed >> 2)]);
    }
    for n in numbers.into_iter().flat_map(|n| [n, -n]).filter(|n| n.is_finite()) {
        assert_eq!(written(n), printed(n), "{n:e}");
    }
    assert_eq!((written(f64::NAN), written(f64::NEG_INFINITY)), ("null".to_owned(), "null".to_owned()));
}

#[test]
fn a_text_that_is_a_number_is_written_as_one() {
    for (text, expected) in [
        ("1.50", Some("1.5")),
        ("-0", Some("0")),
        ("7", Some("7")),
        ("1e2", Some("100")),
        ("9007199254740992", None),
        ("01", None),
        ("1 ", None),
        ("-", None),
        ("", None),
        ("true", None),
    ] {
        let mut out = Vec::new();
        let is_number = write_if_number(text, &mut out);
        assert_eq!(
            is_number.then(|| String::from_utf8_lossy(&out).into_owned()).as_deref(),
            expected,
            "{text}"
        );
        assert_eq!(out.is_empty(), !is_number, "{text}");
    }
}
