//! A scene on its site: what of it is seen, about which origin it is laid out, and how each node is drawn there.
//!
//! World coordinates are doubles, a renderer's are floats. So a scene is laid out in units of a drawing of about a
//! thousand across, and every place in the file is near 0: the origin of the drawing is taken off the nodes that have
//! no parent, and a node that lies far away and holds others stands where they are instead, by its *pivot*, the place
//! of its own frame that is its origin in the file. Where everything is in the world stays to the last digit.

use crate::frame::{ACROSS, Frame};
use crate::geometry::Shape;
use crate::media::reference_in;
use crate::scene::{Layer, Settings, layers};
use crate::solid::look::{self, Look, number};
use crate::solid::measure::Measure;
use crate::solid::mesh::{self, Plan, Sizes};
use crate::solid::models::is_picture;
use crate::solid::pictures::Picture;
use crate::solid::record::{self, Style};
use crate::solid::scene::{Node, Scene};
use crate::solid::sizes::{heights, sizes, stretches};
use crate::solid::space::{FAR, Vector, cross, dot, length, minus, plus, tame, tamed};
use crate::style::Style as Looks;
use crate::transform::{Local, Transform};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use ulp_core::json::Tape;
use ulp_core::json::write::Members;
use ulp_core::state::Written;

/// A node that holds others has a pivot where it lies farther from the drawing's origin than this.
const AWAY: f64 = 10_000.0;

/// Text that gives no size is this part of the drawing's largest side.
const TEXT: f64 = 1.0 / 52.0;

/// Half a side of a picture that hangs at no shape, in radii of a point.
const PICTURE: f64 = 4.0;

/// Two corners: the least and the greatest.
pub type Box3 = (Vector, Vector);

/// A space while it is being built.
pub struct Site<'s, 'v, 'a> {
    pub scene: &'s Scene<'v, 'a>,
    pub layers: Vec<Layer>,
    /// The nodes on each layer, by their places in the list.
    pub on_layers: Vec<Vec<usize>>,
    /// The layer of each node.
    layer_of: Vec<usize>,
    pub shapes: Vec<Option<Shape>>,
    /// What each node says of how it looks.
    looks: Vec<Looks>,
    pub sizes: Sizes,
    /// −1 where y runs down, as the group of the space then mirrors it; else 1.
    pub flip: f64,
    /// Whether a node holds others.
    pub holds: Vec<bool>,
    /// How many thicknesses a flat node stands high.
    heights: Vec<f64>,
    /// What sensors read at each node.
    sensors: Vec<Vec<Vec<u8>>>,
    /// What hangs at each node.
    pub hung: Vec<Hung>,
    /// The box around all that is drawn, in the world.
    extent: Option<Box3>,
    /// Where the drawing is laid out, in the space's unit.
    pub frame: Frame<3>,
    /// The height of letters where a text names none, in units of the drawing.
    text: f64,
    /// The place of each node's own frame that is its origin in the drawing.
    pivots: Vec<Vector>,
}

/// A picture that a node shows.
pub enum Hung {
    Nothing,
    Picture(Arc<Picture>),
    /// One that is not at hand, or cannot be read.
    Missing,
}

/// How a node is to be drawn.
pub struct Form {
    pub look: Look,
    pub hollow: bool,
    pub sizes: Sizes,
    pub plan: Plan,
    /// About what place of its own frame its mesh is made, in units of the drawing.
    pub middle: Vector,
}

