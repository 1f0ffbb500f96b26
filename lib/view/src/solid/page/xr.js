"use strict";

/**
 * The scene in a headset, all around its reader; or over what a phone's camera sees, where it lies on the Earth.
 *
 * WebXR knows no north: its space begins wherever the reader stood, in metres, y up. A *standing* says where that is in
 * the drawing: which place, turned how far, how many of the drawing's units a metre is. In VR the reader walks, and the
 * standing with her. In AR it is found once, by two points that are known or by GPS and compass, and what error that has
 * is drawn on the floor.
 */

/** How fast a reader walks, and turns by a flick, in metres a second and radians. */
const WALK = 2;
const FLICK = Math.PI / 6;
/** How far a stick has to be moved before it counts. */
const STILL = 0.2;
/** How many labels stand in the scene, and how large their letters are, as a part of how far they are. */
const MOST_SIGNS = 24;
const SIGN = 0.035;
/** The panel in hand: its width and height in metres, and in pixels. */
const PANEL = [0.3, 0.225];
const PANEL_PIXELS = [640, 480];
/** Where the time slider lies on the panel, from its left and its top, in pixels. */
const TIME_BAR = { left: 24, right: 616, top: 64, bottom: 108 };
/** How far away a sight is off that is taken by eye, and where one stands on a point, in radians and metres. */
const SIGHTED = Math.PI / 180;
const STOOD = 0.5;
/** What a compass is taken to be off by that does not say so. */
const COMPASS = (15 * Math.PI) / 180;
const GUIDE = [1, 0.83, 0.3, 1];
/** Metres in the units of a space without a place on the Earth. */
const UNITS = { m: 1, km: 1000, cm: 0.01, mm: 0.001, ft: 0.3048, in: 0.0254 };
/** WGS84: the equatorial radius, and the square of the eccentricity. */
const EQUATOR = 6378137;
const ECCENTRICITY = 0.0066943799901413165;

/** The frame of a WebXR matrix of sixteen numbers. */
const frameOf = (m) => [m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10], m[12], m[13], m[14]];

/** Which way the −z of a frame points over the ground, counter-clockwise from x; z is up. */
const headingOf = (frame) => Math.atan2(-frame[7], -frame[6]);

/** Where a place of the Earth lies from another, in metres east and north on the plane about that: good to a few centimetres within 10 km. */
function eastNorth(from, to) {
  const radians = Math.PI / 180;
  const [lat, sin] = [to.lat * radians, Math.sin(to.lat * radians)];
  const east = (((to.lon - from.lon + 540) % 360) - 180) * radians;
  const bend = 1 - ECCENTRICITY * Math.sin(((from.lat + to.lat) / 2) * radians) ** 2;
  const along = (EQUATOR * (1 - ECCENTRICITY)) / bend ** 1.5;
  const across = EQUATOR / Math.sqrt(1 - ECCENTRICITY * sin * sin);
  const x = across * Math.cos(lat) * east;
  return [x, along * (to.lat - from.lat) * radians + (x * east * sin) / 2];
}

/** Which way the back of a device looks by its absolute orientation in degrees, clockwise from north, in radians. */
function compassHeading({ alpha, beta, gamma }) {
  const [a, b, c] = [alpha, beta, gamma].map((degrees) => (degrees * Math.PI) / 180);
  const east = -Math.cos(a) * Math.sin(c) - Math.sin(a) * Math.sin(b) * Math.cos(c);
  const north = -Math.sin(a) * Math.sin(c) + Math.cos(a) * Math.sin(b) * Math.cos(c);
  return Math.atan2(east, north);
}

/** A picture of words on the graphics card. */
class Board {
  constructor(gl, [width, height]) {
    this.gl = gl;
    this.canvas = element("canvas", { width, height });
    this.context = this.canvas.getContext("2d");
    this.texture = gl.createTexture();
    this.said = null;
  }

  /** Draws anew where what is to be said is not what was said last. */
  say(what, draw) {
    if (what === this.said) return;
    this.said = what;
    draw(this.context);
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, this.canvas);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }
}

/** A session in a headset or on a phone. */
class Immersed {
  constructor(mode) {
    this.mode = mode;
    this.session = null;
    this.standing = null;
    /** What the scene is aligned by, in words, and how far it may be off, in metres and radians; null before that. */
    this.aligned = null;
    this.boards = new Map();
    this.pointed = null;
    this.holding = null;
    this.flicked = false;
    this.last = 0;
  }

