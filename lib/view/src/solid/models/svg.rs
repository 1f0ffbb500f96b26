//! The paths of a drawing that are seen. Words and pictures in it are passed over; it fetches
//! nothing.

use crate::path::{self, contours};
use resvg::tiny_skia::{PathSegment as Segment, Point};
use resvg::usvg::{Group, ImageHrefResolver, Node, Options, Tree};
use svgtypes::PathSegment;

/// Longest drawing, in bytes.
const LONGEST: usize = 1 << 20;
/// Most lines and curves of one.
const MOST: usize = 100_000;

/// Reads a drawing; its middle is the origin, and y runs up. `None` where it is none, or shows no path.
pub fn read(text: &str) -> Option<Vec<path::Segment>> {
    if text.len() > LONGEST {
        return None;
    }
    let resolver =
        ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) };
    let tree = Tree::from_str(text, &Options { image_href_resolver: resolver, ..Options::default() }).ok()?;
    let middle = [tree.size().width(), tree.size().height()].map(|side| f64::from(side) / 2.0);
    let mut segments = Vec::new();
    gather(tree.root(), middle, &mut segments)?;
    Some(path::absolute(segments)).filter(|all| !contours(all).is_empty())
}

fn gather(group: &Group, middle: [f64; 2], out: &mut Vec<PathSegment>) -> Option<()> {
    for node in group.children() {
        match node {
            Node::Group(inner) => gather(inner, middle, out)?,
            Node::Path(path) if path.is_visible() => {
                let data = path.data().clone().transform(path.abs_transform())?;
                out.extend(data.segments().map(|s| segment(s, middle)));
            }
            Node::Path(_) | Node::Image(_) | Node::Text(_) => {}
        }
        if out.len() > MOST {
            return None;
        }
    }
    Some(())
}

fn segment(segment: Segment, [cx, cy]: [f64; 2]) -> PathSegment {
    let at = |p: Point| (f64::from(p.x) - cx, cy - f64::from(p.y));
    let abs = true;
    match segment {
        Segment::MoveTo(p) => {
            let (x, y) = at(p);
            PathSegment::MoveTo { abs, x, y }
        }
        Segment::LineTo(p) => {
            let (x, y) = at(p);
            PathSegment::LineTo { abs, x, y }
        }
        Segment::QuadTo(a, p) => {
            let ((x1, y1), (x, y)) = (at(a), at(p));
            PathSegment::Quadratic { abs, x1, y1, x, y }
        }
        Segment::CubicTo(a, b, p) => {
            let ((x1, y1), (x2, y2), (x, y)) = (at(a), at(b), at(p));
            PathSegment::CurveTo { abs, x1, y1, x2, y2, x, y }
        }
        Segment::Close => PathSegment::ClosePath { abs },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Contour;

    fn drawing(inner: &str) -> Option<Vec<Contour>> {
        let svg = format!("<svg xmlns='http://www.w3.org/2000/svg' width='20' height='10'>{inner}</svg>");
        read(&svg).map(|segments| contours(&segments))
    }

    #[test]
    fn paths_stand_around_the_middle() {
        let found = drawing("<g transform='translate(10 0)'><path d='M0 0H10V5H0Z'/></g>").unwrap();
        assert_eq!(found[0].points[..3], [[0.0, 5.0], [10.0, 5.0], [10.0, 0.0]]);
        assert!(found[0].closed);
    }

    #[test]
    fn what_is_hostile_is_refused() {
        let many = (1..9).fold("<g id='g0'><path d='M0 0H9V9Z'/></g>".to_owned(), |text, n| {
            let inner = format!("<use href='#g{}'/>", n - 1).repeat(10);
            format!("{text}<g id='g{n}'>{inner}</g>")
        });
        let outside =
            "<image href='file:///etc/passwd' width='9' height='9'/><use href='http://a.example/#x'/>";
        for bad in
            ["", "<text>words</text>", outside, &many, "<g id='a'><use href='#a'/></g>", "<script>1</script>"]
        {
            assert_eq!(drawing(bad), None, "{bad:.80}");
        }
        let entities = "<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>";
        assert_eq!(read(&format!("{entities}<svg>&b;</svg>")), None);
        assert_eq!(read(&" ".repeat(LONGEST + 1)), None);
    }
}
