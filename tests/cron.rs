//! The crontab of the example: a mail comes where something fails, and only then.

use crate::run;
use std::path::Path;

/// The messages of a mailbox, each from its first line on.
fn mails(out: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(out.join("mailbox")).unwrap();
    text.split("From cron ").skip(1).map(str::to_owned).collect()
}

#[test]
fn the_example_says_the_same_each_time_and_mails_what_is_missing() {
    let dir = run::checkout();
    let script = "examples/cron/run.sh one > said; examples/cron/run.sh two > /dev/null
        cmp one/state.jsonl two/state.jsonl && cmp one/mailbox said";
    run::sh(script, dir.path());
    let mails = mails(&dir.path().join("one"));
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("\"code\":\"store.missing\""), "{}", mails[0]);
    assert!(mails[0].contains("spaces/flood/tiles/z0/x-1/y-1/public.public"), "{}", mails[0]);
    assert!(!mails[0].contains("\"severity\":\"info\""), "{}", mails[0]);
}

/// What is done to a store before its next night, and what the mail says; nothing where there is none.
const NIGHTS: [(&str, Option<&str>); 7] = [
    ("true", None),
    ("head -300 examples/flood/trace.jsonl | ulp-append --store out/w --log errors", None),
    (
        "find out/w -name index.json -exec rm {} +; ulp-store check --store out/w | grep -q '\"severity\":\"info\"'",
        None,
    ),
    (
        "printf '{\"v\":99}' > out/w/spaces/flood/tiles/z0/x-1/y-4/public.public/manifest.json",
        Some("x-1/y-4/public"),
    ),
    ("rm out/w/spaces/flood/tiles/z0/x-1/y-4/public.public/manifest.json", Some("x-1/y-4/public.public")),
    ("mv out/w out/v", Some("out/w: No such file")),
    ("mkdir out/w; touch out/w/precious", Some("out/w: no store")),
];

#[test]
fn a_mail_comes_where_something_fails_and_only_then() {
    let dir = run::checkout();
    // Everything of the example but the store, which is small here and whole.
    run::sh("examples/cron/run.sh out; rm -r out/w; ulp-store init out/w --log errors", dir.path());
    for (what, piece) in NIGHTS {
        let script = format!(
            "set -e; : > out/mailbox; {{ {what}; }} > /dev/null 2>&1; examples/cron/cron.sh out/crontab out/mailbox"
        );
        run::sh(&script, dir.path());
        let mails = mails(&dir.path().join("out"));
        assert_eq!(mails.len(), usize::from(piece.is_some()), "{what}: {mails:?}");
        assert!(mails.iter().all(|mail| mail.contains(piece.unwrap_or_default())), "{what}: {mails:?}");
    }
}