impl<'s, 'v, 'a> Site<'s, 'v, 'a> {
    /// A site that is not laid out yet.
    pub fn new(scene: &'s Scene<'v, 'a>, style: Style) -> Site<'s, 'v, 'a> {
        let shapes: Vec<Option<Shape>> = scene.nodes.par_iter().map(|n| n.shape(scene.stock)).collect();
        let looks =
            scene.nodes.par_iter().map_init(Tape::new, |tape, n| Looks::of_node(n.view, tape)).collect();
        let mut holds = vec![false; scene.nodes.len()];
        scene.nodes.iter().filter_map(|n| n.parent).for_each(|p| holds[p] = true);
        let layers = layers(scene.space);
        let layer_of = layers_of(scene, &layers);
        let mut on_layers = vec![Vec::new(); layers.len()];
        layer_of.iter().zip(0..).for_each(|(layer, node)| on_layers[*layer].push(node));
        let flip = if Settings::of_space(scene.space).y_up() { 1.0 } else { -1.0 };
        let heights = heights(scene, &shapes, &on_layers);
        let sensors = readings(scene, style);
        let hung = scene.nodes.par_iter().zip(&shapes).map(|(node, shape)| hung(node, shape.as_ref(), scene));
        let hung = hung.collect();
        let pivots = vec![[0.0; 3]; scene.nodes.len()];
        let (sizes, frame) = (Sizes::default(), Frame::WORLD);
        let mut site = Site {
            scene,
            layers,
            on_layers,
            layer_of,
            shapes,
            looks,
            sizes,
            flip,
            holds,
            heights,
            sensors,
            hung,
            extent: None,
            frame,
            text: 0.0,
            pivots,
        };
        site.extent = site.find_extent();
        site
    }

    /// The box around all that is drawn, in the world.
    pub fn extent(&self) -> Option<Box3> {
        self.extent
    }

    /// The same in the drawing.
    pub fn around_all(&self) -> Box3 {
        let (least, most) = self.extent.unwrap_or_default();
        (self.frame.place(least), self.frame.place(most))
    }

    /// Around what is drawn and what sensors read at places of their own; around where nodes are, where that is
    /// nothing.
    fn find_extent(&self) -> Option<Box3> {
        let measure = Measure::of_world(&self.scene.stock.faces);
        let around = |i: usize| self.around(i, &measure);
        let drawn = (0..self.shapes.len()).into_par_iter().filter_map(around);
        let places = || self.scene.nodes.iter().map(|n| n.frame.position());
        let readings = self.scene.sensors.iter().filter(|s| !s.is_at_node).filter_map(|s| s.position);
        let all = drawn.reduce_with(joined).into_iter().chain(mesh::around_points(readings));
        all.reduce(joined).or_else(|| mesh::around_points(places()))
    }

    /// Around what is drawn of a node, in the world; nothing of one that only holds others.
    fn around(&self, i: usize, measure: &Measure<'_>) -> Option<Box3> {
        if self.shapes[i].is_none() && self.is_bare(i) {
            return None;
        }
        let bounds = self.shapes[i].as_ref().and_then(|shape| mesh::bounds(shape, measure));
        let frame = &self.scene.nodes[i].frame;
        let corners = corners(bounds.unwrap_or_default()).map(|c| frame.apply(measure.back(c)));
        mesh::around_points(corners.into_iter())
    }

    /// Lays the site out in a frame, as part of a drawing of that largest side.
    pub fn lay_out(&mut self, frame: Frame<3>, side: f64) {
        self.frame = frame;
        self.text = TEXT * if side > 0.0 { side } else { ACROSS };
        self.sizes = sizes(self.scene, &self.shapes, &self.measure());
        self.pivots = (0..self.shapes.len()).into_par_iter().map(|i| self.find_pivot(i)).collect();
    }

    pub fn measure(&self) -> Measure<'v> {
        Measure { faces: &self.scene.stock.faces, scale: self.frame.scale, text: self.text }
    }

    /// Around what is drawn of a node, in the drawing.
    pub fn around_in_drawing(&self, i: usize) -> Option<Box3> {
        let (least, most) = self.around(i, &self.measure())?;
        Some((self.frame.place(least), self.frame.place(most)))
    }

    /// One that holds others and lies far away stands in the middle of the drawing, where these are. One that holds
    /// none stands where its mesh does.
    fn find_pivot(&self, i: usize) -> Vector {
        let node = &self.scene.nodes[i];
        if !self.holds[i] {
            return self.measure().back(self.middle(i));
        }
        let here = self.frame.place(node.frame.position());
        if length(here) <= AWAY {
            return [0.0; 3];
        }
        inverse(&node.frame, self.frame.origin).unwrap_or_default()
    }

