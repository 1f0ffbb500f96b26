//! One document of each library: a map of nodes, each a map of registers; a map of links' tags; a map of readings.

use anyhow::Context as _;
use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use loro::{ExportMode, LoroDoc, LoroMap, LoroValue, ValueOrContainer};
use yrs::{Any, Map as _, MapPrelim, MapRef, Out, ReadTxn as _, StateVector, Transact as _};

use crate::writes::{Event, Value, Write};

pub trait Document {
    /// Applies some events in one transaction.
    fn apply(&mut self, events: &[Event]) -> anyhow::Result<()>;
    /// The document as bytes that the library can load.
    fn export(&mut self) -> anyhow::Result<Vec<u8>>;
    fn count(&self) -> anyhow::Result<Counts>;
}

/// Nodes that were created and not deleted, and their registers; links' standing tags; sensors.
#[derive(Default)]
pub struct Counts {
    pub nodes: usize,
    pub registers: usize,
    pub links: usize,
    pub sensors: usize,
}

impl Counts {
    /// Counts a node by whether it was created and how many registers it has, that one included.
    fn node(&mut self, created: bool, registers: usize) {
        if created {
            self.nodes += 1;
            self.registers += registers - 1;
        }
    }
}

const CREATED: &str = "created";
const GONE: &str = "because writes to a deleted node were left out";

pub struct InLoro {
    doc: LoroDoc,
    nodes: LoroMap,
    links: LoroMap,
    sensors: LoroMap,
    /// Each node's map by its number, until the node is deleted.
    maps: Vec<Option<LoroMap>>,
}

impl InLoro {
    pub fn new() -> anyhow::Result<InLoro> {
        let doc = LoroDoc::new();
        doc.set_peer_id(1)?;
        let [nodes, links, sensors] = ["nodes", "links", "sensors"].map(|name| doc.get_map(name));
        Ok(InLoro { doc, nodes, links, sensors, maps: Vec::new() })
    }
}

impl Document for InLoro {
    fn apply(&mut self, events: &[Event]) -> anyhow::Result<()> {
        for write in events.iter().flatten() {
            match write {
                Write::Node { node, name } => {
                    let map = self.nodes.insert_container(name, LoroMap::new())?;
                    place(&mut self.maps, *node, map);
                }
                Write::Set { node, register, value } => {
                    self.maps[*node].as_ref().expect(GONE).insert(register, loro(value))?;
                }
                Write::Delete { node, name } => {
                    self.maps[*node] = None;
                    self.nodes.delete(name)?;
                }
                Write::Link { entry } => self.links.insert(entry, true)?,
                Write::Unlink { entry } => self.links.delete(entry)?,
                Write::Sensor { entry, reading } => self.sensors.insert(entry, reading.as_str())?,
            }
        }
        self.doc.commit();
        Ok(())
    }

    fn export(&mut self) -> anyhow::Result<Vec<u8>> {
        Ok(self.doc.export(ExportMode::all_updates())?)
    }

    fn count(&self) -> anyhow::Result<Counts> {
        let mut counts = Counts { links: self.links.len(), sensors: self.sensors.len(), ..Counts::default() };
        self.nodes.for_each(|_, value| {
            if let ValueOrContainer::Container(loro::Container::Map(map)) = value {
                counts.node(map.get(CREATED).is_some(), map.len());
            }
        });
        Ok(counts)
    }
}

fn loro(value: &Value) -> LoroValue {
    match value {
        Value::Null => LoroValue::Null,
        Value::Bool(b) => (*b).into(),
        Value::Number(n) => (*n).into(),
        Value::Text(text) => text.as_str().into(),
    }
}

pub struct InYrs {
    doc: yrs::Doc,
    nodes: MapRef,
    links: MapRef,
    sensors: MapRef,
    /// As above.
    maps: Vec<Option<MapRef>>,
}

impl InYrs {
    pub fn new() -> InYrs {
        let options =
            yrs::Options { skip_gc: true, ..yrs::Options::with_client_id(yrs::block::ClientID::new(1)) };
        let doc = yrs::Doc::with_options(options);
        let [nodes, links, sensors] = ["nodes", "links", "sensors"].map(|name| doc.get_or_insert_map(name));
        InYrs { doc, nodes, links, sensors, maps: Vec::new() }
    }
}

