"use strict";

/** What colours and keys mean: layers with the kinds in them, the strip's colours, and what each key does. */

/** Most kinds of a layer, and colours of a kind, that are told apart. */
const [MOST_KINDS, MOST_COLORS] = [12, 8];

/** The layers with what is in them, made from what there is at this time. */
function listLayers() {
  const panel = byId("layers");
  const layers = [...(drawing.layers ?? [])].sort((a, b) => b[1].order - a[1].order || (a[0] < b[0] ? -1 : 1));
  const kinds = kindsByLayer();
  const rows = layers.flatMap(([id, { count }]) => [layerRow(id, count), ...kindRows(kinds.get(id) ?? new Map())]);
  if (rows.length === 0) rows.push(element("p", { textContent: "Nothing is there at this time." }));
  panel.replaceChildren(element("h2", { textContent: "Layers" }), ...rows, trailsRow(), ...stripRows());
}

function layerRow(id, count) {
  const title = history.setting(`@layer:${id}`, "title");
  const box = element("input", { type: "checkbox", checked: drawing.isShown(id) });
  box.addEventListener("change", () => {
    drawing.hidden.set(id, box.checked);
    writeAddress();
    redraw();
  });
  const name = element("span", { textContent: typeof title === "string" ? title : id });
  return element("label", {}, box, name, element("small", { textContent: String(count) }));
}

/** By layer and kind: how many there are, and how many of each colour. */
function kindsByLayer() {
  const layers = new Map();
  for (const item of drawing.order) {
    const kind = item.node.get("kind");
    const name = typeof kind === "string" && kind !== "" ? kind : "of no kind";
    const kinds = layers.get(item.layer) ?? new Map();
    const told = kinds.get(name) ?? { count: 0, colors: new Map() };
    const color = drawing.colorOf(item);
    told.count += 1;
    if (color !== null) told.colors.set(color, (told.colors.get(color) ?? 0) + 1);
    kinds.set(name, told);
    layers.set(item.layer, kinds);
  }
  return layers;
}

function kindRows(kinds) {
  const rows = [...kinds].sort((a, b) => b[1].count - a[1].count || (a[0] < b[0] ? -1 : 1));
  return rows.slice(0, MOST_KINDS).map(([name, { count, colors }]) => {
    const most = [...colors].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_COLORS);
    const boxes = most.map(([color, of]) => {
      const box = colorBox(color);
      box.title = `${of} of ${count}`;
      return box;
    });
    return element("p", { className: "kind" }, ...boxes, element("span", { textContent: name }), element("small", { textContent: String(count) }));
  });
}

/** Whether everything that moves draws its trail, where anything does. */
function trailsRow() {
  if (history.movers().length === 0) return "";
  const box = element("input", { type: "checkbox", checked: drawing.trails });
  box.addEventListener("change", () => {
    drawing.trails = box.checked;
    redraw();
  });
  return element("label", {}, box, element("span", { textContent: "Trails of what moves" }), element("small", { textContent: String(history.movers().length) }));
}

/** What the colours of the strip above the slider say. */
function stripRows() {
  const names = Object.keys(OPERATION_COLORS);
  const counts = new Array(names.length).fill(0);
  const kinds = operationKinds();
  for (let event = 0; event < history.length; event++) counts[kinds(event)] += 1;
  const rows = names.flatMap((name, i) => (counts[i] === 0 ? [] : [
    element("p", { className: "kind" }, colorBox(OPERATION_COLORS[name]), element("span", { textContent: OPERATION_WORDS[name] }), element("small", { textContent: String(counts[i]) })),
  ]));
  return rows.length === 0 ? [] : [element("h2", { textContent: "Events on the strip" }), ...rows];
}

// ---- Keys ----

const KEYS = [
  ["Space", "play, or pause"],
  [", and .", "one event back, or on"],
  ["Home and End", "the first event, the last"],
  ["l", "play again and again"],
  ["+ and −", "nearer, farther"],
  ["0", "show everything"],
  ["n and p", "the next thing in view, the one before"],
  ["Escape", "let go"],
  ["/", "find"],
  ["c", "copy a link to this moment and view"],
  ["?", "these keys"],
];

/** Opens the list of keys, or closes it. */
function toggleKeys() {
  const panel = byId("keys");
  const rows = [...Drawing.keys, ...KEYS].flatMap(([key, does]) => [element("dt", { textContent: key }), element("dd", { textContent: does })]);
  const close = element("button", { type: "button", className: "close", textContent: "×", ariaLabel: "Close" });
  close.addEventListener("click", toggleKeys);
  panel.replaceChildren(close, element("h2", { textContent: "Keys" }), element("dl", {}, ...rows));
  panel.hidden = !panel.hidden;
  if (panel.hidden) canvas.focus();
  else close.focus();
}
