//! Transcripts: each script in tests/transcripts is run, and what it printed and how it ended is held against the
//! snapshot beside it. `cargo insta review` takes in what was meant.

use crate::run;

#[test]
fn tools_behave_as_their_transcripts_say() {
    insta::glob!("transcripts/*.sh", |path| {
        if !cfg!(feature = "physics") && path.ends_with("physics.sh") {
            return run::skipped("the transcript of projector-physics: it needs the feature physics");
        }
        let script = std::fs::read_to_string(path).unwrap();
        let dir = run::checkout();
        let output = run::shell(&script, dir.path());
        let text = format!(
            "{}\n--- stdout\n{}--- stderr\n{}--- status {}\n",
            script.trim_end(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            output.status.code().map_or("killed".to_owned(), |c| c.to_string()),
        );
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(text);
        });
    });
}
