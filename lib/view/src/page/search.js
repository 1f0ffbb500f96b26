"use strict";

/**
 * Finding and filtering: words that stand anywhere in what is known of a thing, and `name:value`, `name>number` and the
 * like, which ask for a property, a reading of a sensor there, or its `kind`, `layer`, `actor`, `event` or `id`.
 */

const MOST_FOUND = 40;
const MOST_EVENTS = 12;
const COMPARES = {
  ":": (a, b) => String(a).toLowerCase().includes(b),
  "=": (a, b) => String(a).toLowerCase() === b,
  ">": (a, b) => finite(a) && a > Number(b),
  "<": (a, b) => finite(a) && a < Number(b),
  ">=": (a, b) => finite(a) && a >= Number(b),
  "<=": (a, b) => finite(a) && a <= Number(b),
};

/** The tests of a query, all of which must hold. */
function testsOf(text) {
  return (text.toLowerCase().match(/[^\s"]*"[^"]*"?|\S+/g) ?? []).map((said) => {
    const word = said.replaceAll('"', "");
    const field = /^([^:<>=]+)(>=|<=|[:=<>])(.+)$/.exec(word);
    return field === null ? { word } : { word, name: field[1], holds: (value) => COMPARES[field[2]](value, field[3]) };
  });
}

/** All that is known of a node in words, in lower case; kept with its item, which is made anew when it changes. */
function wordsAbout(item) {
  if (item.said === undefined) {
    const said = [item.node.id, item.name, item.layer];
    for (const [name, value] of item.node.registers()) {
      if (name === "kind" || name.startsWith("properties.")) said.push(typeof value === "string" ? value : JSON.stringify(value));
    }
    item.said = said.join("\n").toLowerCase();
  }
  return item.said;
}

/** The values that a node has under a name. */
function valuesOf(item, name, readings) {
  const { node } = item;
  const { actor, actors, id } = history.data;
  const events = () => [node.created, ...[...node.values.values()].map((written) => written.event)].filter((event) => event >= 0);
  if (name === "kind") return [node.get("kind") ?? ""];
  if (name === "layer") return [item.layer];
  if (name === "id") return [node.id];
  if (name === "event") return events().map((event) => id[event]);
  if (name === "actor") return events().map((event) => actors[actor[event]] ?? "");
  const own = node.registers().filter(([register]) => register.toLowerCase() === `properties.${name}`).map(([, value]) => value);
  return [...own, ...(readings.get(node.index)?.get(name) ?? [])];
}

/** What sensors read at nodes now: by the node's number and the sensor's name in lower case. */
function readingsByNode() {
  const found = new Map();
  for (const { name, reading } of history.sensors) {
    if (reading === null || reading.node < 0) continue;
    const at = found.get(reading.node) ?? new Map();
    const key = name.toLowerCase();
    at.set(key, [...(at.get(key) ?? []), history.data.values[reading.value]]);
    found.set(reading.node, at);
  }
  return found;
}

/** Whether an item is what a query asks for, as a function of it. */
function queryOf(text) {
  const tests = testsOf(text);
  const readings = tests.some(({ name }) => name !== undefined) ? readingsByNode() : new Map();
  return (item) => tests.every(({ word, name, holds }) =>
    wordsAbout(item).includes(word) || (name !== undefined && valuesOf(item, name, readings).some(holds)));
}

/** The events that a query names, the last first. */
function eventsFor(text) {
  const tests = testsOf(text);
  const { id, actor, actors, operation, operations } = history.data;
  const about = (names) => names.map((name) => name.toLowerCase());
  const [who, what] = [about(actors), about(operations)];
  const found = [];
  for (let event = id.length - 1; event >= 0 && found.length < MOST_EVENTS; event--) {
    const by = who[actor[event]] ?? "";
    const did = what[operation[event]] ?? "";
    const fits = ({ word, name, holds }) => {
      if (name === "actor") return holds(by);
      if (name === "event") return holds(id[event]) || holds(did);
      return by.includes(word) || did.includes(word) || id[event].toLowerCase().includes(word);
    };
    if (tests.every(fits)) found.push(event);
  }
  return found;
}

function find(text) {
  const list = byId("found");
  list.hidden = text.trim() === "";
  if (list.hidden) return list.replaceChildren();
  const fits = queryOf(text);
  const hits = drawing.order.filter(fits).reverse();
  const word = text.trim().toLowerCase();
  const whole = (kind, name) => name.toLowerCase().includes(word) && choice(name, kind, () => ask(`${kind}:${/\s/.test(name) ? `"${name}"` : name}`));
  const kinds = [...new Set(drawing.order.map(({ node }) => node.get("kind")).filter((kind) => typeof kind === "string" && kind !== ""))];
  const groups = [
    ["Things", hits.slice(0, MOST_FOUND).map(foundThing), hits.length],
    ["Kinds", kinds.map((kind) => whole("kind", kind)).filter(Boolean)],
    ["Actors", history.data.actors.map((actor) => whole("actor", actor)).filter(Boolean)],
    ["Events", eventsFor(text).map(foundEvent)],
  ].filter(([, rows]) => rows.length > 0);
  const rows = groups.flatMap(([title, of, count = of.length]) => [
    element("li", { className: "group", textContent: count > of.length ? `${title}: ${of.length} of ${count}` : title }),
    ...of.slice(0, MOST_FOUND),
  ]);
  if (hits.length > 0) rows.unshift(choice(`Show only these ${hits.length}`, "", () => showOnly(text)));
  // What is chosen with Enter is a thing, where there is one.
  if (hits.length > 0) rows.push(rows.shift());
  return list.replaceChildren(...(rows.length > 0 ? rows : [element("li", { textContent: "Nothing found at this time." })]));
}

/** A row of what was found. */
function choice(name, about, act) {
  const button = element("button", { type: "button" }, name, about === "" ? null : element("small", { textContent: about }));
  button.addEventListener("click", () => {
    byId("found").hidden = true;
    act();
  });
  return element("li", {}, button);
}

function ask(text) {
  byId("find").value = text;
  find(text);
  byId("find").focus();
}

function foundThing(item) {
  const kind = item.node.get("kind");
  return choice(item.name, [typeof kind === "string" ? kind : "", item.node.id].filter(Boolean).join(" · "), () => {
    drawing.hidden.set(item.layer, true);
    if (drawing.only !== null && !drawing.only(item)) showOnly("");
    select(item.node, true);
  });
}

function foundEvent(event) {
  const { when, what } = momentOf(event + 1);
  return choice(when, what, () => {
    stop();
    seek(event + 1);
  });
}

// ---- The filter ----

/** What is shown alone; empty for everything. */
let shownOnly = "";

/** Shows only what a query asks for; everything where it is empty. */
function showOnly(text) {
  shownOnly = text.trim();
  drawing.only = null;
  if (shownOnly !== "") byId("find").value = shownOnly;
  filterAnew();
  settle();
  redraw();
}

/** Asks the query again, as what it asks of may have changed. */
function filterAnew() {
  if (shownOnly !== "") drawing.only = queryOf(shownOnly);
  drawing.version += 1;
}
