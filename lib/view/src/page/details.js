"use strict";

/**
 * What is known of a thing, in the order in which people ask: its name, what is read there, what it is, and, folded
 * away, its values with the events behind them, its links, and its events.
 */

/** Most readings that are listed, and most links and events of a thing. */
const [LISTED, MOST_LINKS, MOST_PAST, MOST_COMING] = [40, 40, 12, 4];
/** Most letters of a value. */
const LONGEST_VALUE = 300;
/** What says how a thing is placed and drawn, rather than what it is. */
const DRAWN = new Set(["label", "name", "title", "fill", "stroke", "color", "stroke_width", "stroke_style", "opacity", "font_size", "radius", "groups", "frame"]);
/** Which parts of the details a reader opened. */
const unfolded = new Map();

/** Shows a node or link; only in passing where it is merely pointed at. */
function showDetails(thing, pinned = false) {
  const panel = byId("details");
  panel.hidden = thing === null;
  panel.classList.toggle("passing", !pinned);
  identify(panel, history, thing);
  if (thing === null) return panel.replaceChildren();
  const close = element("button", { type: "button", className: "close", textContent: "×", ariaLabel: "Close" });
  close.addEventListener("click", () => select(null));
  const body = thing.node ? nodeDetails(thing.node, pinned) : thing.link ? linkDetails(thing.link) : sensorDetails(thing.sensor);
  return panel.replaceChildren(...(pinned ? [close] : []), ...body);
}

function nodeDetails(node, pinned) {
  const item = drawing.items.get(node);
  const parts = [element("h2", { textContent: item?.name ?? node.id }), ...readingsAt(node), ...aboutNode(node), ...(drawing.about?.({ node }) ?? [])];
  if (!pinned) return parts;
  return [...parts, commandsFor(node.id), valuesOfNode(node), ...linksOf(node), eventsOf(node)].filter((part) => part !== null);
}

/** What a thing is: its kind and layer, what was written about it, its id. */
function aboutNode(node) {
  const kind = node.get("kind");
  const layer = node.get("layer");
  const title = layer === undefined ? null : (history.setting(`@layer:${layer}`, "title") ?? layer);
  const sub = [typeof kind === "string" ? kind : null, title, node.id].filter((word) => typeof word === "string" && word !== "").join(" · ");
  const rows = element("dl");
  for (const [name, value] of node.registers()) {
    const key = name.startsWith("properties.") ? name.slice(11) : null;
    if (key !== null && !DRAWN.has(key)) rows.append(element("dt", { textContent: key }), element("dd", { textContent: plain(value) }));
  }
  const about = element("p", { className: "sub", textContent: node.visible ? sub : `${sub} · not there at this time` });
  return rows.childElementCount > 0 ? [about, rows] : [about];
}

/** A part that is folded until the reader opens it, and stays as it was from thing to thing. */
function folded(title, ...body) {
  const part = element("details", { open: unfolded.get(title.split(" (")[0]) === true }, element("summary", { textContent: title }), ...body);
  part.addEventListener("toggle", () => unfolded.set(title.split(" (")[0], part.open));
  return part;
}

function valuesOfNode(node) {
  const rows = element("dl");
  // What people wrote about a thing comes before what places and draws it.
  const own = ([name]) => (name.startsWith("properties.") ? 0 : 1);
  for (const [name, value, event] of node.registers().sort((a, b) => own(a) - own(b))) {
    const label = name.startsWith("properties.") ? name.slice(11) : name;
    rows.append(element("dt", { textContent: label }), element("dd", {}, swatch(value), plain(value), element("br"), eventButton(event, "by")));
  }
  if (node.survivor !== node) {
    const survivor = nodeButton(node.survivor, node.survivor.id);
    rows.append(element("dt", { textContent: "absorbed into" }), element("dd", {}, survivor));
  }
  if (node.tile >= 0) {
    rows.append(element("dt", { textContent: "tile" }), element("dd", { textContent: history.data.tiles[node.tile] }));
  }
  return rows.childElementCount > 0 ? folded("Values, and the events that set them", rows) : null;
}

function swatch(value) {
  const color = drawing.palette.read(value);
  if (color === null || color === "none") return null;
  return colorBox(color);
}

function colorBox(color) {
  const box = element("span", { className: "swatch" });
  box.style.background = color;
  return box;
}

/** A value in words: of what has parts, those that are short, and how many numbers there are besides. */
function plain(value) {
  const text = plainPart(value, 0);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}

function plainPart(value, depth) {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) {
    const flat = value.every((x) => typeof x !== "object" || x === null);
    return flat && value.length <= 6 ? value.join(", ") : `${value.length} ${flat ? "values" : "points"}`;
  }
  const { kind, ...rest } = value;
  const said = Object.entries(rest).map(([name, part]) => (depth > 1 ? name : `${name} ${plainPart(part, depth + 1)}`));
  return [...(typeof kind === "string" ? [kind] : []), ...said].join(", ");
}

