//! `put`: blobs, each with the line that a `set_media` needs.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use ulp_cli::{Failure, Output};
use ulp_core::hash::Sha256;
use ulp_core::json::write::Members;
use ulp_store::Store;

/// What the endings of names say, and the bytes that such files begin with where they do.
const KINDS: [(&str, &[u8], &str); 18] = [
    ("png", b"\x89PNG", "image/png"),
    ("jpg", b"\xff\xd8\xff", "image/jpeg"),
    ("jpeg", b"\xff\xd8\xff", "image/jpeg"),
    ("gif", b"GIF8", "image/gif"),
    ("webp", b"RIFF", "image/webp"),
    ("svg", b"", "image/svg+xml"),
    ("glb", b"glTF", "model/gltf-binary"),
    ("gltf", b"", "model/gltf+json"),
    ("obj", b"", "model/obj"),
    ("stl", b"", "model/stl"),
    ("wav", b"RIFF", "audio/wav"),
    ("mp3", b"", "audio/mpeg"),
    ("ogg", b"OggS", "audio/ogg"),
    ("mp4", b"", "video/mp4"),
    ("pdf", b"%PDF", "application/pdf"),
    ("json", b"", "application/json"),
    ("txt", b"", "text/plain"),
    ("csv", b"", "text/csv"),
];

/// Stores the files, each in a commit of its own, and writes its line once it is durable.
pub fn write(store: &Store, files: &[PathBuf], out: &mut Output) -> Result<(), Failure> {
    for file in files {
        let bytes = std::fs::read(file).map_err(|e| Failure::io(file.display(), e))?;
        let hash = Sha256::of(&bytes);
        let mut commit = store.commit()?;
        commit.put(&[(hash, &bytes)])?;
        commit.publish(Vec::new())?;
        commit.release()?;
        let mut text = Vec::new();
        let mut line = Members::open(&mut text);
        line.integer("bytes", bytes.len(), &mut text);
        line.text("mime", mime(file, &bytes), &mut text);
        line.text("name", &file.file_name().unwrap_or_default().to_string_lossy(), &mut text);
        line.word("ref", hash, &mut text);
        line.end_line(&mut text);
        out.write_all(&text)?;
    }
    Ok(())
}

/// What a file is, by its name, where its first bytes do not say otherwise.
fn mime(file: &Path, bytes: &[u8]) -> &'static str {
    let ending = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let fits = KINDS.iter().find(|(name, start, _)| *name == ending && bytes.starts_with(start));
    fits.map_or("application/octet-stream", |(_, _, mime)| mime)
}
