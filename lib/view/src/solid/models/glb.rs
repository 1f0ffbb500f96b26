//! Triangles out of a glTF 2.0 binary: of every mesh of its scene, where its nodes put them.
//!
//! Only what lies in the file counts: a buffer elsewhere, an extension that it requires, a node that has two parents
//! or is its own ancestor, numbers that are none or that lie outside, and shapes of more corners than there is room
//! for make it no glTF. Its y runs up, and ours is z.

use super::{MOST_CORNERS, MOST_INDICES};
use crate::geometry::Triangles;
use crate::solid::space::{FAR, Vector, cross, dot};
use ulp_core::json::{self, Kind, Tape, Value};

pub const MAGIC: &[u8] = b"glTF";
/// Longest description, in bytes.
const LONGEST: usize = 16 << 20;
/// What a primitive's `mode` says of triangles.
const TRIANGLES: i64 = 4;

/// Reads a binary; `None` where it is none, or holds no triangle.
pub fn read(bytes: &[u8]) -> Option<Triangles> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let size = |at: usize| usize::try_from(word(at)?).ok();
    if !bytes.starts_with(MAGIC) || word(4)? != 2 || size(8)? != bytes.len() {
        return None;
    }
    let description = chunk(bytes, 12, b"JSON")?;
    let buffer = chunk(bytes, 20 + description.len(), b"BIN\0").unwrap_or_default();
    let text = std::str::from_utf8(description).ok().filter(|text| text.len() <= LONGEST)?;
    let mut tape = Tape::new();
    let root = tape.parse_any(text, json::STATE_DEPTH).ok()?;
    let mut reader = Reader::new(root, buffer)?;
    reader.walk(root)?;
    Some(reader.found).filter(|found| !found.indices.is_empty())
}

/// The bytes of the chunk that begins at a place, if it is of that kind.
fn chunk<'a>(bytes: &'a [u8], at: usize, kind: &[u8; 4]) -> Option<&'a [u8]> {
    let head = bytes.get(at..at.checked_add(8)?)?;
    let length = usize::try_from(u32::from_le_bytes(head[..4].try_into().ok()?)).ok()?;
    let start = at + 8;
    bytes.get(start..start.checked_add(length)?).filter(|_| &head[4..] == kind)
}

/// A frame as its axes and its origin.
type Frame = [Vector; 4];

const UPRIGHT: Frame = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [0.0; 3]];

struct Reader<'t, 'a> {
    nodes: Vec<Value<'t, 'a>>,
    meshes: Vec<Value<'t, 'a>>,
    accessors: Vec<Value<'t, 'a>>,
    views: Vec<Value<'t, 'a>>,
    buffer: &'a [u8],
    found: Triangles,
}

impl<'t, 'a> Reader<'t, 'a> {
    fn new(root: Value<'t, 'a>, buffer: &'a [u8]) -> Option<Reader<'t, 'a>> {
        if root.get("extensionsRequired").is_some_and(|list| !list.is_empty()) {
            return None;
        }
        let list = |name| root.get(name).map(|v| v.items().collect()).unwrap_or_default();
        let buffers: Vec<Value<'_, '_>> = list("buffers");
        if buffers.len() > 1 || buffers.iter().any(|b| b.get("uri").is_some()) {
            return None;
        }
        let (nodes, meshes) = (list("nodes"), list("meshes"));
        let (accessors, views) = (list("accessors"), list("bufferViews"));
        Some(Reader { nodes, meshes, accessors, views, buffer, found: Triangles::default() })
    }

    /// Goes through the nodes of the scene, each of which has one way to it.
    fn walk(&mut self, root: Value<'t, 'a>) -> Option<()> {
        let scenes: Vec<Value<'_, '_>> = root.get("scenes").map(|v| v.items().collect()).unwrap_or_default();
        let roots = match scenes.get(place(root, "scene")?.unwrap_or(0)) {
            Some(scene) => places(*scene, "nodes")?,
            None => self.roots()?,
        };
        let mut seen = vec![false; self.nodes.len()];
        let mut waiting: Vec<(usize, Frame)> = roots.into_iter().rev().map(|n| (n, UPRIGHT)).collect();
        while let Some((n, around)) = waiting.pop() {
            let node = *self.nodes.get(n)?;
            if std::mem::replace(seen.get_mut(n)?, true) {
                return None;
            }
            let frame = within(&around, &frame(node)?);
            if let Some(mesh) = place(node, "mesh")? {
                self.mesh(mesh, &frame)?;
            }
            waiting.extend(places(node, "children")?.into_iter().rev().map(|child| (child, frame)));
        }
        Some(())
    }

