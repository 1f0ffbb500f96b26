"use strict";

/**
 * What is painted, as an SVG rather than as pixels: a pen takes the strokes of a canvas that the drawing makes, and
 * writes each as an element.
 */

const short = (x) => String(Number(x.toFixed(3)));
/** Text of an element or attribute: what would end it, and what XML does not carry, is no part of it. */
const xml = (text) => text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd").replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** A path that can be read again. */
class Trace {
  constructor() {
    this.d = "";
  }

  moveTo(x, y) {
    this.d += `M${short(x)} ${short(y)}`;
  }

  lineTo(x, y) {
    this.d += `L${short(x)} ${short(y)}`;
  }

  bezierCurveTo(...numbers) {
    this.d += `C${numbers.map(short).join(" ")}`;
  }

  /** A whole circle, which is all that the drawing asks for. */
  arc(x, y, r) {
    this.d += `M${short(x + r)} ${short(y)}A${short(r)} ${short(r)} 0 1 1 ${short(x - r)} ${short(y)}A${short(r)} ${short(r)} 0 1 1 ${short(x + r)} ${short(y)}Z`;
  }

  closePath() {
    this.d += "Z";
  }
}

class Pen {
  constructor() {
    this.written = [];
    this.matrix = IDENTITY;
    this.path = new Trace();
    Object.assign(this, { fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, globalAlpha: 1, font: "10px sans-serif", textAlign: "left" });
  }

  setTransform(...matrix) {
    this.matrix = matrix;
  }

  transform(...matrix) {
    this.matrix = composed(this.matrix, matrix);
  }

  beginPath() {
    this.path = new Trace();
  }

  moveTo(x, y) {
    this.path.moveTo(x, y);
  }

  lineTo(x, y) {
    this.path.lineTo(x, y);
  }

  arc(x, y, r) {
    this.path.arc(x, y, r);
  }

  closePath() {
    this.path.closePath();
  }

  /** What follows belongs to a node. */
  begin(item) {
    const { node } = item;
    const { id } = node.history.data;
    const last = [...node.values.values()].reduce((most, { event }) => Math.max(most, event), node.created);
    const set = last < 0 ? "" : ` data-event-id="${xml(id[last])}"`;
    this.written.push(`<g data-node-id="${xml(node.id)}"${set}><title>${xml(item.name)}</title>`);
  }

  end() {
    this.written.push("</g>");
  }

  #put(name, attributes, body) {
    const said = { ...attributes };
    if (this.matrix.some((x, i) => x !== IDENTITY[i])) said.transform = `matrix(${this.matrix.map((x) => String(Number(x.toPrecision(9)))).join(" ")})`;
    if (this.globalAlpha < 1) said.opacity = short(this.globalAlpha);
    const list = Object.entries(said).map(([key, value]) => ` ${key}="${xml(String(value))}"`).join("");
    this.written.push(body === undefined ? `<${name}${list}/>` : `<${name}${list}>${xml(body)}</${name}>`);
  }

  fill(path = this.path, rule = "nonzero") {
    if (path.d !== "") this.#put("path", { d: path.d, fill: this.fillStyle, ...(rule === "evenodd" ? { "fill-rule": rule } : {}) });
  }

  stroke(path = this.path) {
    if (path.d !== "") this.#put("path", { d: path.d, fill: "none", stroke: this.strokeStyle, "stroke-width": Number(this.lineWidth.toPrecision(6)), "stroke-linejoin": "round" });
  }

  fillRect(x, y, width, height) {
    this.#put("rect", { x: short(x), y: short(y), width: short(width), height: short(height), fill: this.fillStyle });
  }

  #text(text, x, y, looks) {
    const [, size, family] = /^([\d.]+)px (.*)$/.exec(this.font);
    const anchor = { left: "start", center: "middle", right: "end" }[this.textAlign];
    this.#put("text", { x: short(x), y: short(y), "font-size": short(Number(size)), "font-family": family, "text-anchor": anchor, "xml:space": "preserve", ...looks }, text);
  }

  fillText(text, x, y) {
    this.#text(text, x, y, { fill: this.fillStyle });
  }

  strokeText(text, x, y) {
    this.#text(text, x, y, { fill: "none", stroke: this.strokeStyle, "stroke-width": short(this.lineWidth), "stroke-linejoin": "round" });
  }

  drawImage(image, x, y, width, height) {
    this.#put("image", { x, y, width, height, href: image.src });
  }

  /** The whole drawing. */
  document(width, height, title) {
    const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`;
    return `${head}\n<title>${xml(title)}</title>\n${this.written.join("\n")}\n</svg>\n`;
  }
}