  /** How many of the drawing's units a metre is. */
  get perMetre() {
    const unit = history.setting("@space", "unit");
    const { scale, earth } = drawing.scene;
    return scale / (earth?.metres ?? UNITS[unit] ?? 1);
  }

  async enter() {
    const { gl } = drawing;
    const features = { optionalFeatures: ["local-floor", "dom-overlay"], domOverlay: { root: this.overlay() } };
    const session = await window.navigator.xr.requestSession(this.mode, features);
    session.addEventListener("end", () => this.left());
    session.addEventListener("selectstart", (e) => this.grasp(e.inputSource));
    session.addEventListener("selectend", () => {
      this.holding = null;
    });
    await gl.makeXRCompatible();
    this.layer = new window.XRWebGLLayer(session, gl);
    const far = Math.max(1000, (4 * drawing.whole) / this.perMetre);
    session.updateRenderState({ baseLayer: this.layer, depthNear: 0.05, depthFar: far });
    this.space = await session.requestReferenceSpace("local-floor").catch(() => session.requestReferenceSpace("local"));
    [this.session, this.standing, this.aligned] = [session, null, null];
    this.panel ??= new Board(gl, PANEL_PIXELS);
    this.show(true);
    session.requestAnimationFrame((now, frame) => this.frame(now, frame));
  }

  left() {
    this.session = null;
    this.show(false);
    // What was packed for an eye is not what the page's camera sees.
    drawing.last.seen = "";
    redraw();
  }

  show(on) {
    this.overlay().hidden = !on || this.mode !== "immersive-ar";
    this.button.setAttribute("aria-pressed", String(on));
    this.tell();
  }

  // ---- Where the reader stands ----

  /** Puts a place of the session's floor on one of the drawing, turned about the upright. */
  stand(place, turn, at) {
    const per = this.perMetre;
    const [cos, sin] = [Math.cos(turn) * per, Math.sin(turn) * per];
    const axes = [cos, sin, 0, 0, 0, per, sin, -cos, 0];
    const moved = placed([...axes, 0, 0, 0], [at[0], at[1] ?? 0, at[2]]);
    this.standing = { turn, frame: [...axes, ...subtract(place, moved)] };
  }

  /** At first: before what is selected, else on the ground in the middle of what the page showed, looking the same way. */
  begin(viewer) {
    const { camera } = drawing;
    const item = drawing.selected === null ? undefined : drawing.items.get(drawing.selected);
    const heading = Math.PI / 2 - camera.turn;
    const off = item === undefined ? 0 : item.radius + 3 * this.perMetre;
    const [x, y, z] = item === undefined ? camera.target : item.foot;
    const place = [x - Math.cos(heading) * off, y - Math.sin(heading) * off, z];
    this.turnTo(place, heading, viewer);
  }

  /** Stands the reader on a place of the drawing, so that her gaze has a heading there. */
  turnTo(place, heading, viewer) {
    const gaze = Math.atan2(viewer[8], -viewer[6]);
    this.stand(place, heading - gaze, [viewer[9], 0, viewer[11]]);
  }

  /** Walks by the sticks: the left one along the gaze and aside, the right one turns and rises; the higher, the faster. */
  walk(frame, seconds, viewer) {
    const eye = composed(this.standing.frame, viewer);
    for (const source of this.session.inputSources) {
      const [, , x = 0, y = 0] = source.gamepad?.axes ?? [];
      if (Math.hypot(x, y) < STILL) {
        if (source.handedness === "right") this.flicked = false;
        continue;
      }
      const metre = this.perMetre;
      const floor = drawing.camera.target[2];
      const pace = Math.max(WALK * metre, eye[11] - floor) * seconds;
      const at = this.standing.frame;
      if (source.handedness === "right") {
        if (Math.abs(x) > 0.6 && !this.flicked) {
          const here = [eye[9], eye[10], at[11]];
          this.stand(here, this.standing.turn - Math.sign(x) * FLICK, [viewer[9], 0, viewer[11]]);
          this.flicked = true;
        }
        if (Math.abs(y) > 0.6) at[11] -= y * pace;
      } else {
        const heading = headingOf(eye);
        const [cos, sin] = [Math.cos(heading), Math.sin(heading)];
        at[9] += (-y * cos + x * sin) * pace;
        at[10] += (-y * sin - x * cos) * pace;
      }
    }
  }

