"use strict";

/**
 * The drawing: what is visible of a history, as shapes on a canvas.
 *
 * Shapes, words, sizes and the places of labels come from the projector, which draws its pictures with them too. What
 * is done here is to put them where things stand at a time, to bring them onto the page, and to hide what collides
 * there. Places are those of the projector's sheet, but with the y of the world: world coordinates less an origin,
 * times a scale, so that a canvas, which counts in floats, sees no large numbers. The view turns them into CSS pixels.
 *
 * Painting goes onto a board that is a little larger than the page, in slices that leave each frame time to answer:
 * what a frame shows is the last board that was finished, moved and scaled to where the view is by now.
 */

const FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif";
/** The radius of a mark in CSS pixels, at least and at most; the same of a line that says nothing else. */
const [SPECK, MARK] = [1.5, 7];
const [HAIR, LINE] = [0.8, 2];
/** The size of a label, and the greatest of one that grows with what it names. */
const [SMALL, LARGE, HUGE] = [8, 20, 400];
const MOST_LABELS = 300;
/** Below this many pixels a thing is a dot. */
const DOT = 5;
/** Where more than so many labels crowd, those of dots are left out. */
const CROWD = 400;
/** How many items may change before they are better sorted all at once. */
const FEW = 400;
/**
 * How long a frame may paint, in milliseconds: where the view alone moves, and where the picture is of another time;
 * and how far beyond the page, in CSS pixels.
 */
const [SLICE, LONG_SLICE] = [7, 50];
const BEYOND = 160;
const PULSE = 600;
/** In how many steps the border of a shape is looked for, and how often the step that it is in is halved. */
const [STEPS, HALVES] = [16, 12];
const IDENTITY = [1, 0, 0, 1, 0, 0];

/** `outer` after `inner`, as [a, b, c, d, e, f] of a canvas. */
function composed(outer, inner) {
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}

/** The way back through a matrix; null where there is none. */
function inverse([a, b, c, d, e, f]) {
  const det = a * d - b * c;
  if (!(Math.abs(det) > 0)) return null;
  return [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det];
}

/** A place seen through a matrix. */
const through = (m, [x, y]) => [m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]];

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
  return around(corners.map((corner) => through(m, corner)));
}

class Drawing {
  /** The keys that are the drawing's own. */
  static keys = [["Arrow keys", "move"]];
  /** The tool and the format that print what is seen. */
  static prints = ["projector-2d", "svg"];

  constructor(canvas, data, palette) {
    this.canvas = canvas;
    this.top = canvas.getContext("2d");
    /** The board that is shown, and the one that is painted next. */
    this.boards = [new Board(canvas), new Board(canvas)];
    this.painting = null;
    this.palette = palette;
    this.data = data;
    this.pictures = new Map(Object.entries(data.pictures).map(([reference, address]) => [reference, picture(address)]));
    this.missing = new Set(data.missing);
    /** x and y in the middle of the canvas, and CSS pixels a unit. */
    this.view = { x: 0, y: 0, scale: 1 };
    this.hidden = new Map();
    this.selected = null;
    this.over = null;
    this.pulses = new Map();
    this.dark = false;
    this.batches = new Map();
    /** Of what is shown alone, whether an item is; null where all is. */
    this.only = null;
    /** Whether all that moves shows its trail. */
    this.trails = false;
    /** How many far things the view leaves out. */
    this.left = 0;
    this.minimap = new Minimap(this, canvas);
    this.views = [];
    this.does = {};
    /** Counts what changes the picture, so that boards know whether they still hold. */
    this.version = 0;
    this.look = "";
    /** What a projector puts around the drawing, in place of the scale. */
    this.furniture = Drawing.Furniture === undefined ? null : new Drawing.Furniture(this);
  }

  /** Shows another history. */
  show(history) {
    this.history = history;
    /** The origin and the scale, the sizes, and the places of labels, as the projector laid them out. */
    this.sheet = new Map(Object.entries(this.data.spaces)).get(history.data.space);
    this.laid = new Map(Object.entries(this.sheet.labels));
    this.captions = new Map(this.sheet.captions.map(([from, relation, to, ...laid]) => [JSON.stringify([from, relation, to]), laid]));
    this.shapes = new Map();
    /** Readings of no node, where they say they were taken, and those that do not say. */
    this.readings = [];
    this.unplaced = [];
    this.items = new Map();
    this.order = [];
    this.layers = new Map();
    this.pulses.clear();
    for (const board of this.boards) board.version = -1;
    this.painting = null;
    /** Whether nodes carry others, so that one that moves moves more than itself. */
    this.carrying = history.registerNumber("parent") >= 0;
    this.up = history.setting("@space", "y") !== "down";
    this.furniture?.show();
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
    else for (const node of changed) if (this.#isSeen(node)) this.#list(this.items.get(node));
    history.changed.clear();
    history.resettled = false;
    if (restructured || relinked) this.links = history.shownLinks();
    this.#listReadings();
    this.version += 1;
    // What was begun would show two times at once.
    this.painting = null;
  }

  /** Whether a picture of another time is being painted. */
  get busy() {
    return this.painting !== null && this.boards[0].at !== this.history.at;
  }

  /** How many events have happened on the picture that is shown. */
  get shownAt() {
    return this.boards[0].version < 0 ? this.history.at : this.boards[0].at;
  }

  /** Whether a node is there, where its drawing reaches. */
  #isSeen(node) {
    return node.visible && (this.furniture?.reaches(this.#reachOf(this.items.get(node))) ?? true);
  }

  /** Around what places an item: its shape, but of text the place alone. */
  #reachOf(item) {
    const [, , , , x, y] = item?.matrix ?? IDENTITY;
    return item === undefined || item.shape.lines !== undefined ? [x, y, x, y] : item.box;
  }

  /** What there is to say of where a node or a sensor is, as elements. */
  about({ node, sensor }) {
    if (this.furniture === null) return [];
    if (node !== undefined) return this.furniture.about(this.items.get(node));
    const reading = this.readings.find((r) => r.sensor === sensor);
    return reading === undefined ? [] : this.furniture.about(reading);
  }

  /** The shape of a geometry, by its number. */
  #shape(number) {
    if (!this.shapes.has(number)) {
      const { d, at, ...shape } = this.history.shapes.get(number) ?? { named: number >= 0 };
      if (d !== undefined) {
        shape.path = new Path2D(d);
        shape.path.d = d;
        shape.rule = shape.rings ? "evenodd" : "nonzero";
        // From the path's own numbers into the node's frame.
        shape.frame = at === undefined ? null : [1 / at[2], 0, 0, 1 / at[2], at[0], at[1]];
      }
      shape.isMark = d === undefined && shape.lines === undefined;
      this.shapes.set(number, shape);
    }
    return this.shapes.get(number);
  }

