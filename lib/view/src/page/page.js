"use strict";

/** The page: what the reader can do with the drawing, the time and the details. */

const byId = (id) => document.getElementById(id);
const embedded = JSON.parse(byId("data").textContent);
const histories = embedded.spaces.map((data, i) => readHistory(data, embedded.prepared[i], embedded.filter));
const canvas = byId("drawing");
const drawing = new Drawing(canvas, embedded.drawing, new Palette(embedded.colors));
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const night = window.matchMedia("(prefers-color-scheme: dark)");
const OPERATION_COLORS = {
  create: "#4a90c8",
  set: "#e0a030",
  link: "#8a94a0",
  sensor: "#2fa08a",
  delete: "#c8384a",
  other: "#9a7fc0",
};

let history = histories[0];
let playing = null;
let wanted = false;

/** An element with text and children; text is never markup. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Asks for the drawing to be drawn with the next frame. */
function redraw() {
  if (wanted) return;
  wanted = true;
  requestAnimationFrame((now) => {
    wanted = false;
    if (drawing.draw(now)) redraw();
  });
}

// ---- Spaces and layers ----

function open(space) {
  stop();
  history = histories[space];
  history.seek(history.length);
  drawing.show(history);
  drawing.hidden.clear();
  drawing.selected = null;
  drawing.fit();
  drawing.update(true);
  const title = history.setting("@space", "title");
  byId("title").textContent = typeof title === "string" ? title : history.data.space;
  const said = history.setting("@space", "acknowledgement");
  byId("legend").textContent = typeof said === "string" ? said : "";
  byId("slider").max = String(history.length);
  canvas.setAttribute("aria-label", `Drawing of ${byId("title").textContent}`);
  sayWhen(history.length);
  listLayers();
  drawStrip();
  showDetails(null);
}

function listLayers() {
  const panel = byId("layers");
  const layers = [...(drawing.layers ?? [])].sort((a, b) => b[1].order - a[1].order || (a[0] < b[0] ? -1 : 1));
  const rows = layers.map(([id, { count }]) => {
    const title = history.setting(`@layer:${id}`, "title");
    const box = element("input", { type: "checkbox", checked: drawing.isShown(id) });
    box.addEventListener("change", () => {
      drawing.hidden.set(id, box.checked);
      redraw();
    });
    const name = element("span", { textContent: typeof title === "string" ? title : id });
    return element("label", {}, box, name, element("small", { textContent: String(count) }));
  });
  panel.replaceChildren(...rows);
  if (rows.length === 0) panel.append(element("p", { textContent: "Nothing is there at this time." }));
}

/** Most readings that are listed. */
const LISTED = 40;

/** Lists what sensors read that say no place, for nothing that is drawn shows it. */
function listReadings() {
  const list = byId("readings");
  const unplaced = drawing.unplaced ?? [];
  list.hidden = unplaced.length === 0;
  const rows = unplaced.slice(0, LISTED).map(({ sensor, words }) => {
    const button = element("button", { type: "button", className: "step", textContent: words.text });
    button.addEventListener("click", () => showDetails({ sensor }, true));
    return element("li", {}, button);
  });
  if (unplaced.length > LISTED) rows.push(element("li", { textContent: `and ${unplaced.length - LISTED} more` }));
  list.replaceChildren(...rows);
}

// ---- Time ----

/** Goes to where `count` events have happened. */
function seek(count) {
  const before = history.at;
  history.seek(count);
  if (history.at === before) return;
  if (!calm.matches && history.at > before && history.at - before < 400) {
    const now = performance.now();
    for (let event = before; event < history.at && drawing.pulses.size < 150; event++) {
      for (const node of history.touched(event)) drawing.pulses.set(node, now);
    }
  }
  drawing.update();
  sayWhen(history.at);
  redraw();
}

/** Says where in time we are. */
function sayWhen(count) {
  const slider = byId("slider");
  slider.value = String(count);
  const event = count > 0 ? history.event(count - 1) : null;
  const when = event === null ? "Before the first event" : timeText(event.time);
  const what = event === null ? "" : [event.operation, event.id, event.actor && `by ${event.actor}`].filter(Boolean).join(" · ");
  byId("when").textContent = when;
  byId("what").textContent = event === null ? "" : `${count} of ${history.length} · ${what}`;
  slider.setAttribute("aria-valuetext", `${when}, event ${count} of ${history.length}, ${what}`);
  if (playing === null) settle();
}

