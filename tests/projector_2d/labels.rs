//! Labels: inside their shape with their own line breaks, on the edge of frames, over the lines of links, never on one
//! another; and that a page lays them out as the drawing does.

use super::{BIN, feed, flood, project, text, trace};
use crate::browser::Browser;
use resvg::usvg::roxmltree::{Document, Node};
use serde_json::Value;
use ulp_view::font::{ASCENT, DESCENT, width};
use ulp_view::fonts::Fonts;
use ulp_view::geometry::Bounds;

/// A line of text as a drawing has it.
#[derive(Clone, Debug)]
struct Line {
    words: String,
    at: [f64; 2],
    size: f64,
    anchor: String,
}

impl Line {
    fn bounds(&self) -> Bounds {
        let [x, y] = self.at;
        let wide = width(&self.words) * self.size;
        let left = match self.anchor.as_str() {
            "middle" => x - wide / 2.0,
            "end" => x - wide,
            _ => x,
        };
        let slack = self.size * 0.01;
        Bounds {
            min: [left + slack, y - ASCENT * self.size + slack],
            max: [left + wide - slack, y + DESCENT * self.size - slack],
        }
    }
}

fn number(element: &Node<'_, '_>, name: &str) -> f64 {
    element.attribute(name).unwrap().parse().unwrap()
}

/// The lines within elements, each with the name that `name_of` has for its element.
fn lines(svg: &str, name_of: impl Fn(&Node<'_, '_>) -> Option<String>) -> Vec<(String, Line)> {
    let document = Document::parse(svg).unwrap();
    let mut found = Vec::new();
    for element in document.descendants() {
        let Some(name) = name_of(&element) else { continue };
        for text in element.descendants().filter(|e| e.has_tag_name("text")) {
            let size = number(&text, "font-size");
            let anchor = text.attribute("text-anchor").unwrap_or("start").to_owned();
            let spans: Vec<Node<'_, '_>> = text.children().filter(|e| e.has_tag_name("tspan")).collect();
            let all = if spans.is_empty() { vec![text] } else { spans };
            for span in all {
                let at = [number(&span, "x"), number(&span, "y")];
                let words = span.text().unwrap_or("").to_owned();
                found.push((name.clone(), Line { words, at, size, anchor: anchor.clone() }));
            }
        }
    }
    found
}

/// The lines of the labels of nodes, of readings, and of links.
fn labels(svg: &str) -> Vec<(String, Line)> {
    lines(svg, |element| {
        let link = element.parent_element().is_some_and(|e| e.attribute("data-captions").is_some());
        let own = element.attribute("data-label").or(element.attribute("data-sensor"));
        own.map(str::to_owned).or_else(|| link.then(|| "link".to_owned()))
    })
}

/// How many labels a drawing and its log say are left out.
fn left_out(input: &str) -> (usize, usize) {
    let output = feed(BIN, &["-f", "svg", "--log-all"], input.as_bytes());
    let (log, svg) =
        (String::from_utf8_lossy(&output.stderr).into_owned(), String::from_utf8(output.stdout).unwrap());
    let logged = log.lines().find(|line| line.contains("export.labels"));
    let logged = logged.and_then(|line| line.split(" left out").next()?.rsplit(' ').next()?.parse().ok());
    let said = [" label left out", " labels left out"].into_iter().find_map(|words| svg.split_once(words));
    let said = said.and_then(|(before, _)| before.rsplit(['>', ' ']).next()?.parse().ok());
    (logged.unwrap_or(0), said.unwrap_or(0))
}