    /// The nodes that no other holds.
    fn roots(&self) -> Option<Vec<usize>> {
        let mut held = vec![false; self.nodes.len()];
        for node in &self.nodes {
            for child in places(*node, "children")? {
                *held.get_mut(child)? = true;
            }
        }
        Some((0..held.len()).filter(|n| !held[*n]).collect())
    }

    fn mesh(&mut self, mesh: usize, frame: &Frame) -> Option<()> {
        let primitives = self.meshes.get(mesh)?.get("primitives")?;
        for primitive in primitives.items() {
            let mode = primitive.get("mode").map_or(Some(TRIANGLES), Value::as_i64)?;
            // Points and lines are no part of a solid.
            if (TRIANGLES..TRIANGLES + 3).contains(&mode) {
                self.primitive(primitive, mode, frame)?;
            }
        }
        Some(())
    }

    fn primitive(&mut self, primitive: Value<'t, 'a>, mode: i64, frame: &Frame) -> Option<()> {
        let attributes = primitive.get("attributes")?;
        let positions = self.vectors(place(attributes, "POSITION")??)?;
        let normals = match place(attributes, "NORMAL")? {
            Some(normals) => self.vectors(normals)?,
            None => Vec::new(),
        };
        let corners: Vec<u32> = match place(primitive, "indices")? {
            Some(indices) => self.indices(indices)?,
            None => (0..u32::try_from(positions.len()).ok()?).collect(),
        };
        if corners.iter().any(|i| *i as usize >= positions.len()) {
            return None;
        }
        let base = u32::try_from(self.found.positions.len()).ok()?;
        let full = self.found.positions.len() + positions.len() > MOST_CORNERS;
        if full || self.found.indices.len() + 3 * corners.len() > MOST_INDICES {
            return None;
        }
        // What a frame mirrors is seen from its other side.
        let mirrored = dot(cross(frame[0], frame[1]), frame[2]) < 0.0;
        for [a, b, c] in triangles(&corners, mode) {
            let [b, c] = if mirrored { [c, b] } else { [b, c] };
            self.found.indices.extend([a, b, c].map(|i| i + base));
        }
        // A normal stays upright on its face under any frame by the cofactors of it.
        let [x, y, z, _] = *frame;
        let cofactors = [cross(y, z), cross(z, x), cross(x, y), [0.0; 3]];
        let sign = if mirrored { -1.0 } else { 1.0 };
        for (i, position) in positions.iter().enumerate() {
            self.found.positions.push(checked(apply(frame, *position))?);
            let normal = normals.get(i).map(|n| apply(&cofactors, *n).map(|c| c * sign));
            self.found.normals.push(normal.filter(|n| n.iter().all(|c| c.is_finite())).unwrap_or([0.0; 3]));
        }
        Some(())
    }

    /// An accessor of three floats each.
    fn vectors(&self, accessor: usize) -> Option<Vec<Vector>> {
        const FLOAT: i64 = 5126;
        let (component, shape, bytes) = self.accessor(accessor)?;
        if component != FLOAT || shape != "VEC3" {
            return None;
        }
        let float = |b: &[u8]| Some(f64::from(f32::from_le_bytes(b.try_into().ok()?)));
        bytes.map(|b| checked([float(&b[..4])?, float(&b[4..8])?, float(&b[8..])?])).collect()
    }

    fn indices(&self, accessor: usize) -> Option<Vec<u32>> {
        let (_, shape, bytes) = self.accessor(accessor)?;
        let number = |b: &[u8]| match *b {
            [a] => Some(u32::from(a)),
            [a, b] => Some(u32::from(u16::from_le_bytes([a, b]))),
            [a, b, c, d] => Some(u32::from_le_bytes([a, b, c, d])),
            _ => None,
        };
        if shape == "SCALAR" { bytes.map(number).collect() } else { None }
    }