/** What need not follow every frame of a replay. */
function settle() {
  listLayers();
  listReadings();
  if (drawing.selected !== null) showDetails({ node: drawing.selected }, true);
}

function play() {
  if (history.at >= history.length) seek(0);
  let last = performance.now();
  let exact = history.at;
  const step = (now) => {
    const seconds = Number(byId("speed").value);
    // A hidden page gets no frames; time does not jump when it comes back.
    exact = Math.max(exact, history.at) + (Math.min(now - last, 100) / 1000) * (history.length / seconds);
    last = now;
    seek(Math.floor(exact));
    if (history.at >= history.length) stop();
    else playing = requestAnimationFrame(step);
  };
  playing = requestAnimationFrame(step);
  showPlaying(true);
}

function stop() {
  if (playing === null) return;
  cancelAnimationFrame(playing);
  playing = null;
  showPlaying(false);
  settle();
}

function showPlaying(on) {
  byId("play").textContent = on ? "❚❚" : "▶";
  byId("play").setAttribute("aria-label", on ? "Pause" : "Play");
}

/** What kinds of events come when, in their order, and the dates between which most time passes. */
function drawStrip() {
  const strip = byId("strip");
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [strip.clientWidth, strip.clientHeight];
  strip.width = width * ratio;
  strip.height = height * ratio;
  const context = strip.getContext("2d");
  context.scale(ratio, ratio);
  const { length } = history;
  if (length === 0 || width === 0) return;
  const band = 10;
  const columns = Math.max(1, Math.min(width, length));
  for (let column = 0; column < columns; column++) {
    const counts = new Map();
    const [first, end] = [Math.floor((column * length) / columns), Math.floor(((column + 1) * length) / columns)];
    for (let event = first; event < end; event++) {
      const kind = kindOf(history.event(event).operation);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    let y = height - band;
    for (const [kind, color] of Object.entries(OPERATION_COLORS)) {
      const part = ((counts.get(kind) ?? 0) / Math.max(1, end - first)) * band;
      context.fillStyle = color;
      context.fillRect((column * width) / columns, y, width / columns + 0.5, part);
      y += part;
    }
  }
  drawDates(context, width, height - band - 3);
}

function drawDates(context, width, base) {
  const { time } = history.data;
  const gaps = [{ at: 0, gap: Infinity }];
  for (let i = 1; i < time.length; i++) {
    const gap = time[i] - time[i - 1];
    if (gap > 3600) gaps.push({ at: i, gap });
  }
  gaps.sort((a, b) => b.gap - a.gap || a.at - b.at);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = getComputedStyle(document.body).getPropertyValue("--faint");
  const taken = [];
  for (const { at } of gaps.slice(0, 40)) {
    const text = timeText(time[at]).slice(0, 10);
    const wide = context.measureText(text).width;
    const x = Math.min((at / time.length) * width, width - wide);
    if (taken.some(([from, to]) => x < to + 10 && x + wide + 10 > from)) continue;
    taken.push([x, x + wide]);
    context.fillText(text, x, base);
    context.fillRect((at / time.length) * width, base + 3, 1, 10);
  }
}

function kindOf(operation) {
  if (operation.startsWith("create") || operation.startsWith("macro")) return "create";
  if (operation.startsWith("set") || operation.startsWith("update")) return "set";
  if (operation.includes("link")) return "link";
  if (operation.startsWith("sensor")) return "sensor";
  return operation.startsWith("delete") ? "delete" : "other";
}

// ---- Details ----

/** Shows a node or link; only in passing where it is merely pointed at. */
function showDetails(thing, pinned = false) {
  const panel = byId("details");
  panel.hidden = thing === null;
  panel.classList.toggle("passing", !pinned);
  identify(panel, history, thing);
  if (thing === null) return panel.replaceChildren();
  const close = element("button", { type: "button", className: "close", textContent: "×", ariaLabel: "Close" });
  close.addEventListener("click", () => select(null));
  const body = thing.node ? nodeDetails(thing.node) : thing.link ? linkDetails(thing.link) : sensorDetails(thing.sensor);
  return panel.replaceChildren(...(pinned ? [close] : []), ...body);
}

function nodeDetails(node) {
  const item = drawing.items.get(node);
  const parts = [element("h2", { textContent: item?.name ?? node.id })];
  const kind = node.get("kind");
  const sub = [typeof kind === "string" ? kind : null, node.id].filter(Boolean).join(" · ");
  parts.push(element("p", { className: "sub", textContent: node.visible ? sub : `${sub} · not there at this time` }));
  parts.push(...(drawing.about?.({ node }) ?? []), ...readingsOf(node));
  const rows = element("dl");
  const source = (event) => eventButton(event, "by");
  // What people wrote about a thing comes before what places and draws it.
  const own = ([name]) => (name.startsWith("properties.") ? 0 : 1);
  for (const [name, value, event] of node.registers().sort((a, b) => own(a) - own(b))) {
    const label = name.startsWith("properties.") ? name.slice(11) : name;
    rows.append(element("dt", { textContent: label }), element("dd", {}, swatch(value), shown(value), element("br"), source(event)));
  }
  if (node.survivor !== node) {
    const survivor = nodeButton(node.survivor, node.survivor.id);
    rows.append(element("dt", { textContent: "absorbed into" }), element("dd", {}, survivor));
  }
  if (node.tile >= 0) {
    rows.append(element("dt", { textContent: "tile" }), element("dd", { textContent: history.data.tiles[node.tile] }));
  }
  if (rows.childElementCount > 0) parts.push(element("h3", { textContent: "Values, and the events that set them" }), rows);
  parts.push(...linksOf(node), ...eventsOf(node));
  return parts;
}

function swatch(value) {
  const color = drawing.palette.read(value);
  if (color === null || color === "none") return null;
  const box = element("span", { className: "swatch" });
  box.style.background = color;
  return box;
}

function shown(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}

/** A button that goes to an event. */
function eventButton(event, className) {
  const { id, time } = history.event(event);
  const button = element("button", { type: "button", className, textContent: `${id} · ${timeText(time)}` });
  button.addEventListener("click", () => {
    stop();
    seek(event + 1);
  });
  return button;
}

/** The readings taken at a node, with what they were before. */
function readingsOf(node) {
  const at = history.sensors.filter(({ reading }) => reading !== null && reading.node === node.index);
  return at.flatMap((sensor) => [element("h3", { textContent: sensor.name }), ...takenAt(sensor)]);
}

/** What a sensor reads now, and what it read before. */
function takenAt(sensor) {
  const { reading } = sensor;
  const unit = reading.unit >= 0 ? ` ${shown(history.data.values[reading.unit])}` : "";
  const value = reading.value < 0 ? "none" : shown(history.data.values[reading.value]);
  const past = history.readingsOf(sensor).filter((r) => typeof r.value === "number");
  const now = element("div", {}, element("b", { textContent: `${value}${unit}` }), " ", eventButton(reading.event, "by"));
  return past.length > 2 ? [now, curve(past)] : [now];
}

function sensorDetails(sensor) {
  const who = element("p", { className: "sub", textContent: sensor.actor });
  return [element("h2", { textContent: sensor.name }), who, ...(drawing.about?.({ sensor }) ?? []), ...(sensor.reading === null ? [] : takenAt(sensor))];
}

/** The readings of a sensor over time, those still to come faint. */
function curve(readings) {
  const [width, height, ratio] = [330, 56, window.devicePixelRatio || 1];
  const canvas = element("canvas", { width: width * ratio, height: height * ratio, ariaHidden: "true" });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const times = readings.map((r) => history.data.time[r.event]);
  const values = readings.map((r) => r.value);
  const [t0, t1] = [times[0], times[times.length - 1]];
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const x = (i) => ((times[i] - t0) / (t1 - t0 || 1)) * (width - 4) + 2;
  const y = (i) => height - 4 - ((values[i] - low) / (high - low || 1)) * (height - 8);
  const style = getComputedStyle(document.body);
  const line = (from, to, name) => {
    context.strokeStyle = style.getPropertyValue(name);
    context.lineWidth = 1.5;
    context.beginPath();
    for (let i = from; i < to; i++) context.lineTo(x(i), y(i));
    context.stroke();
  };
  const now = readings.findIndex((r) => r.event >= history.at);
  const split = now < 0 ? readings.length : now;
  line(0, split, "--accent");
  line(Math.max(0, split - 1), readings.length, "--edge");
  return canvas;
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
    if (rows.length === 40) break;
  }
  return rows.length === 0 ? [] : [element("h3", { textContent: "Links" }), element("ul", {}, ...rows)];
}

