"use strict";

/**
 * A history of register changes, walked forwards and backwards.
 *
 * The state after n events is what the tools derive from the first n events in their order. What each of them came to
 * is known: which write stands, which tag of a link. What is worked out here is what hangs together: who hides whom,
 * and who became one with whom. Every step forward notes what it replaced, so that a step back puts it there again.
 */

/** The numbers that lie on a cycle of `next`, where each number leads to another or to -1. */
function onCycles(next) {
  const seen = new Int32Array(next.length);
  const cycles = [];
  for (let start = 0; start < next.length; start++) {
    const walk = start + 1;
    let at = start;
    while (at >= 0 && seen[at] === 0) {
      seen[at] = walk;
      at = next[at];
    }
    if (at >= 0 && seen[at] === walk) {
      const meeting = at;
      do {
        cycles.push(at);
        at = next[at];
      } while (at !== meeting);
    }
  }
  return cycles;
}

/** How many numbers a change is, by its kind, which is the first of them. */
const CHANGE_LENGTHS = [4, 4, 2, 4, 2, 6, 2, 2, 2, 2, 2];
const [CREATED, SET, DELETED, LINKED, UNLINKED, READ, BY, , WITHHELD, OCCLUDED, UNREAD] = CHANGE_LENGTHS.keys();

/** The colour of an occluder, and the properties that say so. */
const GREY = "#808080";
const COLORS = ["color", "fill", "stroke"];

/** A node: its marks and registers as of now. */
class HistoryNode {
  constructor(history, index, id) {
    this.history = history;
    this.index = index;
    this.id = id;
    /** Whether it holds properties of the space or of a layer, rather than being something to see. */
    this.isSetting = id.startsWith("@");
    /** The events that created and deleted it; -1 for none. */
    this.created = -1;
    this.deleted = -1;
    /** Its place among all that was created, shared by what was created under one key. */
    this.rank = -1;
    this.tile = -1;
    /** By register number: the number of the value and of the event that set it. */
    this.values = new Map();
    this.touches = null;
    /** Whether its shape alone is shown, in one flat grey. */
    this.occluder = false;
    this.visible = false;
    this.parent = null;
    this.survivor = this;
  }

  /** Every event of the whole history that touches it, ascending; looked up once it is asked for. */
  get events() {
    this.touches ??= this.history.eventsOf(this);
    return this.touches;
  }

  /** The value of a register by its name; undefined for none. */
  get(name) {
    const written = this.values.get(this.history.registerNumber(name));
    return written === undefined || written.value < 0 ? undefined : this.history.data.values[written.value];
  }

  /** The number of a register's value; -1 for none. */
  number(name) {
    const written = this.values.get(this.history.registerNumber(name));
    return written === undefined ? -1 : written.value;
  }

  property(key) {
    if (this.occluder) return COLORS.includes(key) ? GREY : undefined;
    return this.get(`properties.${key}`);
  }

  /** Every register that has a value, as [name, value, event], by name; not who absorbed it. */
  registers() {
    const { registers, values } = this.history.data;
    const list = [];
    for (const [register, written] of this.values) {
      if (written.value >= 0 && register !== this.history.absorbedRegister) list.push([registers[register], values[written.value], written.event]);
    }
    return list.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  }
}

/** A link between two nodes. */
class HistoryLink {
  constructor(index, from, relation, to) {
    this.index = index;
    this.from = from;
    this.relation = relation;
    this.to = to;
    /** The standing tag that was added last, or null: the numbers of its properties and its event, and its rank. */
    this.last = null;
    this.visible = false;
  }

  standing() {
    return this.last;
  }
}

