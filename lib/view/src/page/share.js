"use strict";

/** What is taken from the page: its address as of now, the commands that say the same, pictures and tables. */

/** The address waits so many milliseconds for the reader to rest. */
const REST = 400;
/** The edge of a picture that is saved, and the size of its words. */
const [EDGE, WORDS] = [12, 13];

/** What the address says: of what differs from how the page opens, the space, the time, the view and what is chosen. */
function addressNow() {
  const parts = new URLSearchParams();
  if (histories.length > 1) parts.set("space", history.data.space);
  if (history.at < history.length) parts.set("at", history.at === 0 ? "" : history.data.id[history.at - 1]);
  if (drawing.selected !== null) parts.set("node", drawing.selected.id);
  for (const [layer, shown] of [...drawing.hidden].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (shown !== (history.setting(`@layer:${layer}`, "visible") !== false)) parts.append(shown ? "show" : "hide", layer);
  }
  if (shownOnly !== "") parts.set("only", shownOnly);
  const place = drawing.place();
  if (place.some((x, i) => x !== opened[i])) parts.set("view", place.join(","));
  return parts.toString();
}

/** The view as the page opened it. */
let opened = [];
let resting = 0;

/** Puts where we are into the address, once the reader rests. */
function writeAddress() {
  clearTimeout(resting);
  resting = setTimeout(() => {
    const said = addressNow();
    if (playing === null && said !== window.location.hash.slice(1)) window.history.replaceState(null, "", `#${said}`);
  }, REST);
}

/** Goes to where the address says; what it says of things that are not here is passed over. */
function readAddress() {
  const parts = new URLSearchParams(window.location.hash.slice(1));
  const space = histories.findIndex(({ data }) => data.space === parts.get("space"));
  if (space >= 0 && histories[space] !== history) {
    byId("space").value = String(space);
    open(space);
  }
  if (parts.has("at")) seek(parts.get("at") === "" ? 0 : Math.max(0, history.data.id.lastIndexOf(parts.get("at")) + 1) || history.length);
  else seek(history.length);
  drawing.hidden.clear();
  for (const layer of parts.getAll("hide")) drawing.hidden.set(layer, false);
  for (const layer of parts.getAll("show")) drawing.hidden.set(layer, true);
  if ((parts.get("only") ?? "") !== shownOnly) showOnly(parts.get("only") ?? "");
  const node = history.byId.get(parts.get("node") ?? "");
  select(node !== undefined && drawing.items.has(node) ? node : null);
  const place = (parts.get("view") ?? "").split(",").map(Number);
  if (place.length === opened.length && place.every(finite)) drawing.goToPlace(place);
  else if (node !== undefined && drawing.items.has(node)) drawing.goTo(node);
  settle();
  redraw();
}

/** Says something to everyone, for a while. */
function say(text) {
  const line = byId("said");
  line.textContent = text;
  line.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => {
    line.hidden = true;
  }, 4000);
}

/** Copies a text in the way that pages from files may everywhere; answers whether it was. */
function copied(text) {
  const before = document.activeElement;
  const field = element("textarea", { value: text, className: "hidden", ariaLabel: "Copied" });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}

/** The same, and says so to everyone; what cannot be copied is at least said. */
function copy(text, what) {
  say(copied(text) ? `${what} copied` : text);
}

function copyLink() {
  const said = addressNow();
  window.history.replaceState(null, "", `#${said}`);
  copy(`${window.location.href.split("#")[0]}#${said}`, "Link");
}

// ---- Commands ----

/** A word as a shell takes it. */
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The options that choose what this page shows, the time among them. */
function optionsNow() {
  const at = history.at === history.length ? [] : ["--at", history.at === 0 ? "1970-01-01T00:00:00Z" : `id:${history.data.id[history.at - 1]}`];
  const space = histories.length > 1 ? ["--space", history.data.space] : [];
  return [...embedded.options, ...space, ...at];
}

const commandOf = (words) => `cat trace.jsonl | ${words.map(quoted).join(" ")}`;

/** The pipe that prints what is seen: of what is chosen, who set its values; else the drawing. */
function commandNow() {
  const { selected } = drawing;
  if (selected !== null) return commandOf(["ulp-materialize", "--blame", selected.id, ...optionsNow()]);
  const [tool, format] = Drawing.prints;
  return commandOf([tool, "-f", format, ...optionsNow()]);
}

