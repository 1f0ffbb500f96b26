//! Triangles out of a Wavefront OBJ: its faces, in its own axes. Materials and everything else are passed over.

use super::{MOST_CORNERS, MOST_INDICES};
use crate::geometry::Triangles;
use crate::solid::space::{FAR, Vector};
use std::collections::BTreeMap;

/// Reads a text; `None` where it holds no face, or one that it cannot hold.
pub fn read(text: &str) -> Option<Triangles> {
    let (mut points, mut normals): (Vec<Vector>, Vec<Vector>) = (Vec::new(), Vec::new());
    let mut corners: BTreeMap<(usize, Option<usize>), u32> = BTreeMap::new();
    let mut found = Triangles::default();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("v") => points.push(vector(words)?),
            Some("vn") => normals.push(vector(words)?),
            Some("f") => {
                let mut face = Vec::new();
                for word in words {
                    let (point, normal) = corner(word, points.len(), normals.len())?;
                    let next = u32::try_from(found.positions.len()).ok()?;
                    let at = *corners.entry((point, normal)).or_insert(next);
                    if at == next {
                        found.positions.push(points[point]);
                        found.normals.push(normal.map_or([0.0; 3], |n| normals[n]));
                    }
                    face.push(at);
                }
                for pair in face.windows(2).skip(1) {
                    found.indices.extend([face[0], pair[0], pair[1]]);
                }
            }
            _ => {}
        }
        if points.len().max(normals.len()) > MOST_CORNERS || found.indices.len() > MOST_INDICES {
            return None;
        }
    }
    Some(found).filter(|found| !found.indices.is_empty())
}

fn vector<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Vector> {
    let mut number = || words.next()?.parse::<f64>().ok().filter(|n| n.abs() <= FAR);
    Some([number()?, number()?, number()?])
}

/// The places of a corner's point and normal: counted from 1, or from the end where they are negative.
fn corner(word: &str, points: usize, normals: usize) -> Option<(usize, Option<usize>)> {
    let mut parts = word.split('/');
    let point = place(parts.next()?, points)?;
    let normal = parts.nth(1).filter(|part| !part.is_empty());
    Some((point, normal.map(|part| place(part, normals).ok_or(())).transpose().ok()?))
}

fn place(text: &str, count: usize) -> Option<usize> {
    let number: i64 = text.parse().ok()?;
    let at =
        if number < 0 { i64::try_from(count).ok()?.checked_add(number)? } else { number.checked_sub(1)? };
    usize::try_from(at).ok().filter(|at| *at < count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_become_triangles() {
        let square = "# a square\nmtllib x.mtl\nv 0 0 0\nv 1 0 0 1.0\nv 1 1 0\nv 0 1 0\nvn 0 0 1\n";
        let found = read(&format!("{square}f 1//1 2//1 3//1 -1//-1\n")).unwrap();
        assert_eq!(found.indices, [0, 1, 2, 0, 2, 3]);
        assert_eq!((found.positions[3], found.normals[3]), ([0.0, 1.0, 0.0], [0.0, 0.0, 1.0]));
        assert_eq!(read(&format!("{square}f 1/9/1 2 3/2\n")).unwrap().positions.len(), 3);
    }

    #[test]
    fn what_is_hostile_is_refused() {
        let points = "v 0 0 0\nv 1 0 0\nv 0 1 0\n";
        for bad in [
            "f 1 2 4",
            "f 0 1 2",
            "f -4 1 2",
            "f a b c",
            "f 1//1 2//1 3//1",
            "f 1 2",
            "v nan 0 0\nf 1 2 3",
            "v inf 0 0\nf 1 2 3",
            "v 1e300 0 0\nf 1 2 3",
            "v 1 2\nf 1 2 3",
            "f 9223372036854775808 1 2",
            "f -9223372036854775808 1 2",
        ] {
            assert!(read(&format!("{points}{bad}\n")).is_none(), "{bad}");
        }
        assert!(read(&"v 0 0 0\n".repeat(MOST_CORNERS + 1)).is_none());
    }
}
