//! A scene as a model: which nodes hold which meshes, in what look, how thick and where.

use crate::gltf::{Document, Geometry, Image, Node as Part, extras};
use rayon::prelude::*;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::f64::consts::FRAC_1_SQRT_2;
use std::sync::Arc;
use ulp_core::json as ujson;
use ulp_core::json::Tape;
use ulp_core::json::write::Object;
use ulp_view::frame::Frame;
use ulp_view::geometry::Shape;
use ulp_view::scene::Settings;
use ulp_view::solid::detail::{Detail, Left};
use ulp_view::solid::look::{self, Look};
use ulp_view::solid::measure::Measure;
use ulp_view::solid::mesh::{self, Common, Plan};
use ulp_view::solid::record::{self, Style};
use ulp_view::solid::scene::{Link, Node, Scene};
use ulp_view::solid::signs::{self, Sign};
use ulp_view::solid::site::{Form, Hung, Site, corners, framed, joined};
use ulp_view::solid::space::{STILL, Vector, length, minus, tame, tamed, times, towards, turn};
use ulp_view::solid::text;
use ulp_view::style::{Color, Style as Looks};

/// The turn from our z up to the format's y up.
const UPRIGHT: [f64; 4] = [-FRAC_1_SQRT_2, 0.0, 0.0, FRAC_1_SQRT_2];

/// The colours of words, and of what sensors read.
const INK: Color = Color::opaque([0x3a, 0x8e, 0xe6]);
const READING: Color = Color::opaque([0x2f, 0xa0, 0x8a]);

/// Where the parts of a scene went.
pub struct Built<'s, 'v, 'a> {
    pub site: Site<'s, 'v, 'a>,
    pub placed: Vec<Placed>,
    /// The nodes of links, with their size.
    pub links: Vec<(usize, Vector)>,
    /// What stands in the scene in words.
    pub signs: Vec<Sign>,
    /// How many signs are left out.
    pub unsigned: usize,
}

/// Where a node went.
#[derive(Clone, Copy)]
pub struct Placed {
    pub number: usize,
    /// The node that holds its mesh: itself or a child.
    pub drawn_in: usize,
    pub stretch: Vector,
    /// The mesh, where it is one that many share.
    pub common: Option<Common>,
}

/// Builds the document of all scenes, and tells where the parts of each went, and what is drawn coarsely.
pub fn build<'s, 'v, 'a>(
    scenes: &'s [Scene<'v, 'a>],
    style: Style,
) -> (Document, Vec<Built<'s, 'v, 'a>>, Left) {
    let mut builder = Builder {
        document: Document::default(),
        geometries: BTreeMap::new(),
        meshes: BTreeMap::new(),
        pictures: BTreeMap::new(),
        left: Left::default(),
        style,
        bounds: None,
    };
    let mut sites: Vec<Site<'s, 'v, 'a>> = scenes.iter().map(|scene| Site::new(scene, style)).collect();
    let (frame, side) = frame_of(&sites);
    let mut about = Object::default();
    about.numbers("origin", &frame.origin).number("scale", frame.scale);
    let extras = extras(about.bytes());
    let root = builder.document.node(Part { rotation: Some(UPRIGHT), extras, ..Part::group("world") });
    let mut built = Vec::new();
    for site in &mut sites {
        let axes = metres_along(site);
        let origin = std::array::from_fn(|i| frame.origin[i] / axes[i]);
        site.lay_out(Frame { origin, scale: frame.scale * axes[0] }, side);
    }
    for site in sites {
        let (group, parts) = builder.space(site);
        builder.document.nodes[root].children.push(group);
        built.push(parts);
    }
    builder.overview(root);
    (builder.document, built, builder.left)
}

/// Where the document is laid out, in metres: about all of its spaces; and how long its largest side is there.
fn frame_of(sites: &[Site<'_, '_, '_>]) -> (Frame<3>, f64) {
    let metric = |site: &Site<'_, '_, '_>| {
        let (least, most) = site.extent()?;
        let axes = metres_along(site);
        mesh::around_points([least, most].into_iter().map(|p| times(p, axes)))
    };
    framed(sites.iter().filter_map(metric).reduce(joined))
}

/// How many metres a unit of a space is along each axis of the document.
fn metres_along(site: &Site<'_, '_, '_>) -> Vector {
    let unit = metres(&Settings::of_space(site.scene.space).unit()).unwrap_or(1.0);
    [unit, unit * site.flip, unit]
}

