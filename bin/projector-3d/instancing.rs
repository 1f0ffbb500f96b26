//! Nodes that are drawn as one: leaves of one parent with the same mesh become instances of a single node.

use crate::gltf::{Document, Node, extras};
use serde_json::json;
use std::collections::BTreeMap;
use ulp_view::solid::mesh::around_points;
use ulp_view::solid::space::{STILL, Vector, minus};

/// Puts leaves of one mesh together, two or more at a time (`EXT_mesh_gpu_instancing`). What was known of each
/// stands in the extras of the new node, in the order of the instances.
pub fn instance(document: &mut Document) {
    let mut gone = vec![false; document.nodes.len()];
    for parent in 0..document.nodes.len() {
        let mut alike: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for child in &document.nodes[parent].children {
            if let Some(mesh) = plain_mesh(&document.nodes[*child]) {
                alike.entry(mesh).or_default().push(*child);
            }
        }
        for (mesh, members) in alike.into_iter().filter(|(_, members)| members.len() > 1) {
            gather(document, mesh, &members);
            members[1..].iter().for_each(|i| gone[*i] = true);
        }
    }
    compact(document, &gone);
}

/// The mesh of a node that holds and is nothing else.
fn plain_mesh(node: &Node) -> Option<usize> {
    let plain = node.children.is_empty() && node.camera.is_none() && node.extensions.is_empty();
    node.mesh.filter(|_| plain)
}

/// Makes the first of some nodes stand for all of them.
fn gather(document: &mut Document, mesh: usize, members: &[usize]) {
    let nodes: Vec<Node> = members.iter().map(|i| std::mem::take(&mut document.nodes[*i])).collect();
    // Floats are finest near 0, so the node stands in the middle of its instances.
    let around = around_points(nodes.iter().map(|n| n.translation)).unwrap_or_default();
    let middle: Vector = std::array::from_fn(|i| around.0[i] / 2.0 + around.1[i] / 2.0);
    let places: Vec<Vector> = nodes.iter().map(|n| minus(n.translation, middle)).collect();
    let turns: Vec<_> = nodes.iter().map(|n| n.rotation.unwrap_or(STILL)).collect();
    let scales: Vec<_> = nodes.iter().map(|n| n.scale.unwrap_or([1.0; 3])).collect();
    let mut attributes = json!({ "TRANSLATION": document.numbers(&places, false) });
    if nodes.iter().any(|n| n.rotation.is_some()) {
        attributes["ROTATION"] = json!(document.numbers(&turns, false));
    }
    if nodes.iter().any(|n| n.scale.is_some()) {
        attributes["SCALE"] = json!(document.numbers(&scales, false));
    }
    let about: Vec<&str> = nodes.iter().map(|n| n.extras.as_ref().map_or("{}", |e| e.get())).collect();
    let first = members[0];
    document.nodes[first] = Node {
        translation: middle,
        mesh: Some(mesh),
        extras: extras(format!("{{\"instances\":[{}]}}", about.join(",")).into_bytes()),
        ..Node::group(format!("{} instances", nodes.len()))
    };
    document.extend(first, "EXT_mesh_gpu_instancing", json!({ "attributes": attributes }));
}

/// Leaves out the nodes that are gone.
fn compact(document: &mut Document, gone: &[bool]) {
    let mut next = 0;
    let numbers: Vec<Option<usize>> = gone
        .iter()
        .map(|gone| {
            let number = (!gone).then_some(next);
            next += usize::from(!gone);
            number
        })
        .collect();
    let nodes = std::mem::take(&mut document.nodes);
    document.nodes = nodes.into_iter().zip(gone).filter(|(_, gone)| !**gone).map(|(node, _)| node).collect();
    for node in &mut document.nodes {
        node.children = node.children.iter().filter_map(|child| numbers[*child]).collect();
    }
}