impl Document for InYrs {
    fn apply(&mut self, events: &[Event]) -> anyhow::Result<()> {
        let mut txn = self.doc.transact_mut();
        for write in events.iter().flatten() {
            match write {
                Write::Node { node, name } => {
                    let map = self.nodes.insert(&mut txn, name.as_str(), MapPrelim::default());
                    place(&mut self.maps, *node, map);
                }
                Write::Set { node, register, value } => {
                    let map = self.maps[*node].as_ref().expect(GONE);
                    map.insert(&mut txn, register.as_str(), any(value));
                }
                Write::Delete { node, name } => {
                    self.maps[*node] = None;
                    self.nodes.remove(&mut txn, name);
                }
                Write::Link { entry } => {
                    self.links.insert(&mut txn, entry.as_str(), true);
                }
                Write::Unlink { entry } => {
                    self.links.remove(&mut txn, entry);
                }
                Write::Sensor { entry, reading } => {
                    self.sensors.insert(&mut txn, entry.as_str(), reading.as_str());
                }
            }
        }
        Ok(())
    }

    fn export(&mut self) -> anyhow::Result<Vec<u8>> {
        Ok(self.doc.transact().encode_state_as_update_v1(&StateVector::default()))
    }

    fn count(&self) -> anyhow::Result<Counts> {
        let txn = self.doc.transact();
        let (links, sensors) = (self.links.len(&txn) as usize, self.sensors.len(&txn) as usize);
        let mut counts = Counts { links, sensors, ..Counts::default() };
        for (_, value) in self.nodes.iter(&txn) {
            if let Out::YMap(map) = value {
                counts.node(map.contains_key(&txn, CREATED), map.len(&txn) as usize);
            }
        }
        Ok(counts)
    }
}

fn any(value: &Value) -> Any {
    match value {
        Value::Null => Any::Null,
        Value::Bool(b) => (*b).into(),
        Value::Number(n) => (*n).into(),
        Value::Text(text) => text.as_str().into(),
    }
}

pub struct InAutomerge {
    doc: automerge::Automerge,
    nodes: ObjId,
    links: ObjId,
    sensors: ObjId,
    /// As above.
    maps: Vec<Option<ObjId>>,
}

impl InAutomerge {
    pub fn new() -> anyhow::Result<InAutomerge> {
        let mut doc = automerge::Automerge::new().with_actor([1; 16].into());
        let made = doc.transact::<_, _, AutomergeError>(|txn| {
            let mut map = |name: &str| txn.put_object(ROOT, name, ObjType::Map);
            Ok([map("nodes")?, map("links")?, map("sensors")?])
        });
        let [nodes, links, sensors] = made.map_err(|failure| failure.error)?.result;
        Ok(InAutomerge { doc, nodes, links, sensors, maps: Vec::new() })
    }
}

impl Document for InAutomerge {
    fn apply(&mut self, events: &[Event]) -> anyhow::Result<()> {
        let InAutomerge { doc, nodes, links, sensors, maps } = self;
        let mut one = |txn: &mut Transaction<'_>, write: &Write| {
            match write {
                Write::Node { node, name } => {
                    place(maps, *node, txn.put_object(&*nodes, name.as_str(), ObjType::Map)?);
                }
                Write::Set { node, register, value } => {
                    txn.put(maps[*node].as_ref().expect(GONE), register.as_str(), scalar(value))?;
                }
                Write::Delete { node, name } => {
                    maps[*node] = None;
                    txn.delete(&*nodes, name.as_str())?;
                }
                Write::Link { entry } => txn.put(&*links, entry.as_str(), true)?,
                Write::Unlink { entry } => txn.delete(&*links, entry.as_str())?,
                Write::Sensor { entry, reading } => txn.put(&*sensors, entry.as_str(), reading.as_str())?,
            }
            Ok::<_, AutomergeError>(())
        };
        doc.transact(|txn| events.iter().flatten().try_for_each(|write| one(txn, write)))
            .map_err(|failure| failure.error)?;
        Ok(())
    }

    fn export(&mut self) -> anyhow::Result<Vec<u8>> {
        Ok(self.doc.save_nocompress())
    }

    fn count(&self) -> anyhow::Result<Counts> {
        let (links, sensors) = (self.doc.length(&self.links), self.doc.length(&self.sensors));
        let mut counts = Counts { links, sensors, ..Counts::default() };
        for name in self.doc.keys(&self.nodes) {
            let (_, map) = self.doc.get(&self.nodes, name)?.context("a key without a value")?;
            counts.node(self.doc.get(&map, CREATED)?.is_some(), self.doc.length(&map));
        }
        Ok(counts)
    }
}

fn scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Null => ScalarValue::Null,
        Value::Bool(b) => (*b).into(),
        Value::Number(n) => (*n).into(),
        Value::Text(text) => text.as_str().into(),
    }
}

/// Nodes are numbered as they come.
fn place<T>(maps: &mut Vec<Option<T>>, node: usize, map: T) {
    debug_assert_eq!(maps.len(), node);
    maps.push(Some(map));
}