  // ---- What is drawn ----

  frame(now, frame) {
    if (this.session === null) return;
    this.session.requestAnimationFrame((later, next) => this.frame(later, next));
    const pose = frame.getViewerPose(this.space);
    if (!pose) return;
    const viewer = frameOf(pose.transform.matrix);
    this.viewer = viewer;
    if (this.standing === null) this.begin(viewer);
    const seconds = Math.min(0.1, (now - this.last) / 1000);
    this.last = now;
    if (this.mode === "immersive-vr") this.walk(frame, seconds, viewer);
    const hands = this.hands(frame);
    const { gl } = drawing;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.layer.framebuffer);
    drawing.ground = drawing.groundColor();
    drawing.groundIsDark = drawing.palette.isDark(drawing.ground);
    const clear = this.mode === "immersive-ar" ? [0, 0, 0, 0] : [...drawing.palette.parts(drawing.ground).map((x) => x / 255), 1];
    gl.clearColor(...clear);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    for (const view of pose.views) this.draw(view, hands);
  }

  draw(view, { things, boards }) {
    const { x, y, width, height } = this.layer.getViewport(view);
    const { gl } = drawing;
    gl.viewport(x, y, width, height);
    const eye = composed(this.standing.frame, frameOf(view.transform.matrix));
    const seen = this.matrix(view.projectionMatrix, eye);
    const scale = (height * view.projectionMatrix[5]) / 2;
    const signs = () => drawing.packed.labelled.slice(0, MOST_SIGNS).map((item) => this.sign(item, eye));
    drawing.drawFor({ seen, width, height, scale, things: [...things, ...this.error()], boards: () => [...signs(), ...boards] });
  }

  /** From the drawing to the picture of an eye, whose last row is how far ahead something is in the drawing's units. */
  matrix(projection, eye) {
    const per = this.perMetre;
    const rows = [0, 3, 6].map((i) => {
      const axis = eye.slice(i, i + 3).map((x) => x / per);
      return [...axis, -dot(axis, eye.slice(9))];
    });
    rows.push([0, 0, 0, per]);
    const m = new Float32Array(16);
    for (let column = 0; column < 4; column++) {
      for (let row = 0; row < 4; row++) {
        m[column * 4 + row] = rows.reduce((sum, from, k) => sum + projection[k * 4 + row] * from[column], 0);
      }
    }
    return m;
  }

  /** The label of an item above it, towards the eye, as large wherever it is. */
  sign(item, eye) {
    const words = (item.label ?? item.name).replace(/\s+/g, " ").trim();
    const shown = words.length > 40 ? `${words.slice(0, 39)}…` : words;
    if (!this.boards.has(shown)) {
      if (this.boards.size > 8 * MOST_SIGNS) this.boards.clear();
      const board = new Board(drawing.gl, [512, 64]);
      board.say(shown, (context) => {
        context.font = "34px system-ui, sans-serif";
        board.share = Math.min(1, (context.measureText(shown).width + 24) / 512);
        context.fillStyle = "rgba(16, 22, 28, 0.8)";
        context.fillRect((512 * (1 - board.share)) / 2, 0, 512 * board.share, 64);
        context.fillStyle = "#ffffff";
        context.textAlign = "center";
        context.fillText(shown, 256, 43, 500);
      });
      this.boards.set(shown, board);
    }
    const top = [...item.middle];
    top[2] += item.reach[2];
    const far = Math.hypot(...subtract(top, eye.slice(9)));
    const [right, up] = [unit(eye.slice(0, 3)), unit(eye.slice(3, 6))];
    const high = far * SIGN;
    const place = top.map((x, i) => x + up[i] * high);
    const matrix = [...right.map((x) => x * high * 8), ...up.map((x) => x * high), 0, 0, 0, ...place];
    return { matrix, texture: this.boards.get(shown).texture };
  }

  /** How far the alignment may be off: a disc on the floor about the reader, and how far the view may be turned. */
  error() {
    if (this.aligned === null) return [];
    const { metres, radians } = this.aligned;
    const per = this.perMetre;
    const eye = composed(this.standing.frame, this.viewer);
    const foot = [eye[9], eye[10], this.standing.frame[11]];
    const [r, thin] = [metres * per, 0.01 * per];
    const heading = headingOf(eye);
    // No corner of it lies straight beside the eye, where some graphics cards lose the triangle.
    const [cos, sin] = [Math.cos(heading + 0.05) * r, Math.sin(heading + 0.05) * r];
    const disc = { mesh: "column", matrix: [cos, sin, 0, -sin, cos, 0, 0, 0, thin, ...foot], color: [...GUIDE.slice(0, 3), 0.25] };
    const edge = (turned) => {
      const way = [Math.cos(turned), Math.sin(turned), 0];
      const from = foot.map((x, i) => x + way[i] * r);
      return ray(from, way, 10 * per, 0.02 * per);
    };
    return [disc, edge(heading - radians), edge(heading + radians)];
  }

  // ---- What is in hand ----

  /** The rays that hands point with, and the panel: in the left hand, else before the reader and lower than her eyes. */
  hands(frame) {
    const [things, boards] = [[], []];
    if (this.mode === "immersive-ar" && this.session.domOverlayState) return { things, boards };
    const sources = [...this.session.inputSources];
    const left = sources.find((source) => source.handedness === "left" && source.gripSpace);
    const grip = left && frame.getPose(left.gripSpace, this.space);
    const local = grip
      ? composed(frameOf(grip.transform.matrix), [1, 0, 0, 0, 0.5, -0.866, 0, 0.866, 0.5, 0, 0.12, -0.1])
      : composed(this.viewer, [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, -0.25, -0.6]);
    const panel = composed(this.standing.frame, composed(local, [PANEL[0], 0, 0, 0, PANEL[1], 0, 0, 0, 1, 0, 0, 0]));
    let pointed = null;
    for (const source of sources) {
      const pose = frame.getPose(source.targetRaySpace, this.space);
      if (!pose || source === left) continue;
      const at = composed(this.standing.frame, frameOf(pose.transform.matrix));
      const way = unit(at.slice(6, 9).map((x) => -x));
      const on = this.onPanel(panel, at.slice(9), way);
      if (on === null) pointed ??= drawing.pickAlong(at.slice(9), way)?.node ?? null;
      else if (this.holding === source) this.slide(on);
      things.push(ray(at.slice(9), way, (on?.far ?? 20 * this.perMetre), 0.004 * this.perMetre));
    }
    this.pointed = pointed;
    this.writePanel();
    boards.push({ matrix: panel, texture: this.panel.texture });
    return { things, boards };
  }

  /** Where a ray meets the panel, in its pixels; null where it passes. */
  onPanel(panel, from, way) {
    const [x, y] = [panel.slice(0, 3), panel.slice(3, 6)];
    const normal = cross(x, y);
    const off = subtract(panel.slice(9), from);
    const far = dot(off, normal) / dot(way, normal);
    if (!(far > 0)) return null;
    const on = way.map((w, i) => w * far - off[i]);
    const [u, v] = [dot(on, x) / dot(x, x), dot(on, y) / dot(y, y)];
    if (Math.abs(u) > 0.5 || Math.abs(v) > 0.5) return null;
    return { far, across: (u + 0.5) * PANEL_PIXELS[0], down: (0.5 - v) * PANEL_PIXELS[1] };
  }

  /** A trigger is pulled: what is pointed at is chosen, or the slider is held. */
  grasp(source) {
    this.holding = source;
    if (this.mode === "immersive-vr" && this.pointed !== null) select(this.pointed);
  }

  slide({ across, down }) {
    if (down < TIME_BAR.top - 20 || down > TIME_BAR.bottom + 20) return;
    const share = clamp((across - TIME_BAR.left) / (TIME_BAR.right - TIME_BAR.left), 0, 1);
    stop();
    seek(Math.round(share * history.length));
  }

  /** When it is, the slider, and what is pointed at or chosen. */
  writePanel() {
    const node = this.pointed ?? drawing.selected;
    const lines = node === null ? ["Point at something, and pull the trigger to keep it."] : panelLines(node);
    const when = byId("when").textContent;
    this.panel.say(JSON.stringify([when, history.at, lines]), (context) => {
      const [width, height] = PANEL_PIXELS;
      context.clearRect(0, 0, width, height);
      context.fillStyle = "rgba(16, 22, 28, 0.92)";
      context.fillRect(0, 0, width, height);
      context.fillStyle = "#ffffff";
      context.font = "bold 28px system-ui, sans-serif";
      context.fillText(when, 24, 42, width - 48);
      const { left, right, top, bottom } = TIME_BAR;
      context.fillStyle = "#46525e";
      context.fillRect(left, top + 14, right - left, bottom - top - 28);
      const at = left + ((right - left) * history.at) / Math.max(1, history.length);
      context.fillStyle = "#ffd34d";
      context.fillRect(left, top + 14, at - left, bottom - top - 28);
      context.fillRect(at - 8, top, 16, bottom - top);
      lines.forEach((line, i) => {
        context.font = `${i === 0 ? "bold " : ""}26px system-ui, sans-serif`;
        context.fillStyle = i === 0 ? "#ffd34d" : "#dfe7ee";
        context.fillText(line, 24, 152 + i * 34, width - 48);
      });
    });
  }

  // ---- Alignment ----

  /** What stands over the camera's picture on a phone. */
  overlay() {
    if (this.over !== undefined) return this.over;
    this.over = element("section", { id: "xr", hidden: true, ariaLabel: "Alignment" });
    const names = () => {
      const shown = drawing.order.filter((item) => !item.bare).slice(0, 500);
      return shown.map((item) => element("option", { value: item.node.id, textContent: item.name }));
    };
    const choice = (label) => element("select", { ariaLabel: label }, ...names());
    const button = (text, act) => {
      const made = element("button", { type: "button", textContent: text });
      made.addEventListener("click", act);
      // A touch on a button is not a touch on the scene.
      made.addEventListener("beforexrselect", (e) => e.preventDefault());
      return made;
    };
    const [stood, sighted] = [choice("Point to stand at"), choice("Point to sight")];
    const look = { position: "fixed", left: "0", right: "0", bottom: "0", padding: "8px 12px", background: "rgba(16, 22, 28, 0.85)", color: "#ffffff" };
    Object.assign(this.over.style, look);
    this.said = element("p", { id: "xr-said", role: "status" });
    const here = button("I stand here", () => this.stoodAt(stood.value));
    const there = button("I look at it", () => this.sightedAt(sighted.value));
    const both = element("p", {}, stood, here, sighted, there);
    const rest = element("p", {}, button("GPS and compass", () => this.byGps()), button("Leave", () => this.session?.end()));
    this.over.append(this.said, both, rest);
    document.body.append(this.over);
    return this.over;
  }

  tell(more = "") {
    const { aligned } = this;
    const error = aligned && `±${aligned.metres.toFixed(1)} m, ±${((aligned.radians * 180) / Math.PI).toFixed(0)}°`;
    const words = aligned === null ? "Not aligned yet: stand at a point you know, then look at another; or use GPS and compass." : `Aligned by ${aligned.by} (${error}).`;
    if (this.said !== undefined) this.said.textContent = `${words} ${more}`.trim();
  }

  /** The reader stands at a node: she is put there, turned as before. */
  stoodAt(id) {
    const item = drawing.items.get(history.byId.get(id));
    if (item === undefined || this.standing === null) return;
    this.stood = item;
    this.stand(item.foot, this.standing.turn, [this.viewer[9], 0, this.viewer[11]]);
    this.tell("Now look at the other point.");
  }

  /** She looks at another, from the one that she stands at. */
  sightedAt(id) {
    const item = drawing.items.get(history.byId.get(id));
    if (item === undefined || item === this.stood || this.stood === undefined) return;
    const eye = composed(this.standing.frame, this.viewer);
    const way = subtract(item.foot, eye.slice(9));
    const far = Math.hypot(way[0], way[1]);
    this.turnTo([eye[9], eye[10], this.stood.foot[2]], Math.atan2(way[1], way[0]), this.viewer);
    const radians = Math.atan2(STOOD * this.perMetre, far) + SIGHTED;
    this.aligned = { by: `two points, ${this.stood.name} and ${item.name}`, metres: STOOD, radians };
    this.tell();
  }

  /** By what the device says of where it is and which way it looks, as far as it says so. */
  async byGps() {
    const { earth } = drawing.scene;
    if (earth === undefined) return this.tell("This space has no place on the Earth: use two points.");
    this.tell("Waiting for GPS and compass…");
    const options = { enableHighAccuracy: true, timeout: 20000 };
    const located = new Promise((done, fail) => window.navigator.geolocation.getCurrentPosition(done, fail, options));
    const compass = turned();
    try {
      const [{ coords }, { heading, error }] = [await located, await compass];
      return this.alignBy(earth, coords, heading, error);
    } catch (fault) {
      return this.tell(`No GPS or compass: ${fault.message || "none answered"}.`);
    }
  }

  alignBy(earth, coords, heading, error) {
    const [east, north] = eastNorth(earth, { lat: coords.latitude, lon: coords.longitude });
    const grid = (earth.convergence * Math.PI) / 180;
    const [cos, sin, per] = [Math.cos(grid), Math.sin(grid), this.perMetre];
    const floor = this.standing.frame[11];
    const place = [(east * cos - north * sin) * per, (east * sin + north * cos) * per, floor];
    this.turnTo(place, Math.PI / 2 - heading + grid, this.viewer);
    const stated = error === null ? "compass, whose error is not stated" : "compass";
    this.aligned = { by: `GPS and ${stated} (magnetic north)`, metres: coords.accuracy, radians: error ?? COMPASS };
    this.tell();
  }
}

