//! The pictures of a drawing: addresses that hold them, as base64.

use std::collections::HashMap;

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
pub struct Files<'t, 'a>(HashMap<String, Value<'t, 'a>>);

impl<'t, 'a> Files<'t, 'a> {
    pub fn of(top: Value<'t, 'a>) -> Files<'t, 'a> {
        let files = top.get("files").into_iter().flat_map(Value::members);
        Files(files.filter_map(|(id, file)| Some((id.as_text()?, file))).collect())
    }

    /// The medium of an image, whose bytes the record brings along.
    pub fn media(&self, image: Value<'_, '_>, record: &mut Record) -> Option<Json> {
        if image.get("crop").is_some_and(|crop| !crop.is_null()) {
            record.note("import.crop", "an image is cropped, and shown whole");
        }
        let file = text(image, "fileId").and_then(|id| self.0.get(&id).copied());
        let Some(file) = file else {
            record.note(BLOB, "an image without its file");
            return None;
        };
        let address = text(file, "dataURL").unwrap_or_default();
        let Some((mime, bytes)) = held(&address) else {
            record.note(BLOB, "an image whose data is no base64");
            return None;
        };
        Some(medium(words(file, "mimeType").as_deref().unwrap_or(mime), bytes, record))
    }
}

/// The medium of some bytes, which the record brings along.
pub fn medium(mime: &str, bytes: Vec<u8>, record: &mut Record) -> Json {
    let hash = Sha256::of(&bytes);
    let mut media = Object::default();
    media.text("mime", Some(mime)).text("ref", Some(&format!("sha256:{}", hash.hex())));
    media.number("bytes", bytes.len() as f64);
    record.objects.push((hash, bytes));
    media.bytes()
}

/// The type and the bytes of an address that holds them.
pub fn held(address: &str) -> Option<(&str, Vec<u8>)> {
    let (head, data) = address.strip_prefix("data:")?.split_once(',')?;
    let mime = head.strip_suffix(";base64")?.split(';').next().filter(|mime| !mime.is_empty());
    Some((mime.unwrap_or(BYTES), BASE64.decode(data.as_bytes()).ok()?))
}
