"use strict";

/** What every drawing reads: numbers, names and colours, of whatever an event wrote. */

const finite = (x) => typeof x === "number" && Number.isFinite(x);
const clamp = (x, least, most) => Math.max(least, Math.min(most, x));

/** The numbers of a value that is a number or a list of them; empty for anything else. */
function numbersOf(value) {
  if (finite(value)) return [value];
  return Array.isArray(value) && value.every(finite) ? value : [];
}

/** Where the whole is so many times as long as most of it, the few that make it so are strays: so large a part at most. */
const [STRAY_FACTOR, STRAY_SHARE, FEWEST_WITH_STRAYS] = [5, 0.01, 5];

/**
 * The box around boxes, but for a few that lie far away from all others, and how many those are. Boxes are least
 * corner, then greatest, in as many dimensions as there are.
 */
function withoutStrays(boxes) {
  const whole = boxes.length === 0 ? null : boxes.reduce(boxOfBoth);
  if (boxes.length < FEWEST_WITH_STRAYS) return { box: whole, left: 0 };
  const axes = boxes[0].length / 2;
  const middles = boxes.map((box) => Array.from({ length: axes }, (_, axis) => (box[axis] + box[axis + axes]) / 2));
  const center = Array.from({ length: axes }, (_, axis) => middles.map((m) => m[axis]).sort((a, b) => a - b)[middles.length >> 1]);
  const far = middles.map((m) => m.reduce((most, x, axis) => Math.max(most, Math.abs(x - center[axis])), 0));
  const nearest = far.map((_, i) => i).sort((a, b) => far[a] - far[b]);
  const few = Math.max(1, Math.floor(boxes.length * STRAY_SHARE));
  const core = nearest.slice(0, boxes.length - few).map((i) => boxes[i]).reduce(boxOfBoth);
  const side = (box) => Math.max(...Array.from({ length: axes }, (_, axis) => box[axis + axes] - box[axis]));
  if (!(side(core) > 0) || side(core) * STRAY_FACTOR > side(whole)) return { box: whole, left: 0 };
  const near = boxes.filter((box) => side(boxOfBoth(core, box)) < side(core) * 2);
  return { box: near.reduce(boxOfBoth), left: boxes.length - near.length };
}

/** The box around two, in any dimensions. */
function boxOfBoth(a, b) {
  return a.map((x, i) => (i < a.length / 2 ? Math.min(x, b[i]) : Math.max(x, b[i])));
}

/** A history with what the projector prepared of its values: shapes, and words, by their numbers. */
function readHistory(data, prepared, filter) {
  const history = new History(data, filter);
  const words = (value, [width, text]) => ({ width, text: text ?? String(value) });
  history.names = prepared.names;
  history.person = Object.fromEntries(Object.entries(prepared.person).map(([name, [width, text]]) => [name, { width, text }]));
  history.shapes = new Map(prepared.shapes);
  history.words = new Map(prepared.words.map(([number, ...said]) => [number, words(data.values[number], said)]));
  history.idTexts = new Map(prepared.ids);
  history.sensorWords = new Map(prepared.sensors.map(([name, ...said]) => [name, words(name, said)]));
  return history;
}

/** What a property says in words, {text, width}: how wide they are at size 1; null where it says nothing. */
const wordsOf = (node, key) => node.history.words.get(node.number(`properties.${key}`)) ?? null;

/** Words one after the other. */
const joined = (...words) => words.reduce((a, b) => ({ text: a.text + b.text, width: a.width + b.width }));

/** What a person reads: what it is said to be, and that it is unverified unless somebody vouched for it; else null. */
function readingOf(node) {
  if (node.get("kind") !== "person") return null;
  const { comma, unverified } = node.history.person;
  const entity = wordsOf(node, "entity_type");
  if (entity === null) return unverified;
  return node.property("entity_verified") === true ? entity : joined(entity, comma, unverified);
}

/** What a node is called in words: the first of its names that says something, and what a person reads; else null. */
function calledOf(node) {
  const name = node.history.names.map((key) => wordsOf(node, key)).find((words) => words !== null) ?? null;
  const reading = readingOf(node);
  const { open, close } = node.history.person;
  return name === null || reading === null ? (name ?? reading) : joined(name, open, reading, close);
}

/** What a node is called, else its id. */
const nameOf = (node) => calledOf(node)?.text ?? node.history.idTexts.get(node.index) ?? node.id;

/** What is written beside a node: its label; a person is always called something. */
const labelOf = (node) => (readingOf(node) === null ? wordsOf(node, "label") : calledOf(node));

/** Colours as the projector read them: "none", #rrggbb or #rrggbbaa. What is no colour is null. */
class Palette {
  constructor(colors) {
    this.known = new Map(Object.entries(colors));
    this.lifted = new Map();
  }

  read(text) {
    return typeof text === "string" ? (this.known.get(text) ?? null) : null;
  }

  /** The same in the plane, where what can be seen through entirely paints nothing. */
  readInPlane(text) {
    const color = this.read(text);
    return color !== null && this.alpha(color) === 0 ? "none" : color;
  }

  /** Red, green and blue from 0 to 255. */
  parts(color) {
    return [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  }

  /** From 0 to 1. */
  alpha(color) {
    return color.length === 9 ? parseInt(color.slice(7), 16) / 255 : 1;
  }

  isDark(color) {
    const [r, g, b] = this.parts(color);
    return 0.299 * r + 0.587 * g + 0.114 * b < 128;
  }

  /** The colour, lighter where it would sink into a dark ground: its brightest part reaches `least`. */
  onDark(color, least = 170) {
    const key = color + least;
    if (!this.lifted.has(key)) {
      const parts = this.parts(color);
      const most = Math.max(...parts);
      const lift = most < least ? (least - most) / (255 - most) : 0;
      // Half of the way keeps the hue, the other half adds white.
      const scale = most > 0 ? 1 + (lift * (255 - most)) / most / 2 : 1;
      const mixed = parts.map((x) => Math.round(Math.min(255, x * scale + (lift * (255 - most)) / 2)));
      const hex = mixed.map((x) => x.toString(16).padStart(2, "0")).join("");
      this.lifted.set(key, lift > 0 ? `#${hex}${color.slice(7)}` : color);
    }
    return this.lifted.get(key);
  }
}