/** The latest events that touched a node, and the next. */
function eventsOf(node) {
  const until = node.events.filter((event) => event < history.at);
  const list = [...until.slice(-12), ...node.events.slice(until.length, until.length + 4)].reverse();
  const rows = list.map((event) => {
    const { operation, actor } = history.event(event);
    const by = [operation, actor].filter(Boolean).join(" · ");
    return element("li", { className: event < history.at ? "" : "later" }, eventButton(event, "step"), ` ${by}`);
  });
  const title = `Events (${until.length} of ${node.events.length})`;
  return [element("h3", { textContent: title }), element("ol", {}, ...rows)];
}

function linkDetails(link) {
  const added = link.standing();
  const name = (node) => drawing.items.get(node.survivor)?.name ?? node.id;
  const rows = element("dl");
  const properties = added === null ? {} : (history.data.values[added.value] ?? {});
  for (const [key, value] of Object.entries(properties)) {
    rows.append(element("dt", { textContent: key }), element("dd", {}, swatch(value), shown(value)));
  }
  return [
    element("h2", { textContent: `${name(link.from)} → ${name(link.to)}` }),
    element("p", { className: "sub", textContent: link.relation }),
    rows,
    ...(added === null ? [] : [element("h3", { textContent: "Linked by" }), eventButton(added.event, "by")]),
  ];
}

