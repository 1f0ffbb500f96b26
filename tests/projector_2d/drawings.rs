//! Drawings and pages: well-formed, and nothing that an event wrote is more than text in them.

use super::{FORMATS, HOSTILE, feed, flood, hostile, project, text, trace};

/// Whether `xmllint` is here and finds nothing wrong.
fn is_well_formed(svg: &[u8]) -> bool {
    let output = feed("/usr/bin/xmllint", &["--noout", "-"], svg);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

#[test]
fn svg_is_well_formed() {
    if !std::path::Path::new("/usr/bin/xmllint").exists() {
        crate::run::skipped("xmllint is not installed");
        return;
    }
    assert!(is_well_formed(&project(&["-f", "svg"], &flood())));
    assert!(is_well_formed(&project(&["-f", "svg", "--provenance"], &hostile())));
    assert!(is_well_formed(&project(&["-f", "svg"], "")));
}

#[test]
fn hostile_texts_stay_text() {
    let svg = text(&["-f", "svg", "--provenance"], &hostile());
    for bad in ["<img", "<script", "onload=alert(1)>", " onmouseover=\"", "url(", "NaN", "inf\"", "-->"] {
        assert!(!svg.contains(bad), "{bad}");
    }
    assert!(svg.contains("&lt;img src=x onerror=alert(1)&gt;"));
    let html = text(&["-f", "html"], &hostile());
    assert_eq!(html.matches("</script>").count(), 2);
    assert!(!html.contains("<img"));
    // The script that saves a picture begins one.
    assert_eq!(html.matches("<svg").count(), html.matches("<svg xmlns=").count());
    let canvas = text(&["-f", "canvas"], &hostile());
    let said = canvas.split("\"text\":\"").skip(1).filter_map(|part| part.split("\",\"type").next());
    let marked_up = |text: &str| text.contains("<img src=x") || text.contains("![x](http");
    assert!(said.clone().count() > 0 && !said.into_iter().any(marked_up));
}

#[test]
fn nothing_obeys_a_terminal() {
    for format in FORMATS.into_iter().filter(|f| *f != "png" && *f != "jsonl") {
        let drawn = text(&["-f", format], &hostile());
        let obeyed = |c: char| c.is_control() && c != '\n';
        assert!(!drawn.chars().any(obeyed), "{format}");
    }
}

#[test]
fn ids_are_unique_and_valid() {
    let svg = text(&["-f", "svg"], &hostile());
    let ids: Vec<&str> = svg.split(" id=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(ids.len(), unique.len());
    assert!(ids.len() > HOSTILE.len());
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    assert!(ids.iter().all(|id| id.chars().all(valid) && id.starts_with(|c: char| c.is_ascii_alphabetic())));
}

#[test]
fn every_node_is_a_group_and_unknown_ones_are_named() {
    let trace = trace(&[
        r#"create_node "node_id":"known","kind":"box","geometry":{"kind":"rect","width":2,"height":2}"#,
        r#"create_node "node_id":"unheard","kind":"what","geometry":{"kind":"hologram"},"transform":{"position":[9,9]}"#,
    ]);
    let svg = text(&["-f", "svg"], &trace);
    assert!(svg.contains(r#"data-node="known""#) && svg.contains("<title>known (box)</title>"));
    assert!(svg.contains(r#"data-label="unheard""#));
}

#[test]
fn a_page_asks_for_nothing() {
    let html = text(&["-f", "html"], &flood());
    assert!(html.contains("default-src 'none'"));
    for bad in ["http://", "https://", "src=", "@import", "href="] {
        let found = html.match_indices(bad).map(|(at, _)| html[at..].chars().take(60).collect::<String>());
        // Names of XML vocabularies are no addresses, and what events say of addresses is text.
        let asks: Vec<String> = found.filter(|f| !f.starts_with("http://www.w3.org/")).collect();
        assert!(
            asks.iter().all(|f| html.find("id=\"data\"").unwrap() < html.find(f.as_str()).unwrap()),
            "{asks:?}"
        );
    }
}

#[test]
fn a_picture_has_the_size_that_was_asked_for() {
    let size = |png: &[u8]| {
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        (number(16), number(20))
    };
    let trace = trace(&[r#"create_node "node_id":"a","geometry":{"kind":"rect","width":200,"height":100}"#]);
    assert_eq!(size(&project(&["-f", "png", "--width", "300", "--height", "200"], &trace)), (300, 200));
    let (width, height) = size(&project(&["-f", "png", "--width", "400"], &trace));
    assert!(width == 400 && height < 400);
    project(&["-f", "png", "--width", "64"], &hostile());
}

#[test]
fn a_blob_is_embedded_once_its_hash_holds() {
    let dir = tempfile::tempdir().unwrap();
    let gif = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
    let id = ulp_core::hash::Sha256::of(gif);
    let node = format!(
        r#"create_node "node_id":"a","geometry":{{"kind":"rect","width":9,"height":9}},"media":{{"ref":"{id}","mime":"image/gif"}}"#
    );
    let trace = trace(&[node.as_str()]);
    let args = ["-f", "svg", "--objects", dir.path().to_str().unwrap()];
    std::fs::write(dir.path().join(id.hex()), b"GIF89a, but other bytes").unwrap();
    let output = feed(super::BIN, &args, trace.as_bytes());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("<image"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"media.hash\":1"));
    std::fs::write(dir.path().join(id.hex()), gif).unwrap();
    assert!(text(&args, &trace).contains("href=\"data:image/gif;base64,R0lGODlh"));
}
