//! A scene as a model: which nodes hold which meshes, in what look, how thick and where.

use crate::gltf::{Document, Geometry, Node as Part, extras};
use crate::look::{self, Look, is_hollow, number};
use crate::mesh::{self, Common, Plan, Sizes};
use crate::record::{self, Style};
use crate::scene::{Link, Node, Scene};
use crate::space::{STILL, Vector, length, minus, tame, tamed, times, towards, turn};
use rayon::prelude::*;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::f64::consts::FRAC_1_SQRT_2;
use ulp_core::json as ujson;
use ulp_core::json::write::{Members, Object};
use ulp_core::state::Written;
use ulp_view::geometry::Shape;
use ulp_view::scene::{Layer, Settings, layers};
use ulp_view::style::Style as LinkStyle;
use ulp_view::transform::Transform;

/// The turn from our z up to the format's y up.
const UPRIGHT: [f64; 4] = [-FRAC_1_SQRT_2, 0.0, 0.0, FRAC_1_SQRT_2];
/// A flat shape is thinner than it is wide by this.
const THIN: f64 = 20.0;
/// A line likewise.
const LINE: f64 = 40.0;
/// A point is smaller than the usual shape by this.
const SMALL: f64 = 6.0;
/// Where only points are known, how many of their size fit the whole.
const POINTS_ACROSS: f64 = 100.0;

/// Where the parts of a scene went.
pub struct Built {
    pub placed: Vec<Placed>,
    /// The nodes of links, with their size.
    pub links: Vec<(usize, Vector)>,
    style: Style,
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

impl Built {
    /// The scene as it was built.
    pub fn site<'s, 'v, 'a>(&self, scene: &'s Scene<'v, 'a>) -> Site<'s, 'v, 'a> {
        Site::new(scene, self.style)
    }
}

/// Builds the document of all scenes, and tells where the parts of each went.
pub fn build(scenes: &[Scene<'_, '_>], style: Style) -> (Document, Vec<Built>) {
    let mut builder = Builder {
        document: Document::default(),
        geometries: BTreeMap::new(),
        meshes: BTreeMap::new(),
        style,
        bounds: None,
    };
    let root = builder.document.node(Part { rotation: Some(UPRIGHT), ..Part::group("world") });
    let mut built = Vec::new();
    for scene in scenes {
        let (group, parts) = builder.space(scene);
        builder.document.nodes[root].children.push(group);
        built.push(parts);
    }
    builder.overview(root);
    (builder.document, built)
}

struct Builder {
    document: Document,
    /// Meshes by what they are made of; `None` where nothing came of it.
    geometries: BTreeMap<Made, Option<Geometry>>,
    meshes: BTreeMap<(Geometry, Look), usize>,
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

/// How a node is to be drawn.
struct Form {
    look: Look,
    hollow: bool,
    sizes: Sizes,
    plan: Plan,
}

/// What a mesh is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    Common(Common),
    /// The canonical geometry, the width of its lines as bits, and whether it is hollow.
    Own(Vec<u8>, u64, bool),
}

/// A space while it is being built.
pub struct Site<'s, 'v, 'a> {
    pub scene: &'s Scene<'v, 'a>,
    layers: Vec<Layer>,
    /// The nodes on each layer, by their places in the list.
    on_layers: Vec<Vec<usize>>,
    /// The layer of each node.
    layer_of: Vec<usize>,
    shapes: Vec<Option<Shape>>,
    /// Whether each flat shape is to be left open.
    pub hollow: Vec<bool>,
    pub sizes: Sizes,
    /// −1 where y runs down, as the group of the space then mirrors it; else 1.
    flip: f64,
    /// Whether a node holds others.
    holds: Vec<bool>,
    /// How many thicknesses a flat node stands high.
    heights: Vec<f64>,
    /// What sensors read at each node.
    sensors: Vec<Vec<Vec<u8>>>,
}

