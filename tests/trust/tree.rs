//! What the dependencies may not bring with them.

use std::process::Command;

/// `legacy_compatibility` lets S be any number of 253 bits: a second signature for everything that is signed.
#[test]
fn nothing_asks_for_lenient_signatures() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--workspace",
            "--offline",
            "--locked",
            "--edges",
            "all",
            "--format",
            "{p} {f}",
            "--prefix",
            "none",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let curves: Vec<&str> = text
        .lines()
        .filter(|l| l.starts_with("ed25519-dalek ") || l.starts_with("curve25519-dalek "))
        .collect();
    assert!(
        curves.iter().any(|l| l.starts_with("ed25519-dalek v3"))
            && curves.iter().any(|l| l.starts_with("curve25519-dalek v5")),
        "{curves:?}"
    );
    assert!(
        curves.iter().all(|l| !l.contains("legacy_compatibility") && !l.contains("hazmat")),
        "{curves:?}"
    );
}
