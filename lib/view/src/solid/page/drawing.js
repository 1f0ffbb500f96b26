"use strict";

/**
 * The drawing: what is visible of a history, as instances of meshes on a WebGL canvas.
 *
 * Frames are in the world, in doubles. What goes to the graphics card is laid out about an origin of the drawing's own,
 * at about a thousand units across, so that floats are fine wherever the world lies and however large it is. Every frame
 * packs what the camera sees into one list of instances a mesh: a matrix and a colour each. Labels stand on a canvas
 * above.
 */

const FLOATS = 16;
const PULSE = 900;
const MOST_LABELS = 160;
const FEW = 200;
/** How far beyond the picture things are packed, as a part of it: the camera may move before they are again. */
const BESIDE = 1.2;
/** What may be packed in every frame, in milliseconds. */
const CHEAP = 3;
const CROWD = 400;
/** Below this many pixels what is round is drawn with few corners, and a name is not worth its room. */
const COARSE = 7;
/** Below this many, a box shows as much as any shape. */
const SPECK = 2.5;
const FIELD = (40 * Math.PI) / 180;
/** How much of the picture what is fitted into it may fill. */
const FITS = 0.9;
/** Straight up and down the camera would not know where north is. */
const STEEPEST = Math.PI / 2 - 1e-3;
/** About so many lines of the grid each way, and how strongly they are drawn. */
const [GRID_LINES, GRID_OPACITY] = [10, 0.22];
const BEAM = "cube";
/** Half a side of a picture that hangs at no shape, in radii of a point. */
const PICTURE = 4;
const READING = [0x2f / 255, 0xa0 / 255, 0x8a / 255, 1];

const VERTEX = `#version 300 es
layout(location=0) in vec3 position;
layout(location=1) in vec3 normal;
layout(location=2) in vec3 x;
layout(location=3) in vec3 y;
layout(location=4) in vec3 z;
layout(location=5) in vec3 origin;
layout(location=6) in vec4 color;
uniform mat4 camera;
out vec3 toward;
out vec4 tint;
out vec2 place;
vec3 part(vec3 axis, float n) { return axis * (n * inversesqrt(max(dot(axis, axis), 1e-30))) * inversesqrt(max(dot(axis, axis), 1e-30)); }
void main() {
  vec3 p = x * position.x + y * position.y + z * position.z + origin;
  float size = max(max(length(x), length(y)), max(length(z), 1e-15));
  toward = (part(x / size, normal.x) + part(y / size, normal.y) + part(z / size, normal.z));
  tint = color;
  place = vec2(position.x + 0.5, 0.5 - position.y);
  gl_Position = camera * vec4(p, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 toward;
in vec4 tint;
in vec2 place;
uniform float night;
uniform float pictured;
uniform sampler2D picture;
out vec4 color;
void main() {
  vec3 n = normalize(toward + vec3(0.0, 0.0, 1e-6));
  float sun = max(dot(n, normalize(vec3(-0.5, -0.7, 1.2))), 0.0);
  float sky = 0.5 + 0.5 * n.z;
  // The ground gives some light back, by which undersides are seen.
  float ground = max(-n.z, 0.0);
  vec3 light = vec3(0.36 + 0.22 * sky + 0.5 * sun + 0.24 * ground);
  color = vec4(min(tint.rgb * light + night * 0.02, 1.0), tint.a);
  if (pictured > 0.5) {
    vec4 shown = texture(picture, place);
    color = vec4(shown.rgb, shown.a * tint.a);
  }
}`;

const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const unit = (v) => {
  const length = Math.hypot(...v) || 1;
  return v.map((x) => x / length);
};

/** Bytes from base64. */
function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Frames are [x axis, y axis, z axis, origin], each of three numbers, one after the other. */
const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];

/** `outer` after `inner`. */
function composed(outer, inner) {
  const made = new Array(12);
  for (let column = 0; column < 4; column++) {
    const [a, b, c] = [inner[column * 3], inner[column * 3 + 1], inner[column * 3 + 2]];
    for (let row = 0; row < 3; row++) {
      const moved = column === 3 ? outer[9 + row] : 0;
      made[column * 3 + row] = outer[row] * a + outer[3 + row] * b + outer[6 + row] * c + moved;
    }
  }
  return made;
}

/** A value as canonical JSON, by which the projector names what it says of it. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}

/** What a sensor read, in words. */
function readingText(history, sensor) {
  const [value, unit] = [sensor.reading.value, sensor.reading.unit].map((number) => history.words.get(number)?.text);
  return `${sensor.name}: ${value ?? "none"}${unit === undefined ? "" : ` ${unit}`}`.replace(/\s+/g, " ");
}

/** Where a frame puts a point. */
function placed(m, [x, y, z]) {
  return [m[0] * x + m[3] * y + m[6] * z + m[9], m[1] * x + m[4] * y + m[7] * z + m[10], m[2] * x + m[5] * y + m[8] * z + m[11]];
}

/** A node's own frame in its parent. */
function localFrame(node) {
  const [x = 0, y = 0, z = 0] = numbersOf(node.get("position"));
  const rotation = numbersOf(node.get("rotation"));
  const scale = numbersOf(node.get("scale"));
  const [sx = 1, sy = scale.length === 1 ? sx : 1, sz = scale.length === 1 ? sx : 1] = scale;
  let [i, j, k, w] = [0, 0, 0, 1];
  if (rotation.length === 4) {
    const length = Math.hypot(...rotation);
    if (length > 0) [i, j, k, w] = rotation.map((part) => part / length);
  } else if (rotation.length === 1) {
    const half = (rotation[0] * Math.PI) / 360;
    [k, w] = [Math.sin(half), Math.cos(half)];
  }
  return [
    sx * (1 - 2 * (j * j + k * k)), sx * 2 * (i * j + k * w), sx * 2 * (i * k - j * w),
    sy * 2 * (i * j - k * w), sy * (1 - 2 * (i * i + k * k)), sy * 2 * (j * k + i * w),
    sz * 2 * (i * k + j * w), sz * 2 * (j * k - i * w), sz * (1 - 2 * (i * i + j * j)),
    x, y, z,
  ];
}

/** The meshes on the graphics card, each with room for its instances. */
class Meshes {
  constructor(gl, embedded) {
    this.gl = gl;
    this.embedded = embedded;
    this.known = new Map();
  }

  /** The mesh of that name, or the point that stands for what cannot be drawn. */
  get(name) {
    if (!this.known.has(name)) {
      const data = this.embedded[name];
      this.known.set(name, data === undefined ? this.get("gem") : this.#load(data));
    }
    return this.known.get(name);
  }

  /** A line from 0 to 1 along x. */
  get line() {
    this.lined ??= this.#made(new Float32Array([0, 0, 0, 1, 0, 0]), new Float32Array(0), new Uint32Array([0, 1]), true);
    return this.lined;
  }

  #load(data) {
    const positions = new Float32Array(bytesOf(data.positions).buffer);
    const normals = new Float32Array(bytesOf(data.normals).buffer);
    const indices = new Uint32Array(bytesOf(data.indices).buffer);
    return this.#made(positions, normals, indices, data.lines === true);
  }