    /// What the components of an accessor are, how many make an element, and the bytes of each element.
    fn accessor(&self, n: usize) -> Option<(i64, String, impl Iterator<Item = &'a [u8]>)> {
        let accessor = *self.accessors.get(n)?;
        if accessor.get("sparse").is_some() {
            return None;
        }
        let view = *self.views.get(place(accessor, "bufferView")??)?;
        if place(view, "buffer")?? != 0 {
            return None;
        }
        let component = accessor.get("componentType")?.as_i64()?;
        let wide = match component {
            5121 => 1,
            5123 => 2,
            5125 | 5126 => 4,
            _ => return None,
        };
        let shape: String = accessor.get("type").filter(|v| v.kind() == Kind::String)?.chars().collect();
        let element = wide * if shape == "VEC3" { 3 } else { 1 };
        let stride = place(view, "byteStride")?.unwrap_or(element);
        let start = place(view, "byteOffset")?.unwrap_or(0);
        let length = place(view, "byteLength")??;
        let part = self.buffer.get(start..start.checked_add(length)?)?;
        let part = part.get(place(accessor, "byteOffset")?.unwrap_or(0)..)?;
        let count = place(accessor, "count")??;
        if count == 0 || count > MOST_INDICES || stride < element {
            return None;
        }
        let needed = stride.checked_mul(count - 1)?.checked_add(element)?;
        let part = part.get(..needed)?;
        Some((component, shape, part.chunks(stride).map(move |chunk| &chunk[..element])))
    }
}

/// The triangles of a list of corners, a strip or a fan.
fn triangles(corners: &[u32], mode: i64) -> Vec<[u32; 3]> {
    match mode {
        TRIANGLES => corners.chunks_exact(3).map(|t| [t[0], t[1], t[2]]).collect(),
        5 => {
            let turned = |(i, t): (usize, &[u32])| {
                if i % 2 == 0 { [t[0], t[1], t[2]] } else { [t[1], t[0], t[2]] }
            };
            corners.windows(3).enumerate().map(turned).collect()
        }
        _ => corners.windows(2).skip(1).map(|t| [corners[0], t[0], t[1]]).collect(),
    }
}

/// A whole number that is not negative, if it is there; `None` where it is something else.
fn place(object: Value<'_, '_>, name: &str) -> Option<Option<usize>> {
    match object.get(name) {
        None => Some(None),
        Some(value) => Some(Some(usize::try_from(value.as_i64()?).ok()?)),
    }
}

fn places(object: Value<'_, '_>, name: &str) -> Option<Vec<usize>> {
    let Some(list) = object.get(name) else { return Some(Vec::new()) };
    list.items().map(|v| usize::try_from(v.as_i64()?).ok()).collect()
}

fn numbers<const N: usize>(object: Value<'_, '_>, name: &str, otherwise: [f64; N]) -> Option<[f64; N]> {
    let Some(list) = object.get(name) else { return Some(otherwise) };
    let list: Option<Vec<f64>> = list.items().map(Value::as_f64).collect();
    list?.try_into().ok()
}

/// Where a node stands in that around it.
fn frame(node: Value<'_, '_>) -> Option<Frame> {
    if node.get("matrix").is_some() {
        let m = numbers(node, "matrix", [0.0; 16])?;
        return Some([0, 4, 8, 12].map(|i| [m[i], m[i + 1], m[i + 2]]));
    }
    let [x, y, z, w] = crate::solid::space::turn(numbers(node, "rotation", crate::solid::space::STILL)?);
    let scale = numbers(node, "scale", [1.0; 3])?;
    let axes = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + z * w), 2.0 * (x * z - y * w)],
        [2.0 * (x * y - z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + x * w)],
        [2.0 * (x * z + y * w), 2.0 * (y * z - x * w), 1.0 - 2.0 * (x * x + y * y)],
    ];
    let axis = |i: usize| axes[i].map(|c| c * scale[i]);
    Some([axis(0), axis(1), axis(2), numbers(node, "translation", [0.0; 3])?])
}

/// A frame that stands in another, as it stands around that.
fn within(around: &Frame, frame: &Frame) -> Frame {
    let turned = |v: Vector| {
        let way: Vector = std::array::from_fn(|i| (0..3).map(|k| around[k][i] * v[k]).sum());
        way
    };
    [turned(frame[0]), turned(frame[1]), turned(frame[2]), apply(around, frame[3])]
}

fn apply(frame: &Frame, v: Vector) -> Vector {
    std::array::from_fn(|i| frame[3][i] + (0..3).map(|k| frame[k][i] * v[k]).sum::<f64>())
}

