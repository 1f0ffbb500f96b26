//! Pictures as glTF and browsers take them: PNG and JPEG as they are, others drawn anew, and no larger than a screen.

use crate::media;
use data_encoding::BASE64;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, ImageKind, Node, Options, Tree};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use ulp_store::blobs::{Blobs, UNDECODED};

/// The longest side of a picture, in pixels; larger ones are drawn smaller.
const LONGEST: f64 = 2048.0;
/// Most pixels of a picture that is read.
const MOST_PIXELS: f64 = 32e6;
/// Most bytes of pictures in one scene.
const MOST_BYTES: usize = 64 << 20;

/// The pictures among the blobs.
pub struct Pictures<'b> {
    blobs: &'b Blobs<'b>,
    found: media::Pictures<'b>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    pictures: BTreeMap<String, Option<Arc<Picture>>>,
    bytes: usize,
}

/// A picture: PNG or JPEG.
pub struct Picture {
    pub mime: &'static str,
    pub bytes: Vec<u8>,
    /// Its width and height, in pixels.
    pub size: [f64; 2],
}

impl Picture {
    /// As an address that holds it.
    pub fn address(&self) -> String {
        format!("data:{};base64,{}", self.mime, BASE64.encode(&self.bytes))
    }
}

impl<'b> Pictures<'b> {
    pub fn new(blobs: &'b Blobs<'b>) -> Pictures<'b> {
        Pictures { blobs, found: media::Pictures::new(blobs), known: Mutex::default() }
    }

    /// The picture that a reference `sha256:…` names, where it is at hand, holds its hash, and is one; none beyond
    /// what a scene holds.
    pub fn get(&self, reference: &str) -> Option<Arc<Picture>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.pictures.get(reference) {
            return known.clone();
        }
        let bytes = self.found.get(reference);
        let picture = bytes.as_ref().and_then(|found| drawable(found.mime, &found.bytes));
        if bytes.is_some() && picture.is_none() {
            self.blobs.fault(reference, UNDECODED);
        }
        let left = MOST_BYTES - known.bytes;
        let picture = picture.filter(|picture| picture.bytes.len() <= left).map(Arc::new);
        known.bytes += picture.as_ref().map_or(0, |picture| picture.bytes.len());
        known.pictures.insert(reference.to_owned(), picture.clone());
        picture
    }
}

/// A picture that can be drawn, as it is where that is PNG or JPEG and no larger than asked for.
fn drawable(mime: &str, bytes: &[u8]) -> Option<Picture> {
    let (mime, kind) = match mime {
        "image/png" => ("image/png", ImageKind::PNG(Arc::new(bytes.to_vec()))),
        "image/jpeg" => ("image/jpeg", ImageKind::JPEG(Arc::new(bytes.to_vec()))),
        "image/gif" => ("", ImageKind::GIF(Arc::new(bytes.to_vec()))),
        "image/webp" => ("", ImageKind::WEBP(Arc::new(bytes.to_vec()))),
        _ => return None,
    };
    let tree = sheet(kind)?;
    let size = size_of(&tree)?;
    let shrunk = (LONGEST / size[0].max(size[1])).min(1.0);
    if size[0] * size[1] > MOST_PIXELS {
        return None;
    }
    let drawn = drawn(&tree, size.map(|side| (side * shrunk).round().max(1.0)), shrunk)?;
    if mime.is_empty() || shrunk < 1.0 {
        return Some(Picture { mime: "image/png", bytes: drawn.encode_png().ok()?, size });
    }
    Some(Picture { mime, bytes: bytes.to_vec(), size })
}

/// A drawing that holds the picture alone, in its own size.
fn sheet(kind: ImageKind) -> Option<Tree> {
    let resolver = ImageHrefResolver {
        resolve_data: Box::new(|_, _, _| None),
        resolve_string: Box::new(move |_, _| Some(kind.clone())),
    };
    let options = Options { image_href_resolver: resolver, ..Options::default() };
    Tree::from_str(r#"<svg xmlns="http://www.w3.org/2000/svg"><image href="it"/></svg>"#, &options).ok()
}

fn size_of(tree: &Tree) -> Option<[f64; 2]> {
    let image = tree.root().children().iter().find_map(image)?;
    let size = image.size();
    Some([size.width(), size.height()].map(f64::from))
}

fn image(node: &Node) -> Option<&resvg::usvg::Image> {
    match node {
        Node::Image(image) => Some(image),
        Node::Group(group) => group.children().iter().find_map(image),
        Node::Path(_) | Node::Text(_) => None,
    }
}

/// The picture in pixels; nothing where it could not be read, of which nothing is seen.
fn drawn(tree: &Tree, [width, height]: [f64; 2], scale: f64) -> Option<Pixmap> {
    let mut pixmap = Pixmap::new(width as u32, height as u32)?;
    resvg::render(tree, Transform::from_scale(scale as f32, scale as f32), &mut pixmap.as_mut());
    pixmap.pixels().iter().any(|pixel| pixel.alpha() > 0).then_some(pixmap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut pixmap = Pixmap::new(width, height).unwrap();
        pixmap.fill(resvg::tiny_skia::Color::from_rgba8(200, 30, 30, 255));
        pixmap.encode_png().unwrap()
    }

    #[test]
    fn what_can_be_drawn_is_taken_as_it_is() {
        let small = png(3, 2);
        let picture = drawable("image/png", &small).unwrap();
        assert_eq!((picture.mime, picture.bytes == small, picture.size), ("image/png", true, [3.0, 2.0]));
        let gif = BASE64.decode(b"R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=").unwrap();
        assert!(drawable("image/gif", &gif).unwrap().bytes.starts_with(b"\x89PNG"));
    }

    #[test]
    fn large_pictures_become_smaller_and_broken_ones_nothing() {
        let large = drawable("image/png", &png(4096, 16)).unwrap();
        assert_eq!(
            (u32::from_be_bytes(large.bytes[16..20].try_into().unwrap()), large.size[0]),
            (2048, 4096.0)
        );
        let whole = png(40, 40);
        let mut huge = whole.clone();
        huge[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        for (mime, bad) in [
            ("image/png", &whole[..40]),
            ("image/png", &huge[..]),
            ("image/jpeg", b"\xff\xd8\xff"),
            ("image/png", b""),
        ] {
            assert!(drawable(mime, bad).is_none(), "{mime}");
        }
    }
}