impl Builder {
    /// A group for a space: its layers, which hold the nodes without parents, then its links.
    fn space(&mut self, scene: &Scene<'_, '_>) -> (usize, Built) {
        let site = Site::new(scene, self.style);
        let settings = Settings::of_space(scene.space);
        let unit = metres(&settings.unit()).unwrap_or(1.0);
        let scale = [unit, unit * site.flip, unit];
        let mut part = Part::placed(site.title(), [0.0; 3], STILL, scale);
        part.extras = extras(about_space(scene.space.space, settings));
        let group = self.document.node(part);
        let style = self.style;
        let ready: Vec<Ready> =
            (0..scene.nodes.len()).into_par_iter().map(|i| site.ready(i, style)).collect();
        let placed: Vec<Placed> =
            ready.into_iter().enumerate().map(|(i, ready)| self.node(&site, i, ready)).collect();
        let numbers: Vec<usize> = placed.iter().map(|p| p.number).collect();
        for (i, node) in scene.nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                self.document.nodes[numbers[parent]].children.push(numbers[i]);
            }
            self.widen(&site, i, scale);
        }
        for layer in 0..site.layers.len() {
            self.layer(&site, layer, &numbers, group);
        }
        let links = self.links(&site, group);
        (group, Built { placed, links, style: self.style })
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
        let drawn = ready.form.map(|form| self.draw(site, i, form));
        let scale = match drawn {
            Some(Drawn { stretch, .. }) if !site.holds[i] => times(node.local.scale, stretch),
            _ => node.local.scale,
        };
        let name = node.name.as_deref().unwrap_or(node.id);
        let rotation = node.local.rotation.quaternion();
        let mut part = Part::placed(name, node.local.translation, rotation, scale);
        part.extras = ready.extras;
        let number = self.document.node(part);
        let mut drawn_in = number;
        if let Some(Drawn { mesh, stretch, .. }) = drawn {
            if site.holds[i] {
                let part = Part::placed("", [0.0; 3], STILL, stretch);
                drawn_in = self.document.node(part);
                self.document.nodes[number].children.push(drawn_in);
            }
            self.document.nodes[drawn_in].mesh = Some(mesh);
        }
        self.equip(node, number);
        if !site.layer(i).visible && (drawn.is_some() || !site.holds[i]) {
            self.document.hide(drawn_in);
        }
        let stretch = drawn.map_or([1.0; 3], |d| d.stretch);
        Placed { number, drawn_in, stretch, common: drawn.and_then(|d| d.common) }
    }

    /// The mesh that a node is drawn as, and how it is stretched.
    fn draw(&mut self, site: &Site<'_, '_, '_>, i: usize, form: Form) -> Drawn {
        let node = &site.scene.nodes[i];
        let Form { look, hollow, sizes, plan } = form;
        let stretch = match plan {
            Plan::Common(which, stretch) => {
                return Drawn { mesh: self.common(which, look), stretch, common: Some(which) };
            }
            Plan::Own(stretch) => stretch,
        };
        let shape = site.shapes[i].as_ref().unwrap_or(&Shape::Point);
        let mut canonical = Vec::new();
        ujson::write_canonical(node.geometry.or(node.media).unwrap_or_default(), &mut canonical);
        let made = Made::Own(canonical, sizes.line.to_bits(), hollow);
        let document = &mut self.document;
        let faces = &site.scene.stock.faces;
        let known = self.geometries.entry(made).or_insert_with(|| {
            let mesh = mesh::own(shape, sizes.line, hollow, faces);
            (!mesh.indices.is_empty()).then(|| document.geometry(&mesh, matches!(shape, Shape::Mesh(_))))
        });
        match *known {
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
            .or_insert_with(|| Some(document.geometry(&mesh::common(which), false)));
        let Some(geometry) = *known else { return 0 };
        self.mesh(geometry, look)
    }

    fn mesh(&mut self, geometry: Geometry, look: Look) -> usize {
        let document = &mut self.document;
        *self.meshes.entry((geometry, look)).or_insert_with(|| document.mesh(geometry, look))
    }

    /// Lights and cameras. Both look down their own −z: straight down where they are not turned.
    fn equip(&mut self, node: &Node<'_, '_>, number: usize) {
        match node.kind.as_deref() {
            Some("camera") => {
                let degrees = look::number(node.view, "fov").unwrap_or(50.0);
                let near = look::number(node.view, "near").unwrap_or(0.1);
                let name = node.name.as_deref().unwrap_or(node.id);
                self.document.nodes[number].camera = Some(self.document.camera(name, degrees, near));
            }
            Some("light") => self.document.light(number, light(node)),
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
        let [from, to] = link.points;
        let way = minus(to, from);
        let long = length(way);
        let style = LinkStyle::of_link(link.add.properties);
        let width = style.stroke_width.filter(|w| *w > 0.0).unwrap_or(site.sizes.line);
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
    fn widen(&mut self, site: &Site<'_, '_, '_>, i: usize, scale: Vector) {
        let bounds = |shape| mesh::bounds(shape, &site.scene.stock.faces);
        let around = site.shapes[i].as_ref().and_then(bounds).unwrap_or(([0.0; 3], [0.0; 3]));
        let frame = &site.scene.nodes[i].frame;
        let corners = corners(around).map(|c| times(frame.apply(c), scale).map(tame));
        let all = self.bounds.into_iter().flat_map(|(a, b)| [a, b]).chain(corners);
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

impl<'s, 'v, 'a> Site<'s, 'v, 'a> {
    pub fn new(scene: &'s Scene<'v, 'a>, style: Style) -> Site<'s, 'v, 'a> {
        let shapes: Vec<Option<Shape>> = scene.nodes.par_iter().map(|n| n.shape(scene.stock)).collect();
        let hollow = scene.nodes.par_iter().map(|n| is_hollow(&look::style(n.view))).collect();
        let mut holds = vec![false; scene.nodes.len()];
        scene.nodes.iter().filter_map(|n| n.parent).for_each(|p| holds[p] = true);
        let layers = layers(scene.space);
        let layer_of = layers_of(scene, &layers);
        let mut on_layers = vec![Vec::new(); layers.len()];
        layer_of.iter().zip(0..).for_each(|(layer, node)| on_layers[*layer].push(node));
        let sizes = sizes(scene, &shapes);
        let flip = if Settings::of_space(scene.space).y_up() { 1.0 } else { -1.0 };
        let heights = heights(scene, &shapes, &on_layers);
        let mut sensors = vec![Vec::new(); scene.nodes.len()];
        let writer = record::writer(scene, style);
        for sensor in &scene.sensors {
            let find = |name: &str| scene.nodes.binary_search_by(|n| n.id.cmp(name)).ok();
            if let Some(i) = sensor.node.as_deref().and_then(find) {
                sensors[i].push(writer.about_sensor(sensor));
            }
        }
        Site { scene, layers, on_layers, layer_of, shapes, hollow, sizes, flip, holds, heights, sensors }
    }

    fn ready(&self, i: usize, style: Style) -> Ready {
        Ready { extras: extras(self.about(i, style)), form: self.form(i) }
    }

    fn about(&self, i: usize, style: Style) -> Vec<u8> {
        let node = &self.scene.nodes[i];
        let mut about = record::extras(node.view, style);
        about
            .text("node_id", Some(node.id))
            .text("kind", node.kind.as_deref())
            .text("layer", node.layer.as_deref());
        if !self.sensors[i].is_empty() {
            about.list("sensors", &self.sensors[i]);
        }
        about.bytes()
    }

    fn form(&self, i: usize) -> Option<Form> {
        let node = &self.scene.nodes[i];
        let shape = match &self.shapes[i] {
            Some(shape) => shape,
            None if self.is_bare(i) => return None,
            None => &Shape::Point,
        };
        let hollow = self.hollow[i];
        let lined = hollow && mesh::is_flat(shape) || matches!(shape, Shape::Line(_));
        let opacity = self.layer(i).opacity;
        let look = Look::of(node.view, &look::style(node.view), opacity, lined);
        Some(Form { look, hollow, sizes: self.sizes_at(i), plan: self.plan(shape, i) })
    }

    /// What the space is called.
    pub fn title(&self) -> String {
        let title = Settings::of_space(self.scene.space).text("title");
        title.unwrap_or_else(|| self.scene.space.space.to_owned())
    }

    fn layer(&self, i: usize) -> &Layer {
        &self.layers[self.layer_of[i]]
    }

    /// Whether a node without a geometry is meant to have none.
    fn is_bare(&self, i: usize) -> bool {
        let kind = self.scene.nodes[i].kind.as_deref();
        self.holds[i] || matches!(kind, Some("group" | "light" | "camera"))
    }

    /// How a node is drawn when it has this shape.
    pub fn plan(&self, shape: &Shape, i: usize) -> Plan {
        match mesh::plan(shape, &self.sizes_at(i), self.hollow[i]) {
            // Mirrored twice, letters can be read.
            Plan::Own([x, y, z]) if matches!(shape, Shape::Text { .. }) => Plan::Own([x, y * self.flip, z]),
            plan => plan,
        }
    }

    /// The sizes that hold for a node, in its own frame.
    pub fn sizes_at(&self, i: usize) -> Sizes {
        let node = &self.scene.nodes[i];
        let [x, y, z] = stretches(&node.frame);
        let own = |size: f64, stretch: f64| if stretch > 0.0 { tame(size / stretch) } else { size };
        let width = number(node.view, "stroke_width").filter(|w| *w > 0.0).map(tame);
        Sizes {
            thickness: own(self.sizes.thickness * self.heights[i], z),
            line: width.unwrap_or_else(|| own(self.sizes.line, x.max(y))),
            point: own(self.sizes.point, x.max(y).max(z)),
        }
    }
}

/// How far a frame stretches each axis.
fn stretches(frame: &Transform) -> Vector {
    std::array::from_fn(|i| length([frame.rows[0][i], frame.rows[1][i], frame.rows[2][i]]))
}

fn corners((least, most): (Vector, Vector)) -> [Vector; 8] {
    std::array::from_fn(|n| std::array::from_fn(|i| if n >> i & 1 == 0 { least[i] } else { most[i] }))
}

/// The layer of each node, by its place among the layers, which are those that nodes are on.
fn layers_of(scene: &Scene<'_, '_>, layers: &[Layer]) -> Vec<usize> {
    let places: BTreeMap<&str, usize> = layers.iter().map(|l| l.id.as_str()).zip(0..).collect();
    let place = |node: &Node<'_, '_>| places.get(node.layer.as_deref().unwrap_or("")).copied().unwrap_or(0);
    scene.nodes.iter().map(place).collect()
}

fn about_space(space: &str, settings: Settings<'_, '_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut about = Members::open(&mut out);
    about.raws("properties", settings.properties().iter().map(Written::member), &mut out);
    about.text("space_id", space, &mut out);
    about.close(&mut out);
    out
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

/// What the shapes that have a size say about those that have none: the middle one of their widths decides, which
/// a few that are huge do not change.
fn sizes(scene: &Scene<'_, '_>, shapes: &[Option<Shape>]) -> Sizes {
    let width = |(node, shape): (&Node<'_, '_>, &Option<Shape>)| {
        let (least, most) = mesh::bounds(shape.as_ref()?, &scene.stock.faces)?;
        let [x, y, z] = times(minus(most, least), stretches(&node.frame));
        Some((x.max(y).max(z), mesh::is_flat(shape.as_ref()?))).filter(|(width, _)| *width > 0.0)
    };
    let widths: Vec<(f64, bool)> = scene.nodes.par_iter().zip(shapes).filter_map(width).collect();
    let all = middle(widths.iter().map(|(w, _)| *w)).unwrap_or_else(|| across(scene));
    let flat = middle(widths.iter().filter(|(_, flat)| *flat).map(|(w, _)| *w)).unwrap_or(all);
    Sizes { thickness: flat / THIN, line: all / LINE, point: all / SMALL }
}

fn middle(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.map(tame).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}

/// A size for points, from how far they lie apart.
fn across(scene: &Scene<'_, '_>) -> f64 {
    let around = mesh::around_points(scene.nodes.iter().map(|n| n.frame.position()));
    let all = around.map_or(0.0, |(least, most)| tame(length(minus(most, least))));
    if all > 0.0 { SMALL * all / POINTS_ACROSS } else { SMALL }
}

/// How many thicknesses each flat node stands high: what is painted later stands a little higher, layer by layer,
/// so that flat things that share a place are told apart from above.
fn heights(scene: &Scene<'_, '_>, shapes: &[Option<Shape>], on_layers: &[Vec<usize>]) -> Vec<f64> {
    let mut heights = vec![1.0; scene.nodes.len()];
    for (rank, nodes) in on_layers.iter().enumerate() {
        let flat = nodes.iter().filter(|i| shapes[**i].as_ref().is_some_and(mesh::is_flat));
        let mut on_it: Vec<usize> = flat.copied().collect();
        on_it.sort_by(|a, b| {
            let (a, b) = (&scene.nodes[*a], &scene.nodes[*b]);
            let z = |n: &Node<'_, '_>| n.frame.position()[2];
            z(a).total_cmp(&z(b)).then_with(|| a.view.state.created.cmp(&b.view.state.created))
        });
        let all = on_it.len() as f64;
        for (n, i) in on_it.into_iter().enumerate() {
            heights[i] = 1.0 + rank as f64 + n as f64 / all;
        }
    }
    heights
}

/// A light from a node's properties: `type` (point, spot or directional), `color`, `intensity`, `range`, and for
/// a spot `angle`, all of its cone in degrees.
fn light(node: &Node<'_, '_>) -> serde_json::Value {
    let kind = look::text(node.view, "type").filter(|t| matches!(t.as_str(), "spot" | "directional"));
    let kind = kind.unwrap_or_else(|| "point".to_owned());
    let number = |name| look::number(node.view, name).map(tame);
    let style = look::style(node.view);
    let [r, g, b, _] = look::linear(Look::of(node.view, &style, 1.0, false).color);
    let mut light = json!({
        "type": kind, "name": node.name.as_deref().unwrap_or(node.id),
        "intensity": number("intensity").unwrap_or(1.0).max(0.0),
    });
    if style.color.is_some() {
        light["color"] = json!([r, g, b]);
    }
    if let Some(range) = number("range").filter(|r| *r > 0.0 && kind != "directional") {
        light["range"] = json!(range);
    }
    if kind == "spot" {
        let half = (number("angle").unwrap_or(90.0) / 2.0).clamp(0.1, 90.0).to_radians();
        light["spot"] = json!({ "outerConeAngle": half });
    }
    light
}