/// Nodes in one place after another, so near that their labels have no room.
fn crowd(count: usize) -> String {
    let node = |i: usize| {
        format!(
            r#"create_node "node_id":"n{i}","properties":{{"label":"Place number {i}"}},"transform":{{"position":[{},{}]}}"#,
            i % 40 * 3,
            i / 40 * 3
        )
    };
    trace(&(0..count).map(node).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn no_label_lies_on_another_and_what_is_left_out_is_counted() {
    let texts = trace(&[
        r#"create_node "node_id":"t","geometry":{"kind":"text","text":"a line of text","size":9},"transform":{"position":[0,0]}"#,
        r#"create_node "node_id":"a","properties":{"label":"on the text"},"transform":{"position":[2,2]}"#,
    ]);
    for (name, input, count) in
        [("flood", flood(), None), ("crowd", crowd(900), Some(900)), ("texts", texts, Some(2))]
    {
        let svg = text(&["-f", "svg"], &input);
        let labels = labels(&svg);
        let written = lines(&svg, |e| e.attribute("data-node").map(str::to_owned));
        let boxes: Vec<(&Line, Bounds)> = labels.iter().map(|(_, line)| (line, line.bounds())).collect();
        for (i, (a, one)) in boxes.iter().enumerate() {
            for (b, other) in &boxes[i + 1..] {
                assert!(one.overlap(*other) == 0.0, "{name}: {a:?} lies on {b:?}");
            }
        }
        let (logged, said) = left_out(&input);
        assert_eq!(logged, said, "{name}");
        if let Some(count) = count {
            assert_eq!(labels.len() + written.len() + logged, count, "{name}");
        }
        assert!(!labels.is_empty() || name == "texts", "{name}");
    }
}

/// Letters are no wider in the font of pictures than labels have room for.
#[test]
fn words_are_as_wide_as_they_are_taken_for() {
    let fonts = Fonts::condensed(Vec::new());
    let faces = fonts.faces();
    for (_, line) in labels(&text(&["-f", "svg"], &flood())) {
        let wide: f64 = line.words.chars().map(|c| faces.letter(c).advance()).sum();
        assert!(wide <= width(&line.words) * 1.06, "{}: {wide}", line.words);
    }
}

/// What a canvas is made of, every size given.
fn sketch() -> String {
    trace(&[
        r#"create_node "node_id":"frame","kind":"frame","geometry":{"kind":"rect","width":300,"height":200},"properties":{"label":"Sector 3","fill":"none","stroke":"black","font_size":12}"#,
        r#"create_node "node_id":"hut","kind":"rectangle","geometry":{"kind":"rect","width":90,"height":50},"properties":{"label":"Base\ncamp of the northern team","fill":"khaki","font_size":10},"transform":{"position":[-80,30]}"#,
        r#"create_node "node_id":"pond","kind":"ellipse","geometry":{"kind":"ellipse","rx":40,"ry":25},"properties":{"label":"Pond","fill":"skyblue","font_size":10},"transform":{"position":[90,-40]}"#,
        r#"create_node "node_id":"wall","geometry":{"kind":"rect","width":60,"height":60},"properties":{"fill":"silver"},"transform":{"position":[0,0]}"#,
        r#"link_nodes "from_node":"hut","to_node":"pond","relation":"path","properties":{"label":"team 2","font_size":8}"#,
    ])
}

#[test]
fn labels_stand_where_people_put_them() {
    let svg = text(&["-f", "svg"], &sketch());
    let found = labels(&svg);
    let of = |name: &str| {
        found.iter().filter(|(n, _)| n == name).map(|(_, line)| line.clone()).collect::<Vec<_>>()
    };
    let document = Document::parse(&svg).unwrap();
    let space = document.descendants().find(|e| e.attribute("data-space").is_some()).unwrap();
    let scale = number(&space, "data-scale");
    let origin: Vec<f64> =
        space.attribute("data-origin").unwrap().split(' ').map(|x| x.parse().unwrap()).collect();
    let place = |x: f64, y: f64| [(x - origin[0]) * scale, -(y - origin[1]) * scale];
    // Inside the shape, the author's break kept, the rest broken at blanks.
    let hut = of("hut");
    assert!(hut.len() > 2 && hut[0].words == "Base", "{hut:?}");
    let around = Bounds::at(place(-125.0, 5.0)).join(Bounds::at(place(-35.0, 55.0)));
    assert!(hut.iter().all(|l| around.holds(l.bounds().min) && around.holds(l.bounds().max)), "{hut:?}");
    // On the top edge of the frame, from its corner.
    let [left, top] = place(-150.0, 100.0);
    let title = &of("frame")[0];
    assert!(title.bounds().max[1] < top && title.at[0] == left && title.anchor == "start", "{title:?}");
    // Over the wall that the link crosses, above all shapes.
    let caption = &of("link")[0];
    assert_eq!(caption.words, "team 2");
    assert!(svg.find("data-captions").unwrap() > svg.rfind("data-node=").unwrap());
}

/// Where a page writes each line, in the units of its sheet: what it hands to the canvas is caught.
const CAUGHT: &str = "(() => { \
    const { fillText } = CanvasRenderingContext2D.prototype; \
    const caught = []; \
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) { \
        caught.push([text, x, y, this.textAlign]); return fillText.call(this, text, x, y); }; \
    drawing.version += 1; drawing.draw(0); drawing.finish(); \
    CanvasRenderingContext2D.prototype.fillText = fillText; \
    const { view, width, height } = drawing.boards[0]; \
    return caught.map(([text, x, y, align]) => [text, (x - width / 2) / view.scale + view.x, \
        (y - height / 2) / view.scale - (drawing.up ? view.y : -view.y), align]); })()";

#[test]
fn a_page_lays_them_out_as_the_drawing_does() {
    let Some(mut browser) = Browser::start() else { return };
    let drawn = labels(&text(&["-f", "svg"], &sketch()));
    browser.resize(1000, 800);
    browser.open(&project(&["-f", "html"], &sketch()));
    browser.rest();
    let caught = browser.ask(CAUGHT);
    let caught = caught.as_array().unwrap();
    for (name, line) in &drawn {
        let there = caught.iter().find(|c| c[0] == line.words.as_str());
        let there = there.unwrap_or_else(|| panic!("{name}: {line:?} is not on the page: {caught:?}"));
        let off = |i: usize| (there[i + 1].as_f64().unwrap() - line.at[i]).abs();
        assert!(off(0) < 0.5 && off(1) < 0.5, "{name}: {line:?} stands at {there}");
    }
    // Words of links come after all shapes, and grow with them.
    assert_eq!(caught.iter().filter(|c| c[0] == "team 2").count(), 1);
    browser.ask("drawing.zoom(3), redraw()");
    browser.rest();
    let grown = browser.ask(CAUGHT);
    assert!(grown.as_array().unwrap().iter().any(|c| c[0] == "Base" || c[0] == "Sector 3"), "{grown}");
    browser.assert_quiet();
}

#[test]
fn several_spaces_stand_in_a_grid_with_titles() {
    let node = |i: usize| {
        let side = 10_f64.powi(i32::try_from(i).unwrap() - 2);
        format!(
            r#"create_node "node_id":"n","space_id":"space{i}","geometry":{{"kind":"rect","width":{side},"height":{}}}"#,
            side / 2.0
        )
    };
    let titled =
        r#"set_properties "node_id":"@space","space_id":"space3","properties":{"title":"The fourth"}"#;
    let operations: Vec<String> = (0..6).map(node).chain([titled.to_owned()]).collect();
    let trace = trace(&operations.iter().map(String::as_str).collect::<Vec<_>>());
    let svg = text(&["-f", "svg"], &trace);
    let document = Document::parse(&svg).unwrap();
    let mut boxes = Vec::new();
    for space in document.descendants().filter(|e| e.attribute("data-space").is_some()) {
        let transform = space.attribute("transform").unwrap();
        let numbers: Vec<f64> =
            transform.split(['(', ')', ' ']).filter_map(|part| part.parse().ok()).collect();
        let [x, y, k] = numbers[..] else { panic!("{transform}") };
        let ground = space.children().find(|e| e.has_tag_name("rect")).unwrap();
        let [left, top, wide, high] = ["x", "y", "width", "height"].map(|name| number(&ground, name) * k);
        boxes.push(Bounds { min: [left + x, top + y], max: [left + x + wide, top + y + high] });
    }
    assert_eq!(boxes.len(), 6);
    for (i, one) in boxes.iter().enumerate() {
        assert!(boxes[i + 1..].iter().all(|other| one.overlap(*other) == 0.0), "{boxes:?}");
    }
    let rows: std::collections::BTreeSet<i64> = boxes.iter().map(|b| b.min[1].round() as i64).collect();
    assert!(rows.len() == 2 || rows.len() == 3, "{boxes:?}");
    for title in ["space0", "The fourth", "space5"] {
        assert!(svg.contains(&format!(">{title}</text>")), "{title}");
    }
}

#[test]
fn a_drawing_says_of_when_it_is_and_where_north_is() {
    let place = r#"set_properties "node_id":"@space","properties":{"origin":{"lat":52,"lon":-2}}"#;
    let down = r#"set_properties "node_id":"@space","properties":{"y":"down"}"#;
    let node = r#"create_node "node_id":"a","geometry":{"kind":"rect","width":2,"height":2}"#;
    let has_north = |operations: &[&str]| text(&["-f", "svg"], &trace(operations)).contains(">N</text>");
    assert!(has_north(&[place, node]) && !has_north(&[node]) && !has_north(&[place, node, down]));
    let dated = |args: &[&str]| text(args, &trace(&[node])).contains("1970-01-01 00:20:00 UTC");
    assert!(dated(&["-f", "svg", "--at", "1970-01-01T00:20:00Z"]) && !dated(&["-f", "svg"]));
    let picture = |args: &[&str]| project(args, &trace(&[node]));
    assert_ne!(picture(&["-f", "png"]), picture(&["-f", "png", "--at", "1970-01-01T00:20:00Z"]));
}

/// A picture that breaks off, and bytes that are said to be one.
#[test]
fn media_that_failed_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let whole = resvg::tiny_skia::Pixmap::new(9, 9).unwrap().encode_png().unwrap();
    for bytes in [&whole[..whole.len() - 20], b"no picture at all"] {
        let id = ulp_core::hash::Sha256::of(bytes);
        std::fs::write(dir.path().join(id.hex()), bytes).unwrap();
        let node = format!(
            r#"create_node "node_id":"a","geometry":{{"kind":"rect","width":9,"height":9}},"media":{{"ref":"{id}","mime":"image/png"}}"#
        );
        let trace = trace(&[node.as_str()]);
        for format in ["svg", "png", "html"] {
            let args = ["-f", format, "--objects", dir.path().to_str().unwrap()];
            let output = feed(BIN, &args, trace.as_bytes());
            assert!(String::from_utf8_lossy(&output.stderr).contains("\"media.undecoded\":1"), "{format}");
            if format == "svg" {
                assert!(String::from_utf8_lossy(&output.stdout).contains(">a (missing)<"));
            }
            if format == "html" {
                let page = String::from_utf8_lossy(&output.stdout).into_owned();
                let (_, rest) = page.split_once("\"missing\":").unwrap();
                let missing: Value =
                    serde_json::Deserializer::from_str(rest).into_iter().next().unwrap().unwrap();
                assert_eq!(missing, serde_json::json!([id.to_string()]));
            }
        }
    }
}