/** A beam from a place, of a length and width in the drawing. */
function ray(from, way, long, width) {
  const side = Math.abs(way[2]) > 0.999 ? [0, 1, 0] : unit(cross([0, 0, 1], way));
  const top = cross(way, side);
  const scaled = (axis, by) => axis.map((x) => x * by);
  const middle = from.map((x, i) => x + (way[i] * long) / 2);
  return { mesh: BEAM, matrix: [...scaled(way, long), ...scaled(side, width), ...scaled(top, width), ...middle], color: GUIDE };
}

/** The first compass heading that the device tells, in radians, with its error where it states one. */
function turned() {
  return new Promise((done, fail) => {
    const types = ["deviceorientationabsolute", "deviceorientation"];
    const end = () => types.forEach((type) => window.removeEventListener(type, heard));
    const heard = (e) => {
      const own = finite(e.webkitCompassHeading);
      if (!own && !(e.absolute && finite(e.alpha))) return;
      end();
      const heading = own ? (e.webkitCompassHeading * Math.PI) / 180 : compassHeading(e);
      const states = own && e.webkitCompassAccuracy > 0;
      done({ heading, error: states ? (e.webkitCompassAccuracy * Math.PI) / 180 : null });
    };
    types.forEach((type) => window.addEventListener(type, heard));
    window.setTimeout(() => {
      end();
      fail(new Error("the compass says nothing"));
    }, 20000);
  });
}