  #made(positions, normals, indices, lines) {
    const box = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity];
    for (let i = 0; i < positions.length; i++) {
      box[i % 3] = Math.min(box[i % 3], positions[i]);
      box[3 + (i % 3)] = Math.max(box[3 + (i % 3)], positions[i]);
    }
    const mesh = { positions, indices, box, lines, data: new Float32Array(FLOATS * 64), used: 0 };
    if (this.gl !== null) this.#upload(mesh, positions, normals, indices);
    return mesh;
  }

  #upload(mesh, positions, normals, indices) {
    const { gl } = this;
    mesh.array = gl.createVertexArray();
    gl.bindVertexArray(mesh.array);
    const fill = (target, data) => {
      gl.bindBuffer(target, gl.createBuffer());
      gl.bufferData(target, data, gl.STATIC_DRAW);
    };
    fill(gl.ARRAY_BUFFER, positions);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
    if (normals.length > 0) {
      fill(gl.ARRAY_BUFFER, normals);
      gl.enableVertexAttribArray(1);
      gl.vertexAttribPointer(1, 3, gl.FLOAT, false, 0, 0);
    } else gl.vertexAttrib3f(1, 0, 0, 1);
    fill(gl.ELEMENT_ARRAY_BUFFER, indices);
    mesh.instances = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, mesh.instances);
    for (let i = 0; i < 5; i++) {
      gl.enableVertexAttribArray(2 + i);
      gl.vertexAttribPointer(2 + i, i < 4 ? 3 : 4, gl.FLOAT, false, FLOATS * 4, i * 12);
      gl.vertexAttribDivisor(2 + i, 1);
    }
    gl.bindVertexArray(null);
  }
}

/** Adds an instance to those of a mesh. */
function push(mesh, matrix, color) {
  const at = mesh.used * FLOATS;
  if (at === mesh.data.length) {
    const more = new Float32Array(mesh.data.length * 2);
    more.set(mesh.data);
    mesh.data = more;
  }
  const { data } = mesh;
  for (let i = 0; i < 12; i++) data[at + i] = matrix[i];
  for (let i = 0; i < 4; i++) data[at + 12 + i] = color[i];
  mesh.used += 1;
}

/** What can be seen through, in the order of painting, as runs of one mesh that go together. */
function runsOf(glass) {
  const runs = [];
  for (const [mesh, { matrix }, color] of glass) {
    let run = runs[runs.length - 1];
    if (run?.mesh !== mesh) {
      run = { mesh, alpha: color[3], data: new Float32Array(FLOATS * 4), used: 0 };
      runs.push(run);
    }
    push(run, matrix, color);
    run.alpha = color[3];
  }
  return runs;
}

/** How far along a ray the first triangle of an instance is met; Infinity for none. */
function met(mesh, matrix, eye, ray) {
  const [x, y, z] = [matrix.subarray(0, 3), matrix.subarray(3, 6), matrix.subarray(6, 9)];
  const rows = [cross(y, z), cross(z, x), cross(x, y)];
  const volume = dot(x, rows[0]);
  if (mesh.lines || !(Math.abs(volume) > 0)) return Infinity;
  const start = subtract(eye, matrix.subarray(9, 12));
  const from = rows.map((row) => dot(row, start) / volume);
  const way = rows.map((row) => dot(row, ray) / volume);
  const { positions, indices } = mesh;
  const corner = (i) => positions.subarray(indices[i] * 3, indices[i] * 3 + 3);
  let nearest = Infinity;
  for (let i = 0; i < indices.length; i += 3) {
    const a = corner(i);
    const [u, v] = [subtract(corner(i + 1), a), subtract(corner(i + 2), a)];
    const p = cross(way, v);
    const side = dot(u, p);
    if (side === 0) continue;
    const t = subtract(from, a);
    const s = dot(t, p) / side;
    const q = cross(t, u);
    const r = dot(way, q) / side;
    const far = dot(v, q) / side;
    if (s >= 0 && r >= 0 && s + r <= 1 && far > 0 && far < nearest) nearest = far;
  }
  return nearest;
}

class Drawing {
  /** The keys that are the drawing's own. */
  static keys = [["Arrow keys", "turn; with shift, move along the ground"], ["t and s", "from above, from the side"], ["g", "the grid on the ground"]];
  /** The tool and the format that print what is seen. */
  static prints = ["projector-3d", "gltf"];

  constructor(canvas, extra, palette) {
    this.canvas = canvas;
    this.scenes = extra.scenes;
    this.pictures = new Map(Object.entries(extra.pictures ?? {}));
    this.missing = extra.missing;
    this.palette = palette;
    this.gl = canvas.getContext("webgl2", { antialias: true, alpha: false });
    this.meshes = new Meshes(this.gl, extra.meshes);
    this.labels = document.createElement("canvas");
    this.labels.className = "labels";
    this.labels.setAttribute("aria-hidden", "true");
    canvas.after(this.labels);
    this.context = this.labels.getContext("2d");
    this.hidden = new Map();
    this.selected = null;
    this.over = null;
    this.pulses = new Map();
    this.dark = false;
    this.sliding = false;
    this.layers = new Map();
    this.inView = [];
    this.beamsInView = [];
    /** Of what is shown alone, whether an item is; null where all is. */
    this.only = null;
    /** Whether all that moves shows its trail, and whether the ground shows its grid. */
    [this.trails, this.grid] = [false, true];
    /** How many far things the view leaves out. */
    this.left = 0;
    /** Pictures are never late, but for what the camera brings in. */
    this.busy = false;
    this.shownAt = 0;
    const above = () => this.fit({ tilt: Math.PI / 2 - 1e-3 });
    const aside = () => this.fit({ tilt: 0.05, turn: this.camera.tilt < 0.06 ? this.camera.turn + Math.PI / 2 : 0 });
    const grid = () => {
      this.grid = !this.grid;
      this.version += 1;
    };
    this.views = [
      { name: "Top", title: "From above, north up (t)", show: above },
      { name: "Side", title: "From the south; again, from the next side (s)", show: aside },
      { name: "Grid", title: "The grid on the ground (g)", show: grid },
    ];
    this.does = { t: above, s: aside, g: grid };
    /** Counts what changes the scene; and what was packed last, with when that may be done again. */
    this.version = 0;
    this.last = { look: "", seen: "", again: 0 };
    this.camera = { target: [0, 0, 0], distance: 100, turn: 0, tilt: 0.9 };
    if (this.gl !== null) this.#program();
    const slides = (e) => {
      this.sliding = e.shiftKey || e.button > 0;
    };
    canvas.addEventListener("pointerdown", slides);
    canvas.addEventListener("keydown", slides);
    canvas.addEventListener("contextmenu", (e) => e.preventDefault());
  }