/** What happened in one space. `filter` has the layers, authorities and boundaries that are shown; empty for all. */
class History {
  constructor(data, filter) {
    this.data = data;
    this.filter = filter;
    this.length = data.time.length;
    /** How many events have happened. */
    this.at = 0;
    this.registerNumbers = new Map(data.registers.map((name, i) => [name, i]));
    this.nodes = data.nodes.map((id, i) => new HistoryNode(this, i, id));
    this.byId = new Map(this.nodes.map((node) => [node.id, node]));
    this.links = data.links.map(
      ([from, relation, to], i) => new HistoryLink(i, this.nodes[from], relation, this.nodes[to]),
    );
    this.sensors = data.sensors.map(([actor, name], i) => ({ index: i, actor, name, reading: null }));
    this.gone = new Set(data.gone);
    /** The events before which no instant lies: their key is that of the event before. */
    this.together = new Set(data.together);
    /** What steps replaced, oldest first: a function that puts it back, or a node, a register and what it held. */
    this.replaced = [];
    /** By event: how long that list was before it. */
    this.marks = new Int32Array(this.length);
    /** The nodes whose registers changed since this was last emptied. */
    this.changed = new Set();
    /** Whether what exists, or what hangs below what, may have changed since this was last cleared. */
    this.restructured = true;
    /** Whether settings of the space or its layers may have. */
    this.resettled = true;
    /** The nodes that may have come or gone since it was last worked out which are visible; null for all. */
    this.unresolved = null;
    /** Whether nodes hang below others or in others, so that one can hide more than itself. */
    this.entangled = false;
    /** The same of links. */
    this.relinked = true;
    const structural = ["parent", "absorbed_into", "moved_to", "layer", "authority", "boundary"];
    this.structural = new Set(structural.map((name) => this.registerNumber(name)));
    this.parentRegister = this.registerNumber("parent");
    this.absorbedRegister = this.registerNumber("absorbed_into");
  }

  registerNumber(name) {
    return this.registerNumbers.get(name) ?? -1;
  }

  /** The events that touch a node, ascending. */
  eventsOf(node) {
    return this.index.touches[node.index];
  }

  /** All that a sensor ever read, as {event, value, unit}: the number of the unit, -1 for none. */
  readingsOf(sensor) {
    return this.index.readings[sensor.index];
  }

  /** The nodes that were placed more than once. */
  movers() {
    return this.index.movers;
  }

  /** Where a node was put, one after the other, as {event, value}. */
  placesOf(node) {
    return this.index.places.get(node) ?? [];
  }

  /** What the whole history says of nodes and sensors, found in one pass once it is asked for. */
  get index() {
    this.indexed ??= this.#look();
    return this.indexed;
  }

