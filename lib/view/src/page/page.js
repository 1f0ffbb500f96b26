"use strict";

/** The page: what the reader can do with the drawing, the time and the details. */

const byId = (id) => document.getElementById(id);
const embedded = JSON.parse(byId("data").textContent);
const histories = embedded.spaces.map((data, i) => readHistory(data, embedded.prepared[i], embedded.filter));
const canvas = byId("drawing");
const drawing = new Drawing(canvas, embedded.drawing, new Palette(embedded.colors));
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const night = window.matchMedia("(prefers-color-scheme: dark)");

let history = histories[0];
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
  if (wanted || history === undefined) return;
  wanted = true;
  requestAnimationFrame((now) => {
    wanted = false;
    if (wish !== null && !drawing.busy) seek(wish);
    const more = drawing.draw(now);
    sayShown();
    if (more || wish !== null) redraw();
  });
}

/** Shows the space of that number, as it is at the end. */
function open(space) {
  stop();
  history = histories[space];
  history.seek(history.length);
  drawing.hidden.clear();
  drawing.selected = null;
  drawing.only = null;
  shownOnly = "";
  drawing.show(history);
  drawing.fit();
  opened = drawing.place();
  const title = history.setting("@space", "title");
  byId("title").textContent = typeof title === "string" ? title : history.data.space;
  const said = history.setting("@space", "acknowledgement");
  byId("legend").textContent = typeof said === "string" ? said : "";
  byId("slider").max = String(history.length);
  canvas.setAttribute("aria-label", `Drawing of ${byId("title").textContent}`);
  moveSlider();
  drawStrip();
  showDetails(null);
  settle();
  redraw();
}

/** Says where nothing is there to be seen, what is left out of the picture, and that there is a filter. */
function sayWhatIsThere() {
  const none = drawing.order.length === 0 && drawing.readings.length === 0;
  byId("nothing").hidden = !none;
  byId("nothing").textContent = history.length === 0 ? "Nothing has happened here." : "Nothing is there at this time.";
  const left = drawing.left ?? 0;
  byId("rest").hidden = left === 0;
  byId("rest").textContent = `Show the rest (${left})`;
  byId("filter").hidden = shownOnly === "";
  if (shownOnly !== "") byId("filter").textContent = `Only ${shownOnly} (${drawing.order.filter(drawing.only).length} of ${drawing.order.length}) ×`;
}

/** A world in which nothing happened says so, and has nothing to play with. */
function sayNothing() {
  byId("title").textContent = "An empty world";
  byId("nothing").textContent = "Nothing is here: no event was read, or none that may be shown.";
  byId("nothing").hidden = false;
  byId("when").value = "";
  for (const control of document.querySelectorAll("button, input, select")) control.disabled = control.id !== "theme";
  canvas.setAttribute("aria-label", "An empty drawing");
  byId("theme").addEventListener("click", () => paintTheme(!drawing.dark));
}

/** Chooses a thing, or lets go of it. */
function select(node, center = false) {
  drawing.selected = node;
  showDetails(node === null ? null : { node }, true);
  if (node !== null && center) bring(node);
  writeAddress();
  redraw();
}

/** Brings a node into the middle of what the panel that tells of it leaves free. */
function bring(node) {
  drawing.goTo(node);
  const [panel, ground] = [byId("details"), canvas].map((e) => e.getBoundingClientRect());
  if (panel.width > ground.width * 0.8) drawing.slide(0, (panel.top - ground.bottom) / 2);
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
    act(() => drawing.zoom(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0015)), e.offsetX, e.offsetY));
  }, { passive: false });
  canvas.addEventListener("dblclick", (e) => {
    act(() => drawing.zoom(2, e.offsetX, e.offsetY));
  });
  canvas.addEventListener("keydown", key);
  document.addEventListener("keydown", keyAnywhere);
  byId("slider").addEventListener("input", (e) => {
    stop();
    seekSoon(Number(e.target.value));
  });
  byId("when").addEventListener("keydown", (e) => {
    if (e.key === "Enter") timeTyped();
    if (e.key === "Escape") e.target.blur();
  });
  byId("when").addEventListener("focus", (e) => e.target.select());
  byId("when").addEventListener("blur", () => {
    byId("when").setAttribute("aria-invalid", "false");
    sayShown();
  });
  byId("loop").addEventListener("click", toggleLoop);
  byId("back").addEventListener("click", () => stepEvent(-1));
  byId("on").addEventListener("click", () => stepEvent(1));
  byId("rest").addEventListener("click", () => act(() => drawing.fit({ everything: true })));
  byId("filter").addEventListener("click", () => showOnly(""));
  byId("copy-link").addEventListener("click", copyLink);
  byId("copy-command").addEventListener("click", () => copy(commandNow(), "Command"));
  byId("save-png").addEventListener("click", savePicture);
  byId("save-svg").addEventListener("click", () => save(fileName("svg"), "image/svg+xml", [drawing.svg(captions())]));
  byId("keys-button").addEventListener("click", toggleKeys);
  byId("keys").addEventListener("keydown", (e) => {
    if (e.key === "Escape") toggleKeys();
  });
  byId("save-svg").hidden = drawing.svg === undefined;
  window.addEventListener("hashchange", readAddress);
  listViews();
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
    if (!e.target.closest("#more, #more-button") && !byId("more").hidden) toggle("more");
  });
  byId("layers-button").addEventListener("click", toggleLayers);
  byId("more-button").addEventListener("click", () => toggle("more"));
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
  sayWhatIsThere();
  writeAddress();
  redraw();
}

/** The views that the drawing offers besides the one from which it shows everything. */
function listViews() {
  const buttons = drawing.views.map(({ name, title, show }) => {
    const button = element("button", { type: "button", textContent: name, title });
    button.addEventListener("click", () => act(show));
    return button;
  });
  byId("views").replaceChildren(...buttons);
  byId("views").hidden = buttons.length === 0;
}

/** Opens a panel, or closes it. */
function toggle(name) {
  const panel = byId(name);
  panel.hidden = !panel.hidden;
  byId(`${name}-button`).setAttribute("aria-expanded", String(!panel.hidden));
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
  toggle("layers");
  if (!byId("layers").hidden) listLayers();
}

function setDark(dark) {
  paintTheme(dark);
  drawStrip();
  if (!byId("layers").hidden) listLayers();
  redraw();
}

function paintTheme(dark) {
  drawing.dark = dark;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
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
  writeAddress();
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
  else return;
  e.preventDefault();
  act(() => {});
}

/** Keys that hold wherever the reader is, but for where text is written. */
function keyAnywhere(e) {
  const writes = e.target.closest("input, select, textarea");
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || (writes && e.target.id !== "slider")) return;
  const does = {
    ",": () => stepEvent(-1),
    ".": () => stepEvent(1),
    "?": toggleKeys,
    "/": () => byId("find").focus(),
    c: copyLink,
    l: toggleLoop,
    Escape: () => (byId("keys").hidden ? select(null) : toggleKeys()),
    Home: () => seek(0),
    End: () => seek(history.length),
    " ": () => (playing === null && !player?.playing ? play() : stop()),
    ...drawing.does,
  }[e.key];
  // A button that has the focus is pressed with space.
  if (does === undefined || (e.key === " " && e.target.closest("button, summary"))) return;
  e.preventDefault();
  act(does);
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
drawing.dark = night.matches;
if (history === undefined) sayNothing();
else {
  listen();
  open(0);
  if (window.location.hash.length > 1) readAddress();
  if (embedded.score !== null) listenTo(embedded.score);
}
