//! The pictures of a drawing: addresses that hold them, as base64.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use data_encoding::BASE64;
use ulp_core::hash::Sha256;
use ulp_core::json::Value;
use ulp_core::json::write::Object;

use crate::draft::Json;
use crate::record::Record;
use crate::sketch::{text, words};

/// What a picture is that does not say.
const BYTES: &str = "application/octet-stream";
/// The code of a picture that cannot be taken along.
const BLOB: &str = "import.blob";

/// The files of a document, by their ids.
pub struct Files<'t, 'a>(HashMap<String, File<'t, 'a>>);

struct File<'t, 'a> {
    value: Value<'t, 'a>,
    /// What it holds, once an image has asked.
    picture: OnceCell<Option<Picture>>,
}

impl<'t, 'a> Files<'t, 'a> {
    pub fn of(top: Value<'t, 'a>) -> Files<'t, 'a> {
        let files = top.get("files").into_iter().flat_map(Value::members);
        let file = |value| File { value, picture: OnceCell::new() };
        Files(files.filter_map(|(id, value)| Some((id.as_text()?, file(value)))).collect())
    }

    /// The medium of an image, whose bytes the record brings along.
    pub fn media(&self, image: Value<'_, '_>, record: &mut Record) -> Option<Json> {
        if image.get("crop").is_some_and(|crop| !crop.is_null()) {
            record.note("import.crop", "an image is cropped, and shown whole");
        }
        let Some(file) = text(image, "fileId").and_then(|id| self.0.get(&id)) else {
            record.note(BLOB, "an image without its file");
            return None;
        };
        let Some(picture) = file.picture.get_or_init(|| Picture::of_file(file.value)) else {
            record.note(BLOB, "an image whose data is no base64");
            return None;
        };
        Some(picture.medium(record))
    }
}

/// A picture that a document holds, however many nodes show it.
pub struct Picture {
    mime: String,
    hash: Sha256,
    bytes: Arc<[u8]>,
}

impl Picture {
    fn of_file(file: Value<'_, '_>) -> Option<Picture> {
        Picture::held(&text(file, "dataURL")?, words(file, "mimeType"))
    }

    /// The picture that an address holds; its type, unless another is given.
    pub fn held(address: &str, mime: Option<String>) -> Option<Picture> {
        let (head, data) = address.strip_prefix("data:")?.split_once(',')?;
        let own = head.strip_suffix(";base64")?.split(';').next().filter(|mime| !mime.is_empty());
        let bytes = BASE64.decode(data.as_bytes()).ok()?;
        let mime = mime.unwrap_or_else(|| own.unwrap_or(BYTES).to_owned());
        Some(Picture { mime, hash: Sha256::of(&bytes), bytes: bytes.into() })
    }

    /// The medium of a node, whose record brings the bytes along.
    pub fn medium(&self, record: &mut Record) -> Json {
        let mut media = Object::default();
        media.text("mime", Some(&self.mime)).text("ref", Some(&format!("sha256:{}", self.hash.hex())));
        media.number("bytes", self.bytes.len() as f64);
        record.objects.push((self.hash, Arc::clone(&self.bytes)));
        media.bytes()
    }
}
