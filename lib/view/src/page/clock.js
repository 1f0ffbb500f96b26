"use strict";

/** The time: where in the history the page stands, how that plays, and what is said of it. */

/** Frames that take longer than so many seconds lose time, and so does a page that nobody sees. */
const LONGEST_FRAME = 1;
/** How much of a promised speed must be kept, looked at over so many seconds. */
const [KEPT, WATCHED] = [0.9, 1];
/** So many events may pass with rings around what they touch, and so many rings. */
const [RINGED, RINGS] = [400, 150];
const OPERATION_COLORS = {
  create: "#4a90c8",
  set: "#e0a030",
  link: "#8a94a0",
  sensor: "#2fa08a",
  delete: "#c8384a",
  other: "#9a7fc0",
};
/** What the colours of the strip say. */
const OPERATION_WORDS = { create: "made", set: "changed", link: "linked", sensor: "read by sensors", delete: "deleted", other: "other events" };

let playing = null;
/** The place that the slider was drawn to while the picture was not ready for it; null for none. */
let wish = null;

/** Goes to where `count` events have happened. */
function seek(count) {
  wish = null;
  const before = history.at;
  history.seek(count);
  if (history.at === before) return;
  if (!calm.matches && history.at > before && history.at - before < RINGED) {
    const now = performance.now();
    for (let event = before; event < history.at && drawing.pulses.size < RINGS; event++) {
      for (const node of history.touched(event)) drawing.pulses.set(node, now);
    }
  }
  drawing.update();
  moveSlider();
  if (playing === null) settle();
  redraw();
}

/** Goes there once the picture of the last place is done, so that a slow machine shows some of the way. */
function seekSoon(count) {
  if (!drawing.busy) return seek(count);
  wish = count;
  return redraw();
}

/** The event after which the picture is, and when that was. */
function momentOf(count) {
  const event = count > 0 ? history.event(count - 1) : null;
  if (event === null) return { when: "Before the first event", what: "" };
  const said = [event.operation, event.id, event.actor && `by ${event.actor}`].filter(Boolean).join(" · ");
  return { when: timeText(event.time), what: said };
}

/** The slider is where it was put; what is said beside the picture waits for the picture. */
function moveSlider() {
  const { at, length } = history;
  const { when, what } = momentOf(at);
  byId("slider").value = String(at);
  byId("slider").setAttribute("aria-valuetext", `${when}, event ${at} of ${length}, ${what}`);
}

/** Says which moment the picture shows. */
function sayShown() {
  const count = drawing.shownAt ?? history.at;
  const { when, what } = momentOf(count);
  const clock = playing?.clock ?? null;
  const field = byId("when");
  if (document.activeElement !== field) field.value = clock === null || count >= history.length ? when : timeText(clock);
  byId("what").textContent = what === "" ? "" : `${count} of ${history.length} · ${what}`;
}

