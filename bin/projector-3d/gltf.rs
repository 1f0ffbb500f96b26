//! glTF 2.0, as text or as binary: a document that grows part by part, and the buffer it points into.
//!
//! Parts that are equal are written once. All floats are 32 bits, finite, and their least and greatest are exact.

use data_encoding::BASE64;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use ulp_view::solid::look::{Look, linear};
use ulp_view::solid::mesh::{self, Mesh};
use ulp_view::solid::space::{STILL, Turn, Vector, tame, tamed};

/// What glTF calls the types of numbers.
const FLOAT: u32 = 5126;
const U16: u32 = 5123;
const U32: u32 = 5125;
/// And the targets of a view.
const ARRAY: u32 = 34962;
const ELEMENT: u32 = 34963;
/// And the ways to draw.
const LINES: u32 = 1;
/// How a picture ends at its border.
const CLAMP: u32 = 33071;
const TRIANGLES: u32 = 4;

/// A node as the format has it.
#[derive(Debug, Default, Serialize)]
pub struct Node {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "is_origin")]
    pub translation: Vector,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Turn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Vector>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mesh: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<usize>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extensions: BTreeMap<&'static str, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extras: Option<Box<RawValue>>,
}

fn is_origin(v: &Vector) -> bool {
    *v == [0.0; 3]
}

impl Node {
    /// A node that stands somewhere in its parent.
    pub fn placed(name: impl Into<String>, translation: Vector, rotation: Turn, scale: Vector) -> Node {
        let scale = tamed(scale);
        Node {
            name: name.into(),
            translation: tamed(translation),
            rotation: (rotation != STILL).then_some(rotation),
            scale: (scale != [1.0; 3]).then_some(scale),
            ..Node::default()
        }
    }

    /// A node that only holds others.
    pub fn group(name: impl Into<String>) -> Node {
        Node { name: name.into(), ..Node::default() }
    }
}

/// The document while it is being built.
#[derive(Default)]
pub struct Document {
    pub nodes: Vec<Node>,
    pub cameras: Vec<Value>,
    pub lights: Vec<Value>,
    pub animations: Vec<Value>,
    pub extensions_used: BTreeSet<&'static str>,
    meshes: Vec<Value>,
    materials: Vec<Value>,
    accessors: Vec<Value>,
    known_materials: BTreeMap<(Look, bool), usize>,
    images: Vec<Image>,
    /// The numbers of the sheet that pictures are drawn on.
    sheet: Option<Sheet>,
    buffer: Buffer,
}

/// A picture as it is embedded: PNG or JPEG.
pub struct Image {
    pub mime: &'static str,
    pub bytes: Vec<u8>,
}

/// A square about the origin, seen from above and below, with the places of a picture on it.
#[derive(Clone, Copy)]
struct Sheet {
    geometry: Geometry,
    places: usize,
}

/// Where the numbers of a mesh lie, for all materials that it is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Geometry {
    positions: usize,
    normals: Option<usize>,
    indices: usize,
    /// Given meshes may be open, and are seen from either side.
    open: bool,
}

/// The parts of a document by name.
type Parts = BTreeMap<&'static str, Box<RawValue>>;

/// The parts of the buffer: what is alike lies together.
#[derive(Default)]
struct Buffer {
    indices: Vec<u8>,
    vectors: Vec<u8>,
    places: Vec<u8>,
    loose: Vec<u8>,
}

/// The parts of the buffer in their order.
#[derive(Clone, Copy)]
enum Part {
    Indices,
    Vectors,
    Places,
    Loose,
}

impl Buffer {
    fn part(&mut self, part: Part) -> &mut Vec<u8> {
        match part {
            Part::Indices => &mut self.indices,
            Part::Vectors => &mut self.vectors,
            Part::Places => &mut self.places,
            Part::Loose => &mut self.loose,
        }
    }

    /// Appends bytes, and answers where they begin. Every beginning is a multiple of 4.
    fn push(&mut self, part: Part, bytes: impl Iterator<Item = u8>) -> usize {
        let part = self.part(part);
        let start = part.len();
        part.extend(bytes);
        part.resize(part.len().next_multiple_of(4), 0);
        start
    }
}