  #look() {
    const { values } = this.data;
    const touches = this.nodes.map(() => []);
    const readings = this.sensors.map(() => []);
    const places = new Map();
    const position = this.registerNumber("position");
    let event = 0;
    const touch = (index) => {
      const list = touches[index];
      if (list[list.length - 1] !== event) list.push(event);
    };
    const take = (by, kind, a, b, c) => {
      if (kind === READ) readings[a].push({ event: by, value: values[b], unit: c });
      if (kind !== SET || b !== position || c < 0) return;
      const node = this.nodes[a];
      if (!places.has(node)) places.set(node, []);
      places.get(node).push({ event: by, value: values[c] });
    };
    for (event = 0; event < this.length; event++) {
      this.#nodesOf(event, touch);
      this.each(event, take);
    }
    const movers = [...places].filter(([node, list]) => list.length > 1 && !node.isSetting).map(([node]) => node);
    return { touches, readings, places, movers };
  }

  /** Calls `take` with each change of an event: the event that it was made by, and its parts. */
  each(event, take) {
    const changes = this.data.changes[event];
    let by = event;
    for (let i = 0; i < changes.length; i += CHANGE_LENGTHS[changes[i]]) {
      if (changes[i] === BY) {
        by = changes[i + 1];
        continue;
      }
      take(by, changes[i], changes[i + 1], changes[i + 2], changes[i + 3], changes[i + 4], changes[i + 5]);
      by = event;
    }
  }

  /** The numbers of the nodes that an event touches, the ends of links and the places of sensors included. */
  #nodesOf(event, take) {
    const ends = this.data.links;
    this.each(event, (by, kind, a, b, c, d) => {
      if (kind === LINKED || kind === UNLINKED) {
        take(ends[a][0]);
        take(ends[a][2]);
      } else if (kind === READ) {
        if (d >= 0) take(d);
      } else if (kind !== UNREAD) take(a);
    });
  }

  /** The nodes that an event touches. */
  touched(event) {
    const nodes = new Set();
    this.#nodesOf(event, (index) => nodes.add(this.nodes[index]));
    return nodes;
  }

  /** Goes to where `count` events have happened, or as many more, or fewer on the way back, as happened with them. */
  seek(count) {
    let target = Math.max(0, Math.min(this.length, Math.round(count)));
    const way = target < this.at ? -1 : 1;
    while (this.together.has(target)) target += way;
    while (this.at < target) this.#forward(this.at++);
    while (this.at > target) this.#back(--this.at);
  }

  #forward(event) {
    this.marks[event] = this.replaced.length;
    this.each(event, (by, kind, a, b, c, d, e) => {
      if (kind === SET) this.#set(this.nodes[a], b, { value: c, event: by });
      else if (kind === CREATED) this.#create(this.nodes[a], by, b, c);
      else if (kind === DELETED) this.#delete(this.nodes[a], by);
      else if (kind === LINKED) this.#link(this.links[a], { value: b, rank: c, event: by });
      else if (kind === UNLINKED) this.#link(this.links[a], null);
      else if (kind === READ) this.#read(this.sensors[a], { value: b, unit: c, node: d, position: e, event: by });
      else if (kind === WITHHELD) this.#withhold(this.nodes[a]);
      else if (kind === OCCLUDED) this.#occlude(this.nodes[a]);
      else if (kind === UNREAD) this.#read(this.sensors[a], null);
    });
  }

  #back(event) {
    const { replaced } = this;
    while (replaced.length > this.marks[event]) {
      const last = replaced.pop();
      if (typeof last === "function") last();
      else {
        const register = replaced.pop();
        this.#put(replaced.pop(), register, last);
      }
    }
  }

  #create(node, event, tile, rank) {
    const { created, rank: place, tile: before } = node;
    this.replaced.push(() => {
      node.created = created;
      node.rank = place;
      node.tile = before;
      this.#touch(node, true);
    });
    node.created = event;
    node.rank = rank;
    node.tile = tile;
    this.#touch(node, true);
  }

  /** Nothing is left of it but that it was created. */
  #delete(node, event) {
    const { values } = node;
    this.replaced.push(() => {
      node.deleted = -1;
      node.values = values;
      this.#touch(node, true);
    });
    node.deleted = event;
    node.values = new Map();
    this.#touch(node, true);
  }

  /** It is as if it had never been. */
  #withhold(node) {
    const { created, rank, tile, values, occluder } = node;
    this.replaced.push(() => {
      Object.assign(node, { created, rank, tile, values, occluder });
      this.#touch(node, true);
    });
    Object.assign(node, { created: -1, rank: -1, tile: -1, values: new Map(), occluder: false });
    this.#touch(node, true);
  }

  #occlude(node) {
    this.replaced.push(() => {
      node.occluder = false;
      this.#touch(node, false);
    });
    node.occluder = true;
    this.#touch(node, false);
  }

  #set(node, register, written) {
    this.replaced.push(node, register, node.values.get(register));
    this.#put(node, register, written);
  }

  #put(node, register, written) {
    if (written === undefined) node.values.delete(register);
    else node.values.set(register, written);
    this.#touch(node, node.isSetting || this.structural.has(register));
    if (register === this.parentRegister || register === this.absorbedRegister) this.entangled = true;
  }

  #link(link, last) {
    const before = link.last;
    const put = (value) => {
      link.last = value;
      this.relinked = true;
    };
    this.replaced.push(() => put(before));
    put(last);
  }

  #read(sensor, reading) {
    const before = sensor.reading;
    this.replaced.push(() => {
      sensor.reading = before;
    });
    sensor.reading = reading;
  }

  #touch(node, structural) {
    this.changed.add(node);
    if (!structural) return;
    this.restructured = true;
    this.unresolved?.add(node);
    if (node.isSetting) this.resettled = true;
  }

  /** Works out what is visible and what hangs below what, as the tools do. */
  resolve() {
    if (this.entangled || this.unresolved === null) this.#resolveAll();
    else for (const node of this.unresolved) node.visible = this.#stands(node);
    this.unresolved = new Set();
    this.restructured = false;
    this.resolveLinks();
  }

  #resolveAll() {
    const { nodes } = this;
    const absorber = new Int32Array(nodes.length).fill(-1);
    const absorbed = new Uint8Array(nodes.length);
    for (const node of nodes) {
      node.survivor = node;
      const into = node.get("absorbed_into");
      if (into === undefined) continue;
      absorbed[node.index] = 1;
      absorber[node.index] = this.byId.get(into)?.index ?? -1;
    }
    for (const i of onCycles(absorber)) {
      absorber[i] = -1;
      absorbed[i] = 0;
    }
    for (const node of nodes) {
      let at = node.index;
      while (absorber[at] >= 0) at = absorber[at];
      node.survivor = nodes[at];
    }
    const known = (node) => node !== undefined && (node.created >= 0 || node.deleted >= 0);
    const parents = new Int32Array(nodes.length).fill(-1);
    if (this.registerNumber("parent") >= 0) {
      for (const node of nodes) {
        const parent = this.byId.get(node.get("parent"))?.survivor;
        if (known(parent)) parents[node.index] = parent.index;
      }
      for (const i of onCycles(parents)) parents[i] = -1;
    }
    const alone = nodes.map((node, i) => absorbed[i] === 0 && this.#stands(node));
    const answer = new Int8Array(this.nodes.length);
    for (const node of this.nodes) {
      node.parent = parents[node.index] < 0 ? null : this.nodes[parents[node.index]];
      let at = node.index;
      if (parents[at] < 0) {
        answer[at] = alone[at] ? 1 : -1;
        node.visible = alone[at];
        continue;
      }
      const path = [];
      while (at >= 0 && answer[at] === 0) {
        path.push(at);
        at = parents[at];
      }
      let seen = at < 0 || answer[at] > 0;
      for (const i of path.reverse()) {
        seen = seen && alone[i];
        answer[i] = seen ? 1 : -1;
      }
      node.visible = answer[node.index] > 0;
    }
  }

  /** Works out which links are visible, among nodes of which that is known. */
  resolveLinks() {
    for (const link of this.links) {
      link.visible = link.last !== null && link.from.survivor.visible && link.to.survivor.visible;
    }
    this.relinked = false;
  }

  /** The links that are seen. Ends that were absorbed may have left several between two nodes: the last one stands. */
  shownLinks() {
    const visible = this.links.filter((link) => link.visible);
    const moved = (link) => link.from.survivor !== link.from || link.to.survivor !== link.to;
    if (!visible.some(moved)) return visible;
    const shown = new Map();
    for (const link of visible) {
      const key = `${link.from.survivor.index} ${link.to.survivor.index} ${link.relation}`;
      const before = shown.get(key);
      if (before === undefined || link.last.rank > before.last.rank) shown.set(key, link);
    }
    return [...shown.values()];
  }

  /** Whether a node is there by itself, and of the kinds that are shown. */
  #stands(node) {
    const { layers, authorities, boundaries } = this.filter;
    const passes = (list, register) => list.length === 0 || list.includes(node.get(register));
    return (
      node.created >= 0 &&
      node.deleted < 0 &&
      !node.isSetting &&
      !this.gone.has(node.number("moved_to")) &&
      passes(layers, "layer") &&
      passes(authorities, "authority") &&
      passes(boundaries, "boundary")
    );
  }

  /** A property of `@space` or `@layer:<id>`. */
  setting(name, key) {
    return this.byId.get(name)?.property(key);
  }

  /** What an event is, in words: when, what, who. */
  event(event) {
    const { id, time, actor, operation, actors, operations } = this.data;
    return {
      id: id[event],
      time: time[event],
      actor: actor[event] < 0 ? "" : actors[actor[event]],
      operation: operation[event] < 0 ? "" : operations[operation[event]],
    };
  }
}

/** A time in seconds as text, in UTC. */
function timeText(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
