"use strict";

/**
 * The drawing: what is visible of a history, as shapes on a canvas.
 *
 * World coordinates are the space's; the view turns them into CSS pixels. Shapes are prepared once a geometry and
 * shared; an item is prepared anew only when its node changed.
 */

const MARK = 5;
const HAIR = 1.2;
const MOST_LABELS = 300;
const PULSE = 600;
const IDENTITY = [1, 0, 0, 1, 0, 0];

/** `outer` after `inner`, as [a, b, c, d, e, f] of a canvas. */
function composed(outer, inner) {
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}

/** Shapes in their own frame, by the number of their geometry. */
class Shapes {
  constructor() {
    this.known = new Map();
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("class", "hidden");
    this.svg.setAttribute("aria-hidden", "true");
    document.body.append(this.svg);
  }

  get(number, geometry) {
    if (!this.known.has(number)) this.known.set(number, this.#read(geometry) ?? { kind: "mark", named: true });
    return this.known.get(number);
  }

  #read(g) {
    if (g === undefined) return { kind: "mark", named: false };
    const length = (x) => finite(x) && x >= 0;
    switch (g.kind) {
      case "rect":
        if (!length(g.width) || !length(g.height)) return null;
        return this.#rect(g.width, g.height, length(g.radius) ? g.radius : 0);
      case "box": {
        const size = numbersOf(g.size);
        const [x, y] = [size[0], size[1] ?? size[0]];
        return length(x) && length(y) ? this.#rect(x, y, 0) : null;
      }
      case "ellipse":
        return length(g.rx) && length(g.ry) ? this.#ellipse(g.rx, g.ry) : null;
      case "sphere":
      case "cylinder":
        return length(g.radius) ? this.#ellipse(g.radius, g.radius) : null;
      case "line":
      case "polyline":
        return this.#points(g.points, 2, "line");
      case "polygon":
        return this.#points(g.points, 3, "area");
      case "path":
        return this.#path(g.d);
      case "mesh":
        return this.#mesh(g);
      case "text":
        return typeof g.text === "string" ? { kind: "text", lines: g.text.split(/\r?\n/), size: g.size > 0 ? g.size : 0 } : null;
      case "point":
        return { kind: "mark", named: false };
      default:
        return null;
    }
  }

  #rect(width, height, radius) {
    const path = new Path2D();
    const box = [-width / 2, -height / 2, width, height];
    if (radius > 0) path.roundRect(...box, Math.min(radius, width / 2, height / 2));
    else path.rect(...box);
    return { kind: "area", path, box: [-width / 2, -height / 2, width / 2, height / 2], room: 0.9 };
  }

  #ellipse(rx, ry) {
    const path = new Path2D();
    path.ellipse(0, 0, rx, ry, 0, 0, 2 * Math.PI);
    return { kind: "area", path, box: [-rx, -ry, rx, ry], room: 0.7, radius: rx === ry ? rx : 0 };
  }

  #points(points, least, kind) {
    const list = Array.isArray(points) ? points.map(numbersOf) : [];
    if (list.length < least || list.some((p) => p.length < 2)) return null;
    const path = new Path2D();
    list.forEach(([x, y], i) => (i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
    if (kind === "area") path.closePath();
    return { kind, path, box: around(list), room: 0.6 };
  }

  #path(d) {
    if (typeof d !== "string" || !/^\s*m/i.test(d)) return null;
    const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
    element.setAttribute("d", d);
    this.svg.replaceChildren(element);
    const { x, y, width, height } = element.getBBox();
    this.svg.replaceChildren();
    return { kind: "area", path: new Path2D(d), box: [x, y, x + width, y + height], room: 0.6 };
  }

  #mesh(g) {
    const flat = Array.isArray(g.positions) ? g.positions.flat() : [];
    const places = [];
    for (let i = 0; i + 2 < flat.length; i += 3) places.push([flat[i], flat[i + 1]]);
    const indices = Array.isArray(g.indices) ? g.indices.flat() : places.map((_, i) => i);
    const path = new Path2D();
    for (let i = 0; i + 2 < indices.length && i < 60000; i += 3) {
      const corners = [0, 1, 2].map((n) => places[indices[i + n]]);
      if (corners.some((c) => c === undefined || !c.every(finite))) return null;
      path.moveTo(...corners[0]);
      path.lineTo(...corners[1]);
      path.lineTo(...corners[2]);
      path.closePath();
    }
    return places.length > 2 ? { kind: "area", path, box: around(places), room: 0.6 } : null;
  }
}

