//! A picture: the SVG drawn by `resvg`, its text in a font that is part of the program, so that it is the same
//! picture everywhere, and in those that were given for what that lacks.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree, fontdb};
use std::sync::Arc;
use ulp_view::sheet::pictures::FONT;

/// The longer side where none is given, in pixels.
pub const SIDE: u16 = 1600;
/// Most pixels of a side.
pub const MOST: u16 = 16_384;
/// Most pixels in all: 400 MB of memory.
const PIXELS: u64 = 100_000_000;

/// Draws an SVG into a PNG. Of width and height, one alone keeps the proportions; both are filled as far as they
/// allow.
pub fn write(
    svg: &str,
    fonts: Arc<fontdb::Database>,
    width: Option<u16>,
    height: Option<u16>,
) -> Result<Vec<u8>, String> {
    let tree = Tree::from_str(svg, &options(fonts)).map_err(|e| e.to_string())?;
    let (own_width, own_height) = (f64::from(tree.size().width()), f64::from(tree.size().height()));
    let (w, h) = match (width.map(f64::from), height.map(f64::from)) {
        (Some(w), Some(h)) => (w, h),
        (Some(w), None) => (w, w / own_width * own_height),
        (None, Some(h)) => (h / own_height * own_width, h),
        (None, None) => {
            let scale = f64::from(SIDE) / own_width.max(own_height);
            (own_width * scale, own_height * scale)
        }
    };
    // The casts saturate.
    let (pixels_x, pixels_y) = (w.round().max(1.0) as u32, h.round().max(1.0) as u32);
    let too_large = || format!("{pixels_x} by {pixels_y} pixels are more than this draws");
    if u64::from(pixels_x) * u64::from(pixels_y) > PIXELS {
        return Err(too_large());
    }
    let mut pixmap = Pixmap::new(pixels_x, pixels_y).ok_or_else(too_large)?;
    let scale = (w / own_width).min(h / own_height);
    let (dx, dy) = ((w - own_width * scale) / 2.0, (h - own_height * scale) / 2.0);
    let place = Transform::from_row(scale as f32, 0.0, 0.0, scale as f32, dx as f32, dy as f32);
    resvg::render(&tree, place, &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|e| e.to_string())
}

/// Fonts of our own and those that were given, and no picture but those within the SVG.
fn options(fonts: Arc<fontdb::Database>) -> Options<'static> {
    Options {
        font_family: FONT.to_owned(),
        fontdb: fonts,
        image_href_resolver: ImageHrefResolver {
            resolve_data: ImageHrefResolver::default_data_resolver(),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    }
}
