"use strict";

/**
 * A history of register changes, walked forwards and backwards.
 *
 * The state after n events is what the tools derive from the first n events in their order: later writes win,
 * tombstones are for good, links are sets of tags. Every step forward notes what it replaced, so that a step back
 * puts it there again.
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
const CHANGE_LENGTHS = [3, 4, 3, 4, 3, 2, 6, 4];

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
    /** Its place among all that was created: the event, and the change within it. */
    this.rank = -1;
    this.tile = -1;
    this.deletedIn = [];
    /** By lane: into whom it was absorbed, and by which event. */
    this.absorbed = new Map();
    /** By register number: the number of the value and of the event that set it. */
    this.values = new Map();
    this.touches = null;
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

  /** The id of the node that absorbed it; undefined for none. */
  absorber() {
    let last;
    for (const [lane, written] of this.absorbed) {
      if (!this.deletedIn.includes(lane) && (last === undefined || written.event >= last.event)) last = written;
    }
    return last === undefined || last.value < 0 ? undefined : this.history.data.values[last.value];
  }

  property(key) {
    return this.get(`properties.${key}`);
  }

  /** Every register that has a value, as [name, value, event], by name. */
  registers() {
    const { registers, values } = this.history.data;
    const list = [];
    for (const [register, written] of this.values) {
      if (written.value >= 0) list.push([registers[register], values[written.value], written.event]);
    }
    return list.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  }
}

/** A link between two nodes: an OR-Set of tags. */
class HistoryLink {
  constructor(index, from, relation, to) {
    this.index = index;
    this.from = from;
    this.relation = relation;
    this.to = to;
    /** By tag: the number of its properties and of the event that added it. */
    this.tags = new Map();
    this.removed = new Set();
    /** The standing tag that was added last, or null; known until tags change. */
    this.last = null;
    this.visible = false;
  }

  standing() {
    return this.last;
  }

  /** Looks which of its tags stand. */
  recount() {
    this.last = this.#latest();
  }

  #latest() {
    let last = null;
    for (const [tag, added] of this.tags) {
      if (!this.removed.has(tag) && (last === null || added.event >= last.event)) last = added;
    }
    return last;
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
    const structural = ["parent", "moved_to", "layer", "authority", "boundary"];
    this.structural = new Set(structural.map((name) => this.registerNumber(name)));
    this.parentRegister = this.registerNumber("parent");
  }

  registerNumber(name) {
    return this.registerNumbers.get(name) ?? -1;
  }

  /** The events that touch a node, ascending. */
  eventsOf(node) {
    const found = [];
    const { index } = node;
    const ends = this.data.links;
    for (let event = 0; event < this.length; event++) {
      let touched = false;
      this.each(event, (kind, a, b, c, d) => {
        if (kind <= 2 || kind === 7) touched ||= a === index;
        else if (kind <= 5) touched ||= ends[a][0] === index || ends[a][2] === index;
        else touched ||= d === index;
      });
      if (touched) found.push(event);
    }
    return found;
  }

  /** All that a sensor ever read, as {event, value}. */
  readingsOf(sensor) {
    const found = [];
    for (let event = 0; event < this.length; event++) {
      this.each(event, (kind, a, b) => {
        if (kind === 6 && a === sensor.index) found.push({ event, value: this.data.values[b] });
      });
    }
    return found;
  }

  /** Calls `take` with the parts of each change of an event. */
  each(event, take) {
    const changes = this.data.changes[event];
    for (let i = 0; i < changes.length; i += CHANGE_LENGTHS[changes[i]]) {
      take(changes[i], changes[i + 1], changes[i + 2], changes[i + 3], changes[i + 4], changes[i + 5]);
    }
  }

  /** The nodes that an event touches, the ends of links and the places of sensors included. */
  touched(event) {
    const nodes = new Set();
    this.each(event, (kind, a, b, c, d) => {
      if (kind <= 2 || kind === 7) nodes.add(this.nodes[a]);
      else if (kind <= 5) nodes.add(this.links[a].from).add(this.links[a].to);
      else if (d >= 0) nodes.add(this.nodes[d]);
    });
    return nodes;
  }

  /** Goes to where exactly `count` events have happened. */
  seek(count) {
    const target = Math.max(0, Math.min(this.length, Math.round(count)));
    while (this.at < target) this.#forward(this.at++);
    while (this.at > target) this.#back(--this.at);
  }

  #forward(event) {
    this.marks[event] = this.replaced.length;
    const changes = this.data.changes[event];
    let count = 0;
    for (let i = 0; i < changes.length; i += CHANGE_LENGTHS[changes[i]]) {
      count += 1;
      const [kind, a, b, c] = [changes[i], changes[i + 1], changes[i + 2], changes[i + 3]];
      if (kind === 1) this.#set(this.nodes[a], b, { value: c, event });
      else if (kind === 0) this.#mark(this.nodes[a], event, event + count / 2 ** 20, b);
      else if (kind === 2) this.#delete(this.nodes[a], event, b);
      else if (kind === 7) this.#absorb(this.nodes[a], c, { value: b, event });
      else if (kind === 3) this.#tag(this.links[a], b, { value: c, event });
      else if (kind === 4) this.#untag(this.links[a], b);
      else if (kind === 5) for (const tag of [...this.links[a].tags.keys()]) this.#tag(this.links[a], tag, undefined);
      else this.#read(this.sensors[a], { value: b, unit: c, node: changes[i + 4], position: changes[i + 5], event });
    }
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

  #mark(node, event, rank, tile) {
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

  /** Of a node that is deleted in a lane, that lane keeps nothing; all that still matters is who absorbed it. */
  #delete(node, event, lane) {
    const { deleted, deletedIn } = node;
    this.replaced.push(() => {
      node.deleted = deleted;
      node.deletedIn = deletedIn;
      this.#touch(node, true);
    });
    node.deleted = event;
    node.deletedIn = [...deletedIn, lane];
    this.#touch(node, true);
  }

  #absorb(node, lane, written) {
    const before = node.absorbed;
    this.replaced.push(() => {
      node.absorbed = before;
      this.#touch(node, true);
    });
    node.absorbed = new Map(before).set(lane, written);
    this.entangled = true;
    this.#touch(node, true);
  }

  #set(node, register, written) {
    this.replaced.push(node, register, node.values.get(register));
    this.#put(node, register, written);
  }

  #put(node, register, written) {
    if (written === undefined) node.values.delete(register);
    else node.values.set(register, written);
    this.#touch(node, node.isSetting || this.structural.has(register));
    if (register === this.parentRegister) this.entangled = true;
  }

  #tag(link, tag, added) {
    const before = link.tags.get(tag);
    const put = (value) => {
      if (value === undefined) link.tags.delete(tag);
      else link.tags.set(tag, value);
      this.#relink(link);
    };
    this.replaced.push(() => put(before));
    put(added);
  }

  #untag(link, tag) {
    if (link.removed.has(tag)) return;
    this.replaced.push(() => {
      link.removed.delete(tag);
      this.#relink(link);
    });
    link.removed.add(tag);
    this.#relink(link);
  }

  #relink(link) {
    link.recount();
    this.relinked = true;
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
      const into = node.absorbed.size > 0 ? node.absorber() : undefined;
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