/** [least x, least y, greatest x, greatest y] around points. */
function around(points) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

/** The box of `box` seen through a matrix. */
function moved(box, m) {
  const corners = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]];
  return around(corners.map(([x, y]) => [m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]]));
}

class Drawing {
  constructor(canvas, pictures) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.palette = new Palette();
    this.pictures = new Map(Object.entries(pictures).map(([reference, data]) => [reference, picture(data)]));
    /** x and y of the world in the middle of the canvas, and CSS pixels a unit. */
    this.view = { x: 0, y: 0, scale: 1 };
    this.hidden = new Map();
    this.selected = null;
    this.over = null;
    this.pulses = new Map();
    this.dark = false;
    this.widths = new Map();
    this.batch = null;
  }

  /** Shows another history. */
  show(history) {
    this.history = history;
    this.shapes = new Shapes();
    this.items = new Map();
    this.order = [];
    this.pulses.clear();
    /** Whether nodes carry others, so that one that moves moves more than itself. */
    this.carrying = history.registerNumber("parent") >= 0;
    this.up = history.setting("@space", "y") !== "down";
    this.update(true);
  }

  /** Prepares what changed since the last time. */
  update(everything = false) {
    const { history } = this;
    const restructured = everything || history.restructured;
    const relinked = history.relinked;
    if (restructured) history.resolve();
    else if (relinked) history.resolveLinks();
    const changed = everything ? history.nodes : history.changed;
    const heights = new Map();
    for (const node of changed) {
      heights.set(node, this.items.get(node)?.z);
      this.#prepare(node);
    }
    if (restructured) {
      for (const node of history.nodes) if (node.visible && !this.items.has(node)) this.#prepare(node);
    }
    this.#place(restructured ? history.nodes : changed);
    const moved = this.carrying || [...heights].some(([node, z]) => this.items.get(node)?.z !== z);
    history.changed.clear();
    if (restructured || moved) this.#sort();
    if (restructured || relinked) this.#listLinks();
  }

  /** Reads a node's registers into an item. */
  #prepare(node) {
    if (node.id.startsWith("@")) return;
    const { palette } = this;
    const number = node.number("geometry");
    const shape = this.shapes.get(number, node.get("geometry"));
    const text = (x) => (typeof x === "string" && x.trim() !== "" ? x : finite(x) ? String(x) : null);
    const label = text(node.property("label"));
    const name = label ?? text(node.property("name")) ?? node.id;
    const width = node.property("stroke_width");
    const opacity = node.property("opacity");
    const size = node.property("font_size");
    const media = node.get("media.media")?.ref ?? node.get("geometry")?.ref;
    this.items.set(node, {
      node,
      shape,
      name,
      label: label ?? (shape.named ? name : null),
      fill: palette.read(node.property("fill") ?? node.property("color")),
      stroke: palette.read(node.property("stroke")),
      width: finite(width) && width >= 0 ? width : null,
      opacity: finite(opacity) ? clamp(opacity, 0, 1) : 1,
      size: finite(size) && size > 0 ? size : null,
      picture: typeof media === "string" ? this.pictures.get(media) : undefined,
      layer: node.get("layer") ?? "",
      matrix: IDENTITY,
      z: 0,
      box: [0, 0, 0, 0],
    });
  }

  /** Works out where items stand; all of them where one of them may carry others. */
  #place(changed) {
    const { history } = this;
    const nodes = this.carrying ? history.nodes : changed;
    const known = new Map();
    for (const node of nodes) {
      const item = this.items.get(node);
      if (item === undefined) continue;
      const [matrix, z] = this.#world(node, known);
      item.matrix = matrix;
      item.z = z;
      const own = item.shape.kind === "text" ? this.#textBox(item.shape) : (item.shape.box ?? [0, 0, 0, 0]);
      item.box = moved(own, matrix);
    }
  }

  #world(node, known) {
    const path = [];
    let at = node;
    while (at !== null && !known.has(at)) {
      path.push(at);
      at = at.parent;
    }
    let frame = at === null ? [IDENTITY, 0] : known.get(at);
    for (const inner of path.reverse()) {
      const [matrix, z] = this.#local(inner);
      frame = [composed(frame[0], matrix), frame[1] + z];
      known.set(inner, frame);
    }
    return frame;
  }

  #local(node) {
    const [x = 0, y = 0, z = 0] = numbersOf(node.get("position"));
    const rotation = numbersOf(node.get("rotation"));
    const scale = numbersOf(node.get("scale"));
    const [sx = 1, sy = scale.length === 1 ? scale[0] : 1] = scale;
    if (rotation.length === 4) {
      const length = Math.hypot(...rotation) || 1;
      const [i, j, k, w] = rotation.map((part) => part / length);
      const rows = [1 - 2 * (j * j + k * k), 2 * (i * j + k * w), 2 * (i * j - k * w), 1 - 2 * (i * i + k * k)];
      return [[rows[0] * sx, rows[1] * sx, rows[2] * sy, rows[3] * sy, x, y], z];
    }
    const angle = ((rotation[0] ?? 0) * Math.PI) / 180;
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    return [[cos * sx, sin * sx, -sin * sy, cos * sy, x, y], z];
  }

  #textBox(shape) {
    const size = shape.size || this.textSize();
    const wide = Math.max(...shape.lines.map((line) => this.#width(line))) * size;
    return [0, -size * (0.22 + 1.2 * (shape.lines.length - 1)), wide, size * 0.75];
  }

  /** The size of text that gives none. */
  textSize() {
    return this.extentSide ? this.extentSide / 52 : 16;
  }

  /** The width of a text of size 1. */
  #width(text) {
    if (!this.widths.has(text)) {
      this.context.font = "100px system-ui, sans-serif";
      this.widths.set(text, this.context.measureText(text).width / 100);
    }
    return this.widths.get(text);
  }

  #sort() {
    const orders = new Map();
    const orderOf = (layer) => {
      if (!orders.has(layer)) {
        const order = this.history.setting(`@layer:${layer}`, "order");
        orders.set(layer, finite(order) ? order : 0);
      }
      return orders.get(layer);
    };
    const list = [...this.items.values()].filter((item) => item.node.visible);
    for (const item of list) item.order = orderOf(item.layer);
    list.sort((a, b) => a.order - b.order || a.z - b.z || a.node.rank - b.node.rank || (a.node.id < b.node.id ? -1 : 1));
    this.order = list;
    this.layers = new Map();
    for (const item of list) {
      const layer = this.layers.get(item.layer);
      if (layer === undefined) this.layers.set(item.layer, { order: item.order, count: 1 });
      else layer.count += 1;
    }
  }

  #listLinks() {
    // Links whose ends were absorbed into the same nodes are one: the last stands.
    const links = new Map();
    const plain = [];
    for (const link of this.history.links) {
      if (!link.visible) continue;
      if (link.from.survivor === link.from && link.to.survivor === link.to) {
        plain.push(link);
        continue;
      }
      const key = `${link.from.survivor.index} ${link.to.survivor.index} ${link.relation}`;
      const before = links.get(key);
      if (before === undefined || link.standing().event > before.standing().event) links.set(key, link);
    }
    this.links = links.size === 0 ? plain : [...this.#joined(plain, links)];
  }

  /** Links as they are, and those that absorptions led to the same ends. */
  #joined(plain, links) {
    for (const link of plain) {
      const key = `${link.from.index} ${link.to.index} ${link.relation}`;
      const before = links.get(key);
      if (before === undefined || link.standing().event > before.standing().event) links.set(key, link);
    }
    return links.values();
  }

  isShown(layer) {
    return this.hidden.get(layer) ?? this.history.setting(`@layer:${layer}`, "visible") !== false;
  }

  /** Around what is shown; null around nothing. */
  extent() {
    let box = null;
    for (const item of this.order) {
      if (!this.isShown(item.layer)) continue;
      const b = item.box;
      box = box === null ? [...b] : [Math.min(box[0], b[0]), Math.min(box[1], b[1]), Math.max(box[2], b[2]), Math.max(box[3], b[3])];
    }
    return box;
  }

  /** Shows everything. */
  fit(box = this.extent()) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const [x0, y0, x1, y1] = box ?? [-50, -50, 50, 50];
    this.extentSide = Math.max(x1 - x0, y1 - y0) || 100;
    const scale = Math.min((width - 36) / (x1 - x0 || 100), (height - 36) / (y1 - y0 || 100));
    this.view = { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale: finite(scale) && scale > 0 ? scale : 1 };
  }

  matrix() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const { x, y, scale } = this.view;
    const s = this.up ? -scale : scale;
    return [scale, 0, 0, s, width / 2 - x * scale, height / 2 - y * s];
  }

  /** A place of the world in CSS pixels. */
  toScreen(x, y) {
    const m = this.matrix();
    return [m[0] * x + m[4], m[3] * y + m[5]];
  }

  toWorld(x, y) {
    const m = this.matrix();
    return [(x - m[4]) / m[0], (y - m[5]) / m[3]];
  }

  /** Zooms around a place in CSS pixels. */
  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const before = this.toWorld(x, y);
    this.view.scale = clamp(this.view.scale * factor, 1e-12, 1e12);
    const after = this.toWorld(x, y);
    this.view.x += before[0] - after[0];
    this.view.y += before[1] - after[1];
  }

  pan(dx, dy) {
    this.view.x -= dx / this.view.scale;
    this.view.y += (this.up ? dy : -dy) / this.view.scale;
  }

  /** Brings a node into view. */
  goTo(node) {
    const item = this.items.get(node);
    if (item === undefined) return;
    this.view.x = (item.box[0] + item.box[2]) / 2;
    this.view.y = (item.box[1] + item.box[3]) / 2;
    const side = Math.max(item.box[2] - item.box[0], item.box[3] - item.box[1]);
    const room = Math.min(this.canvas.clientWidth, this.canvas.clientHeight);
    const whole = room / (this.extentSide || 100);
    this.view.scale = side > 0 ? clamp((room * 0.12) / side, whole, whole * 40) : whole * 6;
  }

  ink() {
    return this.palette.isDark(this.groundColor()) ? "#f2f6fa" : "#1b2a38";
  }

  groundColor() {
    const own = this.palette.read(this.history.setting("@space", "background"));
    if (this.dark) return own !== null && own !== "none" && this.palette.isDark(own) ? own : "#12181e";
    return own !== null && own !== "none" ? own : "#ffffff";
  }

  #paint(color) {
    return this.groundIsDark ? this.palette.onDark(color) : color;
  }

  /** What an item is filled and stroked with. */
  #looks(item) {
    if (item.looks !== undefined && item.looksDark === this.groundIsDark) return item.looks;
    item.looksDark = this.groundIsDark;
    item.looks = this.#mix(item);
    return item.looks;
  }

  #mix(item) {
    const { kind } = item.shape;
    const none = null;
    const color = (c, otherwise) => (c === null ? otherwise : c === "none" ? none : this.#paint(c));
    const [face, edge] = this.groundIsDark ? ["#2b4258", "#7fa3c4"] : ["#d3e2f0", "#4a6a8a"];
    if (kind === "line") return [none, color(item.stroke ?? item.fill, edge)];
    if (kind === "text") {
      if (item.fill === null || item.fill === "none") return [item.fill === null ? this.ink() : none, none];
      return [this.groundIsDark ? this.palette.onDark(item.fill, 225) : item.fill, none];
    }
    if (kind === "mark") return [color(item.fill, edge), color(item.stroke, none)];
    if (item.fill === null && item.stroke === null) return [face, edge];
    return [color(item.fill, none), color(item.stroke, none)];
  }

  /** Draws everything; answers whether it moves by itself and wants to be drawn again. */
  draw(now) {
    const { canvas, context } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.base = [ratio, 0, 0, ratio, 0, 0];
    context.setTransform(...this.base);
    const ground = this.groundColor();
    this.groundIsDark = this.palette.isDark(ground);
    context.fillStyle = ground;
    context.fillRect(0, 0, width, height);
    const view = this.matrix();
    const seen = moved([0, 0, width, height], [1 / view[0], 0, 0, 1 / view[3], -view[4] / view[0], -view[5] / view[3]]);
    this.inView = [];
    const opacities = new Map();
    const pixel = 1 / this.view.scale;
    const margin = MARK * 2 * pixel;
    const lines = this.#linksByLayer(seen);
    let layer;
    const shown = new Map();
    for (const item of this.order) {
      if (!shown.has(item.layer)) shown.set(item.layer, this.isShown(item.layer));
      if (!shown.get(item.layer)) continue;
      if (item.layer !== layer) {
        layer = item.layer;
        this.#flush();
        if (!opacities.has(layer)) {
          const opacity = this.history.setting(`@layer:${layer}`, "opacity");
          opacities.set(layer, finite(opacity) ? clamp(opacity, 0, 1) : 1);
          this.#drawLinks(lines.get(layer), view, opacities.get(layer));
        }
      }
      const b = item.box;
      if (b[2] < seen[0] - margin || b[0] > seen[2] + margin || b[3] < seen[1] - margin || b[1] > seen[3] + margin) continue;
      this.inView.push(item);
      const alpha = item.opacity * opacities.get(layer);
      if (this.#gather(item, view, alpha)) continue;
      this.#flush();
      context.globalAlpha = alpha;
      this.#drawItem(item, view);
    }
    this.#flush();
    context.globalAlpha = 1;
    context.setTransform(...this.base);
    this.#drawLabels(view);
    this.#drawScale();
    const moving = this.#drawPulses(view, now);
    this.#drawSelection(view);
    return moving;
  }

  /**
   * Takes a small round thing together with its neighbours of the same looks, to be filled at once. Answers whether
   * it was taken.
   */
  #gather(item, view, alpha) {
    const { shape, matrix: m } = item;
    if (!(shape.radius > 0) || m[1] !== 0 || m[2] !== 0 || m[0] !== m[3] || item.picture !== undefined) return false;
    const radius = Math.abs(shape.radius * m[0] * view[0]);
    const [fill, stroke] = this.#looks(item);
    if (fill === null || (stroke !== null && radius > 3)) return false;
    let { batch } = this;
    if (batch === null || batch.fill !== fill || batch.stroke !== stroke || batch.alpha !== alpha) {
      this.#flush();
      batch = { fill, stroke, alpha, path: new Path2D() };
      this.batch = batch;
    }
    const [x, y] = [view[0] * m[4] + view[4], view[3] * m[5] + view[5]];
    // What is too small to be round is a dot that can still be seen.
    if (radius < 1.5) {
      const side = Math.max(1, radius);
      batch.path.rect(x - side, y - side, 2 * side, 2 * side);
    } else {
      batch.path.moveTo(x + radius, y);
      batch.path.arc(x, y, radius, 0, 2 * Math.PI);
    }
    return true;
  }

  /** Draws what was gathered. */
  #flush() {
    const { batch, context } = this;
    this.batch = null;
    if (batch === null) return;
    context.setTransform(...this.base);
    context.globalAlpha = batch.alpha;
    context.fillStyle = batch.fill;
    context.fill(batch.path);
    if (batch.stroke !== null) {
      context.strokeStyle = batch.stroke;
      context.lineWidth = HAIR * 0.7;
      context.stroke(batch.path);
    }
  }

  #drawItem(item, view) {
    const { context } = this;
    const { shape } = item;
    const [fill, stroke] = this.#looks(item);
    const m = composed(view, item.matrix);
    const size = Math.sqrt(Math.abs(m[0] * m[3] - m[1] * m[2])) || 1e-9;
    if (item.picture?.complete && item.picture.naturalWidth > 0) return this.#drawPicture(item, view);
    if (shape.kind === "text") return this.#drawText(item, m, fill);
    if (shape.kind === "mark") {
      const { x, y } = { x: m[4], y: m[5] };
      context.setTransform(...this.base);
      context.beginPath();
      if (shape.named) {
        context.moveTo(x, y - MARK - 1);
        context.lineTo(x + MARK + 1, y);
        context.lineTo(x, y + MARK + 1);
        context.lineTo(x - MARK - 1, y);
        context.closePath();
      } else {
        context.arc(x, y, MARK - 1, 0, 2 * Math.PI);
      }
      return this.#ink(fill, stroke, HAIR);
    }
    context.setTransform(...this.base);
    context.transform(...m);
    if (fill !== null) {
      context.fillStyle = fill;
      context.fill(shape.path);
    }
    if (stroke !== null) {
      context.strokeStyle = stroke;
      context.lineWidth = Math.max(item.width ?? 0, HAIR / size);
      context.lineJoin = "round";
      context.stroke(shape.path);
    }
    return undefined;
  }

  #ink(fill, stroke, width) {
    const { context } = this;
    if (fill !== null) {
      context.fillStyle = fill;
      context.fill();
    }
    if (stroke !== null) {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.stroke();
    }
  }

  #drawPicture(item, view) {
    const { context } = this;
    let [x0, y0, x1, y1] = moved(item.box, view);
    if (x1 - x0 < 1) [x0, y0, x1, y1] = [x0 - 24, y0 - 24, x1 + 24, y1 + 24];
    context.setTransform(...this.base);
    const { naturalWidth: w, naturalHeight: h } = item.picture;
    const fit = Math.min((x1 - x0) / w, (y1 - y0) / h);
    context.drawImage(item.picture, (x0 + x1 - w * fit) / 2, (y0 + y1 - h * fit) / 2, w * fit, h * fit);
  }

  #drawText(item, m, fill) {
    const { context } = this;
    const size = item.shape.size || this.textSize();
    const shown = size * Math.hypot(m[0], m[1]);
    if (shown < 2.5 || fill === null) return;
    context.setTransform(...this.base);
    // Text is drawn upright in its own frame, where y runs down, and at its size on the page: browsers refuse fonts
    // of thousands of pixels.
    const turn = (this.up ? -1 : 1) * (size / shown);
    const along = size / shown;
    context.transform(m[0] * along, m[1] * along, m[2] * turn, m[3] * turn, m[4], m[5]);
    context.fillStyle = fill;
    context.font = `${shown}px system-ui, sans-serif`;
    context.textAlign = "start";
    context.textBaseline = "alphabetic";
    item.shape.lines.forEach((line, i) => context.fillText(line, 0, i * 1.2 * shown));
  }

  /** The links in view by the layer that they are drawn in: the lower of their ends'. */
  #linksByLayer(seen) {
    const layers = new Map();
    for (const link of this.links) {
      const from = this.items.get(link.from.survivor);
      const to = this.items.get(link.to.survivor);
      if (!from || !to || !this.isShown(from.layer) || !this.isShown(to.layer)) continue;
      const [a, b] = [anchor(from), anchor(to)];
      if (Math.max(a[0], b[0]) < seen[0] || Math.min(a[0], b[0]) > seen[2]) continue;
      if (Math.max(a[1], b[1]) < seen[1] || Math.min(a[1], b[1]) > seen[3]) continue;
      const layer = from.order <= to.order ? from.layer : to.layer;
      if (!layers.has(layer)) layers.set(layer, []);
      layers.get(layer).push([link, from, to, a, b]);
    }
    this.linksInView = [...layers.values()].flat();
    return layers;
  }

  #drawLinks(list, view, opacity) {
    if (list === undefined) return;
    const { context } = this;
    const edge = this.groundIsDark ? "#7fa3c4" : "#4a6a8a";
    context.setTransform(...this.base);
    context.globalAlpha = opacity;
    context.lineJoin = "round";
    const batches = new Map();
    const captions = [];
    for (const [link, from, to, a, b] of list) {
      const properties = this.history.data.values[link.standing()?.value] ?? {};
      const read = this.palette.read(properties.stroke ?? properties.fill ?? properties.color);
      if (read === "none") continue;
      const color = read === null ? edge : this.#paint(read);
      const own = finite(properties.stroke_width) ? Math.max(0, properties.stroke_width) * this.view.scale : 0;
      const width = Math.max(HAIR * 0.8, own);
      const key = `${color} ${width}`;
      if (!batches.has(key)) batches.set(key, { color, width, lines: new Path2D(), heads: new Path2D() });
      const [start, end] = [rim(from, a, b, view), rim(to, b, a, view)];
      const batch = batches.get(key);
      if (from === to) {
        loop(batch.lines, moved(from.box, view));
        continue;
      }
      const length = arrow(batch, start, end);
      if (typeof properties.label === "string" && length > 40) {
        captions.push([properties.label, (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 4]);
      }
    }
    for (const { color, width, lines, heads } of batches.values()) {
      context.strokeStyle = color;
      context.fillStyle = color;
      context.lineWidth = width;
      context.stroke(lines);
      context.fill(heads);
    }
    for (const [text, x, y] of captions) this.#caption(text, x, y, 11, "center");
  }

  /** One line of text with a halo. */
  #caption(text, x, y, size, align) {
    const { context } = this;
    context.font = `${size}px system-ui, sans-serif`;
    context.textAlign = align;
    context.textBaseline = "alphabetic";
    context.lineJoin = "round";
    context.lineWidth = size * 0.25;
    context.strokeStyle = this.groundColor();
    context.strokeText(text, x, y);
    context.fillStyle = this.ink();
    context.fillText(text, x, y);
  }

  /** Labels of what is drawn last choose their places first. */
  #drawLabels(view) {
    const taken = [];
    const free = (box) => taken.every((t) => t[2] <= box[0] || t[0] >= box[2] || t[3] <= box[1] || t[1] >= box[3]);
    for (const item of this.inView) if (item.shape.kind === "text") taken.push(moved(item.box, view));
    let count = 0;
    for (let i = this.inView.length - 1; i >= 0 && count < MOST_LABELS; i--) {
      const item = this.inView[i];
      if (item.label === null || item.shape.kind === "text") continue;
      count += 1;
      const size = clamp((item.size ?? this.textSize()) * this.view.scale, 10, 20);
      const label = item.label.replace(/\s+/g, " ").trim();
      const text = label.length > 80 ? `${label.slice(0, 79)}…` : label;
      const box = moved(item.box, view);
      const wide = this.#width(text) * size;
      const room = item.shape.room ?? 0;
      if (wide <= (box[2] - box[0]) * room && size * 1.1 <= (box[3] - box[1]) * room) {
        this.#inside(item, text, box, size);
        continue;
      }
      const rim = item.shape.kind === "mark" ? MARK : 0;
      const [left, top, right, bottom] = [box[0] - rim - 4, box[1] - rim - 4, box[2] + rim + 4, box[3] + rim + 4];
      const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
      const places = [
        ["left", right, y + size * 0.35, [right, y - size / 2, right + wide, y + size / 2]],
        ["right", left, y + size * 0.35, [left - wide, y - size / 2, left, y + size / 2]],
        ["center", x, top, [x - wide / 2, top - size, x + wide / 2, top]],
        ["center", x, bottom + size * 0.8, [x - wide / 2, bottom, x + wide / 2, bottom + size]],
      ];
      const place = places.find((p) => free(p[3])) ?? (item.node === this.selected ? places[0] : null);
      if (place === null) continue;
      taken.push(place[3]);
      this.#caption(text, place[1], place[2], size, place[0]);
    }
  }

  #inside(item, text, box, size) {
    const { context } = this;
    const [fill] = this.#looks(item);
    const dark = fill !== null && item.opacity > 0.5 ? this.palette.isDark(fill) : this.groundIsDark;
    context.font = `${size}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = dark ? "#f2f6fa" : "#1b2a38";
    context.fillText(text, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2);
  }

  /** A bar of a round length. */
  #drawScale() {
    const { context } = this;
    const most = Math.min(160, this.canvas.clientWidth / 4) / this.view.scale;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((x) => x * power).find((x) => x <= most) ?? power;
    const given = this.history.setting("@space", "unit");
    const unit = typeof given === "string" ? given : "m";
    const text = unit === "m" && length >= 1000 ? `${length / 1000} km` : `${Number(length.toPrecision(3))} ${unit}`;
    const [x, y, end] = [14, this.canvas.clientHeight - 14, 14 + length * this.view.scale];
    context.strokeStyle = this.ink();
    context.globalAlpha = 0.6;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x, y - 5);
    context.lineTo(x, y);
    context.lineTo(end, y);
    context.lineTo(end, y - 5);
    context.stroke();
    context.globalAlpha = 1;
    this.#caption(text, end + 6, y, 11, "left");
  }

  /** Rings around what has just changed. */
  #drawPulses(view, now) {
    const { context } = this;
    for (const [node, start] of this.pulses) {
      const item = this.items.get(node);
      const t = (now - start) / PULSE;
      if (t >= 1 || item === undefined || !node.visible || !this.isShown(item.layer)) {
        this.pulses.delete(node);
        continue;
      }
      const box = moved(item.box, view);
      const radius = clamp(Math.max(box[2] - box[0], box[3] - box[1]) / 2, 3, 60) + 2 + 7 * Math.max(0, t);
      context.globalAlpha = (1 - t) * 0.8;
      context.strokeStyle = this.groundIsDark ? "#ffd34d" : "#e07a00";
      context.lineWidth = 1.5;
      context.beginPath();
      context.arc((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, radius, 0, 2 * Math.PI);
      context.stroke();
    }
    context.globalAlpha = 1;
    return this.pulses.size > 0;
  }

  #drawSelection(view) {
    const { context } = this;
    for (const [node, width] of [[this.over, 1.5], [this.selected, 2.5]]) {
      const item = node && node.visible ? this.items.get(node) : undefined;
      if (item === undefined) continue;
      const [x0, y0, x1, y1] = moved(item.box, view);
      const pad = item.shape.kind === "mark" ? MARK + 3 : 4;
      context.strokeStyle = this.groundIsDark ? "#6db3ee" : "#1f6fb5";
      context.lineWidth = width;
      context.beginPath();
      context.roundRect(x0 - pad, y0 - pad, x1 - x0 + 2 * pad, y1 - y0 + 2 * pad, 5);
      context.stroke();
    }
  }

  /** The node or link under a place in CSS pixels, or null. */
  pick(x, y) {
    const { context } = this;
    const [wx, wy] = this.toWorld(x, y);
    const reach = 5 / this.view.scale;
    const ratio = this.base?.[0] ?? 1;
    for (let i = (this.inView?.length ?? 0) - 1; i >= 0; i--) {
      const item = this.inView[i];
      const b = item.box;
      if (wx < b[0] - reach || wx > b[2] + reach || wy < b[1] - reach || wy > b[3] + reach) continue;
      if (item.shape.path === undefined) return { node: item.node };
      if (Math.max(b[2] - b[0], b[3] - b[1]) < reach * 2) return { node: item.node };
      context.setTransform(...this.base);
      context.transform(...composed(this.matrix(), item.matrix));
      context.lineWidth = Math.max(item.width ?? 0, reach * 2);
      const hit = item.shape.kind === "line" || item.fill === "none"
        ? context.isPointInStroke(item.shape.path, x * ratio, y * ratio)
        : context.isPointInPath(item.shape.path, x * ratio, y * ratio);
      context.setTransform(...this.base);
      if (hit) return { node: item.node };
    }
    for (const [link, , , a, b] of this.linksInView ?? []) {
      if (distance([wx, wy], a, b) < reach) return { link };
    }
    return null;
  }
}

/** Adds a line with a head, where there is room for one; answers its length. */
function arrow(batch, start, end) {
  const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
  batch.lines.moveTo(...start);
  batch.lines.lineTo(...end);
  const head = Math.max(5, batch.width * 3);
  if (length > head * 3) {
    const [ux, uy] = [((end[0] - start[0]) / length) * head, ((end[1] - start[1]) / length) * head];
    batch.heads.moveTo(...end);
    batch.heads.lineTo(end[0] - ux - uy * 0.45, end[1] - uy + ux * 0.45);
    batch.heads.lineTo(end[0] - ux + uy * 0.45, end[1] - uy - ux * 0.45);
  }
  return length;
}

/** Adds a loop on top of a box. */
function loop(path, box) {
  const x = (box[0] + box[2]) / 2;
  path.moveTo(x, box[1]);
  path.bezierCurveTo(x + 22, box[1] - 34, x - 22, box[1] - 34, x, box[1]);
}

/** Where links to an item begin and end. */
function anchor(item) {
  const [x, y] = [item.matrix[4], item.matrix[5]];
  const b = item.box;
  const beside = item.shape.kind === "text" || x < b[0] || x > b[2] || y < b[1] || y > b[3];
  return beside ? [(b[0] + b[2]) / 2, (b[1] + b[3]) / 2] : [x, y];
}

/** Where the way from an item's anchor `a` to `b` leaves the item, in CSS pixels: at its ellipse or its box. */
function rim(item, a, b, view) {
  const place = ([x, y]) => [view[0] * x + view[4], view[3] * y + view[5]];
  const [p, q] = [place(a), place(b)];
  const [dx, dy] = [q[0] - p[0], q[1] - p[1]];
  const length = Math.hypot(dx, dy) || 1;
  const box = item.box;
  const half = [((box[2] - box[0]) / 2) * view[0], ((box[3] - box[1]) / 2) * view[0]];
  let t;
  if (item.shape.kind === "mark") t = (MARK + 1) / length;
  else if (item.shape.kind === "line") t = 0;
  else if (item.shape.room === 0.7) t = 1 / Math.hypot(dx / half[0], dy / half[1]);
  else t = Math.min(half[0] / Math.abs(dx), half[1] / Math.abs(dy));
  return t < 1 ? [p[0] + dx * t, p[1] + dy * t] : p;
}

/** How far a place lies from the way between two others. */
function distance(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const square = dx * dx + dy * dy;
  const t = square === 0 ? 0 : clamp(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / square, 0, 1);
  return Math.hypot(p[0] - a[0] - dx * t, p[1] - a[1] - dy * t);
}

/** A picture from a data URL that the page holds itself. */
function picture(data) {
  const image = new Image();
  image.src = data;
  return image;
}
