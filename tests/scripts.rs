//! The pages' scripts are tidy: eslint, which `make deps` installs, finds nothing in them.

use crate::run;
use std::process::Command;

/// What stands in a page is one script: what each projector brings along, between these two, in this order.
const BEFORE: [&str; 2] = ["lib/view/src/page/history.js", "lib/view/src/page/common.js"];
const PLANE: [&str; 3] =
    ["lib/view/src/sheet/pen.js", "lib/view/src/sheet/minimap.js", "lib/view/src/sheet/drawing.js"];
const SOLID: [&str; 2] = ["lib/view/src/solid/page/drawing.js", "lib/view/src/solid/page/xr.js"];
const MAP: [&str; 2] = ["lib/view/src/geodesy/plane.js", "bin/projector-map/page/map.js"];
const AFTER: [&str; 7] = [
    "lib/view/src/page/clock.js",
    "lib/view/src/page/chart.js",
    "lib/view/src/page/details.js",
    "lib/view/src/page/search.js",
    "lib/view/src/page/legend.js",
    "lib/view/src/page/share.js",
    "lib/view/src/page/page.js",
];

/// What stands inside of a page does not end where it stands, and never makes a page of what an event wrote.
#[test]
fn no_script_and_no_style_ends_itself() {
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    let (scripts, styles) = (crate::tidy::sources_of("js"), crate::tidy::sources_of("css"));
    assert!(scripts.len() >= 8 && styles.len() >= 3, "{scripts:?} {styles:?}");
    for path in scripts {
        let script = read(&path);
        for bad in ["</script", "<!--", "innerHTML", "eval("] {
            assert!(!script.contains(bad), "{}: {bad}", path.display());
        }
    }
    for path in styles {
        assert!(!read(&path).contains("</style"), "{}", path.display());
    }
}

#[test]
fn the_pages_scripts_are_linted() {
    let eslint = run::root().join("target/peers/node_modules/eslint/bin/eslint.js");
    if !eslint.exists() {
        run::skipped("eslint is not installed: make deps");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let read = |path: &str| std::fs::read_to_string(run::root().join(path)).unwrap();
    std::fs::write(dir.path().join("eslint.config.mjs"), read("tests/eslint.config.mjs")).unwrap();
    let pages = [
        ("projector-2d", PLANE.to_vec()),
        ("projector-3d", SOLID.to_vec()),
        ("projector-map", [&PLANE[..], &MAP].concat()),
    ];
    for (page, drawing) in pages {
        let parts: Vec<String> = [&BEFORE[..], &drawing, &AFTER].concat().into_iter().map(read).collect();
        for part in &parts {
            assert!(part.starts_with("\"use strict\";\n"), "{page}: {:?}", part.lines().next());
            assert!(
                !part.lines().any(|line| line.ends_with(' ') || line.contains('\t')),
                "{page}: white space"
            );
        }
        // A directive in the midst of a script would be a statement without effect.
        let whole: String = parts.iter().map(|part| part.replacen("\"use strict\";", "", 1)).collect();
        std::fs::write(dir.path().join(format!("{page}.js")), format!("\"use strict\";{whole}")).unwrap();
    }
    let own = read("bin/projector-dashboard/page/page.js");
    assert!(own.starts_with("\"use strict\";\n") && !own.lines().any(|line| line.ends_with(' ')));
    std::fs::write(dir.path().join("projector-dashboard.js"), own).unwrap();
    let node =
        Command::new("node").arg(eslint).args(["--max-warnings=0", "*.js"]).current_dir(dir.path()).output();
    let output = node.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
