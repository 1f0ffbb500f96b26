"use strict";

/** What every drawing reads: numbers and colours, of whatever an event wrote. */

const finite = (x) => typeof x === "number" && Number.isFinite(x);
const clamp = (x, least, most) => Math.max(least, Math.min(most, x));

/** The numbers of a value that is a number or a list of them; empty for anything else. */
function numbersOf(value) {
  if (finite(value)) return [value];
  return Array.isArray(value) && value.every(finite) ? value : [];
}

/** Colours as CSS understands them, checked once each. What is no colour is null. */
class Palette {
  constructor() {
    this.context = document.createElement("canvas").getContext("2d");
    this.known = new Map();
    this.lifted = new Map();
  }

  /** The colour in the spelling of a canvas, "none", or null. */
  read(text) {
    if (typeof text !== "string" || text.length > 64) return null;
    if (!this.known.has(text)) this.known.set(text, this.#check(text.trim().toLowerCase()));
    return this.known.get(text);
  }

  #check(text) {
    if (text === "none" || text === "transparent") return "none";
    if (!/^(#[0-9a-f]{3,8}|[a-z]+|(rgb|hsl)a?\([\d.,%/ deg-]+\))$/.test(text)) return null;
    const { context } = this;
    context.fillStyle = "#010203";
    context.fillStyle = text;
    const first = context.fillStyle;
    context.fillStyle = "#030201";
    context.fillStyle = text;
    return first === context.fillStyle ? first : null;
  }

  /** Red, green and blue from 0 to 255. */
  parts(color) {
    if (color.startsWith("#")) return [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
    return color.match(/[\d.]+/g).slice(0, 3).map(Number);
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
      this.lifted.set(key, lift > 0 ? `rgb(${mixed.join(",")})` : color);
    }
    return this.lifted.get(key);
  }
}
