//! What there is to build, from a view: nodes in their frames, the links between them, and what sensors read.

use crate::geometry::Shape;
use crate::join::{Space, ViewNode};
use crate::name;
use crate::scene::{Sensor, ends_of, sensors};
use crate::solid::look::word;
use crate::solid::measure::Measure;
use crate::solid::mesh;
use crate::solid::models::{shape_of, shape_of_media};
use crate::solid::space::Vector;
use crate::solid::stock::Stock;
use crate::transform::{self, Local, Transform};
use rayon::prelude::*;
use std::borrow::Cow;
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::state::Add;

/// One space, its nodes in the order of their names.
pub struct Scene<'v, 'a> {
    pub space: &'v Space<'a>,
    pub nodes: Vec<Node<'v, 'a>>,
    pub links: Vec<Link<'a>>,
    pub sensors: Vec<Sensor<'v, 'a>>,
    /// What its shapes are made from.
    pub stock: &'v Stock<'v>,
}

/// A visible node.
pub struct Node<'v, 'a> {
    pub id: &'a str,
    pub view: &'v ViewNode<'a>,
    /// What people call it: its `label`, `name` or `title`.
    pub name: Option<String>,
    pub kind: Option<Cow<'a, str>>,
    pub layer: Option<Cow<'a, str>>,
    /// Its parent's place in the list.
    pub parent: Option<usize>,
    pub local: Local,
    /// Its frame in the world.
    pub frame: Transform,
    /// Its geometry as raw JSON.
    pub geometry: Option<&'a str>,
    /// What it is drawn as where it has none: its medium as raw JSON.
    pub media: Option<&'a str>,
}

/// A visible link, between the feet of its ends.
pub struct Link<'a> {
    pub ends: Ends<'a>,
    pub add: Add<'a>,
    pub points: [Vector; 2],
}

impl<'v, 'a> Scene<'v, 'a> {
    pub fn new(space: &'v Space<'a>, stock: &'v Stock<'v>) -> Scene<'v, 'a> {
        let locals = transform::locals(space);
        let worlds = transform::worlds(space, &locals);
        let visible: Vec<usize> = (0..worlds.len()).filter(|i| space.nodes.list()[*i].1.visible).collect();
        let mut places: Vec<Option<usize>> = vec![None; worlds.len()];
        visible.iter().zip(0..).for_each(|(number, place)| places[*number] = Some(place));
        let node = |number: &usize| {
            let (id, view) = &space.nodes.list()[*number];
            Node {
                id,
                view,
                name: name::of_node(view),
                kind: word(view, RegisterKind::Kind),
                layer: word(view, RegisterKind::Layer),
                parent: view.parent.and_then(|p| places[p]),
                local: locals[*number],
                frame: worlds[*number],
                geometry: view.plain(RegisterKind::Geometry),
                media: view.get(Register::media("media")),
            }
        };
        let nodes: Vec<Node<'v, 'a>> = visible.par_iter().map(node).collect();
        let links = links(space, &nodes, &places, stock);
        let sensors = sensors(space, &worlds);
        Scene { space, nodes, links, sensors, stock }
    }
}

impl Node<'_, '_> {
    /// Its shape; `None` where none was given.
    pub fn shape(&self, stock: &Stock<'_>) -> Option<Shape> {
        match self.geometry {
            Some(geometry) => Some(stock.models.shape(shape_of(geometry))),
            None => Some(stock.models.shape(shape_of_media(self.media?)?)),
        }
    }

    /// Where links meet it, in the world.
    fn foot(&self, stock: &Stock<'_>) -> Vector {
        let measure = Measure::of_world(&stock.faces);
        self.frame.apply(self.shape(stock).map_or([0.0; 3], |shape| foot(&shape, &measure)))
    }
}

/// Where links meet a shape: in the middle of it, at its foot.
pub fn foot(shape: &Shape, measure: &Measure<'_>) -> Vector {
    let Some((least, most)) = mesh::bounds(shape, measure) else { return [0.0; 3] };
    let middle = |i: usize| least[i] / 2.0 + most[i] / 2.0;
    [middle(0), middle(1), least[2].max(0.0).min(most[2])]
}

fn links<'a>(
    space: &Space<'a>,
    nodes: &[Node<'_, 'a>],
    places: &[Option<usize>],
    stock: &Stock<'_>,
) -> Vec<Link<'a>> {
    let mut feet: Vec<Option<Vector>> = vec![None; nodes.len()];
    let mut foot = |number: usize| {
        let i = places[number]?;
        Some(*feet[i].get_or_insert_with(|| nodes[i].foot(stock)))
    };
    let link = |(ends, add): (&Ends<'a>, &Add<'a>)| {
        let [from, to] = ends_of(space, ends)?;
        Some(Link { ends: *ends, add: *add, points: [foot(from)?, foot(to)?] })
    };
    space.links.iter().filter_map(link).collect()
}