function select(node, center = false) {
  drawing.selected = node;
  if (node !== null && center) drawing.goTo(node);
  showDetails(node === null ? null : { node }, true);
  redraw();
}

// ---- Finding ----

function find(text) {
  const list = byId("found");
  const words = text.trim().toLowerCase();
  list.hidden = words === "";
  if (words === "") return list.replaceChildren();
  const hits = [];
  for (let i = drawing.order.length - 1; i >= 0 && hits.length < 40; i--) {
    const item = drawing.order[i];
    if (item.node.id.toLowerCase().includes(words) || item.name.toLowerCase().includes(words)) hits.push(item);
  }
  const rows = hits.map((item) => {
    const button = element("button", { type: "button" }, item.name, element("small", { textContent: item.node.id }));
    button.addEventListener("click", () => {
      list.hidden = true;
      drawing.hidden.set(item.layer, true);
      listLayers();
      select(item.node, true);
    });
    return element("li", {}, button);
  });
  return list.replaceChildren(...(rows.length > 0 ? rows : [element("li", {}, element("p", { textContent: "Nothing found at this time." }))]));
}

// ---- Pointers and keys ----

const pointers = new Map();
let dragged = false;

function listen() {
  canvas.addEventListener("pointerdown", (e) => {
    canvas.setPointerCapture(e.pointerId);
    pointers.set(e.pointerId, [e.offsetX, e.offsetY]);
    dragged = pointers.size > 1;
    canvas.classList.add("held");
  });
  canvas.addEventListener("pointermove", pointerMoved);
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, pointerUp);
  canvas.addEventListener("pointerleave", () => hover(null));
  canvas.addEventListener("wheel", (e) => {
    e.preventDefault();
    drawing.zoom(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0015)), e.offsetX, e.offsetY);
    redraw();
  }, { passive: false });
  canvas.addEventListener("dblclick", (e) => {
    drawing.zoom(2, e.offsetX, e.offsetY);
    redraw();
  });
  canvas.addEventListener("keydown", key);
  byId("slider").addEventListener("input", (e) => {
    stop();
    seek(Number(e.target.value));
  });
  byId("play").addEventListener("click", () => (playing === null ? play() : stop()));
  byId("fit").addEventListener("click", () => act(() => drawing.fit()));
  byId("in").addEventListener("click", () => act(() => drawing.zoom(1.5)));
  byId("out").addEventListener("click", () => act(() => drawing.zoom(1 / 1.5)));
  byId("find").addEventListener("input", (e) => find(e.target.value));
  byId("find").addEventListener("focus", (e) => find(e.target.value));
  byId("find").addEventListener("keydown", (e) => {
    if (e.key === "Enter") byId("found").querySelector("button")?.click();
    if (e.key === "ArrowDown") byId("found").querySelector("button")?.focus();
    if (e.key === "Escape") byId("found").hidden = true;
  });
  byId("found").addEventListener("keydown", foundKey);
  document.addEventListener("pointerdown", (e) => {
    if (!e.target.closest(".search")) byId("found").hidden = true;
  });
  byId("layers-button").addEventListener("click", toggleLayers);
  byId("theme").addEventListener("click", () => setDark(!drawing.dark));
  night.addEventListener("change", () => setDark(night.matches));
  byId("space").addEventListener("change", (e) => open(Number(e.target.value)));
  new ResizeObserver(() => {
    drawStrip();
    redraw();
  }).observe(canvas);
}