  /** What is written beside a node: what stands for something else is always named, and what is missing says so. */
  #labelOf(node, name, shape, missing, media) {
    const kind = node.get("kind");
    const seen = this.pictures.has(media);
    const unknown = !seen && node.number("geometry") < 0 && typeof kind === "string" && kind !== "" && !this.data.kinds.includes(kind);
    if (missing) {
      const { text, width } = this.#measured(name);
      return { text: text + this.data.words.missing.text, width: width + this.data.words.missing.width };
    }
    return labelOf(node) ?? ((shape.named && !seen) || unknown ? this.#measured(name) : null);
  }

  /** Words that the projector did not measure: an id may be shown at times. */
  #measured(text) {
    this.top.font = `100px ${FONT}`;
    return { text, width: this.top.measureText(text).width / 100 };
  }

  /** Reads a node's registers into an item. */
  #prepare(node) {
    if (node.isSetting) return;
    const { palette } = this;
    const shape = this.#shape(node.number("geometry"));
    const name = nameOf(node);
    const width = node.property("stroke_width");
    const opacity = node.property("opacity");
    const size = node.property("font_size");
    const media = node.get("geometry")?.ref ?? node.get("media.media")?.ref;
    const missing = this.missing.has(media);
    this.items.set(node, {
      node,
      shape,
      name,
      label: this.#labelOf(node, name, shape, missing, media),
      standIn: shape.named || (missing && shape.isMark),
      laid: this.laid.get(node.id) ?? null,
      fill: palette.readInPlane(node.property("fill")) ?? palette.readInPlane(node.property("color")),
      stroke: palette.readInPlane(node.property("stroke")),
      width: finite(width) && width >= 0 ? width : null,
      opacity: finite(opacity) ? clamp(opacity, 0, 1) : 1,
      size: finite(size) && size > 0 ? size * this.sheet.scale : null,
      picture: typeof media === "string" ? this.pictures.get(media) : undefined,
      layer: node.get("layer") ?? "",
      rank: node.rank,
      matrix: IDENTITY,
      /** The matrix of its path. */
      inner: IDENTITY,
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
      const [world, z] = this.#world(node, known);
      const { shape } = item;
      item.matrix = this.#onSheet(world);
      item.inner = shape.frame ? composed(item.matrix, shape.frame) : item.matrix;
      item.z = z;
      item.box = this.#boxOf(shape, item.matrix);
    }
  }

  /** A matrix into the world as one onto the sheet. */
  #onSheet([a, b, c, d, e, f]) {
    const { origin, scale } = this.sheet;
    return [a * scale, b * scale, c * scale, d * scale, (e - origin[0]) * scale, (f - origin[1]) * scale];
  }

  #boxOf(shape, matrix) {
    if (shape.round !== undefined) {
      const [rx, ry] = shape.round;
      const [x, y] = [Math.hypot(matrix[0] * rx, matrix[2] * ry), Math.hypot(matrix[1] * rx, matrix[3] * ry)];
      return [matrix[4] - x, matrix[5] - y, matrix[4] + x, matrix[5] + y];
    }
    const box = shape.box ?? [0, 0, 0, 0];
    return moved(shape.lines !== undefined && shape.size === undefined ? box.map((x) => x * this.sheet.text) : box, matrix);
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

  #orderOf(layer) {
    const order = this.history.setting(`@layer:${layer}`, "order");
    return finite(order) ? order : 0;
  }

  #sort() {
    this.layers = new Map();
    this.order = [];
    for (const item of this.items.values()) {
      item.listed = this.#isSeen(item.node);
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

  /** Readings of sensors that are at no node that is seen: nothing else shows them. */
  #listReadings() {
    const { history } = this;
    const { values } = history.data;
    this.readings = [];
    this.unplaced = [];
    for (const sensor of history.sensors) {
      const { reading } = sensor;
      if (reading === null || (reading.node >= 0 && history.nodes[reading.node].visible)) continue;
      const position = reading.position >= 0 ? numbersOf(values[reading.position]) : [];
      const words = readingWords(history, sensor, this.data.words);
      if (position.length === 2 || position.length === 3) {
        const [, , , , x, y] = this.#onSheet([1, 0, 0, 1, position[0], position[1]]);
        if (this.furniture?.reaches([x, y, x, y]) ?? true) this.readings.push({ sensor, words, x, y, position });
      } else this.unplaced.push({ sensor, words });
    }
  }

  isShown(layer) {
    return this.hidden.get(layer) ?? this.history.setting(`@layer:${layer}`, "visible") !== false;
  }

  /** Whether an item is shown: its layer is, and the filter takes it. */
  shows(item) {
    if (!this.isShown(item.layer)) return false;
    if (this.only === null) return true;
    if (item.asked !== this.only) [item.asked, item.passes] = [this.only, this.only(item)];
    return item.passes;
  }

  /** What a thing is drawn with; null for nothing. */
  colorOf(item) {
    const [fill, stroke] = this.#looks(item);
    return fill ?? stroke;
  }

  /** The boxes of what is shown. */
  #boxes() {
    return [...this.order.filter((item) => this.shows(item)).map(({ box }) => box), ...this.readings.map(({ x, y }) => [x, y, x, y])];
  }

  /** Around what is shown; null around nothing. */
  extent() {
    if (this.extentOf?.version !== this.version) {
      const boxes = this.#boxes();
      this.extentOf = { version: this.version, box: boxes.length === 0 ? null : boxes.reduce(boxAround, boxes[0]) };
    }
    return this.extentOf.box;
  }

  /** Shows everything, labels included where they are laid out; but for what lies far away from all else, unless asked. */
  fit({ everything = false } = {}) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const near = everything ? { left: 0, box: null } : withoutStrays(this.#boxes());
    this.left = near.left;
    const laid = this.history.at === this.history.length && this.hidden.size === 0 && this.only === null;
    const [x0, y0, x1, y1] = near.left > 0 ? near.box : laid ? this.sheet.content : (this.extent() ?? this.sheet.content);
    this.extentSide = Math.max(x1 - x0, y1 - y0) || 100;
    const [above, left, below] = this.furniture?.insets ?? [0, 0, 0];
    const least = Math.min((width - left - 36) / (x1 - x0 || 100), (height - above - below - 36) / (y1 - y0 || 100));
    const scale = finite(least) && least > 0 ? least : 1;
    const down = (above - below) / 2 / scale;
    this.view = { x: (x0 + x1) / 2 - left / 2 / scale, y: (y0 + y1) / 2 + (this.up ? down : -down), scale };
  }

  /** The view as numbers of the world: x, y, and CSS pixels a unit. */
  place() {
    const { origin, scale } = this.sheet;
    return [this.view.x / scale + origin[0], this.view.y / scale + origin[1], this.view.scale * scale].map((x) => Number(x.toPrecision(9)));
  }

  goToPlace([x, y, scale]) {
    const { sheet } = this;
    this.extentSide ??= 100;
    this.view = { x: (x - sheet.origin[0]) * sheet.scale, y: (y - sheet.origin[1]) * sheet.scale, scale: clamp(scale / sheet.scale, 1e-9, 1e12) || 1 };
  }

  matrix() {
    return this.#matrixOf(this.view, this.canvas.clientWidth, this.canvas.clientHeight);
  }

  /** From the sheet to a canvas of some size in whose middle a view is. */
  #matrixOf({ x, y, scale }, width, height) {
    const s = this.up ? -scale : scale;
    return [scale, 0, 0, s, width / 2 - x * scale, height / 2 - y * s];
  }

  /** A place of the sheet in CSS pixels. */
  toScreen(x, y) {
    return through(this.matrix(), [x, y]);
  }

  /** A place in CSS pixels on the sheet. */
  fromScreen(x, y) {
    const m = this.matrix();
    return [(x - m[4]) / m[0], (y - m[5]) / m[3]];
  }

  /** Zooms around a place in CSS pixels. */
  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const before = this.fromScreen(x, y);
    this.view.scale = clamp(this.view.scale * factor, 1e-9, 1e12);
    const after = this.fromScreen(x, y);
    this.view.x += before[0] - after[0];
    this.view.y += before[1] - after[1];
  }

  pan(dx, dy) {
    this.view.x -= dx / this.view.scale;
    this.view.y += (this.up ? dy : -dy) / this.view.scale;
  }

  /** Moves what is seen by so many CSS pixels. */
  slide(dx, dy) {
    this.pan(dx, dy);
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
    const { shape } = item;
    const none = null;
    const color = (c, otherwise) => (c === null ? otherwise : c === "none" ? none : this.#tone(c));
    const [face, edge] = this.groundIsDark ? ["#2b4258", "#7fa3c4"] : ["#d3e2f0", "#4a6a8a"];
    if (shape.line) return [none, color(item.stroke ?? item.fill, edge)];
    if (shape.lines !== undefined) {
      if (item.fill === null || item.fill === "none") return [item.fill === null ? this.ink() : none, none];
      return [this.groundIsDark ? this.palette.onDark(item.fill, 225) : item.fill, none];
    }
    if (shape.isMark) return [color(item.fill, item.standIn ? face : edge), color(item.stroke, item.standIn ? edge : none)];
    if (item.fill === null && item.stroke === null) return [face, edge];
    return [color(item.fill, none), color(item.stroke, none)];
  }

  /** Draws everything; answers whether it moves by itself and wants to be drawn again. */
  draw(now) {
    this.#fitCanvas();
    if (this.painting === null && !this.#holds(this.boards[0])) this.#begin();
    this.#continue(this.boards[0].version < 0 ? Infinity : this.busy ? LONG_SLICE : SLICE);
    this.#show();
    this.#drawTrails();
    this.minimap.draw(this.base[0]);
    const view = this.matrix();
    if (this.furniture === null) this.#drawScale();
    else this.furniture.draw(view);
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
    board.at = this.history.at;
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
    const seen = moved([0, 0, board.width, board.height], inverse(view));
    this.#size(view[0]);
    const items = this.#itemsIn(seen, 2 * MARK / view[0]);
    const lines = this.#linksByLayer(seen, view);
    const faint = this.#faintness(board, view);
    yield;
    this.captioned = [];
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
      if (this.#gather(item, view, item.opacity * opacity)) effort += 1;
      else {
        yield* this.#flush();
        context.globalAlpha = item.opacity * opacity;
        if (context instanceof Pen) context.begin(item);
        this.#drawItem(item, view);
        if (context instanceof Pen) context.end();
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
    this.#drawReadings(view);
    yield* this.#drawLabels(board, items, view);
  }

  /** The sizes of marks and lines in CSS pixels, at so many a unit of the sheet. */
  #size(scale) {
    this.mark = clamp(this.sheet.mark * scale, SPECK, MARK);
    this.hair = clamp(this.sheet.line * scale, HAIR, LINE);
  }

  /** What is shown and touches a box of the world, in the order of painting. */
  #itemsIn(seen, margin) {
    const [x0, y0, x1, y1] = [seen[0] - margin, seen[1] - margin, seen[2] + margin, seen[3] + margin];
    return this.order.filter((item) => {
      const { box } = item;
      return box[2] >= x0 && box[0] <= x1 && box[3] >= y0 && box[1] <= y1 && this.shows(item);
    });
  }

  /** What is shown on the page. */
  get inView() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const view = this.matrix();
    return this.#itemsIn(moved([0, 0, width, height], inverse(view)), 0);
  }

  /**
   * Takes a small thing together with others of the same looks, to be filled at once. Answers whether it was taken:
   * the order of small things within a layer is not worth the time it takes.
   */
  #gather(item, view, alpha) {
    const { shape, box, matrix: m } = item;
    if (item.picture !== undefined || shape.lines !== undefined || this.context instanceof Pen) return false;
    const size = shape.isMark ? this.mark * 2 : Math.max(box[2] - box[0], box[3] - box[1]) * view[0];
    const disc = shape.isMark ? !item.standIn : shape.round !== undefined && Math.abs(box[2] - box[0] - (box[3] - box[1])) * view[0] < 1;
    const round = disc && size >= 3;
    if (size >= (round ? 2 * DOT : DOT)) return false;
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
    const [x, y] = through(view, [m[4], m[5]]);
    if (round) {
      batch.rounds ??= new Path2D();
      batch.rounds.moveTo(x + size / 2, y);
      batch.rounds.arc(x, y, size / 2, 0, 2 * Math.PI);
    } else if (shape.isMark || disc) {
      const side = Math.max(1, size / 2) * (shape.isMark ? 0.9 : 1);
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
    if (item.picture?.complete && item.picture.naturalWidth > 0) return this.#drawPicture(item, view);
    if (shape.lines !== undefined) return this.#drawText(item, composed(view, item.matrix), fill);
    if (shape.isMark) {
      context.setTransform(...this.base);
      this.#mark(...through(view, [item.matrix[4], item.matrix[5]]), item.standIn);
      return this.#ink(fill, stroke, this.hair);
    }
    const m = composed(view, item.inner);
    const size = Math.sqrt(Math.abs(m[0] * m[3] - m[1] * m[2])) || 1e-9;
    const own = item.width === null ? 0 : item.width / (shape.frame?.[0] ?? 1);
    context.setTransform(...this.base);
    context.transform(...m);
    if (fill !== null) {
      context.fillStyle = fill;
      context.fill(shape.path, shape.rule);
    }
    if (stroke !== null) {
      context.strokeStyle = stroke;
      context.lineWidth = Math.max(own, (item.width === null ? this.hair : HAIR) / size);
      context.lineJoin = "round";
      context.stroke(shape.path);
    }
    return undefined;
  }

  /** The outline of a mark: a rhomb where it stands for what is not known, else a disc. */
  #mark(x, y, named) {
    const { context } = this;
    const r = named ? this.mark * 1.3 : this.mark;
    context.beginPath();
    if (!named) {
      context.arc(x, y, r, 0, 2 * Math.PI);
      return;
    }
    context.moveTo(x, y - r);
    context.lineTo(x + r, y);
    context.lineTo(x, y + r);
    context.lineTo(x - r, y);
    context.closePath();
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

  /** A picture, upright in its node's frame: in its shape, or as a large mark. */
  #drawPicture(item, view) {
    const { context } = this;
    const m = composed(view, item.matrix);
    const flip = this.up ? -1 : 1;
    let [x0, y0, x1, y1] = item.shape.box ?? [0, 0, 0, 0];
    if (item.shape.isMark) {
      const reach = (this.mark * this.data.picture) / (Math.sqrt(Math.abs(m[0] * m[3] - m[1] * m[2])) || 1);
      [x0, y0, x1, y1] = [-reach, -reach, reach, reach];
    }
    const { naturalWidth: w, naturalHeight: h } = item.picture;
    const fit = Math.min((x1 - x0) / w, (y1 - y0) / h);
    // A pixel of the picture is the unit, its middle the origin.
    const middle = through(m, [(x0 + x1) / 2, (y0 + y1) / 2]);
    context.setTransform(...this.base);
    context.transform(m[0] * fit, m[1] * fit, m[2] * fit * flip, m[3] * fit * flip, ...middle);
    context.drawImage(item.picture, -w / 2, -h / 2, w, h);
  }

  #drawText(item, m, fill) {
    const { context } = this;
    const { lines, size = this.sheet.text } = item.shape;
    const shown = size * Math.hypot(m[0], m[1]);
    if (!(shown >= 2.5) || fill === null) return;
    context.setTransform(...this.base);
    // Text is drawn upright in its own frame, where y runs down, and at its size on the page: browsers refuse fonts
    // of thousands of pixels.
    const turn = (this.up ? -1 : 1) * (size / shown);
    const along = size / shown;
    context.transform(m[0] * along, m[1] * along, m[2] * turn, m[3] * turn, m[4], m[5]);
    context.fillStyle = fill;
    context.font = `${shown}px ${FONT}`;
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    lines.forEach(([line], i) => context.fillText(line, 0, i * this.data.font.line * shown));
  }

  /** The links in view by the layer that they are drawn in: the lower of their ends'. */
  #linksByLayer(seen, view) {
    const layers = new Map();
    for (const link of this.links) {
      const from = this.items.get(link.from.survivor);
      const to = this.items.get(link.to.survivor);
      if (!from?.listed || !to?.listed || !this.shows(from) || !this.shows(to)) continue;
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
    let count = 0;
    for (const [link, from, to, a, b] of list) {
      const properties = this.history.data.values[link.standing()?.value] ?? {};
      const read = ["stroke", "fill", "color"].map((key) => this.palette.readInPlane(properties[key])).find((c) => c !== null) ?? null;
      if (read === "none") continue;
      const color = read === null ? edge : this.#tone(read);
      const thin = !finite(properties.stroke_width);
      const width = thin ? this.hair : Math.max(HAIR, properties.stroke_width * this.sheet.scale * view[0]);
      const key = `${color} ${width} ${thin}`;
      if (!batches.has(key)) batches.set(key, { color, width, head: width * (thin ? 7 : 3), lines: this.#newPath(), heads: this.#newPath() });
      const batch = batches.get(key);
      const size = finite(properties.font_size) && properties.font_size > 0 ? properties.font_size * this.sheet.scale : null;
      const caption = (start, end) => {
        if (typeof properties.label === "string") this.captioned.push({ link, from, to, size, start, end, text: properties.label.trim().replace(/\s+/g, " ") });
      };
      if (from === to) {
        const top = loop(batch.lines, moved(from.box, view), this.mark, from.shape.isMark);
        caption(top, top);
        continue;
      }
      const [start, end] = this.#ends(link, from, to, a, b).map((p) => through(view, p));
      const ends = this.#inset(from, to, start, end);
      if (arrow(batch, ...ends, faint > 0.5) > 40) caption(...ends);
      // A path of many lines takes long to stroke: it is done piece by piece.
      count += 1;
      if (count % 300 === 0) {
        strokeAll(context, batches);
        yield;
      }
    }
    strokeAll(context, batches);
  }

  /** Where a link leaves its ends on the sheet; where they overlap, it goes from middle to middle. */
  #ends(link, from, to, a, b) {
    if (link.way?.from !== from.inner || link.way.to !== to.inner) {
      const [start, end] = [this.#leaves(from, a, b), 1 - this.#leaves(to, b, a)];
      const along = (t) => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
      link.way = { from: from.inner, to: to.inner, ends: start < end ? [along(start), along(end)] : [a, b] };
    }
    return link.way.ends;
  }

  /** How much of the way from an item to a place lies within its shape, from 0 to 1. */
  #leaves(item, from, to) {
    const { shape } = item;
    const back = shape.path === undefined || shape.line ? null : inverse(item.inner);
    if (back === null) return 0;
    this.top.setTransform(...IDENTITY);
    const [a, b] = [through(back, from), through(back, to)];
    const within = (t) => this.top.isPointInPath(shape.path, a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t);
    let step = STEPS;
    while (step >= 0 && !within(step / STEPS)) step -= 1;
    if (step < 0 || step === STEPS) return 0;
    let [inside, outside] = [step / STEPS, (step + 1) / STEPS];
    for (let i = 0; i < HALVES; i++) {
      const middle = (inside + outside) / 2;
      if (within(middle)) inside = middle;
      else outside = middle;
    }
    return outside;
  }

  /** The ends of a link in CSS pixels, at the rim of what is a mark. */
  #inset(from, to, start, end) {
    const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
    const by = ({ shape }) => (shape.isMark && length > 4 * this.mark ? (this.mark * 1.3) / length : 0);
    const along = (t) => [start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t];
    return [along(by(from)), along(1 - by(to))];
  }

  /** How strongly links are drawn: where they would cover everything, one can see through them. */
  #faintness(board, view) {
    let ink = 0;
    for (const [, , , a, b] of this.linksInView) ink += Math.hypot(a[0] - b[0], a[1] - b[1]);
    return clamp((0.2 * board.width * board.height) / (ink * view[0] + 1), 0.08, 1);
  }

  /** One line of text with a halo. */
  #caption(context, text, x, y, size, align) {
    context.font = `${size}px ${FONT}`;
    context.textAlign = align;
    context.textBaseline = "alphabetic";
    context.lineJoin = "round";
    context.lineWidth = size * 0.2;
    context.strokeStyle = this.ground;
    context.strokeText(text, x, y);
    context.fillStyle = this.ink();
    context.fillText(text, x, y);
  }

  /** Readings of no node: a mark each, with what was read beside it. */
  #drawReadings(view) {
    const { context } = this;
    context.setTransform(...this.base);
    context.globalAlpha = 1;
    for (const { x, y } of this.readings) {
      this.#mark(...through(view, [x, y]), false);
      this.#ink(this.groundIsDark ? "#7fa3c4" : "#4a6a8a", this.ground, this.hair);
    }
  }

  /** What wants a label: what it says, the box that it stands beside, and where the projector laid it. */
  #wanted(items, view) {
    const sizeOf = ({ box }) => Math.max(box[2] - box[0], box[3] - box[1]) * view[0];
    let wanted = items.filter((item) => item.label !== null && item.shape.lines === undefined);
    if (wanted.length > CROWD) wanted = wanted.filter((item) => item.laid !== null || sizeOf(item) > 3 * DOT);
    const rim = this.mark / view[0];
    const beside = ({ x, y, words }) => ({ label: words, laid: null, size: null, box: [x, y, x, y], shape: { isMark: true } });
    return [...wanted, ...this.readings.map(beside)].slice(-MOST_LABELS).reverse().map((item) => {
      const by = item.shape.isMark ? (item.picture === undefined ? rim : rim * this.data.picture) : 0;
      return [item, moved([item.box[0] - by, item.box[1] - by, item.box[2] + by, item.box[3] + by], view)];
    });
  }

  /** Labels of what is drawn last choose first; each has one place, and is left out where that is taken. */
  *#drawLabels(board, items, view) {
    board.labelled = new Set();
    const taken = [];
    const { beyond, width, height } = board;
    const edge = beyond + (this.furniture?.edge ?? 0);
    const inPage = (box) => box[0] >= edge && box[1] >= edge && box[2] <= width - beyond && box[3] <= height - beyond;
    const free = (box) => taken.every((t) => t[2] <= box[0] || t[0] >= box[2] || t[3] <= box[1] || t[1] >= box[3]);
    const overlaps = (box) => box[2] > beyond && box[3] > beyond && box[0] < width - beyond && box[1] < height - beyond;
    for (const item of items) if (item.shape.lines !== undefined) taken.push(moved(item.box, view));
    for (const [i, [item, box]] of this.#wanted(items, view).entries()) {
      if (i % 10 === 9) yield;
      const label = this.#laid(item, box, view[0]);
      // What is on the page has its label there too.
      if (!free(label.box) || (!label.inside && overlaps(box) && !inPage(label.box))) continue;
      taken.push(label.box);
      if (item.node !== undefined) board.labelled.add(item.node);
      this.#label(item, label);
    }
    // What is said of links stands above all that they cross.
    for (const caption of this.captioned.slice(0, MOST_LABELS)) {
      const label = this.#over(caption, view[0]);
      if (!free(label.box)) continue;
      taken.push(label.box);
      this.#label(null, label);
    }
  }

  /** The size of a label in CSS pixels: one that has its own grows with what it names. */
  #sized(given, own, scale) {
    return own === null ? clamp(given * scale, SMALL, LARGE) : Math.min(given * scale, HUGE);
  }

  /** The words of a link where the projector laid them, at the size that they have here. */
  #over({ link, from, to, size: own, start, end, text }, scale) {
    const { font, along } = this.data;
    const laid = this.captions.get(JSON.stringify([from.node.id, link.relation, to.node.id]));
    const [place, given, lines = null] = laid ?? [0, own ?? this.sheet.label];
    const size = this.#sized(given, own, scale);
    const measured = this.#measured(text);
    const said = says(lines, text) ? lines : [[measured.text, measured.width]];
    const [wide, tall] = this.#extentOf(said, size);
    const [part, off] = along[place];
    const further = off < 0 ? (said.length - 1) * font.line : 0;
    const at = [start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part + (off - further) * size];
    const high = at[1] - font.ascent * size;
    return { lines: said, at, align: "center", size, inside: false, box: [at[0] - wide / 2, high, at[0] + wide / 2, high + tall] };
  }

  /** How wide and how high lines are at a size: the browser's letters may be wider than those that the projector measured. */
  #extentOf(lines, size) {
    const { font } = this.data;
    const wide = Math.max(...lines.map(([line, width]) => Math.max(width, this.#measured(line).width)));
    return [wide * size, ((lines.length - 1) * font.line + font.ascent + font.descent) * size];
  }

  /** A label where the projector laid it, at the size that it has here: its lines, their baseline, and its box. */
  #laid(item, box, scale) {
    const { font, places } = this.data;
    const [place, given, lines = null] = item.laid ?? [0, item.size ?? this.sheet.label];
    const size = this.#sized(given, item.size, scale);
    const [left, top, right, bottom] = box;
    const said = says(lines, item.label.text) ? lines : [[item.label.text, item.label.width]];
    const [wide, tall] = this.#extentOf(said, size);
    const room = item.shape.room ?? 0;
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    if (place < 0 && wide <= (right - left) * room && tall <= (bottom - top) * room) {
      const first = y - tall / 2 + font.ascent * size;
      return { lines: said, at: [x, first], align: "center", size, inside: true, box: [x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2] };
    }
    const [across, down, dx, dy, align] = places[Math.max(0, place)];
    const further = (said.length - 1) * font.line * (1 - down);
    const at = [left + (right - left) * across + dx * size, top + (bottom - top) * down + (dy - further) * size];
    const start = { left: 0, center: wide / 2, right: wide }[align];
    const high = at[1] - font.ascent * size;
    return { lines: said, at, align, size, inside: false, box: [at[0] - start, high, at[0] - start + wide, high + tall] };
  }

  #label(item, { lines, at, align, size, inside }) {
    const { context } = this;
    const step = this.data.font.line * size;
    if (!inside) return lines.forEach(([line], i) => this.#caption(context, line, at[0], at[1] + i * step, size, align));
    const [fill] = this.#looks(item);
    const dark = fill !== null && item.opacity > 0.5 ? this.palette.isDark(fill) : this.groundIsDark;
    context.font = `${size}px ${FONT}`;
    context.textAlign = align;
    context.textBaseline = "alphabetic";
    context.fillStyle = dark ? "#f2f6fa" : "#1b2a38";
    return lines.forEach(([line], i) => context.fillText(line, at[0], at[1] + i * step));
  }

  #newPath() {
    return this.context instanceof Pen ? new Trace() : new Path2D();
  }

  /** Where what is chosen has been, and all that moves, if so asked: what is still to come is dashed. */
  #drawTrails() {
    const { top: context, history } = this;
    const chosen = [this.selected, this.over].filter((node) => node !== null && history.placesOf(node).length > 1);
    const nodes = this.trails ? new Set([...history.movers(), ...chosen]) : chosen;
    context.lineJoin = "round";
    for (const node of nodes) {
      if (!node.visible || !this.shows(this.items.get(node))) continue;
      const points = this.trailOf(node);
      const split = points.findIndex(({ event }) => event >= history.at);
      const past = split < 0 ? points.length : split;
      const first = chosen.includes(node);
      context.strokeStyle = this.groundIsDark ? "#ffd34d" : "#b45309";
      context.lineWidth = first ? 2 : 1;
      this.#stroke(context, points.slice(0, past), 0.85, []);
      if (first) this.#stroke(context, points.slice(Math.max(0, past - 1)), 0.45, [3, 4]);
    }
    context.globalAlpha = 1;
  }

  /** The places that a node ever had, in CSS pixels, in the frame that it hangs in now. */
  trailOf(node) {
    const outer = node.parent === null ? IDENTITY : this.#world(node.parent, new Map())[0];
    return this.history.placesOf(node).map(({ event, value }) => {
      const [x = 0, y = 0] = numbersOf(value);
      const [, , , , e, f] = this.#onSheet([1, 0, 0, 1, ...through(outer, [x, y])]);
      const [at, up] = this.toScreen(e, f);
      return { event, at, up };
    });
  }

  #stroke(context, points, alpha, dashes) {
    context.globalAlpha = alpha;
    context.setLineDash(dashes);
    context.beginPath();
    for (const { at, up } of points) context.lineTo(at, up);
    context.stroke();
    context.setLineDash([]);
  }

  /** What the page shows, whole, painted with another context. */
  #paintWith(context, ratio) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.finish();
    const [base, batches] = [this.base, this.batches];
    [this.base, this.batches] = [[ratio, 0, 0, ratio, 0, 0], new Map()];
    const painting = this.#paint({ context, view: { ...this.view }, width, height, beyond: 0, labelled: new Set() });
    while (!painting.next().done);
    [this.base, this.batches, this.painting] = [base, batches, null];
    this.boards[1].version = -1;
    this.#drawScale(context);
  }

  /** A picture of what the page shows. */
  picture() {
    const ratio = window.devicePixelRatio || 1;
    const made = document.createElement("canvas");
    [made.width, made.height] = [this.canvas.width, this.canvas.height];
    const context = made.getContext("2d", { alpha: false });
    this.#paintWith(context, ratio);
    return made;
  }

  /** The same as an SVG, with lines of words below it. */
  svg(lines) {
    const pen = new Pen();
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.#paintWith(pen, 1);
    pen.setTransform(...IDENTITY);
    pen.fillStyle = this.ground;
    pen.fillRect(0, height, width, 20 * lines.length + 8);
    lines.forEach((line, i) => this.#caption(pen, line, 14, height + 16 + 20 * i, 13, "left"));
    return pen.document(width, height + 20 * lines.length + 8, lines[0] ?? "");
  }

  /** A bar of a round length. */
  #drawScale(context = this.top) {
    const pixels = this.view.scale * this.sheet.scale;
    const most = Math.min(160, this.canvas.clientWidth / 4) / pixels;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((x) => x * power).find((x) => x <= most) ?? power;
    const given = this.history.setting("@space", "unit");
    const unit = typeof given === "string" ? given : "m";
    const number = (n) => (n < 1e6 ? String(Number(n.toPrecision(3))) : n.toExponential().replace("+", ""));
    const text = unit === "m" && length >= 1000 ? `${number(length / 1000)} km` : `${number(length)} ${unit}`;
    const [x, y, end] = [14, this.canvas.clientHeight - 14, 14 + length * pixels];
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
    this.#size(view[0]);
    for (const [node, width] of [[this.over, 1.5], [this.selected, 2.5]]) {
      const item = node && node.visible ? this.items.get(node) : undefined;
      if (item === undefined) continue;
      const [x0, y0, x1, y1] = moved(item.box, view);
      const pad = item.shape.isMark ? this.mark + 4 : 4;
      context.strokeStyle = this.groundIsDark ? "#6db3ee" : "#1f6fb5";
      context.lineWidth = width;
      context.beginPath();
      context.roundRect(x0 - pad, y0 - pad, x1 - x0 + 2 * pad, y1 - y0 + 2 * pad, 5);
      context.stroke();
      if (this.boards[0].labelled.has(node) || item.shape.lines !== undefined) continue;
      const { text, width: wide } = this.#measured(item.name);
      const half = wide * 7;
      const x = clamp((x0 + x1) / 2, half + 4, Math.max(half + 4, this.canvas.clientWidth - half - 4));
      this.#caption(context, text, x, y0 - pad - 6, 14, "center");
    }
  }

  /** The node, link or reading under a place in CSS pixels, or null. */
  pick(x, y) {
    const { top: context } = this;
    const [wx, wy] = this.fromScreen(x, y);
    const reach = 5 / this.view.scale;
    const ratio = this.base?.[0] ?? 1;
    const near = this.readings.findLast((r) => Math.hypot(r.x - wx, r.y - wy) < 2 * reach);
    if (near !== undefined) return { sensor: near.sensor };
    for (let i = this.order.length - 1; i >= 0; i--) {
      const item = this.order[i];
      const b = item.box;
      if (wx < b[0] - reach || wx > b[2] + reach || wy < b[1] - reach || wy > b[3] + reach) continue;
      if (!this.shows(item)) continue;
      if (item.shape.path === undefined) return { node: item.node };
      if (Math.max(b[2] - b[0], b[3] - b[1]) < reach * 2) return { node: item.node };
      context.setTransform(...this.base);
      const m = composed(this.matrix(), item.inner);
      context.transform(...m);
      context.lineWidth = 10 / (Math.sqrt(Math.abs(m[0] * m[3] - m[1] * m[2])) || 1);
      const hit = item.shape.line || item.fill === "none"
        ? context.isPointInStroke(item.shape.path, x * ratio, y * ratio)
        : context.isPointInPath(item.shape.path, x * ratio, y * ratio, item.shape.rule);
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
    /** What is painted; less than 0 for nothing; and how many events had happened. */
    this.version = -1;
    this.at = 0;
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

/** The box around two. */
const boxAround = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];

/** What a sensor read, in words. */
function readingWords(history, sensor, { colon, blank, none }) {
  const { value, unit } = sensor.reading;
  const parts = [history.sensorWords.get(sensor.name), colon, history.words.get(value) ?? none];
  const measure = history.words.get(unit);
  if (measure !== undefined) parts.push(blank, measure);
  return { text: parts.map(({ text }) => text).join(""), width: parts.reduce((sum, { width }) => sum + width, 0) };
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
  const head = Math.min(batch.head, length / 2);
  if (headed && length > 0) {
    const [ux, uy] = [((end[0] - start[0]) / length) * head, ((end[1] - start[1]) / length) * head];
    batch.heads.moveTo(...end);
    batch.heads.lineTo(end[0] - ux - uy * 0.45, end[1] - uy + ux * 0.45);
    batch.heads.lineTo(end[0] - ux + uy * 0.45, end[1] - uy - ux * 0.45);
  }
  return length;
}

/** Adds a loop on top of a box, or of a mark of that radius; answers the top of it. */
function loop(path, box, radius, isMark) {
  const [x, y, r] = [(box[0] + box[2]) / 2, box[1] - (isMark ? radius : 0), radius * 4];
  path.moveTo(x, y);
  path.bezierCurveTo(x + r, y - r * 1.6, x - r, y - r * 1.6, x, y);
  return [x, y - r * 1.2];
}

/** Whether lines, as the projector laid them, say a text, which may be cut off. */
function says(lines, text) {
  const said = lines?.map(([line]) => line).filter((line) => line !== "").join(" ");
  return said === text || (text.endsWith("…") && said?.startsWith(text.slice(0, -1)));
}

/** Where links to an item begin and end. */
function anchor(item) {
  const [x, y] = [item.matrix[4], item.matrix[5]];
  const b = item.box;
  const beside = item.shape.lines !== undefined || x < b[0] || x > b[2] || y < b[1] || y > b[3];
  return beside ? [(b[0] + b[2]) / 2, (b[1] + b[3]) / 2] : [x, y];
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