struct Builder {
    document: Document,
    /// Meshes by what they are made of, and how much of that they show; `None` where nothing came of it.
    geometries: BTreeMap<Made, (Option<Geometry>, Detail)>,
    meshes: BTreeMap<(Geometry, Look), usize>,
    /// The meshes of pictures, by where these lie in memory, where each is once.
    pictures: BTreeMap<usize, usize>,
    left: Left,
    style: Style,
    /// The corners of all that is drawn.
    bounds: Option<(Vector, Vector)>,
}

/// What a node is drawn as: a mesh of the document, stretched.
#[derive(Clone, Copy)]
struct Drawn {
    mesh: usize,
    stretch: Vector,
    common: Option<Common>,
}

/// What of a node can be worked out beside other nodes.
struct Ready {
    /// What is known of it, for whoever clicks on it.
    extras: Option<Box<RawValue>>,
    /// How it is to be drawn, if it is.
    form: Option<Form>,
}

/// What a mesh is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    Common(Common),
    /// The canonical geometry, the width of its lines and the scale as bits, and whether it is hollow.
    Own(Vec<u8>, [u64; 2], bool),
    /// Words, of height 1.
    Words(String),
}

impl Builder {
    /// A group for a space: its layers, which hold the nodes without parents, then its links.
    fn space<'s, 'v, 'a>(&mut self, site: Site<'s, 'v, 'a>) -> (usize, Built<'s, 'v, 'a>) {
        let scene = site.scene;
        let mut part = Part::placed(site.title(), [0.0; 3], STILL, [1.0, site.flip, 1.0]);
        part.extras = extras(site.about_space());
        let group = self.document.node(part);
        let style = self.style;
        let ready: Vec<Ready> =
            (0..scene.nodes.len()).into_par_iter().map(|i| ready(&site, i, style)).collect();
        let placed: Vec<Placed> =
            ready.into_iter().enumerate().map(|(i, ready)| self.node(&site, i, ready)).collect();
        let numbers: Vec<usize> = placed.iter().map(|p| p.number).collect();
        for (i, node) in scene.nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                self.document.nodes[numbers[parent]].children.push(numbers[i]);
            }
            self.widen(&site, i);
        }
        for layer in 0..site.layers.len() {
            self.layer(&site, layer, &numbers, group);
        }
        let links = self.links(&site, group);
        self.readings(&site, group);
        let (mut signs, unsigned) = signs::signs(&site);
        signs.extend(signs::list(&site));
        self.signs(&site, &signs, group);
        (group, Built { site, placed, links, signs, unsigned })
    }

    /// A group for the nodes of a layer that have no parent.
    fn layer(&mut self, site: &Site<'_, '_, '_>, layer: usize, numbers: &[usize], group: usize) {
        let known = &site.layers[layer];
        let loose = site.on_layers[layer].iter().filter(|i| site.scene.nodes[**i].parent.is_none());
        let children: Vec<usize> = loose.map(|i| numbers[*i]).collect();
        if children.is_empty() {
            return;
        }
        let mut about = Object::default();
        about.text("layer_id", Some(&known.id));
        let part = Part { children, extras: extras(about.bytes()), ..Part::group(&known.title) };
        let part = self.document.node(part);
        self.document.nodes[group].children.push(part);
    }

    /// A node, with its mesh in itself or, where it holds others, in a child that they do not share.
    fn node(&mut self, site: &Site<'_, '_, '_>, i: usize, ready: Ready) -> Placed {
        let node = &site.scene.nodes[i];
        let offset = ready.form.as_ref().map_or([0.0; 3], |form| site.offset(i, form));
        let drawn = ready.form.map(|form| self.draw(site, i, form));
        let scale = match drawn {
            Some(Drawn { stretch, .. }) if !site.is_apart(i) => times(node.local.scale, stretch),
            _ => node.local.scale,
        };
        let name = node.name.as_deref().unwrap_or(node.id);
        let rotation = node.local.rotation.quaternion();
        let mut part = Part::placed(name, site.stand(i, &node.local), rotation, scale);
        part.extras = ready.extras;
        let number = self.document.node(part);
        let mut drawn_in = number;
        if let Some(Drawn { mesh, stretch, .. }) = drawn {
            if site.is_apart(i) {
                let part = Part::placed("", offset, STILL, stretch);
                drawn_in = self.document.node(part);
                self.document.nodes[number].children.push(drawn_in);
            }
            self.document.nodes[drawn_in].mesh = Some(mesh);
        }
        self.equip(site, i, number);
        if !site.layer(i).visible && (drawn.is_some() || !site.holds[i]) {
            self.document.hide(drawn_in);
        }
        self.hang(site, i, number);
        let stretch = drawn.map_or([1.0; 3], |d| d.stretch);
        Placed { number, drawn_in, stretch, common: drawn.and_then(|d| d.common) }
    }

    /// Hangs the picture of a node.
    fn hang(&mut self, site: &Site<'_, '_, '_>, i: usize, number: usize) {
        let Hung::Picture(picture) = &site.hung[i] else { return };
        let document = &mut self.document;
        let mesh = *self
            .pictures
            .entry(Arc::as_ptr(picture).addr())
            .or_insert_with(|| document.picture(Image { mime: picture.mime, bytes: picture.bytes.clone() }));
        let (place, size) = site.hook(i, picture);
        let part = document.node(Part { mesh: Some(mesh), ..Part::placed("", place, STILL, size) });
        document.nodes[number].children.push(part);
        if !site.layer(i).visible {
            document.hide(part);
        }
    }

    /// A point for each sensor at no node that is seen, and the list of those that are nowhere.
    fn readings(&mut self, site: &Site<'_, '_, '_>, group: usize) {
        let writer = record::writer(site.scene, self.style);
        let mut children = Vec::new();
        for (sensor, at) in signs::placed(site) {
            let mesh = self.common(Common::Gem, Look::dull(READING));
            let mut part = Part::placed(sensor.name, at, STILL, [site.sizes.point; 3]);
            part.mesh = Some(mesh);
            part.extras = extras(writer.about_sensor(sensor));
            children.push(self.document.node(part));
            self.widen_to(site, at);
        }
        let listed: Vec<Vec<u8>> = signs::unplaced(site).map(|sensor| writer.about_sensor(sensor)).collect();
        if children.is_empty() && listed.is_empty() {
            return;
        }
        let mut about = Object::default();
        if !listed.is_empty() {
            about.list("sensors", &listed);
        }
        let part = Part { children, extras: extras(about.bytes()), ..Part::group("readings") };
        let part = self.document.node(part);
        self.document.nodes[group].children.push(part);
    }

    /// The words that stand in a scene, each lying flat at its place.
    fn signs(&mut self, site: &Site<'_, '_, '_>, signs: &[Sign], group: usize) {
        let mut children = Vec::new();
        let height = site.letters();
        for sign in signs {
            let document = &mut self.document;
            let measure = site.measure();
            let left = &mut self.left;
            let known = self.geometries.entry(Made::Words(sign.words.clone())).or_insert_with(|| {
                let (mesh, detail) = left.words(&sign.words, &measure);
                ((!mesh.indices.is_empty()).then(|| document.geometry(&mesh, false)), detail)
            });
            let (geometry, detail) = *known;
            self.left.note(&sign.of, detail);
            let Some(geometry) = geometry else { continue };
            let mesh = self.mesh(geometry, Look::dull(INK));
            let size = [height, height * site.flip, height / 20.0];
            let part = Part { mesh: Some(mesh), ..Part::placed("", sign.at, STILL, size) };
            children.push(self.document.node(part));
            let (right, low) = text::extent(&sign.words, measure.faces);
            let [x, y, z] = sign.at;
            self.widen_to(site, [x + right * height, y + low * height * site.flip, z]);
        }
        if !children.is_empty() {
            let part = self.document.node(Part { children, ..Part::group("signs") });
            self.document.nodes[group].children.push(part);
        }
    }

    /// Takes a place of a space's drawing into the bounds of all.
    fn widen_to(&mut self, site: &Site<'_, '_, '_>, place: Vector) {
        let place = tamed(times(place, [1.0, site.flip, 1.0]));
        let all = self.bounds.into_iter().flat_map(|(a, b)| [a, b]).chain([place]);
        self.bounds = mesh::around_points(all);
    }

    /// The mesh that a node is drawn as, and how it is stretched.
    fn draw(&mut self, site: &Site<'_, '_, '_>, i: usize, form: Form) -> Drawn {
        let node = &site.scene.nodes[i];
        let Form { look, hollow, sizes, plan, .. } = form;
        let stretch = match plan {
            Plan::Common(which, stretch) => {
                return Drawn { mesh: self.common(which, look), stretch, common: Some(which) };
            }
            Plan::Own(stretch) => stretch,
        };
        let shape = site.shapes[i].as_ref().unwrap_or(&Shape::Point);
        let mut canonical = Vec::new();
        ujson::write_canonical(node.geometry.or(node.media).unwrap_or_default(), &mut canonical);
        let measure = site.measure();
        let made = Made::Own(canonical, [sizes.line, measure.scale].map(f64::to_bits), hollow);
        let (document, left) = (&mut self.document, &mut self.left);
        let known = self.geometries.entry(made).or_insert_with(|| {
            let (mesh, detail) = left.own(shape, sizes.line, hollow, &measure);
            let given = matches!(shape, Shape::Mesh(_));
            ((!mesh.indices.is_empty()).then(|| document.geometry(&mesh, given)), detail)
        });
        let (geometry, detail) = *known;
        self.left.note(node.id, detail);
        match geometry {
            Some(geometry) => Drawn { mesh: self.mesh(geometry, look), stretch, common: None },
            // A shape without any extent is still there.
            None => Drawn { mesh: self.common(Common::Gem, look), stretch: [sizes.point; 3], common: None },
        }
    }

    fn common(&mut self, which: Common, look: Look) -> usize {
        let document = &mut self.document;
        let made = Made::Common(which);
        let known = self
            .geometries
            .entry(made)
            .or_insert_with(|| (Some(document.geometry(&mesh::common(which), false)), Detail::Whole));
        let Some(geometry) = known.0 else { return 0 };
        self.mesh(geometry, look)
    }

    fn mesh(&mut self, geometry: Geometry, look: Look) -> usize {
        let document = &mut self.document;
        *self.meshes.entry((geometry, look)).or_insert_with(|| document.mesh(geometry, look))
    }

    /// Lights and cameras. Both look down their own −z: straight down where they are not turned.
    fn equip(&mut self, site: &Site<'_, '_, '_>, i: usize, number: usize) {
        let (node, measure) = (&site.scene.nodes[i], site.measure());
        match node.kind.as_deref() {
            Some("camera") => {
                let degrees = look::number(node.view, "fov").unwrap_or(50.0);
                let near = look::number(node.view, "near").unwrap_or(0.1);
                let name = node.name.as_deref().unwrap_or(node.id);
                let camera = self.document.camera(name, degrees, measure.length(near));
                self.document.nodes[number].camera = Some(camera);
            }
            Some("light") => self.document.light(number, light(node, &measure)),
            _ => {}
        }
    }

    fn links(&mut self, site: &Site<'_, '_, '_>, group: usize) -> Vec<(usize, Vector)> {
        let links: Vec<(usize, Vector)> = site.scene.links.iter().map(|link| self.link(link, site)).collect();
        if !links.is_empty() {
            let children = links.iter().map(|(number, _)| *number).collect();
            let part = self.document.node(Part { children, ..Part::group("links") });
            self.document.nodes[group].children.push(part);
        }
        links
    }

    /// A link is a beam from foot to foot; one that leads nowhere is there, and not seen.
    fn link(&mut self, link: &Link<'_>, site: &Site<'_, '_, '_>) -> (usize, Vector) {
        let [from, to] = link.points.map(|p| site.frame.place(p));
        let way = minus(to, from);
        let long = length(way);
        let style = Looks::of_link(link.add.properties);
        let width = style.stroke_width.filter(|w| *w > 0.0);
        let width = width.map_or(site.sizes.line, |width| site.measure().length(width));
        let middle: Vector = std::array::from_fn(|i| from[i] / 2.0 + to[i] / 2.0);
        let name = format!("{} → {}", link.ends.from, link.ends.to);
        let size = tamed([long, width, width]);
        let mut part = Part::placed(name, middle, towards(way), size);
        part.extras = extras(record::writer(site.scene, self.style).about_link(&link.ends, &link.add));
        if long > 0.0 {
            part.mesh = Some(self.common(Common::Cube, Look::of_link(&style)));
        }
        (self.document.node(part), size)
    }

    /// Takes a node into the bounds of all.
    fn widen(&mut self, site: &Site<'_, '_, '_>, i: usize) {
        let axes = [1.0, site.flip, 1.0];
        let around = site.around_in_drawing(i).into_iter().flat_map(corners).map(|c| tamed(times(c, axes)));
        let all = self.bounds.into_iter().flat_map(|(a, b)| [a, b]).chain(around);
        self.bounds = mesh::around_points(all);
    }

    /// A camera that sees everything, from the south and above; and light, where no node gives any.
    fn overview(&mut self, root: usize) {
        const TILT: f64 = 38.0;
        const VIEW: f64 = 35.0;
        let Some((least, most)) = self.bounds else { return };
        let centre: Vector = std::array::from_fn(|i| least[i] / 2.0 + most[i] / 2.0);
        let radius = (length(minus(most, least)) / 2.0).max(1.0);
        // What is seen at a slant is less high than it is long, and a picture is wider than it is high.
        let away = 0.76 * radius / libm::sin((VIEW / 2.0).to_radians());
        let (sine, cosine) = (libm::sin(TILT.to_radians()), libm::cos(TILT.to_radians()));
        // What is near looks larger, so the middle of the picture is a little south of the middle.
        let place = [centre[0], centre[1] - away * sine - radius * 0.08, centre[2] + away * cosine];
        let half = TILT.to_radians() / 2.0;
        let turned = [libm::sin(half), 0.0, 0.0, libm::cos(half)];
        let mut part = Part::placed("overview", place, turned, [1.0; 3]);
        part.camera = Some(self.document.camera("overview", VIEW, away / 1000.0));
        let part = self.document.node(part);
        self.document.nodes[root].children.push(part);
        if self.document.lights.is_empty() {
            self.daylight(root, centre);
        }
    }

    /// A sun in the south-west and some sky, so that a viewer without light of its own shows shapes as shapes.
    fn daylight(&mut self, root: usize, centre: Vector) {
        for (name, from, intensity) in [("sun", [-0.6, -0.8, 1.4], 2.0), ("sky", [0.8, 0.5, 0.9], 0.8)] {
            // A light shines along its own −z, away from where it is.
            let part = self.document.node(Part::placed(name, centre, onto(from), [1.0; 3]));
            let light = json!({ "type": "directional", "name": name, "intensity": intensity });
            self.document.light(part, light);
            self.document.nodes[root].children.push(part);
        }
    }
}