    /// About what place of a node's frame its own mesh is made, in units of the drawing.
    fn middle(&self, i: usize) -> Vector {
        let shape = self.shapes[i].as_ref();
        shape.map_or([0.0; 3], |shape| mesh::middle(shape, &self.measure()))
    }

    /// Where a node's origin in the drawing is, in that of its parent, if its own transform is this one.
    pub fn stand(&self, i: usize, local: &Local) -> Vector {
        let around = self.scene.nodes[i].parent.map_or(self.frame.origin, |parent| self.pivots[parent]);
        let turned = Transform { translation: [0.0; 3], ..local.transform() }.apply(self.pivots[i]);
        self.measure().place(plus(minus(local.translation, around), turned))
    }

    /// The height of letters that stand in the scene, in units of the drawing.
    pub fn letters(&self) -> f64 {
        self.text
    }

    /// Whether what is drawn of a node is not the node itself, for others stand in its frame.
    pub fn is_apart(&self, i: usize) -> bool {
        self.holds[i] || matches!(self.hung[i], Hung::Picture(_))
    }

    /// Where the picture of a node hangs, seen from the node's origin in the drawing, and its size: flat on top of
    /// its shape, as large as its proportions allow.
    pub fn hook(&self, i: usize, picture: &Picture) -> (Vector, Vector) {
        let (sizes, measure) = (self.sizes_at(i), self.measure());
        let shape = self.shapes[i].as_ref();
        let side = sizes.point * PICTURE;
        let (least, most) = shape
            .and_then(|shape| mesh::bounds(shape, &measure))
            .unwrap_or(([-side, -side, 0.0], [side, side, 0.0]));
        let [wide, high, _] = minus(most, least);
        let fit = (wide / picture.size[0]).min(high / picture.size[1]);
        let top = if shape.is_some_and(mesh::is_flat) { sizes.thickness } else { most[2] };
        let middle =
            [least[0] / 2.0 + most[0] / 2.0, least[1] / 2.0 + most[1] / 2.0, top + sizes.thickness * 0.05];
        let size = [picture.size[0] * fit, picture.size[1] * fit * self.flip, 1.0];
        (tamed(minus(middle, measure.place(self.pivots[i]))), tamed(size))
    }

    /// Where the mesh of a node is, seen from the node's origin in the drawing.
    pub fn offset(&self, i: usize, form: &Form) -> Vector {
        tamed(minus(form.middle, self.measure().place(self.pivots[i])))
    }

    /// The readings at a node.
    pub fn sensors(&self, i: usize) -> &[Vec<u8>] {
        &self.sensors[i]
    }

    /// How a node is to be drawn, if it is.
    pub fn form(&self, i: usize) -> Option<Form> {
        let node = &self.scene.nodes[i];
        let shape = match &self.shapes[i] {
            Some(shape) => shape,
            None if self.is_bare(i) || matches!(self.hung[i], Hung::Picture(_)) => return None,
            None => &Shape::Point,
        };
        let hollow = self.is_hollow(i);
        let lined = hollow && mesh::is_flat(shape) || matches!(shape, Shape::Line(_));
        let opacity = self.layer(i).opacity;
        let look = Look::of(node.view, &self.looks[i], opacity, lined);
        let (sizes, plan) = (self.sizes_at(i), self.plan(shape, i));
        let middle = if matches!(plan, Plan::Own(_)) { self.middle(i) } else { [0.0; 3] };
        Some(Form { look, hollow, sizes, plan, middle })
    }

    /// What the space is called.
    pub fn title(&self) -> String {
        let title = Settings::of_space(self.scene.space).text("title");
        title.unwrap_or_else(|| self.scene.space.space.to_owned())
    }

    pub fn layer(&self, i: usize) -> &Layer {
        &self.layers[self.layer_of[i]]
    }

    /// Whether a node without a geometry is meant to have none.
    pub fn is_bare(&self, i: usize) -> bool {
        let kind = self.scene.nodes[i].kind.as_deref();
        self.holds[i] || matches!(kind, Some("group" | "light" | "camera"))
    }

    /// Whether a flat shape is to be left open.
    pub fn is_hollow(&self, i: usize) -> bool {
        look::is_hollow(&self.looks[i])
    }