  #program() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    this.at = {};
    for (const name of ["camera", "night", "pictured"]) this.at[name] = gl.getUniformLocation(program, name);
    gl.enable(gl.DEPTH_TEST);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE);
  }

  /** Shows another history. */
  show(history) {
    this.history = history;
    const nowhere = { origin: [0, 0, 0], scale: 1, sizes: { thickness: 1, line: 1, point: 1 }, plans: {} };
    // What is empty is left out.
    this.scene = { ...nowhere, ...this.scenes[history.data.space] };
    this.items = new Map();
    this.order = [];
    this.pulses.clear();
    [this.links, this.beams, this.beamOf] = [[], [], new Map()];
    [this.readings, this.unplaced] = [[], []];
    this.up = history.setting("@space", "y") !== "down" ? 1 : -1;
    const [x, y, z] = this.scene.origin;
    this.origin = [x, y * this.up, z];
    this.plans = new Map();
    this.update(true);
  }

  /** Prepares what changed since the last time. */
  update(everything = false) {
    const { history } = this;
    const restructured = everything || history.restructured;
    const relinked = history.relinked;
    if (restructured) history.resolve();
    else if (relinked) history.resolveLinks();
    const changed = new Set(everything ? history.nodes : history.changed);
    if (restructured) {
      for (const node of history.nodes) if (node.visible && !this.items.has(node)) changed.add(node);
    }
    for (const node of changed) this.#prepare(node);
    if (restructured) this.#sort(changed);
    // Where nodes hold others, what moves one moves them.
    this.parents ??= history.registerNumber("parent") >= 0;
    this.#place(everything || this.parents ? history.nodes : changed);
    history.changed.clear();
    if (restructured || relinked) this.links = history.shownLinks();
    this.#placeLinks(everything || this.parents ? null : changed);
    this.#placeReadings();
    this.version += 1;
  }

  /** How a node is drawn, as the projector planned it: by its geometry, else by its medium, else as a point. */
  #plan(node) {
    const { point } = this.scene.sizes;
    const nothing = { mesh: "gem", stretch: [point, point, point], foot: [0, 0, 0], middle: [0, 0, 0], mark: true, bare: true };
    return this.#planned(node, "geometry") ?? this.#planned(node, "media.media") ?? nothing;
  }

  /** The plan of a register's value; null where there is none. */
  #planned(node, register) {
    const number = node.number(register);
    if (number < 0) return null;
    if (!this.plans.has(number)) {
      const name = canonical(this.history.data.values[number]);
      this.plans.set(number, Object.hasOwn(this.scene.plans, name) ? this.scene.plans[name] : null);
    }
    return this.plans.get(number);
  }

  /** The picture of a node, {address, size} or {missing}; undefined for none. */
  #picture(node) {
    const medium = node.get("media.media");
    return typeof medium?.ref === "string" && !this.#isModel(node) ? this.pictures.get(medium.ref) : undefined;
  }

  /** Whether a node's medium is its shape. */
  #isModel(node) {
    return this.#planned(node, "geometry") === null && this.#planned(node, "media.media") !== null;
  }

  /** What is written at a node: its label; the name of what is a mere mark; that its picture is missing. */
  #words(node, shape, picture) {
    if (picture?.missing) return nameOf(node) + this.missing;
    const isOdd = shape.bare && picture === undefined && typeof node.get("kind") === "string";
    return labelOf(node)?.text ?? (shape.named || isOdd ? nameOf(node) : null);
  }

  /** Reads a node's registers into an item. */
  #prepare(node) {
    if (node.id.startsWith("@")) return;
    const shape = this.#plan(node);
    const picture = this.#picture(node);
    const hung = picture?.address === undefined ? null : this.#texture(picture);
    const name = nameOf(node);
    const opacity = node.property("opacity");
    const looks = ["color", "fill", "stroke"].map((key) => this.palette.read(node.property(key)));
    this.items.set(node, {
      node,
      shape,
      name,
      label: this.#words(node, shape, picture),
      hung,
      board: new Float32Array(12),
      mesh: this.meshes.get(hung !== null && shape.bare ? "sheet" : shape.mesh),
      coarse: shape.mesh === "ball" ? this.meshes.get("gem") : shape.mesh === "column" ? this.meshes.get("stick") : null,
      boxed: null,
      tint: null,
      paint: looks.find((c) => c !== null && c !== "none") ?? null,
      opacity: finite(opacity) ? clamp(opacity, 0, 1) : 1,
      layer: node.get("layer") ?? "",
      z: numbersOf(node.get("position"))[2] ?? 0,
      sorted: 0,
      frame: IDENTITY,
      matrix: new Float32Array(12),
      height: 1,
      middle: [0, 0, 0],
      foot: [0, 0, 0],
      reach: [0, 0, 0],
      radius: 0,
    });
  }

  /** A picture on the graphics card, once the browser has read it. */
  #texture(picture) {
    if (picture.hung !== undefined) return picture.hung;
    picture.hung = { size: picture.size, texture: null };
    const image = new Image();
    image.addEventListener("load", () => {
      const { gl } = this;
      if (gl === null) return;
      picture.hung.texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, picture.hung.texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      this.version += 1;
      redraw();
    });
    image.src = picture.address;
    return picture.hung;
  }

  /** Works out where items stand. */
  #place(nodes) {
    const known = new Map();
    const holds = new Set();
    if (this.parents) for (const node of this.history.nodes) if (node.parent !== null) holds.add(node.parent);
    for (const node of nodes) {
      const item = this.items.get(node);
      if (item === undefined) continue;
      item.frame = this.#world(node, known);
      const kind = node.get("kind");
      const bare = item.shape.bare && (holds.has(node) || kind === "group" || kind === "light" || kind === "camera");
      this.#settle(item, bare);
    }
  }

  /** A mesh stretched in the frame of its node. */
  #settle(item, bare) {
    const { shape, frame } = item;
    const { scale, sizes } = this.scene;
    const axes = [0, 1, 2].map((i) => Math.hypot(frame[i * 3], frame[i * 3 + 1], frame[i * 3 + 2]) || 1);
    const size = shape.mark ? 1 / Math.max(...axes) : 1;
    const [sx, sy, sz] = shape.stretch.map((x) => x * size);
    const thickness = shape.flat ? (sizes.thickness * item.height) / axes[2] : 1;
    const turned = shape.words ? this.up : 1;
    const stretch = bare ? [0, 0, 0] : [sx, sy * turned, sz * thickness];
    const { box } = item.mesh;
    // The node's frame in units of the drawing, about the drawing's origin.
    const here = frame.map((x, i) => (i < 9 ? x : (x - this.origin[i - 9]) * scale));
    const matrix = here.map((x, i) => (i < 9 ? x * stretch[Math.floor(i / 3)] : placed(here, shape.middle)[i - 9]));
    item.matrix.set(matrix);
    if (item.hung !== null) this.#hang(item, here, stretch);
    item.middle = placed(item.matrix, [0, 1, 2].map((i) => (box[i] + box[3 + i]) / 2));
    item.foot = placed(here, shape.foot);
    const half = [0, 1, 2].map((i) => (box[3 + i] - box[i]) / 2);
    item.reach = [0, 1, 2].map((row) => half.reduce((sum, h, axis) => sum + Math.abs(item.matrix[axis * 3 + row]) * h, 0));
    item.radius = Math.hypot(...item.reach);
    item.bare = bare;
    item.boxed = null;
  }

  /** Lays the picture of a node flat on top of its shape, as large as its proportions allow. */
  #hang(item, here, stretch) {
    const { shape, mesh, hung } = item;
    const { thickness, point } = this.scene.sizes;
    const side = point * PICTURE;
    const [low, high] = shape.bare
      ? [[-side, -side, 0], [side, side, 0]]
      : [0, 3].map((from) => [0, 1, 2].map((i) => mesh.box[from + i] * stretch[i] + shape.middle[i]));
    const fit = Math.min((high[0] - low[0]) / hung.size[0], Math.abs(high[1] - low[1]) / hung.size[1]);
    const [wide, tall] = hung.size.map((x) => x * fit);
    const middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, Math.max(low[2], high[2]) + thickness * 0.05];
    item.board.set(composed(here, [wide, 0, 0, 0, tall * this.up, 0, 0, 0, 1, ...middle]));
    if (shape.bare) item.matrix.set(item.board);
  }

  /** Points for what sensors read that are at no node that is seen; what is nowhere is listed. */
  #placeReadings() {
    const { history, origin } = this;
    const { scale, sizes } = this.scene;
    [this.readings, this.unplaced] = [[], []];
    for (const sensor of history.sensors) {
      const { reading } = sensor;
      if (reading === null || history.nodes[reading.node]?.visible) continue;
      const words = { text: readingText(history, sensor) };
      const place = numbersOf(history.data.values[reading.position]);
      if (place.length !== 2 && place.length !== 3) {
        this.unplaced.push({ sensor, words });
        continue;
      }
      const middle = [place[0], place[1] * this.up, place[2] ?? 0].map((x, i) => (x - origin[i]) * scale);
      const { point } = sizes;
      const matrix = new Float32Array([point, 0, 0, 0, point, 0, 0, 0, point, ...middle]);
      this.readings.push({ sensor, words, matrix, middle, radius: point, tint: READING });
    }
  }

  /** From afar a shape of its own is the box around it: one mesh for all of them. */
  #box(item) {
    if (item.boxed !== null) return item.boxed;
    const [own, all] = [item.mesh.box, this.meshes.get(BEAM).box];
    const grow = [0, 1, 2].map((i) => (own[3 + i] - own[i]) / (all[3 + i] - all[i]));
    const shift = [0, 1, 2].map((i) => own[i] - all[i] * grow[i]);
    const frame = composed(item.matrix, [grow[0], 0, 0, 0, grow[1], 0, 0, 0, grow[2], ...shift]);
    item.boxed = { matrix: new Float32Array(frame) };
    return item.boxed;
  }

  #world(node, known) {
    const path = [];
    let at = node;
    while (at !== null && !known.has(at)) {
      path.push(at);
      at = at.parent;
    }
    let frame = at === null ? [1, 0, 0, 0, this.up, 0, 0, 0, 1, 0, 0, 0] : known.get(at);
    for (const inner of path.reverse()) {
      frame = composed(frame, localFrame(inner)).map((x) => clamp(x || 0, -1e100, 1e100));
      known.set(inner, frame);
    }
    return frame;
  }

  /** What is to be seen: first what was, in its order, as a list that is nearly sorted is sorted soon. */
  #visible() {
    this.sorts = (this.sorts ?? 0) + 1;
    const list = [];
    const take = (item) => {
      if (!item.node.visible || item.sorted === this.sorts) return;
      item.sorted = this.sorts;
      list.push(item);
    };
    for (const { node } of this.order) take(this.items.get(node));
    for (const item of this.items.values()) take(item);
    return list;
  }

  /** Paint order, layers, and how high flat things stand: what is painted later a little higher. */
  #sort(changed) {
    const list = this.#visible();
    const orders = new Map();
    for (const item of list) {
      if (!orders.has(item.layer)) {
        const order = this.history.setting(`@layer:${item.layer}`, "order");
        orders.set(item.layer, finite(order) ? order : 0);
      }
      item.order = orders.get(item.layer);
    }
    list.sort((a, b) => a.order - b.order || (a.layer < b.layer ? -1 : a.layer > b.layer ? 1 : 0) || a.z - b.z || a.node.rank - b.node.rank || a.node.index - b.node.index);
    this.order = list;
    this.layers = new Map();
    const flats = new Map();
    for (const item of list) {
      const layer = this.layers.get(item.layer);
      if (layer === undefined) this.layers.set(item.layer, { order: item.order, count: 1 });
      else layer.count += 1;
      if (item.shape.flat) flats.set(item.layer, (flats.get(item.layer) ?? 0) + 1);
    }
    const ranks = new Map([...this.layers.keys()].map((layer, i) => [layer, i]));
    const counts = new Map();
    for (const item of list) {
      if (!item.shape.flat) continue;
      const n = counts.get(item.layer) ?? 0;
      counts.set(item.layer, n + 1);
      const height = 1 + ranks.get(item.layer) + n / flats.get(item.layer);
      if (item.height !== height) changed.add(item.node);
      item.height = height;
    }
  }

  /** Makes the beams of links anew where an end changed; `changed` is null for all of them. */
  #placeLinks(changed) {
    const before = this.beamOf;
    this.beamOf = new Map();
    for (const link of this.links) {
      const [a, b] = [link.from.survivor, link.to.survivor];
      const known = changed === null || changed.has(a) || changed.has(b) ? undefined : before.get(link);
      const beam = known?.added === link.standing() ? known : this.#beam(link, this.items.get(a), this.items.get(b));
      if (beam !== null) this.beamOf.set(link, beam);
    }
    this.beams = [...this.beamOf.values()];
  }

  /** A link as a long box; null for one that has no length. */
  #beam(link, from, to) {
    if (!from || !to || from === to) return null;
    const added = link.standing();
    const properties = this.history.data.values[added?.value] ?? {};
    const way = subtract(to.foot, from.foot);
    const long = Math.hypot(...way);
    if (!(long > 0)) return null;
    const along = way.map((x) => x / long);
    const side = Math.abs(along[2]) > 0.999 ? [0, 1, 0] : unit(cross([0, 0, 1], along));
    const top = cross(along, side);
    const { scale, sizes } = this.scene;
    const width = finite(properties.stroke_width) && properties.stroke_width > 0 ? properties.stroke_width * scale : sizes.line;
    const middle = from.foot.map((x, i) => (x + to.foot[i]) / 2);
    const matrix = new Float32Array([...way, ...side.map((x) => x * width), ...top.map((x) => x * width), ...middle]);
    const paint = ["stroke", "color", "fill"].map((key) => this.palette.read(properties[key])).find((c) => c !== null && c !== "none");
    const opacity = finite(properties.opacity) ? clamp(properties.opacity, 0, 1) : 1;
    return { link, added, from, to, matrix, paint: paint ?? null, opacity, middle, radius: long / 2 + width, tint: null };
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

  /** What a thing is drawn with; null for nothing of its own. */
  colorOf(item) {
    return item.paint;
  }

  /** The boxes of what is shown. */
  #boxes() {
    const shown = this.order.filter((item) => !item.bare && this.shows(item));
    const around = (middle, reach) => [...middle.map((x, i) => x - reach[i]), ...middle.map((x, i) => x + reach[i])];
    return [
      ...shown.map(({ middle, reach }) => around(middle, reach)),
      ...this.readings.map(({ middle, radius }) => around(middle, [radius, radius, radius])),
    ];
  }

  /** Around what is shown; null around nothing. */
  extent() {
    const boxes = this.#boxes();
    return boxes.length === 0 ? null : boxes.reduce(boxOfBoth);
  }

  /** Shows everything, from the south and above unless told otherwise; but for what lies far away from all else, unless asked. */
  fit({ everything = false, tilt = 0.95, turn = 0 } = {}) {
    const nothing = [-50, -50, -50, 50, 50, 50];
    const near = everything ? { left: 0, box: this.extent() } : withoutStrays(this.#boxes());
    const box = near.box ?? nothing;
    this.left = near.left;
    const whole = Math.max(box[3] - box[0], box[4] - box[1], box[5] - box[2], 1e-6);
    this.whole = whole;
    this.area = box;
    this.camera = { target: [0, 1, 2].map((i) => (box[i] + box[3 + i]) / 2), distance: whole, turn, tilt };
    // What is nearer looks larger: the middle of the picture is found by looking a few times.
    for (let i = 0; i < 4; i++) this.#frame(box);
  }

  /** Moves the camera so that all corners of a box are in the picture, in its middle, as large as they can be. */
  #frame(box) {
    const { camera } = this;
    const { right, top, back } = this.#look();
    const aspect = this.canvas.clientWidth / (this.canvas.clientHeight || 1) || 1;
    const t = Math.tan(FIELD / 2) * FITS;
    const corners = Array.from({ length: 8 }, (_, n) => subtract([0, 1, 2].map((i) => box[i + (n & (1 << i) ? 3 : 0)]), camera.target));
    const seen = corners.map((corner) => [dot(corner, right) / aspect, dot(corner, top), dot(corner, back)]);
    const distance = Math.max(...seen.map(([x, y, z]) => z + Math.max(Math.abs(x), Math.abs(y)) / t), this.whole * 1e-3);
    const shares = (axis) => seen.map((corner) => corner[axis] / Math.max(distance - corner[2], 1e-9));
    const middle = (axis) => ((Math.max(...shares(axis)) + Math.min(...shares(axis))) / 2) * distance;
    const [across, up] = [middle(0) * aspect, middle(1)];
    camera.target = camera.target.map((x, i) => x + right[i] * across + top[i] * up);
    camera.distance = distance;
  }

  /** The view as numbers of the world: where the camera looks, from how far, and from where. */
  place() {
    const { target, distance, turn, tilt } = this.camera;
    const { scale } = this.scene;
    const [x, y, z] = target.map((x, i) => x / scale + this.origin[i]);
    return [x, y * this.up, z, distance / scale, turn, tilt].map((n) => Number(n.toPrecision(9)));
  }

  goToPlace([x, y, z, distance, turn, tilt]) {
    const { scale } = this.scene;
    const target = [x, y * this.up, z].map((n, i) => (n - this.origin[i]) * scale);
    this.camera = { target, distance: clamp(distance * scale, this.whole * 1e-4, this.whole * 20), turn, tilt: clamp(tilt, -STEEPEST, STEEPEST) };
  }

  /** The camera's place and axes. */
  #look() {
    const { target, distance, turn, tilt } = this.camera;
    const back = [-Math.sin(turn) * Math.cos(tilt), -Math.cos(turn) * Math.cos(tilt), Math.sin(tilt)];
    const right = [Math.cos(turn), -Math.sin(turn), 0];
    const eye = target.map((x, i) => x + back[i] * distance);
    return { eye, right, top: cross(back, right), back };
  }

  /** The matrix from the world to the picture, by columns. */
  #matrix(look) {
    const { eye, right, top, back } = look;
    const aspect = this.canvas.clientWidth / (this.canvas.clientHeight || 1) || 1;
    const f = 1 / Math.tan(FIELD / 2);
    const near = this.camera.distance * 0.02;
    const far = this.camera.distance * 2 + this.whole * 3;
    const [a, b] = [(far + near) / (near - far), (2 * far * near) / (near - far)];
    const rows = [right, top, back].map((axis) => [...axis, -(axis[0] * eye[0] + axis[1] * eye[1] + axis[2] * eye[2])]);
    const m = new Float32Array(16);
    for (let i = 0; i < 4; i++) {
      m[i * 4] = (rows[0][i] * f) / aspect;
      m[i * 4 + 1] = rows[1][i] * f;
      m[i * 4 + 2] = rows[2][i] * a + (i === 3 ? b : 0);
      m[i * 4 + 3] = -rows[2][i];
    }
    return m;
  }

  /** A place of the world in CSS pixels, with its depth; null behind the camera. */
  #toScreen(p) {
    const m = this.seen;
    const w = m[3] * p[0] + m[7] * p[1] + m[11] * p[2] + m[15];
    if (w <= 0) return null;
    const x = (m[0] * p[0] + m[4] * p[1] + m[8] * p[2] + m[12]) / w;
    const y = (m[1] * p[0] + m[5] * p[1] + m[9] * p[2] + m[13]) / w;
    return [((x + 1) / 2) * this.canvas.clientWidth, ((1 - y) / 2) * this.canvas.clientHeight, w];
  }

  /** From the eye through a place of the picture. */
  #ray(x, y) {
    const { eye, right, top, back } = this.#look();
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const t = Math.tan(FIELD / 2);
    const [u, v] = [((2 * x) / width - 1) * t * (width / height), (1 - (2 * y) / height) * t];
    return { eye, ray: right.map((r, i) => r * u + top[i] * v - back[i]) };
  }

  /** Where a place of the picture meets the plane of the target; null where it looks into the sky. */
  #onGround(x, y) {
    const { eye, ray } = this.#ray(x, y);
    const far = (this.camera.target[2] - eye[2]) / ray[2];
    return far > 0 && far < this.camera.distance * 8 ? eye.map((e, i) => e + ray[i] * far) : null;
  }

  /** Goes nearer to, or farther from, what is at a place in CSS pixels. */
  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const { camera } = this;
    const distance = clamp(camera.distance / factor, this.whole * 1e-4, this.whole * 20);
    const held = this.#onGround(x, y);
    if (held !== null) {
      const share = distance / camera.distance;
      camera.target = camera.target.map((t, i) => held[i] + (t - held[i]) * share);
    }
    camera.distance = distance;
  }

  /** Turns around the target; with shift, or another button than the first, moves along the ground. */
  pan(dx, dy) {
    if (this.sliding) {
      this.slide(dx, dy);
      return;
    }
    this.camera.turn += dx * 0.006;
    this.camera.tilt = clamp(this.camera.tilt + dy * 0.006, -STEEPEST, STEEPEST);
  }

  /** Moves what is seen by so many CSS pixels. */
  slide(dx, dy) {
    const { camera } = this;
    const step = (2 * camera.distance * Math.tan(FIELD / 2)) / (this.canvas.clientHeight || 1);
    const [sin, cos] = [Math.sin(camera.turn), Math.cos(camera.turn)];
    const [x, y] = [-dx * step, (dy * step) / Math.max(0.3, Math.abs(Math.sin(camera.tilt)))];
    camera.target = [camera.target[0] + x * cos + y * sin, camera.target[1] - x * sin + y * cos, camera.target[2]];
  }

  /** Brings a node into view. */
  goTo(node) {
    const item = this.items.get(node);
    if (item === undefined) return;
    this.camera.target = [...item.middle];
    this.camera.distance = clamp(item.radius * 9, this.whole * 0.02, this.whole);
  }

  ink() {
    return this.palette.isDark(this.groundColor()) ? "#f2f6fa" : "#1b2a38";
  }

  groundColor() {
    const own = this.palette.readInPlane(this.history.setting("@space", "background"));
    if (this.dark) return own !== null && own !== "none" && this.palette.isDark(own) ? own : "#12181e";
    return own !== null && own !== "none" ? own : "#ffffff";
  }

  /** Red, green, blue and opacity from 0 to 1, found once as long as the ground stays as it is. */
  #tint(thing, opacity, words) {
    if (thing.tint !== null && thing.ground === this.ground && thing.faded === opacity) return thing.tint;
    const plain = words ? this.ink() : this.groundIsDark ? "#7fa3c4" : "#8fa3b5";
    const color = thing.paint ?? plain;
    const shown = this.groundIsDark && words ? this.palette.onDark(color) : color;
    thing.tint = [...this.palette.parts(shown).map((x) => x / 255), this.palette.alpha(color) * opacity];
    [thing.ground, thing.faded] = [this.ground, opacity];
    return thing.tint;
  }

  /** How large something is in the picture, in pixels; 0 where it is not in it. */
  #pixels([x, y, z], radius) {
    const m = this.seen;
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    if (w < -radius) return 0;
    const size = (radius * this.scale) / Math.max(w, radius * 0.1, 1e-30);
    if (w <= radius) return size;
    const [wide, high] = [BESIDE + (2 * size) / this.width, BESIDE + (2 * size) / this.height];
    const across = Math.abs(m[0] * x + m[4] * y + m[8] * z + m[12]) / w;
    const up = Math.abs(m[1] * x + m[5] * y + m[9] * z + m[13]) / w;
    return across > wide || up > high ? 0 : Math.max(size, 0.01);
  }

  /**
   * Packs anew where something changed or the camera did. What takes long is not done in every frame: until then the
   * graphics card sees what was packed last, with the camera of now. Answers whether all is up to date.
   */
  #packInTime() {
    const shown = [...this.layers.keys()].filter((layer) => this.isShown(layer));
    const look = JSON.stringify([this.history.data.space, this.ground, this.width, this.height, shown]);
    const seen = JSON.stringify([this.version, this.camera]);
    const { last } = this;
    if (look === last.look && seen === last.seen) return true;
    const start = performance.now();
    // What shows another time is never late.
    if (look === last.look && this.version === last.version && start < last.again) return false;
    this.packed = this.#pack();
    const cost = performance.now() - start;
    this.last = { look, seen, version: this.version, again: start + (cost > CHEAP ? cost * 5 : 0) };
    return true;
  }

  /** Packs what the camera sees: into the meshes what hides, into a list what can be seen through. */
  #pack() {
    const [opaque, glass, opacities, boards] = [new Set(), [], new Map(), []];
    this.inView = [];
    this.beamsInView = [];
    const put = (mesh, thing, color) => {
      if (color[3] <= 0) return;
      if (color[3] < 0.996) {
        glass.push([mesh, thing, color]);
        return;
      }
      if (!opaque.has(mesh)) {
        mesh.used = 0;
        opaque.add(mesh);
      }
      push(mesh, thing.matrix, color);
    };
    const cube = this.meshes.get(BEAM);
    for (const beam of this.beams) {
      if (!this.shows(beam.from) || !this.shows(beam.to) || this.#pixels(beam.middle, beam.radius) === 0) continue;
      this.beamsInView.push(beam);
      put(cube, beam, this.#tint(beam, beam.opacity, false));
    }
    if (this.grid) this.#packGrid(put);
    const gem = this.meshes.get("gem");
    for (const reading of this.readings) put(gem, reading, reading.tint);
    for (const item of this.order) {
      if ((item.bare && item.hung === null) || !this.shows(item)) continue;
      item.pixels = this.#pixels(item.middle, item.radius);
      if (item.pixels === 0) continue;
      this.inView.push(item);
      if (!opacities.has(item.layer)) {
        const opacity = this.history.setting(`@layer:${item.layer}`, "opacity");
        opacities.set(item.layer, finite(opacity) ? clamp(opacity, 0, 1) : 1);
      }
      const tint = this.#tint(item, item.opacity * opacities.get(item.layer), item.shape.words);
      if (item.hung?.texture) boards.push(this.#board(item, tint[3]));
      if (item.hung !== null && item.shape.bare) continue;
      if (item.coarse !== null && item.pixels < COARSE) put(item.coarse, item, tint);
      else if (item.shape.own && item.pixels < SPECK && !item.mesh.lines) put(cube, this.#box(item), tint);
      else put(item.mesh, item, tint);
    }
    for (const mesh of opaque) mesh.holds = null;
    return { opaque, boards, runs: runsOf(glass), labelled: this.#labelled() };
  }

  /** Lines on the ground, a round length apart. */
  #packGrid(put) {
    const box = this.area;
    const { scale } = this.scene;
    const side = Math.max(box[3] - box[0], box[4] - box[1]) / scale;
    const power = 10 ** Math.floor(Math.log10(side / GRID_LINES || 1));
    const step = ([1, 2, 5, 10].map((n) => n * power).find((n) => n * GRID_LINES >= side) ?? power * 10) * scale;
    const from = (axis) => Math.floor(box[axis] / step) * step;
    const to = (axis) => Math.ceil(box[3 + axis] / step) * step;
    const below = box[2] - (box[5] - box[2]) * 1e-3;
    const color = [...this.palette.parts(this.ink()).map((x) => x / 255), GRID_OPACITY];
    for (const [axis, other] of [[0, 1], [1, 0]]) {
      const count = Math.min(4 * GRID_LINES, Math.round((to(other) - from(other)) / step));
      for (let n = 0; n <= count; n++) {
        const matrix = new Float32Array(12);
        matrix[axis] = to(axis) - from(axis);
        matrix[9 + axis] = from(axis);
        matrix[9 + other] = from(other) + n * step;
        matrix[11] = below;
        put(this.meshes.line, { matrix }, color);
      }
    }
  }

  /** A picture as a run of its own. */
  #board({ board, hung }, opacity) {
    const run = { mesh: this.meshes.get("sheet"), texture: hung.texture, data: new Float32Array(FLOATS), used: 0 };
    push(run, board, [1, 1, 1, opacity]);
    return run;
  }

  /** What has a label, the largest first: where they crowd, only what is large enough to be read beside it. */
  #labelled() {
    const few = this.inView.length <= FEW;
    const wanted = this.inView.filter((item) => !item.shape.words && (item.label !== null || (few && item.pixels > COARSE)));
    const legible = wanted.length > CROWD ? wanted.filter((item) => item.pixels > 2 * COARSE) : wanted;
    return legible.sort((a, b) => b.pixels - a.pixels).slice(0, MOST_LABELS);
  }

  #drawBatches() {
    const { gl, at, packed } = this;
    gl.uniformMatrix4fv(at.camera, false, this.seen);
    gl.uniform1f(at.night, this.groundIsDark ? 1 : 0);
    gl.depthMask(true);
    for (const mesh of packed.opaque) this.#drawMesh(mesh, mesh);
    this.#drawBoards(packed.boards);
    for (const run of packed.runs) {
      this.#glassy(run.alpha);
      this.#drawMesh(run.mesh, run);
      gl.disable(gl.BLEND);
      gl.disable(gl.CULL_FACE);
    }
    gl.depthMask(true);
  }

  /** Draws pictures, seen from either side. */
  #drawBoards(boards) {
    const { gl, at } = this;
    if (boards.length === 0) return;
    gl.uniform1f(at.pictured, 1);
    gl.enable(gl.BLEND);
    for (const run of boards) {
      gl.bindTexture(gl.TEXTURE_2D, run.texture);
      this.#drawMesh(run.mesh, run);
    }
    gl.disable(gl.BLEND);
    gl.uniform1f(at.pictured, 0);
  }

  /** Draws instances of a mesh, which go to the graphics card unless they are there already. */
  #drawMesh(mesh, { data, used }) {
    const { gl } = this;
    gl.bindVertexArray(mesh.array);
    if (mesh.holds !== data) {
      gl.bindBuffer(gl.ARRAY_BUFFER, mesh.instances);
      gl.bufferData(gl.ARRAY_BUFFER, data.subarray(0, used * FLOATS), gl.STREAM_DRAW);
      mesh.holds = data;
    }
    gl.drawElementsInstanced(mesh.lines ? gl.LINES : gl.TRIANGLES, mesh.indices.length, gl.UNSIGNED_INT, 0, used);
  }

  /** What can be seen through shows its front alone; what hardly can hides what is behind it all the same. */
  #glassy(alpha) {
    const { gl } = this;
    gl.enable(gl.BLEND);
    gl.enable(gl.CULL_FACE);
    gl.frontFace(this.up > 0 ? gl.CCW : gl.CW);
    gl.depthMask(alpha > 0.7);
  }

  /** Draws everything; answers whether it moves by itself and wants to be drawn again. */
  draw(now) {
    const { canvas, labels, context, gl } = this;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((x) => Math.max(1, Math.round(x * ratio)));
    for (const each of [canvas, labels]) {
      if (each.width !== width || each.height !== height) [each.width, each.height] = [width, height];
    }
    const ground = this.groundColor();
    this.ground = ground;
    this.groundIsDark = this.palette.isDark(ground);
    this.seen = this.#matrix(this.#look());
    [this.width, this.height] = [canvas.clientWidth || 1, canvas.clientHeight || 1];
    this.scale = this.height / (2 * Math.tan(FIELD / 2));
    const late = !this.#packInTime();
    if (gl !== null) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.viewport(0, 0, width, height);
      gl.clearColor(...this.palette.parts(ground).map((x) => x / 255), 1);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      this.#drawBatches();
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    if (gl === null) this.#caption("This browser shows no WebGL 2: search, time and details work without the picture.", 16, 28, 14, "left");
    this.#drawCompass();
    this.#drawTrails();
    this.shownAt = this.history.at;
    const moving = this.#drawPulses(now);
    this.#drawLabels();
    return moving || late;
  }

  /**
   * Draws for an eye in a headset: `seen` is the matrix from the drawing to its picture of that many pixels, of which
   * `scale` are a length of 1 that lies 1 ahead. Before all of it come `things`, {mesh, matrix, color}, and what `boards`
   * answers once it is known what is seen, {matrix, texture}.
   */
  drawFor({ seen, width, height, scale, things, boards }) {
    const { gl } = this;
    Object.assign(this, { seen, width, height, scale });
    this.packed = this.#pack();
    this.#drawBatches();
    gl.clear(gl.DEPTH_BUFFER_BIT);
    const glass = things.map(({ mesh, matrix, color }) => [this.meshes.get(mesh), { matrix }, color]);
    this.packed = { opaque: [], boards: boards().map((board) => this.#board({ board: board.matrix, hung: board }, 1)), runs: runsOf(glass), labelled: [] };
    this.#drawBatches();
  }

  /** What is at a place of the picture: {node} or {link}, or null. What is very small need not be hit exactly. */
  pick(x, y) {
    const { eye, ray } = this.#ray(x, y);
    return this.pickAlong(eye, ray);
  }

  /** The same along a ray from a place of the drawing. */
  pickAlong(eye, ray) {
    const length = Math.hypot(...ray);
    let [nearest, found] = [Infinity, null];
    const test = (thing, mesh) => {
      const way = subtract(thing.middle, eye);
      const along = dot(way, ray) / (length * length);
      const off = Math.hypot(...way.map((w, i) => w - ray[i] * along));
      const slack = (5 * Math.abs(along)) / this.scale;
      if (off > thing.radius + slack || thing.tint[3] < 0.02) return;
      const small = thing.radius < slack ? along : Infinity;
      const far = Math.min(small > 0 ? small : Infinity, met(mesh, thing.matrix, eye, ray));
      if (far < nearest) [nearest, found] = [far, thing];
    };
    for (const item of this.inView) test(item, item.mesh);
    const cube = this.meshes.get(BEAM);
    for (const beam of this.beamsInView) test(beam, cube);
    if (found === null) return null;
    return found.link ? { link: found.link } : { node: found.node };
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

  /** Labels, and the names of the few that are near; what is chosen comes first. */
  #drawLabels() {
    const taken = [];
    const chosen = [this.selected, this.over].map((node) => (node === null ? undefined : this.items.get(node)));
    const others = this.packed.labelled.filter((item) => !chosen.includes(item));
    for (const item of [...chosen, ...others]) {
      if (item === undefined || !item.node.visible) continue;
      const top = this.#toScreen(this.#topOf(item));
      if (top === null) continue;
      const text = (item.label ?? item.name).replace(/\s+/g, " ").trim();
      const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text;
      const first = chosen.includes(item);
      const half = shown.length * (first ? 4 : 3.5);
      // What sticks out of the picture is moved into it.
      if (top[0] > 0 && top[0] < this.width) top[0] = clamp(top[0], half + 2, Math.max(half + 2, this.width - half - 2));
      const box = [top[0] - half, top[1] - 20, top[0] + half, top[1] - 4];
      if (!first && taken.some((t) => t[0] < box[2] && t[2] > box[0] && t[1] < box[3] && t[3] > box[1])) continue;
      taken.push(box);
      if (item.node === this.selected) this.#ring(item, 1, 3, this.groundIsDark ? "#6db3ee" : "#1f6fb5");
      this.#caption(shown, top[0], top[1] - 8, first ? 14 : 12, "center");
    }
    this.#drawReadings(taken);
  }

  /** What sensors read, beside their points, as far as there is room. */
  #drawReadings(taken) {
    for (const { words, middle } of this.readings.slice(0, MOST_LABELS)) {
      const at = this.#toScreen(middle);
      if (at === null) continue;
      const shown = words.text.length > 60 ? `${words.text.slice(0, 59)}…` : words.text;
      const box = [at[0] + 8, at[1] - 8, at[0] + 8 + shown.length * 7, at[1] + 8];
      if (taken.some((t) => t[0] < box[2] && t[2] > box[0] && t[1] < box[3] && t[3] > box[1])) continue;
      taken.push(box);
      this.#caption(shown, at[0] + 10, at[1] + 4, 12, "left");
    }
  }

  #topOf(item) {
    const { box } = item.mesh;
    return placed(item.matrix, [(box[0] + box[3]) / 2, (box[1] + box[4]) / 2, box[5]]);
  }

  #ring(item, opacity, wider, color) {
    const { context } = this;
    const at = this.#toScreen(item.middle);
    if (at === null) return;
    context.globalAlpha = opacity;
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(at[0], at[1], clamp(item.pixels ?? 4, 5, 90) + wider, 0, 2 * Math.PI);
    context.stroke();
    context.globalAlpha = 1;
  }

  /** Where what is chosen has been, and all that moves, if so asked: what is still to come is dashed. */
  #drawTrails() {
    const { context, history } = this;
    const chosen = [this.selected, this.over].filter((node) => node !== null && history.placesOf(node).length > 1);
    const nodes = this.trails ? new Set([...history.movers(), ...chosen]) : chosen;
    for (const node of nodes) {
      if (!node.visible || !this.shows(this.items.get(node))) continue;
      const points = this.trailOf(node);
      const split = points.findIndex(({ event }) => event >= history.at);
      const past = split < 0 ? points.length : split;
      const first = chosen.includes(node);
      context.strokeStyle = this.groundIsDark ? "#ffd34d" : "#b45309";
      context.lineWidth = first ? 2 : 1;
      this.#stroke(points.slice(0, past), 0.85, []);
      if (first) this.#stroke(points.slice(Math.max(0, past - 1)), 0.45, [3, 4]);
    }
  }

  /** The places that a node ever had, in CSS pixels, in the frame that it hangs in now. */
  trailOf(node) {
    const outer = node.parent === null ? [1, 0, 0, 0, this.up, 0, 0, 0, 1, 0, 0, 0] : this.#world(node.parent, new Map());
    return this.history.placesOf(node).flatMap(({ event, value }) => {
      const [x = 0, y = 0, z = 0] = numbersOf(value);
      const seen = this.#toScreen(placed(outer, [x, y, z]).map((n, i) => (n - this.origin[i]) * this.scene.scale));
      return seen === null ? [] : [{ event, at: seen[0], up: seen[1] }];
    });
  }

  #stroke(points, alpha, dashes) {
    const { context } = this;
    context.globalAlpha = alpha;
    context.setLineDash(dashes);
    context.beginPath();
    for (const { at, up } of points) context.lineTo(at, up);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  /** A picture of what the page shows. */
  picture() {
    this.draw(-PULSE);
    const made = document.createElement("canvas");
    [made.width, made.height] = [this.canvas.width, this.canvas.height];
    const context = made.getContext("2d");
    context.drawImage(this.canvas, 0, 0);
    context.drawImage(this.labels, 0, 0);
    return made;
  }

  /** Rings around what has just changed. */
  #drawPulses(now) {
    for (const [node, start] of this.pulses) {
      const item = this.items.get(node);
      const t = (now - start) / PULSE;
      if (t >= 1 || item === undefined || !node.visible || !this.isShown(item.layer)) this.pulses.delete(node);
      else this.#ring(item, (1 - t) * 0.7, 10 * Math.max(0, t), this.groundIsDark ? "#ffd34d" : "#e07a00");
    }
    return this.pulses.size > 0;
  }

  /** Where north is, and how long a round length is in the middle of the picture. */
  #drawCompass() {
    const { context, camera, canvas } = this;
    const perUnit = (canvas.clientHeight * this.scene.scale) / (2 * camera.distance * Math.tan(FIELD / 2));
    const most = Math.min(140, canvas.clientWidth / 4) / perUnit;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((x) => x * power).find((x) => x <= most) ?? power;
    const given = this.history.setting("@space", "unit");
    const name = typeof given === "string" ? given : "m";
    const text = name === "m" && length >= 1000 ? `${length / 1000} km` : `${Number(length.toPrecision(3))} ${name}`;
    const [x, y, end] = [56, canvas.clientHeight - 16, 56 + length * perUnit];
    context.strokeStyle = this.ink();
    context.globalAlpha = 0.6;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x, y - 5);
    context.lineTo(x, y);
    context.lineTo(end, y);
    context.lineTo(end, y - 5);
    const [cx, cy, r] = [28, canvas.clientHeight - 28, 14];
    const north = [-Math.sin(camera.turn) * r, -Math.cos(camera.turn) * Math.sin(camera.tilt) * r];
    context.moveTo(cx - north[0], cy - north[1]);
    context.lineTo(cx + north[0], cy + north[1]);
    context.stroke();
    context.globalAlpha = 1;
    this.#caption("N", cx + north[0] * 1.6, cy + north[1] * 1.6 + 4, 11, "center");
    this.#caption(text, end + 6, y, 11, "left");
  }
}