/// The turn that brings z to a direction.
fn onto([x, y, z]: Vector) -> [f64; 4] {
    let length = length([x, y, z]);
    turn([-y, x, 0.0, length + z])
}

/// How many metres a unit is, which is what the format measures in.
fn metres(unit: &str) -> Option<f64> {
    Some(match unit {
        "m" => 1.0,
        "mm" => 0.001,
        "cm" => 0.01,
        "km" => 1000.0,
        "in" => 0.0254,
        "ft" => 0.3048,
        _ => return None,
    })
}

fn ready(site: &Site<'_, '_, '_>, i: usize, style: Style) -> Ready {
    let about = record::about(&site.scene.nodes[i], site.sensors(i), style);
    Ready { extras: extras(about), form: site.form(i) }
}

/// A light from a node's properties: `type` (point, spot or directional), `color`, `intensity`, `range`, and for
/// a spot `angle`, all of its cone in degrees.
fn light(node: &Node<'_, '_>, measure: &Measure<'_>) -> serde_json::Value {
    let kind = look::text(node.view, "type").filter(|t| matches!(t.as_str(), "spot" | "directional"));
    let kind = kind.unwrap_or_else(|| "point".to_owned());
    let number = |name| look::number(node.view, name).map(tame);
    let style = Looks::of_node(node.view, &mut Tape::new());
    let [r, g, b, _] = look::linear(Look::of(node.view, &style, 1.0, false).color);
    // What shines from a point is weaker the farther it has to go, by the square.
    let nearer = if kind == "directional" { 1.0 } else { measure.scale * measure.scale };
    let mut light = json!({
        "type": kind, "name": node.name.as_deref().unwrap_or(node.id),
        "intensity": tame(number("intensity").unwrap_or(1.0).max(0.0) * nearer),
    });
    if style.color.is_some() {
        light["color"] = json!([r, g, b]);
    }
    if let Some(range) = number("range").filter(|r| *r > 0.0 && kind != "directional") {
        light["range"] = json!(measure.length(range));
    }
    if kind == "spot" {
        let half = (number("angle").unwrap_or(90.0) / 2.0).clamp(0.1, 90.0).to_radians();
        light["spot"] = json!({ "outerConeAngle": half });
    }
    light
}