impl Document {
    /// Adds a node, and answers its number.
    pub fn node(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Says of a node that it is there but not shown.
    pub fn hide(&mut self, node: usize) {
        self.extend(node, "KHR_node_visibility", json!({ "visible": false }));
    }

    /// Gives a node an extension.
    pub fn extend(&mut self, node: usize, name: &'static str, value: Value) {
        self.extensions_used.insert(name);
        self.nodes[node].extensions.insert(name, value);
    }

    /// Adds a camera, which looks down its own −z.
    pub fn camera(&mut self, name: &str, degrees: f64, near: f64) -> usize {
        let yfov = degrees.clamp(1.0, 170.0).to_radians();
        let znear = near.clamp(1e-3, 1e9);
        self.cameras.push(json!({
            "name": name, "type": "perspective", "perspective": { "yfov": yfov, "znear": znear },
        }));
        self.cameras.len() - 1
    }

    /// Gives a node a light.
    pub fn light(&mut self, node: usize, light: Value) {
        self.lights.push(light);
        self.extend(node, "KHR_lights_punctual", json!({ "light": self.lights.len() - 1 }));
    }

    /// Adds the numbers of a mesh.
    pub fn geometry(&mut self, mesh: &Mesh, open: bool) -> Geometry {
        let positions = self.vectors(&mesh.positions, true);
        let normals = (!mesh.normals.is_empty()).then(|| self.vectors(&mesh.normals, false));
        let small = mesh.positions.len() <= usize::from(u16::MAX);
        let (kind, bytes): (u32, Vec<u8>) = if small {
            (U16, mesh.indices.iter().flat_map(|i| (*i as u16).to_le_bytes()).collect())
        } else {
            (U32, mesh.indices.iter().flat_map(|i| i.to_le_bytes()).collect())
        };
        let offset = self.buffer.push(Part::Indices, bytes.into_iter());
        let indices = self.accessor(Part::Indices, offset, kind, mesh.indices.len(), "SCALAR", None);
        Geometry { positions, normals, indices, open }
    }

    /// Adds a mesh: numbers drawn in a look.
    pub fn mesh(&mut self, geometry: Geometry, look: Look) -> usize {
        let material = self.material(look, geometry.open);
        let mut attributes = json!({ "POSITION": geometry.positions });
        if let Some(normals) = geometry.normals {
            attributes["NORMAL"] = json!(normals);
        }
        let mode = if geometry.normals.is_some() { TRIANGLES } else { LINES };
        self.meshes.push(json!({ "primitives": [{
            "attributes": attributes, "indices": geometry.indices, "material": material, "mode": mode,
        }] }));
        self.meshes.len() - 1
    }

    /// Adds a mesh: a sheet of side 1 that shows a picture.
    pub fn picture(&mut self, image: Image) -> usize {
        let sheet = self.sheet.unwrap_or_else(|| self.new_sheet());
        self.sheet = Some(sheet);
        let clear = image.mime == "image/png";
        self.images.push(image);
        let mut material = json!({
            "pbrMetallicRoughness": {
                "baseColorTexture": { "index": self.images.len() - 1 }, "metallicFactor": 0.0, "roughnessFactor": 1.0,
            },
            "doubleSided": true,
        });
        if clear {
            material["alphaMode"] = json!("BLEND");
        }
        self.materials.push(material);
        let Geometry { positions, normals, indices, .. } = sheet.geometry;
        self.meshes.push(json!({ "primitives": [{
            "attributes": { "POSITION": positions, "NORMAL": normals, "TEXCOORD_0": sheet.places },
            "indices": indices, "material": self.materials.len() - 1, "mode": TRIANGLES,
        }] }));
        self.meshes.len() - 1
    }

    fn new_sheet(&mut self) -> Sheet {
        let mesh = mesh::sheet();
        let geometry = self.geometry(&mesh, true);
        // A picture's rows run down.
        let places: Vec<[f32; 2]> = mesh.positions.iter().map(|[x, y, _]| [x + 0.5, 0.5 - y]).collect();
        let offset = self.buffer.push(Part::Places, places.iter().flatten().flat_map(|n| n.to_le_bytes()));
        let places = self.accessor(Part::Places, offset, FLOAT, places.len(), "VEC2", None);
        Sheet { geometry, places }
    }

    fn material(&mut self, look: Look, open: bool) -> usize {
        if let Some(known) = self.known_materials.get(&(look, open)) {
            return *known;
        }
        let mut material = json!({ "pbrMetallicRoughness": {
            "baseColorFactor": linear(look.color),
            "metallicFactor": f64::from(look.metallic) / 1000.0,
            "roughnessFactor": f64::from(look.roughness) / 1000.0,
        } });
        if look.color.0[3] < u8::MAX {
            material["alphaMode"] = json!("BLEND");
        }
        if open {
            material["doubleSided"] = json!(true);
        }
        self.materials.push(material);
        self.known_materials.insert((look, open), self.materials.len() - 1);
        self.materials.len() - 1
    }

    fn vectors(&mut self, vectors: &[[f32; 3]], bounded: bool) -> usize {
        let offset = self.buffer.push(Part::Vectors, vectors.iter().flatten().flat_map(|c| c.to_le_bytes()));
        let bounds = bounded.then(|| bounds(vectors));
        self.accessor(Part::Vectors, offset, FLOAT, vectors.len(), "VEC3", bounds)
    }

    /// Adds numbers that belong to no mesh: times, places, turns.
    pub fn numbers<const N: usize>(&mut self, rows: &[[f64; N]], bounded: bool) -> usize {
        let rows: Vec<[f32; N]> = rows.iter().map(|row| row.map(|n| tame(n) as f32)).collect();
        let offset = self.buffer.push(Part::Loose, rows.iter().flatten().flat_map(|n| n.to_le_bytes()));
        let shape = ["", "SCALAR", "VEC2", "VEC3", "VEC4"].get(N).copied().unwrap_or_default();
        let bounds = bounded.then(|| bounds(&rows));
        self.accessor(Part::Loose, offset, FLOAT, rows.len(), shape, bounds)
    }

    fn accessor(
        &mut self,
        part: Part,
        offset: usize,
        component: u32,
        count: usize,
        shape: &str,
        bounds: Option<(Vec<f32>, Vec<f32>)>,
    ) -> usize {
        let mut accessor = json!({
            "bufferView": part as usize, "byteOffset": offset, "componentType": component, "count": count,
            "type": shape,
        });
        if let Some((least, most)) = bounds {
            accessor["min"] = json!(least);
            accessor["max"] = json!(most);
        }
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    /// Writes the document as text, the buffer inside.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn write_text(self, out: &mut impl Write) -> io::Result<()> {
        let (document, _) = self.finish(true)?;
        serde_json::to_writer(&mut *out, &document)?;
        out.write_all(b"\n")
    }

    /// Writes the document as binary.
    ///
    /// # Errors
    /// What `out` answers, and a scene beyond the 4 GiB that the format can hold.
    pub fn write_binary(self, out: &mut impl Write) -> io::Result<()> {
        let (document, buffer) = self.finish(false)?;
        let mut text = serde_json::to_vec(&document)?;
        text.resize(text.len().next_multiple_of(4), b' ');
        let chunk = |bytes: &[u8]| if bytes.is_empty() { 0 } else { 8 + bytes.len() };
        let size = |n: usize| u32::try_from(n).map_err(|_| io::Error::other("a scene of more than 4 GiB"));
        out.write_all(b"glTF")?;
        out.write_all(&2_u32.to_le_bytes())?;
        out.write_all(&size(12 + chunk(&text) + chunk(&buffer))?.to_le_bytes())?;
        for (bytes, kind) in [(&text, b"JSON"), (&buffer, b"BIN\0")] {
            if !bytes.is_empty() {
                out.write_all(&size(bytes.len())?.to_le_bytes())?;
                out.write_all(kind)?;
                out.write_all(bytes)?;
            }
        }
        Ok(())
    }

    /// The whole document and its buffer, which with `inside` is part of it.
    fn finish(mut self, inside: bool) -> io::Result<(Parts, Vec<u8>)> {
        let mut buffer_views = self.place_parts();
        let Buffer { indices, vectors, places, loose } = std::mem::take(&mut self.buffer);
        let mut bytes = [indices, vectors, places, loose].concat();
        let images = place_images(std::mem::take(&mut self.images), &mut buffer_views, &mut bytes);
        let textures: Vec<Value> = (0..images.len()).map(|i| json!({ "sampler": 0, "source": i })).collect();
        let sampler = json!({ "wrapS": CLAMP, "wrapT": CLAMP });
        let samplers: Vec<Value> = images.first().map(|_| sampler).into_iter().collect();
        let mut document = BTreeMap::new();
        let mut put = |name, value: &dyn erased::Json| -> io::Result<()> {
            if let Some(raw) = value.raw()? {
                document.insert(name, raw);
            }
            Ok(())
        };
        put("asset", &json!({ "version": "2.0", "generator": "projector-3d" }))?;
        put("scene", &json!(0))?;
        put("scenes", &json!([{ "nodes": [0] }]))?;
        // Most of the document.
        let nodes: Result<Vec<Box<RawValue>>, _> = self.nodes.par_iter().map(to_raw_value).collect();
        put("nodes", &nodes?)?;
        put("meshes", &self.meshes)?;
        put("materials", &self.materials)?;
        put("images", &images)?;
        put("textures", &textures)?;
        put("samplers", &samplers)?;
        put("accessors", &self.accessors)?;
        put("bufferViews", &buffer_views)?;
        put("cameras", &self.cameras)?;
        put("animations", &self.animations)?;
        put("extensionsUsed", &self.extensions_used.into_iter().collect::<Vec<_>>())?;
        if !self.lights.is_empty() {
            put("extensions", &json!({ "KHR_lights_punctual": { "lights": self.lights } }))?;
        }
        if !bytes.is_empty() {
            let mut buffer = json!({ "byteLength": bytes.len() });
            if inside {
                let text = BASE64.encode(&bytes);
                buffer["uri"] = json!(format!("data:application/octet-stream;base64,{text}"));
            }
            put("buffers", &json!([buffer]))?;
        }
        Ok((document, bytes))
    }

    /// The views of the parts that hold anything; accessors are told the numbers that these have then.
    fn place_parts(&mut self) -> Vec<Value> {
        let Buffer { indices, vectors, places, loose } = &self.buffer;
        let lengths = [indices, vectors, places, loose].map(Vec::len);
        let mut views = Vec::new();
        let mut numbers = [0; 4];
        let mut offset = 0;
        for (i, length) in lengths.into_iter().enumerate() {
            numbers[i] = views.len();
            if length > 0 {
                let mut view = json!({ "buffer": 0, "byteOffset": offset, "byteLength": length });
                if i == Part::Indices as usize {
                    view["target"] = json!(ELEMENT);
                } else if i == Part::Vectors as usize {
                    view["target"] = json!(ARRAY);
                    view["byteStride"] = json!(12);
                } else if i == Part::Places as usize {
                    view["target"] = json!(ARRAY);
                    view["byteStride"] = json!(8);
                }
                views.push(view);
            }
            offset += length;
        }
        for accessor in &mut self.accessors {
            let part =
                accessor["bufferView"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
            accessor["bufferView"] = json!(numbers[part % numbers.len()]);
        }
        views
    }
}

/// Puts pictures after the parts of the buffer, each in a view of its own.
fn place_images(images: Vec<Image>, views: &mut Vec<Value>, bytes: &mut Vec<u8>) -> Vec<Value> {
    let place = |image: Image| {
        let (offset, length) = (bytes.len(), image.bytes.len());
        views.push(json!({ "buffer": 0, "byteOffset": offset, "byteLength": length }));
        bytes.extend(image.bytes);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        json!({ "bufferView": views.len() - 1, "mimeType": image.mime })
    };
    images.into_iter().map(place).collect()
}

/// The least and the greatest of each column.
fn bounds<const N: usize>(rows: &[[f32; N]]) -> (Vec<f32>, Vec<f32>) {
    let start = rows.first().copied().unwrap_or([0.0; N]);
    let pick = |f: fn(f32, f32) -> f32| {
        rows.iter().fold(start, |a, b| std::array::from_fn(|i| f(a[i], b[i]))).to_vec()
    };
    (pick(f32::min), pick(f32::max))
}

/// Values that are left out where they are empty lists.
mod erased {
    use super::*;

    pub trait Json {
        fn raw(&self) -> serde_json::Result<Option<Box<RawValue>>>;
    }

    impl<T: Serialize> Json for T {
        fn raw(&self) -> serde_json::Result<Option<Box<RawValue>>> {
            Ok(Some(to_raw_value(self)?).filter(|raw| raw.get() != "[]"))
        }
    }
}

/// Canonical JSON as extras.
pub fn extras(json: Vec<u8>) -> Option<Box<RawValue>> {
    RawValue::from_string(String::from_utf8(json).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_exact() {
        assert_eq!(bounds(&[[0.1_f32, 2.0], [0.3, -1.0]]), (vec![0.1, -1.0], vec![0.3, 2.0]));
    }

    #[test]
    fn binary_is_made_of_fours() {
        let mut document = Document::default();
        document.node(Node::group("é"));
        let mut bytes = Vec::new();
        document.write_binary(&mut bytes).unwrap();
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(bytes.len() as u32, u32::from_le_bytes(bytes[8..12].try_into().unwrap()));
    }
}