function act(change) {
  change();
  redraw();
}

function foundKey(e) {
  const row = e.target.closest("li");
  const next = e.key === "ArrowDown" ? row?.nextElementSibling : e.key === "ArrowUp" ? row?.previousElementSibling : null;
  if (next) next.querySelector("button")?.focus();
  if (e.key === "Escape") {
    byId("found").hidden = true;
    byId("find").focus();
  }
}

function toggleLayers() {
  const panel = byId("layers");
  panel.hidden = !panel.hidden;
  byId("layers-button").setAttribute("aria-expanded", String(!panel.hidden));
}

function setDark(dark) {
  drawing.dark = dark;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  drawStrip();
  redraw();
}

function pointerMoved(e) {
  const last = pointers.get(e.pointerId);
  if (last === undefined) {
    hover(drawing.pick(e.offsetX, e.offsetY));
    return;
  }
  const here = [e.offsetX, e.offsetY];
  if (pointers.size === 1) {
    if (Math.hypot(here[0] - last[0], here[1] - last[1]) < 3 && !dragged) return;
    dragged = true;
    drawing.pan(here[0] - last[0], here[1] - last[1]);
  } else {
    pinch(e.pointerId, last, here);
  }
  pointers.set(e.pointerId, here);
  redraw();
}

/** Two fingers: what is below them stays below them. */
function pinch(id, last, here) {
  const other = [...pointers].find(([key]) => key !== id)?.[1];
  if (other === undefined) return;
  const apart = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]) || 1;
  drawing.zoom(apart(here) / apart(last), other[0], other[1]);
}

function pointerUp(e) {
  pointers.delete(e.pointerId);
  if (pointers.size === 0) canvas.classList.remove("held");
  if (e.type === "pointerup" && !dragged) {
    const thing = drawing.pick(e.offsetX, e.offsetY);
    if (thing?.link || thing?.sensor) showDetails(thing, true);
    else select(thing?.node ?? null);
  }
}

/** Shows what is pointed at, where nothing is selected. */
function hover(thing) {
  canvas.classList.toggle("over", thing !== null);
  const node = thing?.node ?? null;
  if (node === drawing.over && !thing?.link && !thing?.sensor) return;
  drawing.over = node;
  if (drawing.selected === null && byId("details").querySelector(".close") === null) showDetails(thing);
  redraw();
}

function key(e) {
  const step = 60;
  const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (moves[e.key]) drawing.pan(...moves[e.key]);
  else if (e.key === "+" || e.key === "=") drawing.zoom(1.3);
  else if (e.key === "-") drawing.zoom(1 / 1.3);
  else if (e.key === "0") drawing.fit();
  else if (e.key === "n" || e.key === "p") stepThrough(e.key === "n" ? 1 : -1);
  else if (e.key === "Escape") select(null);
  else if (e.key === " ") (playing === null ? play() : stop());
  else return;
  e.preventDefault();
  redraw();
}

/** Selects the next of what is in view. */
function stepThrough(by) {
  const list = drawing.inView ?? [];
  if (list.length === 0) return;
  const at = list.findIndex((item) => item.node === drawing.selected);
  const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : (at + by + list.length) % list.length;
  select(list[next].node);
}

// ---- Start ----

if (histories.length > 1) {
  const choice = byId("space");
  choice.hidden = false;
  histories.forEach((h, i) => choice.append(element("option", { value: String(i), textContent: h.data.space })));
}
listen();
drawing.dark = night.matches;
if (history !== undefined) open(0);
else byId("title").textContent = "Nothing to show";
