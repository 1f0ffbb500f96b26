//! Lines of text.

use super::Sheet;
use std::fmt::Write as _;
use ulp_core::text::xml_into;
use ulp_view::font::LINE;
use ulp_view::labels::Anchor;
use ulp_view::path::Point;

impl Sheet<'_, '_, '_> {
    /// Lines of text from a baseline down.
    pub fn text(&self, lines: &[impl AsRef<str>], at: Point, anchor: Anchor, size: f64, out: &mut String) {
        let _ = write!(out, "<text font-size=\"{}\"", self.show(size));
        if anchor != Anchor::Start {
            let _ = write!(out, " text-anchor=\"{}\"", anchor.word());
        }
        if let [line] = lines {
            let _ = write!(out, " x=\"{}\" y=\"{}\">", self.show(at[0]), self.show(at[1]));
            xml_into(line.as_ref(), out);
        } else {
            out.push('>');
            for (i, line) in lines.iter().enumerate() {
                let y = at[1] + i as f64 * LINE * size;
                let _ = write!(out, "<tspan x=\"{}\" y=\"{}\">", self.show(at[0]), self.show(y));
                xml_into(line.as_ref(), out);
                out.push_str("</tspan>");
            }
        }
        out.push_str("</text>");
    }
}
