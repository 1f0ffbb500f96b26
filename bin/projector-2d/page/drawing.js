"use strict";

/**
 * The drawing: what is visible of a history, as shapes on a canvas.
 *
 * World coordinates are the space's; the view turns them into CSS pixels. Shapes are prepared once a geometry and
 * shared; an item is prepared anew only when its node changed.
 *
 * Painting goes onto a board that is a little larger than the page, in slices that leave each frame time to answer:
 * what a frame shows is the last board that was finished, moved and scaled to where the view is by now.
 */

/** Whether a value is a length. */
const isLength = (x) => finite(x) && x >= 0;

const MARK = 5;
const HAIR = 1.2;
const MOST_LABELS = 300;
/** Below this many pixels a thing is a dot. */
const DOT = 5;
/** Where more than so many labels crowd, those of dots are left out. */
const CROWD = 400;
/** How many items may change before they are better sorted all at once. */
const FEW = 400;
/** How long a frame may paint, in milliseconds, and how far beyond the page, in CSS pixels. */
const SLICE = 7;
const BEYOND = 160;
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
    const length = isLength;
    switch (g.kind) {
      case "rect":
        if (![g.width, g.height, g.radius ?? 0].every(length)) return null;
        return this.#rect(g.width, g.height, g.radius ?? 0);
      case "box": {
        const size = numbersOf(g.size);
        const [x, y] = [size[0], size[1] ?? size[0]];
        return size.length > 0 && size.length < 4 && size.every(length) ? this.#rect(x, y, 0) : null;
      }
      case "ellipse":
        return length(g.rx) && length(g.ry) ? this.#ellipse(g.rx, g.ry) : null;
      case "sphere":
      case "cylinder":
        return length(g.radius) && (g.kind === "sphere" || length(g.height)) ? this.#ellipse(g.radius, g.radius) : null;
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
        return typeof g.text === "string" && length(g.size ?? 0) ? { kind: "text", lines: g.text.split(/\r?\n/), size: g.size > 0 ? g.size : 0 } : null;
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
    const places = placesOf(g.positions);
    const indices = Array.isArray(g.indices) ? g.indices.flat() : [];
    const known = (i) => Number.isInteger(i) && places[i] !== undefined;
    if (places === null || indices.length === 0 || indices.length % 3 !== 0 || !indices.every(known)) return null;
    const path = new Path2D();
    for (let i = 0; i < indices.length && i < 60000; i += 3) {
      const corners = [0, 1, 2].map((n) => places[indices[i + n]]);
      path.moveTo(...corners[0]);
      path.lineTo(...corners[1]);
      path.lineTo(...corners[2]);
      path.closePath();
    }
    return { kind: "area", path, box: around(places), room: 0.6 };
  }
}

