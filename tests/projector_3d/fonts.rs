//! Letters that the built-in font lacks.

use super::{BIN, create, feed, trace};
use crate::font;
use std::path::Path;

const FORMATS: [&[&str]; 4] = [&["-f", "glb"], &["-f", "gltf"], &["-f", "glb", "--replay"], &["-f", "html"]];

/// What a run with these fonts writes and says of a node that shows a text.
fn shown(text: &str, args: &[&str], fonts: &[&Path]) -> (Vec<u8>, String) {
    let geometry = format!(r#","geometry":{{"kind":"text","text":"{text}"}}"#);
    let fonts = fonts.iter().flat_map(|path| ["--font", path.to_str().unwrap()]);
    let args: Vec<&str> = args.iter().copied().chain(["--log-all"]).chain(fonts).collect();
    let output = feed(BIN, &args, trace(&[create("sign", &geometry)]));
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    (output.stdout, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn letters_of_no_font_are_noted_until_a_font_brings_them() {
    let dir = tempfile::tempdir().unwrap();
    let [water, fire] = ["water.ttf", "fire.ttc"].map(|name| dir.path().join(name));
    std::fs::write(&water, font::of_squares(&['水'])).unwrap();
    std::fs::write(&fire, font::collection(&['火'])).unwrap();
    for args in FORMATS {
        let (boxes, said) = shown("水a火水", args, &[]);
        assert!(
            said.contains("export.dropped") && said.contains("sign: no font has the letters 水火"),
            "{said}"
        );
        let (half, said) = shown("水a火水", args, &[&water]);
        assert!(said.contains("sign: no font has the letters 火"), "{said}");
        let (all, said) = shown("水a火水", args, &[&fire, &water]);
        assert!(!said.contains("export.dropped"), "{said}");
        assert!(boxes != half && half != all, "{args:?}");
        assert_eq!(shown("plain", args, &[]), shown("plain", args, &[&water, &fire]), "{args:?}");
    }
}

#[test]
fn what_is_no_font_is_refused_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let whole = font::of_squares(&['水']);
    for (name, bytes) in
        [("empty.ttf", &b""[..]), ("words.otf", b"no font"), ("cut.ttf", &whole[..whole.len() / 2])]
    {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let output = feed(BIN, &["-f", "glb", "--font", path.to_str().unwrap()], "");
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(name) && output.stdout.is_empty(), "{name}");
    }
    let output = feed(BIN, &["-f", "glb", "--font", "/nonexistent/x.ttf"], "");
    assert_eq!(output.status.code(), Some(4));
}