/** How many events have happened by a time in seconds. */
function countBy(time) {
  const times = history.data.time;
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place in time that a text names: a date, seconds since 1970, an event, or its number; null for none. */
function placeOf(text) {
  const said = text.trim();
  const event = history.data.id.indexOf(said.replace(/^id:/, ""));
  if (event >= 0) return event + 1;
  if (/^\d{1,8}$/.test(said)) return Math.min(Number(said), history.length);
  if (/^\d+(\.\d+)?$/.test(said)) return countBy(Number(said));
  const date = /^(\d{4}-\d\d?-\d\d?)(?:[T ]+(\d\d?:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|UTC|[+-]\d\d:\d\d)?$/i.exec(said);
  if (date === null) return null;
  const day = date[1].replace(/-(\d)(?!\d)/g, "-0$1");
  const zone = date[3] === undefined || /^(z|utc)$/i.test(date[3]) ? "Z" : date[3];
  const clock = (date[2] ?? "00:00").padStart(5, "0");
  const time = Date.parse(`${day}T${/:\d\d:/.test(clock) ? clock : clock.replace(/^(\d\d?:\d\d)$/, "$1:00")}${zone}`) / 1000;
  return finite(time) ? countBy(time) : null;
}

function timeTyped() {
  const field = byId("when");
  const place = placeOf(field.value);
  field.setAttribute("aria-invalid", String(place === null));
  if (place === null) return say("Not a time: write 2019-11-08 14:30, or the name or number of an event");
  stop();
  seek(place);
  field.blur();
  return sayShown();
}

/** What need not follow every frame of a replay. */
function settle() {
  if (!byId("layers").hidden) listLayers();
  listReadings();
  sayWhatIsThere();
  if (drawing.selected !== null) showDetails({ node: drawing.selected }, true);
  writeAddress();
}

// ---- Replay ----

/** How fast it plays: as many seconds for all of it, or as many times as fast as it happened. */
function speed() {
  const value = byId("speed").value;
  return value.startsWith("x") ? { times: Number(value.slice(1)) } : { whole: Number(value) };
}

function play() {
  if (history.length === 0) return;
  if (history.at >= history.length) seek(0);
  const now = performance.now();
  playing = { frame: requestAnimationFrame(playOn), last: now, exact: history.at, clock: null, since: now, lost: 0 };
  showPlaying(true);
}

function playOn(now) {
  playing.frame = requestAnimationFrame(playOn);
  // What is being painted is shown first: time that goes by meanwhile is made up for with the next step.
  if (drawing.busy) return;
  const passed = Math.max(0, (now - playing.last) / 1000);
  const taken = Math.min(passed, LONGEST_FRAME);
  playing.last = now;
  if (!document.hidden) playing.lost += passed - taken;
  advance(taken);
  if (history.at >= history.length) ended();
  if (playing !== null && now - playing.since >= WATCHED * 1000) sayPace(now);
}

/** Goes on by some seconds of the reader's. */
function advance(seconds) {
  const { times, whole } = speed();
  if (times === undefined) {
    playing.clock = null;
    playing.exact = Math.max(playing.exact, history.at) + (seconds * history.length) / whole;
    return seek(Math.floor(playing.exact));
  }
  const [first] = history.data.time;
  playing.clock = (playing.clock ?? (history.at > 0 ? history.data.time[history.at - 1] : first)) + seconds * times;
  playing.exact = history.at;
  const count = countBy(playing.clock);
  if (count > history.at) seek(count);
  return sayShown();
}

/** At the end it stops, or begins again. */
function ended() {
  if (byId("loop").getAttribute("aria-pressed") !== "true") return stop();
  seek(0);
  [playing.exact, playing.clock] = [0, null];
  return undefined;
}

/** Says where the promised speed is not kept. */
function sayPace(now) {
  const share = 1 - playing.lost / ((now - playing.since) / 1000);
  byId("pace").textContent = share < KEPT ? `Slower than asked: this machine keeps ${Math.max(1, Math.round(share * 100))} % of that speed` : "";
  byId("pace").hidden = share >= KEPT;
  [playing.since, playing.lost] = [now, 0];
}

function stop() {
  if (playing === null) return;
  cancelAnimationFrame(playing.frame);
  playing = null;
  byId("pace").hidden = true;
  showPlaying(false);
  settle();
  sayShown();
}

function showPlaying(on) {
  byId("play").textContent = on ? "❚❚" : "▶";
  byId("play").setAttribute("aria-label", on ? "Pause" : "Play");
}

/** Goes on or back by an event. */
function stepEvent(by) {
  stop();
  seek(history.at + by);
}

function toggleLoop() {
  const loops = byId("loop").getAttribute("aria-pressed") !== "true";
  byId("loop").setAttribute("aria-pressed", String(loops));
}

// ---- The strip ----

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
  const names = Object.keys(OPERATION_COLORS);
  const kinds = operationKinds();
  const columns = Math.max(1, Math.min(width, length));
  for (let column = 0; column < columns; column++) {
    const counts = new Array(names.length).fill(0);
    const [first, end] = [Math.floor((column * length) / columns), Math.floor(((column + 1) * length) / columns)];
    for (let event = first; event < end; event++) counts[kinds(event)] += 1;
    let y = height - band;
    names.forEach((name, kind) => {
      const part = (counts[kind] / Math.max(1, end - first)) * band;
      context.fillStyle = OPERATION_COLORS[name];
      context.fillRect((column * width) / columns, y, width / columns + 0.5, part);
      y += part;
    });
  }
  drawDates(context, width, height - band - 3);
}

/** The number of the strip's colour for an event. */
function operationKinds() {
  const names = Object.keys(OPERATION_COLORS);
  const { operation, operations } = history.data;
  const known = operations.map((name) => names.indexOf(kindOf(name)));
  const other = names.indexOf("other");
  return (event) => known[operation[event]] ?? other;
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