/** Places as lists of two or three numbers, or three by three in one list; null where one is of another shape. */
function placesOf(value) {
  if (!Array.isArray(value)) return null;
  const flat = numbersOf(value);
  const list = flat.length > 0 && flat.length % 3 === 0 ? flat.flatMap((x, i) => (i % 3 === 0 ? [[x, flat[i + 1]]] : [])) : value.map(numbersOf);
  return list.some((p) => p.length < 2) ? null : list.map(([x, y]) => [x, y]);
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
  constructor(canvas, pictures, palette) {
    this.canvas = canvas;
    this.top = canvas.getContext("2d");
    /** The board that is shown, and the one that is painted next. */
    this.boards = [new Board(canvas), new Board(canvas)];
    this.painting = null;
    this.palette = palette;
    this.pictures = new Map(Object.entries(pictures).map(([reference, data]) => [reference, picture(data)]));
    /** x and y of the world in the middle of the canvas, and CSS pixels a unit. */
    this.view = { x: 0, y: 0, scale: 1 };
    this.hidden = new Map();
    this.selected = null;
    this.over = null;
    this.pulses = new Map();
    this.dark = false;
    this.widths = new Map();
    this.batches = new Map();
    /** Counts what changes the picture, so that boards know whether they still hold. */
    this.version = 0;
    this.look = "";
  }

  /** Shows another history. */
  show(history) {
    this.history = history;
    this.shapes = new Shapes();
    this.items = new Map();
    this.order = [];
    this.layers = new Map();
    this.pulses.clear();
    for (const board of this.boards) board.version = -1;
    this.painting = null;
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
    const many = this.carrying || history.entangled || history.resettled || history.changed.size > FEW;
    const changed = everything ? history.nodes : [...history.changed];
    if (!everything && !many) for (const node of changed) this.#unlist(this.items.get(node));
    for (const node of changed) this.#prepare(node);
    this.#place(this.carrying ? history.nodes : changed);
    if (everything || many) this.#sort();
    else for (const node of changed) if (node.visible) this.#list(this.items.get(node));
    history.changed.clear();
    history.resettled = false;
    if (restructured || relinked) this.links = history.shownLinks();
    this.version += 1;
  }

  /** Reads a node's registers into an item. */
  #prepare(node) {
    if (node.isSetting) return;
    const { palette } = this;
    const number = node.number("geometry");
    const shape = this.shapes.get(number, node.get("geometry"));
    const label = textOf(node.property("label"));
    const name = nameOf(node);
    const width = node.property("stroke_width");
    const opacity = node.property("opacity");
    const size = node.property("font_size");
    const media = node.get("media.media")?.ref ?? node.get("geometry")?.ref;
    this.items.set(node, {
      node,
      shape,
      name,
      label: label ?? (shape.named ? name : null),
      fill: palette.readInPlane(node.property("fill")) ?? palette.readInPlane(node.property("color")),
      stroke: palette.readInPlane(node.property("stroke")),
      width: finite(width) && width >= 0 ? width : null,
      opacity: finite(opacity) ? clamp(opacity, 0, 1) : 1,
      size: finite(size) && size > 0 ? size : null,
      picture: typeof media === "string" ? this.pictures.get(media) : undefined,
      layer: node.get("layer") ?? "",
      rank: node.rank,
      matrix: IDENTITY,
      order: 0,
      z: 0,
      box: [0, 0, 0, 0],
    });
  }

  /** Works out where items stand. */
  #place(changed) {
    const known = new Map();
    for (const node of changed) {
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
      this.top.font = "100px system-ui, sans-serif";
      this.widths.set(text, this.top.measureText(text).width / 100);
    }
    return this.widths.get(text);
  }

  #orderOf(layer) {
    const order = this.history.setting(`@layer:${layer}`, "order");
    return finite(order) ? order : 0;
  }

  #sort() {
    this.layers = new Map();
    this.order = [];
    for (const item of this.items.values()) {
      item.listed = item.node.visible;
      if (!item.listed) continue;
      this.#count(item);
      this.order.push(item);
    }
    this.order.sort(byPaint);
  }

  #count(item) {
    if (!this.layers.has(item.layer)) this.layers.set(item.layer, { order: this.#orderOf(item.layer), count: 0 });
    const layer = this.layers.get(item.layer);
    layer.count += 1;
    item.order = layer.order;
  }

  /** Puts an item where it belongs among what is painted. */
  #list(item) {
    if (item === undefined) return;
    this.#count(item);
    item.listed = true;
    this.order.splice(firstNotBefore(this.order, item), 0, item);
  }

  /** Takes an item out of what is painted. */
  #unlist(item) {
    if (!item?.listed) return;
    this.order.splice(firstNotBefore(this.order, item), 1);
    const layer = this.layers.get(item.layer);
    layer.count -= 1;
    if (layer.count === 0) this.layers.delete(item.layer);
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
    return this.#matrixOf(this.view, this.canvas.clientWidth, this.canvas.clientHeight);
  }

  /** From the world to a canvas of some size in whose middle a view is. */
  #matrixOf({ x, y, scale }, width, height) {
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
    const own = this.palette.readInPlane(this.history.setting("@space", "background"));
    if (this.dark) return own !== null && own !== "none" && this.palette.isDark(own) ? own : "#12181e";
    return own !== null && own !== "none" ? own : "#ffffff";
  }

  #tone(color) {
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
    const color = (c, otherwise) => (c === null ? otherwise : c === "none" ? none : this.#tone(c));
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
    this.#fitCanvas();
    if (this.painting === null && !this.#holds(this.boards[0])) this.#begin();
    this.#continue(SLICE);
    this.#show();
    this.#drawScale();
    const view = this.matrix();
    const moving = this.#drawPulses(view, now);
    this.#drawSelection(view);
    return moving || this.painting !== null || !this.#holds(this.boards[0]);
  }

  /** Paints to the end, however long it takes. */
  finish() {
    while (this.draw(-PULSE) && this.pulses.size === 0) this.#continue(Infinity);
  }

  /** Brings the canvas to the size of the page, and notices what makes everything look different. */
  #fitCanvas() {
    const { canvas, history } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.base = [ratio, 0, 0, ratio, 0, 0];
    this.ground = this.groundColor();
    this.groundIsDark = this.palette.isDark(this.ground);
    this.shown = new Map([...this.layers.keys()].map((layer) => [layer, this.isShown(layer)]));
    const opacities = [...this.layers.keys()].map((layer) => history.setting(`@layer:${layer}`, "opacity"));
    const look = JSON.stringify([this.ground, [...this.shown], opacities, width, height, ratio]);
    if (look !== this.look) this.version += 1;
    this.look = look;
  }

  /** Whether a board is what would be painted now, as far as the page shows it. */
  #holds(board) {
    const { view } = this;
    const near = (a, b) => Math.abs(a - b) * view.scale < board.beyond * 0.7;
    return board.version === this.version && board.view.scale === view.scale && near(board.view.x, view.x) && near(board.view.y, view.y);
  }

  /** Begins to paint the second board as the first should be. */
  #begin() {
    const board = this.boards[1];
    const { clientWidth: width, clientHeight: height } = this.canvas;
    board.prepare(this.view, this.version, width, height, this.base[0]);
    this.painting = this.#paint(board);
  }

  /** Paints on for some milliseconds; a board that is done is shown. */
  #continue(milliseconds) {
    const end = performance.now() + milliseconds;
    while (this.painting !== null && performance.now() < end) {
      if (!this.painting.next().done) continue;
      this.painting = null;
      this.boards.reverse();
    }
  }

  /** Shows the last board, or what there is of the first one: the browser moves and scales it. */
  #show() {
    const { top, canvas, boards, base } = this;
    top.setTransform(...base);
    top.globalAlpha = 1;
    top.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    canvas.parentElement.style.background = this.ground;
    const shown = boards[0].version >= 0 ? boards[0] : boards[1];
    for (const board of boards) board.canvas.style.visibility = board === shown ? "visible" : "hidden";
    const grown = this.view.scale / shown.view.scale;
    const middle = this.toScreen(shown.view.x, shown.view.y);
    const corner = [middle[0] - (shown.width * grown) / 2, middle[1] - (shown.height * grown) / 2];
    const [x, y] = grown === 1 ? corner.map((c) => Math.round(c * base[0]) / base[0]) : corner;
    shown.canvas.style.transform = `translate(${x}px, ${y}px) scale(${grown})`;
  }

  /** Paints a board, and stops for breath now and then. */
  *#paint(board) {
    const { context } = board;
    this.context = context;
    this.batches.clear();
    context.setTransform(...this.base);
    context.globalAlpha = 1;
    context.fillStyle = this.ground;
    context.fillRect(0, 0, board.width, board.height);
    const view = this.#matrixOf(board.view, board.width, board.height);
    const seen = moved([0, 0, board.width, board.height], inverted(view));
    const items = this.#itemsIn(seen, 2 * MARK / view[0]);
    const lines = this.#linksByLayer(seen, view);
    const faint = this.#faintness(board, view);
    yield;
    // Marks in a crowd shrink, so that it can be seen through.
    board.mark = clamp(MARK * Math.sqrt(3000 / (items.length + 1)), 1.5, MARK);
    const opacities = new Map();
    let [layer, opacity, effort] = [undefined, 1, 0];
    for (const item of items) {
      if (item.layer !== layer) {
        layer = item.layer;
        if (!opacities.has(layer)) {
          const given = this.history.setting(`@layer:${layer}`, "opacity");
          opacities.set(layer, finite(given) ? clamp(given, 0, 1) : 1);
          yield* this.#flush();
          yield* this.#drawLinks(lines.get(layer), view, opacities.get(layer), faint);
        }
        opacity = opacities.get(layer);
      }
      if (this.#gather(item, view, item.opacity * opacity, board.mark)) effort += 1;
      else {
        yield* this.#flush();
        context.globalAlpha = item.opacity * opacity;
        this.#drawItem(item, view);
        effort += 8;
      }
      if (effort > 300) {
        effort = 0;
        yield;
      }
    }
    yield* this.#flush();
    context.globalAlpha = 1;
    context.setTransform(...this.base);
    yield;
    yield* this.#drawLabels(board, items, view);
  }

  /** What is shown and touches a box of the world, in the order of painting. */
  #itemsIn(seen, margin) {
    const [x0, y0, x1, y1] = [seen[0] - margin, seen[1] - margin, seen[2] + margin, seen[3] + margin];
    return this.order.filter(({ box, layer }) => box[2] >= x0 && box[0] <= x1 && box[3] >= y0 && box[1] <= y1 && this.shown.get(layer));
  }

  /** What is shown on the page. */
  get inView() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const view = this.matrix();
    return this.#itemsIn(moved([0, 0, width, height], inverted(view)), 0);
  }

  /**
   * Takes a small thing together with others of the same looks, to be filled at once. Answers whether it was taken:
   * the order of small things within a layer is not worth the time it takes.
   */
  #gather(item, view, alpha, mark) {
    const { shape, box, matrix: m } = item;
    if (item.picture !== undefined || shape.kind === "text") return false;
    const size = Math.max(box[2] - box[0], box[3] - box[1]) * view[0];
    const round = shape.radius > 0 && size >= 3;
    if (shape.kind === "mark" ? mark >= MARK : size >= (round ? 2 * DOT : DOT)) return false;
    const [fill, stroke] = this.#looks(item);
    const color = fill ?? stroke;
    if (color === null || alpha === 0) return true;
    const outline = round && size > 6 ? stroke : null;
    if (outline !== null) return false;
    const key = `${color} ${alpha}`;
    let batch = this.batches.get(key);
    if (batch === undefined) {
      batch = { color, alpha, dots: [], rounds: null };
      this.batches.set(key, batch);
    }
    const [x, y] = [view[0] * m[4] + view[4], view[3] * m[5] + view[5]];
    if (round) {
      batch.rounds ??= new Path2D();
      batch.rounds.moveTo(x + size / 2, y);
      batch.rounds.arc(x, y, size / 2, 0, 2 * Math.PI);
    } else if (shape.kind === "mark" || shape.radius > 0) {
      const side = shape.kind === "mark" ? mark * 0.9 : Math.max(1, size / 2);
      batch.dots.push(x - side, y - side, 2 * side, 2 * side);
    } else {
      const [wide, high] = [Math.max(1, (box[2] - box[0]) * view[0]), Math.max(1, (box[3] - box[1]) * view[0])];
      const [cx, cy] = [((box[0] + box[2]) / 2) * view[0] + view[4], ((box[1] + box[3]) / 2) * view[3] + view[5]];
      batch.dots.push(cx - wide / 2, cy - high / 2, wide, high);
    }
    return true;
  }

  /** Draws what was gathered. */
  *#flush() {
    const { batches, context } = this;
    if (batches.size === 0) return;
    context.setTransform(...this.base);
    for (const { color, alpha, dots, rounds } of batches.values()) {
      context.globalAlpha = alpha;
      context.fillStyle = color;
      for (let i = 0; i < dots.length; i += 4) {
        context.fillRect(dots[i], dots[i + 1], dots[i + 2], dots[i + 3]);
        if (i % 4000 === 3996) yield;
      }
      if (rounds !== null) context.fill(rounds);
    }
    batches.clear();
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
  #linksByLayer(seen, view) {
    const layers = new Map();
    for (const link of this.links) {
      const from = this.items.get(link.from.survivor);
      const to = this.items.get(link.to.survivor);
      if (!from || !to || !this.shown.get(from.layer) || !this.shown.get(to.layer)) continue;
      const [a, b] = [anchor(from), anchor(to)];
      // What is shorter than a pixel is hidden below its ends.
      if ((Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1])) * view[0] < 1 && from !== to) continue;
      if (Math.max(a[0], b[0]) < seen[0] || Math.min(a[0], b[0]) > seen[2]) continue;
      if (Math.max(a[1], b[1]) < seen[1] || Math.min(a[1], b[1]) > seen[3]) continue;
      const layer = from.order <= to.order ? from.layer : to.layer;
      if (!layers.has(layer)) layers.set(layer, []);
      layers.get(layer).push([link, from, to, a, b]);
    }
    this.linksInView = [...layers.values()].flat();
    return layers;
  }

  *#drawLinks(list, view, opacity, faint) {
    if (list === undefined) return;
    const { context } = this;
    const edge = this.groundIsDark ? "#7fa3c4" : "#4a6a8a";
    context.setTransform(...this.base);
    context.globalAlpha = opacity * faint;
    context.lineJoin = "round";
    const batches = new Map();
    const captions = [];
    let count = 0;
    for (const [link, from, to, a, b] of list) {
      const properties = this.history.data.values[link.standing()?.value] ?? {};
      const read = ["stroke", "fill", "color"].map((key) => this.palette.readInPlane(properties[key])).find((c) => c !== null) ?? null;
      if (read === "none") continue;
      const color = read === null ? edge : this.#tone(read);
      const own = finite(properties.stroke_width) ? Math.max(0, properties.stroke_width) * view[0] : 0;
      const width = Math.max(HAIR * 0.8, own);
      const key = `${color} ${width}`;
      if (!batches.has(key)) batches.set(key, { color, width, lines: new Path2D(), heads: new Path2D() });
      const [start, end] = [rim(from, a, b, view), rim(to, b, a, view)];
      const batch = batches.get(key);
      if (from === to) {
        loop(batch.lines, moved(from.box, view));
        continue;
      }
      const length = arrow(batch, start, end, faint > 0.5);
      if (typeof properties.label === "string" && length > 40) {
        captions.push([properties.label, (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 4]);
      }
      // A path of many lines takes long to stroke: it is done piece by piece.
      count += 1;
      if (count % 300 === 0) {
        strokeAll(context, batches);
        yield;
      }
    }
    strokeAll(context, batches);
    context.globalAlpha = opacity;
    for (const [text, x, y] of captions.slice(0, MOST_LABELS)) this.#caption(context, text, x, y, 11, "center");
  }

  /** How strongly links are drawn: where they would cover everything, one can see through them. */
  #faintness(board, view) {
    let ink = 0;
    for (const [, , , a, b] of this.linksInView) ink += Math.hypot(a[0] - b[0], a[1] - b[1]);
    return clamp((0.2 * board.width * board.height) / (ink * view[0] + 1), 0.08, 1);
  }

  /** One line of text with a halo. */
  #caption(context, text, x, y, size, align) {
    context.font = `${size}px system-ui, sans-serif`;
    context.textAlign = align;
    context.textBaseline = "alphabetic";
    context.lineJoin = "round";
    context.lineWidth = size * 0.25;
    context.strokeStyle = this.ground;
    context.strokeText(text, x, y);
    context.fillStyle = this.ink();
    context.fillText(text, x, y);
  }

  /** Labels of what is drawn last choose their places first. */
  *#drawLabels(board, items, view) {
    board.labelled = new Set();
    const taken = [];
    const { beyond, width, height } = board;
    const inPage = (box) => box[0] >= beyond && box[1] >= beyond && box[2] <= width - beyond && box[3] <= height - beyond;
    const free = (box) => taken.every((t) => t[2] <= box[0] || t[0] >= box[2] || t[3] <= box[1] || t[1] >= box[3]);
    const overlaps = (box) => box[2] > beyond && box[3] > beyond && box[0] < width - beyond && box[1] < height - beyond;
    for (const item of items) if (item.shape.kind === "text") taken.push(moved(item.box, view));
    const sizeOf = ({ box }) => Math.max(box[2] - box[0], box[3] - box[1]) * view[0];
    let wanted = items.filter((item) => item.label !== null && item.shape.kind !== "text");
    if (wanted.length > CROWD) wanted = wanted.filter((item) => sizeOf(item) > 3 * DOT);
    wanted = wanted.slice(-MOST_LABELS).reverse();
    for (const [i, item] of wanted.entries()) {
      if (i % 10 === 9) yield;
      const size = clamp((item.size ?? this.textSize()) * view[0], 10, 20);
      const label = item.label.replace(/\s+/g, " ").trim();
      const text = label.length > 80 ? `${label.slice(0, 79)}…` : label;
      const box = moved(item.box, view);
      const wide = this.#width(text) * size;
      const room = item.shape.room ?? 0;
      if (wide <= (box[2] - box[0]) * room && size * 1.1 <= (box[3] - box[1]) * room) {
        board.labelled.add(item.node);
        this.#inside(item, text, box, size);
        continue;
      }
      // What is on the page has its label there too.
      const fits = overlaps(box) ? (b) => inPage(b) && free(b) : free;
      const place = placesBeside(item, box, wide, size).find((p) => fits(p[3]));
      if (place === undefined) continue;
      board.labelled.add(item.node);
      taken.push(place[3]);
      this.#caption(this.context, text, place[1], place[2], size, place[0]);
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
    const { top: context } = this;
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
    this.#caption(context, text, end + 6, y, 11, "left");
  }

  /** Rings around what has just changed. */
  #drawPulses(view, now) {
    const { top: context } = this;
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
    const { top: context } = this;
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
      if (this.boards[0].labelled.has(node) || item.shape.kind === "text") continue;
      const name = item.name.length > 60 ? `${item.name.slice(0, 59)}…` : item.name;
      const half = this.#width(name) * 7;
      const x = clamp((x0 + x1) / 2, half + 4, Math.max(half + 4, this.canvas.clientWidth - half - 4));
      this.#caption(context, name.replace(/\s+/g, " "), x, y0 - pad - 6, 14, "center");
    }
  }

  /** The node or link under a place in CSS pixels, or null. */
  pick(x, y) {
    const { top: context } = this;
    const [wx, wy] = this.toWorld(x, y);
    const reach = 5 / this.view.scale;
    const ratio = this.base?.[0] ?? 1;
    for (let i = this.order.length - 1; i >= 0; i--) {
      const item = this.order[i];
      const b = item.box;
      if (wx < b[0] - reach || wx > b[2] + reach || wy < b[1] - reach || wy > b[3] + reach) continue;
      if (!this.isShown(item.layer)) continue;
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

/** A canvas that is a little larger than the page, and what is painted on it. */
class Board {
  constructor(page) {
    this.canvas = document.createElement("canvas");
    this.canvas.className = "board";
    this.canvas.setAttribute("aria-hidden", "true");
    page.before(this.canvas);
    this.context = this.canvas.getContext("2d", { alpha: false });
    /** What is painted; less than 0 for nothing. */
    this.version = -1;
    this.view = { x: 0, y: 0, scale: 1 };
    this.beyond = 0;
    this.labelled = new Set();
  }

  /** Makes room to paint a view of a page of some size in CSS pixels. */
  prepare(view, version, width, height, ratio) {
    this.beyond = Math.min(BEYOND, Math.round(width / 4));
    this.width = width + 2 * this.beyond;
    this.height = height + 2 * this.beyond;
    const [wide, high] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== wide || this.canvas.height !== high) {
      [this.canvas.width, this.canvas.height] = [wide, high];
      [this.canvas.style.width, this.canvas.style.height] = [`${this.width}px`, `${this.height}px`];
    }
    this.view = { ...view };
    this.version = version;
  }
}

/** What is painted first comes first. */
function byPaint(a, b) {
  return a.order - b.order || a.z - b.z || a.rank - b.rank || a.node.index - b.node.index;
}

/** Where an item stands, or would, in a list in the order of painting. */
function firstNotBefore(list, item) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byPaint(list[middle], item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The way back through a matrix that turns nothing. */
function inverted(m) {
  return [1 / m[0], 0, 0, 1 / m[3], -m[4] / m[0], -m[5] / m[3]];
}

/** Where a label may stand: alignment, x, base line, and the box that it takes. */
function placesBeside(item, box, wide, size) {
  const rim = item.shape.kind === "mark" ? MARK : 0;
  const [left, top, right, bottom] = [box[0] - rim - 4, box[1] - rim - 4, box[2] + rim + 4, box[3] + rim + 4];
  const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  return [
    ["left", right, y + size * 0.35, [right, y - size / 2, right + wide, y + size / 2]],
    ["right", left, y + size * 0.35, [left - wide, y - size / 2, left, y + size / 2]],
    ["center", x, top, [x - wide / 2, top - size, x + wide / 2, top]],
    ["center", x, bottom + size * 0.8, [x - wide / 2, bottom, x + wide / 2, bottom + size]],
  ];
}

/** Draws gathered lines and their heads, and empties the batches. */
function strokeAll(context, batches) {
  for (const { color, width, lines, heads } of batches.values()) {
    context.strokeStyle = color;
    context.fillStyle = color;
    context.lineWidth = width;
    context.stroke(lines);
    context.fill(heads);
  }
  batches.clear();
}

/** Adds a line with a head, where there is room for one; answers its length. */
function arrow(batch, start, end, headed) {
  const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
  batch.lines.moveTo(...start);
  batch.lines.lineTo(...end);
  const head = Math.max(5, batch.width * 3);
  if (headed && length > head * 3) {
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