    /// How a node is drawn when it has this shape.
    pub fn plan(&self, shape: &Shape, i: usize) -> Plan {
        match mesh::plan(shape, &self.sizes_at(i), self.is_hollow(i), &self.measure()) {
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
        let width = number(node.view, "stroke_width").filter(|w| *w > 0.0);
        Sizes {
            thickness: own(self.sizes.thickness * self.heights[i], z),
            line: width.map_or_else(|| own(self.sizes.line, x.max(y)), |w| self.measure().length(w)),
            point: own(self.sizes.point, x.max(y).max(z)),
        }
    }

    /// What is known of the space, and where it is laid out: a place of the drawing over `scale`, added to `origin`,
    /// is one of the space.
    pub fn about_space(&self) -> Vec<u8> {
        let settings = Settings::of_space(self.scene.space);
        let mut out = Vec::new();
        let mut about = Members::open(&mut out);
        about.numbers("origin", &self.frame.origin, &mut out);
        about.raws("properties", settings.properties().iter().map(Written::member), &mut out);
        about.number("scale", self.frame.scale, &mut out);
        about.text("space_id", self.scene.space.space, &mut out);
        about.close(&mut out);
        out
    }
}

/// The picture of a node: that of its medium, unless that is its shape.
fn hung(node: &Node<'_, '_>, shape: Option<&Shape>, scene: &Scene<'_, '_>) -> Hung {
    let Some(raw) = node.media.filter(|_| shape.is_none() || node.geometry.is_some()) else {
        return Hung::Nothing;
    };
    let Some(reference) = reference_in(raw).filter(|_| is_picture(raw)) else { return Hung::Nothing };
    scene.stock.pictures.get(&reference).map_or(Hung::Missing, Hung::Picture)
}

fn readings(scene: &Scene<'_, '_>, style: Style) -> Vec<Vec<Vec<u8>>> {
    let mut readings = vec![Vec::new(); scene.nodes.len()];
    let writer = record::writer(scene, style);
    for sensor in &scene.sensors {
        let find = |name: &str| scene.nodes.binary_search_by(|n| n.id.cmp(name)).ok();
        if let Some(i) = sensor.node.as_deref().and_then(find) {
            readings[i].push(writer.about_sensor(sensor));
        }
    }
    readings
}

/// The frame of what lies in a box, and the largest side of that in it.
pub fn framed(around: Option<Box3>) -> (Frame<3>, f64) {
    let Some((least, most)) = around else { return (Frame::WORLD, 0.0) };
    let frame = Frame::around(least, most);
    (frame, minus(most, least).into_iter().fold(0.0, f64::max) * frame.scale)
}

/// Around both.
pub fn joined(a: Box3, b: Box3) -> Box3 {
    mesh::around_points([a.0, a.1, b.0, b.1].into_iter()).unwrap_or(a)
}

/// The place that a frame puts where `place` is; nothing where it puts all on a plane.
fn inverse(frame: &Transform, place: Vector) -> Option<Vector> {
    let [a, b, c]: [Vector; 3] =
        std::array::from_fn(|i| [frame.rows[0][i], frame.rows[1][i], frame.rows[2][i]]);
    let rows = [cross(b, c), cross(c, a), cross(a, b)];
    let volume = dot(a, rows[0]);
    let way = minus(place, frame.position());
    let found = rows.map(|row| dot(row, way) / volume);
    found.iter().all(|c| c.abs() <= FAR).then_some(found)
}

pub fn corners((least, most): Box3) -> [Vector; 8] {
    std::array::from_fn(|n| std::array::from_fn(|i| if n >> i & 1 == 0 { least[i] } else { most[i] }))
}

/// The layer of each node, by its place among the layers, which are those that nodes are on.
fn layers_of(scene: &Scene<'_, '_>, layers: &[Layer]) -> Vec<usize> {
    let places: BTreeMap<&str, usize> = layers.iter().map(|l| l.id.as_str()).zip(0..).collect();
    let place = |node: &Node<'_, '_>| places.get(node.layer.as_deref().unwrap_or("")).copied().unwrap_or(0);
    scene.nodes.iter().map(place).collect()
}