/** The commands that say more of a thing. */
function commandsFor(id) {
  const button = (name, title, act) => {
    const made = element("button", { type: "button", className: "small", textContent: name, title });
    made.addEventListener("click", act);
    return made;
  };
  const why = `ulp-why ${quoted(id)} --store world`;
  return element("p", { className: "row" },
    button("Copy link", "A link to this thing at this time", copyLink),
    button("Copy command", commandNow(), () => copy(commandNow(), "Command")),
    button("Copy why", why, () => copy(why, "Command")));
}

// ---- Files ----

/** Gives the reader a file. */
function save(name, type, parts) {
  const address = URL.createObjectURL(new Blob(parts, { type }));
  const link = element("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  say(`${name} saved`);
}

/** The name of a file: of the space, and of the moment. */
function fileName(ending, more = "") {
  const time = history.at > 0 ? timeText(history.data.time[history.at - 1]).slice(0, 19).replace(/[: ]/g, "-") : "start";
  return `${`${history.data.space}-${more}${time}`.replace(/[^\w.-]+/g, "-").slice(0, 120)}.${ending}`;
}

/** What a picture says of itself: its title, its moment, and whom it has to thank. */
function captions() {
  const title = byId("title").textContent;
  const { when } = momentOf(history.at);
  return [`${title} · ${when}`, byId("legend").textContent].filter((line) => line !== "");
}

function savePicture() {
  const shown = drawing.picture();
  const ratio = shown.width / canvas.clientWidth;
  const made = element("canvas", { width: shown.width, height: shown.height + Math.round(captions().length * WORDS * 1.5 * ratio + EDGE * ratio) });
  const context = made.getContext("2d");
  context.fillStyle = drawing.groundColor();
  context.fillRect(0, 0, made.width, made.height);
  context.drawImage(shown, 0, 0);
  context.fillStyle = drawing.ink();
  context.font = `${WORDS * ratio}px system-ui, sans-serif`;
  captions().forEach((line, i) => context.fillText(line, EDGE * ratio, shown.height + WORDS * ratio * (1.5 * i + 1), made.width - 2 * EDGE * ratio));
  made.toBlob((blob) => save(fileName("png"), "image/png", [blob]), "image/png");
}

/** A table of all that a sensor read up to now, as projector-dashboard writes it. */
function saveTable(sensor) {
  save(fileName("csv", `${sensor.actor}-${sensor.name}-`), "text/csv", [tableOf(sensor)]);
}

function tableOf(sensor) {
  const { space, id, time, values } = history.data;
  const rows = history.readingsOf(sensor).filter(({ event }) => event < history.at).map(({ event, value, unit }) => {
    const said = unit < 0 ? "" : textCell(values[unit]);
    return [dateOf(time[event]), textCell(space), textCell(sensor.actor), textCell(sensor.name), said, valueCell(value), textCell(id[event])].map(inQuotes).join(",");
  });
  return ["timestamp,space_id,actor_id,sensor,unit,value,event_id", ...rows, ""].join("\r\n");
}

/** A time in RFC 3339, with as many decimals as it has; of a double, to the microsecond. */
function dateOf(seconds) {
  const whole = Math.floor(seconds);
  const rest = Math.round((seconds - whole) * 1e6);
  const date = new Date((rest === 1e6 ? whole + 1 : whole) * 1000).toISOString().slice(0, 19);
  return rest === 0 || rest === 1e6 ? `${date}Z` : `${date}.${String(rest).padStart(6, "0").replace(/0+$/, "")}Z`;
}

/** A text that reads as that text. */
function textCell(text) {
  const otherwise = text === "" || /^["=+\-@\t\r]/.test(text) || /^\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text);
  return otherwise || /[\p{Cc}\p{Bidi_Control}]/u.test(text) ? JSON.stringify(text) : text;
}

function valueCell(value) {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") return JSON.stringify(value);
  return value === "true" || value === "false" ? JSON.stringify(value) : textCell(value);
}

/** A cell, in quotes where RFC 4180 asks for them. */
const inQuotes = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
