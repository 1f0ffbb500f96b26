//! The page, in a real browser where one is installed: it opens from a file, asks for nothing, says no error, and
//! shows at every point in time what `--at` shows.

use super::{create, flood, project, trace};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn browser() -> Option<PathBuf> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
}

/// The document after its scripts ran, and what the browser had to say.
fn opened(page: &[u8]) -> Option<(String, String)> {
    let Some(browser) = browser() else {
        crate::run::skipped("no browser is installed");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("page.html");
    std::fs::write(&path, page).unwrap();
    let output = Command::new("timeout")
        .arg("120")
        .arg(browser)
        .args(["--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"])
        .args(["--disable-quic", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--enable-logging=stderr"])
        .args(["--virtual-time-budget=4000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
        .arg(format!("file://{}", path.display()))
        .env("HOME", dir.path())
        .output()
        .unwrap();
    if output.status.code() == Some(124) {
        // A machine that draws in software and is busy with else may take for ever.
        crate::run::skipped("the browser did not come to its end in two minutes");
        return None;
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Some((text(output.stdout), text(output.stderr)))
}

/// What a script answers on a page that lets it run.
fn asked(page: &[u8], script: &str) -> Option<Value> {
    let page = String::from_utf8(page.to_vec()).unwrap();
    let policy = page.find("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let end = policy + page[policy..].find('>').unwrap() + 1;
    let asking = format!(
        "<script>document.body.replaceChildren(element('pre',{{id:'answer',textContent:JSON.stringify((()=>{{{script}}})())}}));</script>"
    );
    let page = format!("{}{}", &page[..policy], page[end..].replace("</body>", &format!("{asking}</body>")));
    let (dom, said) = opened(page.as_bytes())?;
    let start = dom.find("<pre id=\"answer\">").unwrap_or_else(|| panic!("no answer: {said}")) + 17;
    let text = &dom[start..start + dom[start..].find("</pre>").unwrap()];
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(serde_json::from_str(&text).unwrap())
}

/// The nodes that `--at` an event shows, with their places.
fn shown_at(event: &str, trace: &Path) -> BTreeSet<(String, String)> {
    let at = format!("id:{event}");
    let lines = String::from_utf8(project(&["--at", &at, trace.to_str().unwrap()], "")).unwrap();
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let place = |r: Value| (r["node_id"].as_str().unwrap().to_owned(), floats(&r["translation"]));
    records.filter(|r| r["type"] == "node").map(place).collect()
}

fn floats(list: &Value) -> String {
    list.as_array().unwrap().iter().map(|n| format!("{:.3} ", n.as_f64().unwrap())).collect()
}

#[test]
fn the_page_opens_and_asks_for_nothing() {
    let page = project(&["-f", "html"], &flood());
    let text = String::from_utf8(page.clone()).unwrap();
    assert!(text.contains("default-src 'none'"));
    let Some((dom, said)) = opened(&page) else { return };
    assert!(dom.contains("<h1 id=\"title\">Floods in England</h1>"), "{said}");
    assert!(dom.contains("8007 of 8007"));
    assert!(!said.contains("CONSOLE"), "{said}");
}

#[test]
fn the_slider_shows_what_at_shows() {
    let page = project(&["-f", "html"], &flood());
    let script = "const out=[];for(const n of [1,500,3000,5200,7990,8007]){seek(n);\
        out.push([history.event(n-1).id,drawing.order.map(i=>[i.node.id,i.frame.slice(9)])])}return out;";
    let Some(answer) = asked(&page, script) else { return };
    for at in answer.as_array().unwrap() {
        let event = at[0].as_str().unwrap();
        let place = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), floats(&pair[1]));
        let seen: BTreeSet<(String, String)> = at[1].as_array().unwrap().iter().map(place).collect();
        assert!(seen == shown_at(event, Path::new(super::FLOOD)), "{event}");
    }
}

#[test]
fn everything_can_be_found_picked_and_hidden() {
    let page = project(&["-f", "html"], &flood());
    let script = "find('Aldershot');const found=byId('found').children.length;byId('found').querySelector('button').click();\
        drawing.draw(0);const {width,height}=canvas.getBoundingClientRect();\
        const hit=drawing.pick(width/2,height/2)?.node?.id??null;\
        const before=drawing.inView.length;for(const layer of drawing.layers.keys())drawing.hidden.set(layer,false);drawing.draw(0);\
        return [found,drawing.selected.id,hit,before>0,drawing.inView.length];";
    let Some(answer) = asked(&page, script) else { return };
    assert!(answer[0].as_u64().unwrap() >= 1);
    assert_eq!(answer[1], answer[2]);
    assert_eq!((&answer[3], &answer[4]), (&Value::Bool(true), &Value::from(0)));
}

#[test]
fn hostile_words_stay_words() {
    let hostile = r#"</script><img src=x onerror=document.title='taken'>\u001b[31m\u202e"#;
    let input = trace(&[
        create(
            "a",
            &format!(
                r#","geometry":{{"kind":"text","text":"{hostile}"}},"properties":{{"label":"{hostile}","color":"url(//x.example)"}}"#
            ),
        ),
        format!(
            r#"{{"operation":"set_properties","node_id":"@space","properties":{{"title":"{hostile}"}}}}"#
        ),
    ]);
    let page = project(&["-f", "html"], &input);
    let text = String::from_utf8(page.clone()).unwrap();
    assert!(!text.contains("<img") && !text.contains('\u{1b}'));
    let Some((dom, said)) = opened(&page) else { return };
    assert!(!dom.contains("<img") && !dom.contains("<title>taken"), "{said}");
    assert!(!said.contains("CONSOLE"), "{said}");
}
