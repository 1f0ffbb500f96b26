//! Letters that the built-in font lacks.

use super::{BIN, project, trace};
use crate::font;
use crate::run::feed;

#[test]
fn letters_of_no_font_are_noted_until_a_font_brings_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("squares.ttf");
    std::fs::write(&path, font::of_squares(&['位', '水'])).unwrap();
    let trace = trace(&[r#"create_node "node_id":"a","properties":{"label":"水位"}"#]);
    let plain = feed(BIN, &["-f", "png", "--log-all"], trace.as_bytes());
    let said = String::from_utf8_lossy(&plain.stderr).into_owned();
    assert!(said.contains("export.dropped") && said.contains("a: no font has the letters 位水"), "{said}");
    let with = feed(BIN, &["-f", "png", "--font", path.to_str().unwrap()], trace.as_bytes());
    assert!(!String::from_utf8_lossy(&with.stderr).contains("export.dropped"));
    assert!(plain.stdout != with.stdout && plain.status.success() && with.status.success());
    let none = feed(BIN, &["-f", "png", "--font", "Cargo.toml"], trace.as_bytes());
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn an_unknown_kind_without_a_geometry_says_what_it_is() {
    let trace = trace(&[
        r#"create_node "node_id":"h1","kind":"hydrant""#,
        r#"create_node "node_id":"g1","kind":"group","transform":{"position":[9,9]}"#,
    ]);
    let svg = String::from_utf8(project(&["-f", "svg"], &trace)).unwrap();
    assert!(svg.contains("data-label=\"h1\"") && !svg.contains("data-label=\"g1\""));
}