/// A point that can be drawn.
fn checked(v: Vector) -> Option<Vector> {
    v.iter().all(|c| c.abs() <= FAR).then_some(v)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A binary of one triangle, after some change to its description.
    fn binary(change: impl Fn(String) -> String) -> Vec<u8> {
        let text = concat!(
            r#"{"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0,"#,
            r#""translation":[1,2,3],"children":[]}],"meshes":[{"primitives":[{"attributes":{"POSITION":0},"#,
            r#""indices":1}]}],"accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3"},"#,
            r#"{"bufferView":1,"componentType":5123,"count":3,"type":"SCALAR"}],"bufferViews":[{"buffer":0,"#,
            r#""byteLength":36},{"buffer":0,"byteOffset":36,"byteLength":6}],"buffers":[{"byteLength":44}]}"#
        );
        let mut text = change(text.to_owned());
        while !text.len().is_multiple_of(4) {
            text.push(' ');
        }
        let floats = [0.0_f32, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let mut data: Vec<u8> = floats.iter().flat_map(|f| f.to_le_bytes()).collect();
        data.extend([0, 0, 1, 0, 2, 0, 0, 0]);
        let mut bytes = b"glTF\x02\0\0\0".to_vec();
        bytes.extend(u32::try_from(28 + text.len() + data.len()).unwrap().to_le_bytes());
        for (kind, chunk) in [(b"JSON", text.as_bytes()), (b"BIN\0", &data)] {
            bytes.extend(u32::try_from(chunk.len()).unwrap().to_le_bytes());
            bytes.extend(kind);
            bytes.extend(chunk);
        }
        bytes
    }

    #[test]
    fn a_triangle_stands_where_its_node_puts_it() {
        let found = read(&binary(|t| t)).unwrap();
        assert_eq!(found.positions, [[1.0, -3.0, 2.0], [2.0, -3.0, 2.0], [1.0, -3.0, 3.0]]);
        assert_eq!(found.indices, [0, 1, 2]);
        let mirrored =
            read(&binary(|t| t.replace("\"children\"", "\"scale\":[-1,1,1],\"children\""))).unwrap();
        assert_eq!(mirrored.indices, [0, 2, 1]);
        let turned =
            read(&binary(|t| t.replace("\"children\"", "\"rotation\":[0,0,1,0],\"children\""))).unwrap();
        assert_eq!(turned.positions[1], [0.0, -3.0, 2.0]);
        let strip = read(&binary(|t| t.replace("\"indices\":1", "\"mode\":5"))).unwrap();
        assert_eq!(strip.indices, [0, 1, 2]);
    }

    #[test]
    fn what_is_hostile_is_refused() {
        for (from, to) in [
            (r#""children":[]"#, r#""children":[0]"#),
            (r#""nodes":[0]"#, r#""nodes":[0,0]"#),
            (r#""nodes":[0]"#, r#""nodes":[7]"#),
            (r#""nodes":[0]"#, r#""nodes":[-1]"#),
            (r#""count":3,"type":"VEC3""#, r#""count":4,"type":"VEC3""#),
            (r#""count":3,"type":"VEC3""#, r#""count":9007199254740991,"type":"VEC3""#),
            (r#""count":3,"type":"VEC3""#, r#""count":2,"type":"VEC3""#),
            (r#""byteOffset":36"#, r#""byteOffset":9007199254740991"#),
            (r#""byteLength":44"#, r#""byteLength":44,"uri":"http://example.org/x.bin""#),
            (r#""byteLength":44"#, r#""byteLength":44,"uri":"../../etc/passwd""#),
            (r#""translation":[1,2,3]"#, r#""translation":[1e308,1e308,1e308],"scale":[1e308,1,1]"#),
            (r#""scene":0"#, r#""scene":0,"extensionsRequired":["KHR_draco_mesh_compression"]"#),
            (r#""POSITION":0"#, r#""POSITION":1"#),
            (r#""indices":1"#, r#""indices":0"#),
            (r#""indices":1"#, r#""mode":1"#),
            (r#""scene":0"#, r#""scene":0,"scene":1"#),
        ] {
            let bytes = binary(|text| {
                assert!(text.contains(from), "{from}");
                text.replace(from, to)
            });
            assert!(read(&bytes).is_none(), "{to}");
        }
        let whole = binary(|t| t);
        assert!((0..whole.len()).all(|cut| read(&whole[..cut]).is_none()));
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                if let Some(found) = read(&bytes) {
                    assert!(found.indices.iter().all(|i| (*i as usize) < found.positions.len()));
                    assert!(found.positions.iter().flatten().all(|c| c.is_finite()));
                }
            }
        }
        let mut nan = whole.clone();
        let at = nan.len() - 44;
        nan[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(read(&nan).is_none());
    }

    #[test]
    fn many_nodes_of_one_mesh_have_an_end() {
        let nodes = vec![r#"{"mesh":0}"#; MOST_CORNERS / 3 + 1].join(",");
        let bytes = binary(|t| {
            let start = t.find("\"nodes\":[{").unwrap();
            let end = t.find(",\"meshes\"").unwrap();
            format!("{}\"nodes\":[{nodes}]{}", &t[..start], &t[end..])
                .replace("\"scenes\":[{\"nodes\":[0]}],", "")
        });
        assert!(read(&bytes).is_none());
    }
}