/** A button that goes to an event; one below a value says whose it is, too. */
function eventButton(event, className) {
  const { id, time, actor } = history.event(event);
  const words = [id, timeText(time), className === "by" ? actor : ""].filter(Boolean);
  const button = element("button", { type: "button", className, textContent: words.join(" · ") });
  button.addEventListener("click", () => {
    stop();
    seek(event + 1);
  });
  return button;
}

/** The readings taken at a node, with what they were before. */
function readingsAt(node) {
  const at = history.sensors.filter(({ reading }) => reading !== null && reading.node === node.index);
  return at.flatMap((sensor) => [element("h3", { textContent: sensor.name }), ...takenAt(sensor)]);
}

/** What a sensor reads now, and what it read before. */
function takenAt(sensor) {
  const { reading } = sensor;
  const unit = reading.unit >= 0 ? ` ${plain(history.data.values[reading.unit])}` : "";
  const value = reading.value < 0 ? "none" : plain(history.data.values[reading.value]);
  const past = history.readingsOf(sensor);
  const now = element("p", { className: "reading" }, element("b", { textContent: `${value}${unit}` }), " ", eventButton(reading.event, "by"));
  const table = element("button", { type: "button", className: "small", textContent: "Save CSV" });
  table.addEventListener("click", () => saveTable(sensor));
  return [now, ...(past.filter((r) => finite(r.value)).length > 1 ? [chart(sensor, unit)] : []), table];
}

function sensorDetails(sensor) {
  const who = element("p", { className: "sub", textContent: sensor.actor });
  return [element("h2", { textContent: sensor.name }), ...(sensor.reading === null ? [] : takenAt(sensor)), who, ...(drawing.about?.({ sensor }) ?? [])];
}

function nodeButton(node, text) {
  const button = element("button", { type: "button", className: "step", textContent: text });
  button.addEventListener("click", () => select(node, true));
  return button;
}

function linksOf(node) {
  const rows = [];
  for (const link of drawing.links ?? []) {
    const [from, to] = [link.from.survivor, link.to.survivor];
    const name = (other) => drawing.items.get(other)?.name ?? other.id;
    if (from === node) rows.push(element("li", {}, `${link.relation} → `, nodeButton(to, name(to))));
    else if (to === node) rows.push(element("li", {}, `${link.relation} ← `, nodeButton(from, name(from))));
    if (rows.length === MOST_LINKS) break;
  }
  return rows.length === 0 ? [] : [folded(`Links (${rows.length})`, element("ul", {}, ...rows))];
}

/** The latest events that touched a node, and the next. */
function eventsOf(node) {
  const until = node.events.filter((event) => event < history.at);
  const list = [...until.slice(-MOST_PAST), ...node.events.slice(until.length, until.length + MOST_COMING)].reverse();
  const rows = list.map((event) => {
    const { operation, actor } = history.event(event);
    const by = [operation, actor].filter(Boolean).join(" · ");
    return element("li", { className: event < history.at ? "" : "later" }, eventButton(event, "step"), ` ${by}`);
  });
  return folded(`Events (${until.length} of ${node.events.length})`, element("ol", {}, ...rows));
}

function linkDetails(link) {
  const added = link.standing();
  const name = (node) => drawing.items.get(node.survivor)?.name ?? node.id;
  const rows = element("dl");
  const properties = added === null ? {} : (history.data.values[added.value] ?? {});
  for (const [key, value] of Object.entries(properties)) {
    rows.append(element("dt", { textContent: key }), element("dd", {}, swatch(value), plain(value)));
  }
  return [
    element("h2", { textContent: `${name(link.from)} → ${name(link.to)}` }),
    element("p", { className: "sub", textContent: link.relation }),
    rows,
    ...(added === null ? [] : [element("h3", { textContent: "Linked by" }), eventButton(added.event, "by")]),
  ];
}

/** Lists what sensors read that say no place, for nothing that is drawn shows it, each with its past. */
function listReadings() {
  const list = byId("readings");
  const unplaced = drawing.unplaced ?? [];
  list.hidden = unplaced.length === 0;
  const rows = unplaced.slice(0, LISTED).map(({ sensor, words }) => {
    const button = element("button", { type: "button", className: "step", textContent: words.text });
    button.addEventListener("click", () => showDetails({ sensor }, true));
    return element("li", {}, sparkline(sensor), button);
  });
  if (unplaced.length > LISTED) rows.push(element("li", { textContent: `and ${unplaced.length - LISTED} more` }));
  list.replaceChildren(...rows);
}
