//! What there is to build, from a view: nodes in their frames, the links between them, and what sensors read.

use crate::look::{text, text_in, word};
use crate::mesh;
use crate::shape::{Shape, vector};
use crate::space::{Frame, Local, Vector, about_z, turn};
use std::collections::BTreeMap;
use ulp::event::{Ends, RegisterKind};
use ulp::json::{self, Tape, Value};
use ulp::state::{Add, Reading};
use ulp::view::{Space, ViewNode};

/// One space, its nodes in the order of their names.
pub struct Scene<'v, 'a> {
    pub space: &'v Space<'a>,
    pub nodes: Vec<Node<'v, 'a>>,
    pub links: Vec<Link<'a>>,
    pub sensors: Vec<Sensor<'a>>,
}

/// A visible node.
pub struct Node<'v, 'a> {
    pub id: &'a str,
    pub view: &'v ViewNode<'a>,
    /// What people call it: its `label`, `name` or `title`.
    pub name: Option<String>,
    pub kind: Option<String>,
    pub layer: Option<String>,
    /// Its parent's place in the list.
    pub parent: Option<usize>,
    pub local: Local,
    pub frame: Frame,
    /// Its geometry as raw JSON.
    pub geometry: Option<&'a str>,
}

/// A visible link, between the feet of its ends.
pub struct Link<'a> {
    pub ends: Ends<'a>,
    pub add: Add<'a>,
    pub points: [Vector; 2],
}

/// What a sensor read last, and where it is.
pub struct Sensor<'a> {
    pub reading: Reading<'a>,
    pub node: Option<String>,
    pub position: Option<Vector>,
}

impl<'v, 'a> Scene<'v, 'a> {
    pub fn new(space: &'v Space<'a>) -> Scene<'v, 'a> {
        let visible = || space.nodes.iter().filter(|(_, n)| n.visible);
        let index: BTreeMap<&str, usize> = visible().map(|(id, _)| *id).zip(0..).collect();
        let mut nodes: Vec<Node<'v, 'a>> = visible()
            .map(|(id, view)| Node {
                id,
                view,
                name: name(view),
                kind: word(view, RegisterKind::Kind),
                layer: word(view, RegisterKind::Layer),
                parent: view.parent.and_then(|p| index.get(p).copied()),
                local: local(view),
                frame: Frame::default(),
                geometry: view.plain(RegisterKind::Geometry),
            })
            .collect();
        place(&mut nodes);
        let links = links(space, &nodes, &index);
        let sensors = space.sensors.values().map(|r| sensor(*r, &nodes, &index)).collect();
        Scene { space, nodes, links, sensors }
    }
}

impl Node<'_, '_> {
    /// Its shape; `None` where no geometry was given.
    pub fn shape(&self) -> Option<Shape> {
        self.geometry.map(Shape::parse)
    }

    /// Where links meet it, in the world: the middle of its shape, at its foot.
    fn foot(&self) -> Vector {
        let bounds = self.shape().and_then(|s| mesh::bounds(&s));
        let foot = bounds.map_or([0.0; 3], |(least, most)| {
            let middle = |i: usize| least[i] / 2.0 + most[i] / 2.0;
            [middle(0), middle(1), least[2].max(0.0).min(most[2])]
        });
        self.frame.point(foot)
    }
}

/// What people call a node.
fn name(node: &ViewNode<'_>) -> Option<String> {
    ["label", "name", "title"].into_iter().find_map(|property| text(node, property))
}

/// A node's own transform.
fn local(node: &ViewNode<'_>) -> Local {
    let mut local = Local::default();
    read(node, RegisterKind::Position, |v| local.translation = vector(v).unwrap_or_default());
    read(node, RegisterKind::Rotation, |v| {
        local.rotation = match v.as_f64() {
            Some(degrees) => about_z(degrees),
            None => turn(four(v)),
        }
    });
    read(node, RegisterKind::Scale, |v| {
        local.scale = match v.as_f64() {
            Some(n) => [n; 3],
            None => vector(v).unwrap_or([1.0; 3]),
        }
    });
    local
}

fn read(node: &ViewNode<'_>, kind: RegisterKind, take: impl FnOnce(Value<'_, '_>)) {
    let mut tape = Tape::new();
    if let Some(Ok(value)) = node.plain(kind).map(|raw| tape.parse_any(raw, json::STATE_DEPTH)) {
        take(value);
    }
}

fn four(value: Value<'_, '_>) -> [f64; 4] {
    let mut numbers = value.items().filter_map(Value::as_f64);
    std::array::from_fn(|_| numbers.next().unwrap_or_default())
}

/// Gives every node its frame in the world, parents before their children. Views have no parent cycles.
fn place(nodes: &mut [Node<'_, '_>]) {
    let mut placed = vec![false; nodes.len()];
    for start in 0..nodes.len() {
        let mut chain = Vec::new();
        let mut at = Some(start);
        while let Some(i) = at.filter(|i| !placed[*i]) {
            chain.push(i);
            placed[i] = true;
            at = nodes[i].parent;
        }
        while let Some(i) = chain.pop() {
            let outer = nodes[i].parent.map_or_else(Frame::default, |p| nodes[p].frame);
            nodes[i].frame = outer.within(&nodes[i].local);
        }
    }
}

fn links<'a>(space: &Space<'a>, nodes: &[Node<'_, 'a>], index: &BTreeMap<&str, usize>) -> Vec<Link<'a>> {
    let mut feet: Vec<Option<Vector>> = vec![None; nodes.len()];
    let mut foot = |name: &str| {
        let i = *index.get(name)?;
        Some(*feet[i].get_or_insert_with(|| nodes[i].foot()))
    };
    let link = |(ends, add): (&Ends<'a>, &Add<'a>)| {
        Some(Link { ends: *ends, add: *add, points: [foot(ends.from)?, foot(ends.to)?] })
    };
    space.links.iter().filter_map(link).collect()
}

fn sensor<'a>(reading: Reading<'a>, nodes: &[Node<'_, 'a>], index: &BTreeMap<&str, usize>) -> Sensor<'a> {
    let mut tape = Tape::new();
    let own = reading.sensor.position.and_then(|raw| tape.parse_any(raw, json::STATE_DEPTH).ok());
    let node = reading.sensor.node.and_then(text_in);
    let held = || Some(nodes[*index.get(node.as_deref()?)?].frame.origin());
    let position = own.and_then(vector).or_else(held);
    Sensor { reading, position, node }
}