/** What a panel says of a node: its name, what it is, what is read at it, what people wrote of it. */
function panelLines(node) {
  const kind = node.get("kind");
  const sub = [typeof kind === "string" ? kind : null, node.id].filter(Boolean).join(" · ");
  const readings = history.sensors.filter(({ reading }) => reading !== null && reading.node === node.index);
  const read = readings.map((sensor) => readingText(history, sensor));
  const own = node.registers().filter(([name]) => name.startsWith("properties."));
  const values = own.map(([name, value]) => `${name.slice(11)}: ${plain(value)}`);
  return [nameOf(node), sub, ...read, ...values].slice(0, 10).map((line) => line.replace(/\s+/g, " "));
}

/** Offers to enter, where the browser can. */
async function offerImmersion() {
  const { xr } = window.navigator;
  const mode = embedded.drawing.immersion;
  const can = drawing.gl !== null && (await xr?.isSessionSupported(mode).catch(() => false));
  if (!can || history === undefined) return;
  const immersed = new Immersed(mode);
  const [text, said] = mode === "immersive-ar" ? ["AR", "Lay the scene over what the camera sees"] : ["VR", "Walk in the scene"];
  const button = element("button", { id: "immerse", type: "button", textContent: text, title: said, ariaLabel: said });
  button.addEventListener("click", () => (immersed.session === null ? immersed.enter() : immersed.session.end()));
  immersed.button = button;
  document.querySelector(".tools").prepend(button);
  window.immersed = immersed;
}

document.addEventListener("DOMContentLoaded", offerImmersion);
