"use strict";

/**
 * What a map has around the drawing: a graticule in a frame of degrees, an arrow to true north, a bar that is as long
 * as it says in the middle of the view, and where on the Earth the pointer is, or else that middle.
 *
 * Everything follows from the plane of the space, which it is told beside the drawing.
 */

/** How wide the frame is, and how far lines of the graticule are apart at least, in CSS pixels. */
const [FRAME, APART] = [17, 90];
/** Thousandths of an arc second in a degree, a minute, a second; and after how many of them lines may come. */
const [DEGREE, MINUTE, SECOND] = [3600000, 60000, 1000];
const STEPS_OF_ARC = [
  ...[90, 45, 30, 15, 10, 5, 2, 1].map((n) => n * DEGREE),
  ...[30, 20, 10, 5, 2, 1].map((n) => n * MINUTE),
  ...[30, 20, 10, 5, 2, 1].map((n) => n * SECOND),
  ...[500, 200, 100, 50, 20, 10, 5, 2, 1],
];
/** In how many pieces a line of the graticule is drawn, and in how many that goes around a pole. */
const [PIECES, PIECES_AROUND] = [48, 240];
/** How many places of each side of the view say what can be seen. */
const PROBES = 12;
/** How long a bar is at most, in CSS pixels. */
const LONGEST_BAR = 140;
/** About how many metres a degree of latitude is. */
const METRES = 111000;

/** Halves away from zero, and never −0. */
const roundedTo = (x, digits) => (Math.sign(x) * Math.round(Math.abs(x) * 10 ** digits)) / 10 ** digits + 0;

/** A longitude in (−180, 180], and so many decimals. */
function longitude(lon, digits) {
  const folded = roundedTo(Plane.fold(lon), digits);
  return folded === -180 ? 180 : folded;
}

/** Degrees without an exponent. */
const plainly = (x) => x.toFixed(9).replace(/\.?0+$/, "");

/** A latitude or longitude in words: 52.6108° N. */
function inWords(degrees, digits, [positive, negative]) {
  const side = degrees === 0 ? "" : ` ${degrees > 0 ? positive : negative}`;
  return `${Math.abs(degrees).toFixed(digits)}°${side}`;
}

/** Thousandths of an arc second in words, as exactly as `step` asks: 52°30′ N. */
function arcInWords(mas, step, [positive, negative]) {
  const rest = Math.abs(mas);
  const [degrees, minutes] = [Math.floor(rest / DEGREE), Math.floor((rest % DEGREE) / MINUTE)];
  let text = `${degrees}°`;
  if (step % DEGREE !== 0) text += `${String(minutes).padStart(2, "0")}′`;
  if (step % MINUTE !== 0) {
    const decimals = step % SECOND === 0 ? 0 : 3 - (String(step).match(/0*$/)?.[0].length ?? 0);
    text += `${((rest % MINUTE) / SECOND).toFixed(decimals).padStart(decimals > 0 ? decimals + 3 : 2, "0")}″`;
  }
  return mas === 0 || rest === 180 * DEGREE ? text : `${text} ${mas > 0 ? positive : negative}`;
}

class MapFurniture {
  constructor(drawing) {
    this.drawing = drawing;
    this.planes = new Map(Object.entries(drawing.data.furniture));
    /** How much of the page the frame covers, from above and from the left. */
    this.edge = FRAME;
    /** Where the pointer is, in CSS pixels; null where it is not on the map. */
    this.pointer = null;
    this.#build();
    this.#listen();
  }

  #build() {
    const north = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const arrow = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const letter = document.createElementNS("http://www.w3.org/2000/svg", "text");
    north.id = "north";
    north.setAttribute("viewBox", "-14 -14 28 28");
    north.setAttribute("role", "img");
    arrow.setAttribute("d", "M0 -4 L5.5 13 L0 9.5 L-5.5 13 Z");
    letter.setAttribute("y", "-5");
    letter.textContent = "N";
    north.append(arrow, letter);
    this.north = north;
    this.bar = element("i");
    this.length = element("span");
    this.here = element("span", { id: "here" });
    this.copied = element("button", { id: "copy", type: "button", textContent: "Copy", title: "Copy these coordinates (G)" });
    this.copied.addEventListener("click", () => this.#copyHere());
    const scale = element("p", { id: "scale", title: "As long as it says in the middle of the view" }, this.bar, this.length);
    const where = element("p", { id: "where" }, this.here, this.copied);
    this.panel = element("section", { id: "place", ariaLabel: "Where this is" }, north, scale, where);
    this.drawing.canvas.parentElement.append(this.panel);
  }

  /** How much of the page is no place for the whole: from above, from the left, from below. */
  get insets() {
    this.#lift(this.drawing.canvas.clientWidth);
    return [FRAME, FRAME, this.drawing.canvas.clientHeight - this.panel.offsetTop];
  }

  #listen() {
    const { canvas } = this.drawing;
    const point = (place) => {
      this.pointer = place;
      redraw();
    };
    canvas.addEventListener("pointermove", (e) => point(e.pointerType === "touch" ? null : [e.offsetX, e.offsetY]));
    canvas.addEventListener("pointerleave", () => point(null));
    canvas.addEventListener("keydown", (e) => {
      if (e.key === "g" && !e.ctrlKey && !e.metaKey && !e.altKey) this.#copyHere();
      else this.pointer = null;
    });
  }

  /** Takes the plane of the history that is shown. */
  show() {
    this.plane = new Plane(this.planes.get(this.drawing.history.data.space));
  }

  // ---- Places ----

  /** A place of the sheet on the plane, and back. */
  #toPlane([x, y]) {
    const { origin, scale } = this.drawing.sheet;
    return [x / scale + origin[0], y / scale + origin[1]];
  }

  #toSheet([x, y]) {
    const { origin, scale } = this.drawing.sheet;
    return [(x - origin[0]) * scale, (y - origin[1]) * scale];
  }

  /** A place in CSS pixels on the Earth; null where it is none. */
  earthAt(x, y) {
    return this.plane.earth(this.#toPlane(this.drawing.fromScreen(x, y)));
  }

  /** A place of the Earth in CSS pixels; null where the plane does not reach it. */
  screenAt(place) {
    const point = this.plane.point(place);
    return point === null ? null : this.drawing.toScreen(...this.#toSheet(point));
  }

  /** Whether the plane reaches all of a box of the sheet. */
  reaches([x0, y0, x1, y1]) {
    return this.plane.reaches(this.#toPlane([x0, y0])) && this.plane.reaches(this.#toPlane([x1, y1]));
  }

  /** The middle of the page. */
  #middle() {
    const { clientWidth, clientHeight } = this.drawing.canvas;
    return [clientWidth / 2, clientHeight / 2];
  }

  /** How many decimals of a degree can be seen. */
  #decimals() {
    const { view, sheet } = this.drawing;
    const metres = this.plane.unit / (view.scale * sheet.scale);
    return clamp(Math.ceil(-Math.log10(metres / METRES)), 0, 9);
  }

  /** Where the pointer is, else the middle of the view: [latitude, longitude, decimals]; null where there is no Earth. */
  get place() {
    const at = this.earthAt(...(this.pointer ?? this.#middle()));
    const digits = this.#decimals();
    return at === null ? null : [roundedTo(at.lat, digits), longitude(at.lon, digits), digits];
  }

  // ---- Drawing ----

  draw(view) {
    const { top: context, canvas } = this.drawing;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    this.#lift(width);
    context.save();
    this.#beyond(context, view, width, height);
    const lines = this.graticule(width, height);
    context.strokeStyle = this.drawing.ink();
    context.globalAlpha = 0.22;
    context.lineWidth = 1;
    context.beginPath();
    for (const { strokes } of lines) {
      for (const stroke of strokes) stroke.forEach((p, i) => (i === 0 ? context.moveTo(...p) : context.lineTo(...p)));
    }
    context.stroke();
    if (this.pointer === null) this.#cross(context);
    this.#frame(context, lines, width, height);
    context.restore();
    this.#say();
  }

  /** Keeps clear of what the space wants to be said, however many lines that takes. */
  #lift(width) {
    const legend = byId("legend");
    const said = `${width} ${legend?.textContent ?? ""}`;
    if (said === this.lifted) return;
    this.lifted = said;
    this.panel.style.bottom = `${(legend?.offsetHeight ?? 0) + 12}px`;
  }

  /** Shades what lies further out than the plane reaches. */
  #beyond(context, view, width, height) {
    const reach = Plane.REACH / this.plane.unit;
    const [left, right] = [-reach, reach].map((x) => through(view, this.#toSheet([x, 0]))[0]);
    context.fillStyle = this.drawing.ink();
    context.globalAlpha = 0.12;
    if (left > 0) context.fillRect(0, 0, Math.min(left, width), height);
    if (right < width) context.fillRect(Math.max(0, right), 0, width, height);
  }

  /** The middle of the view, which is what the coordinates are of. */
  #cross(context) {
    const [x, y] = this.#middle().map((c) => Math.round(c) + 0.5);
    context.globalAlpha = 0.7;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 3 * dx, y + 3 * dy);
      context.lineTo(x + 9 * dx, y + 9 * dy);
    }
    context.stroke();
  }

  /** The least and the greatest latitude and longitude that are seen; null where no Earth is. */
  #seen(width, height) {
    const places = [];
    for (let i = 0; i <= PROBES; i++) {
      for (let j = 0; j <= PROBES; j++) {
        const at = this.earthAt((i * width) / PROBES, (j * height) / PROBES);
        if (at !== null) places.push(at);
      }
    }
    if (places.length === 0) return null;
    const [lats, lons] = [places.map(({ lat }) => lat), places.map(({ lon }) => lon)];
    const seen = { lat: [Math.min(...lats), Math.max(...lats)], lon: [Math.min(...lons), Math.max(...lons)], around: false };
    for (const lat of [-90, 90]) {
      const pole = this.screenAt({ lat, lon: this.plane.lon });
      if (pole === null || pole[0] < 0 || pole[1] < 0 || pole[0] > width || pole[1] > height) continue;
      seen.lat[lat < 0 ? 0 : 1] = lat;
      seen.around = true;
    }
    // Beyond a pole, one side of the Earth's far meridian is as near as the other.
    if (seen.lon[1] - seen.lon[0] > 180) seen.around = true;
    if (seen.around) seen.lon = [this.plane.lon - 180, this.plane.lon + 180];
    return seen;
  }

  /** The lines that are seen: {name, isParallel, strokes}, each stroke a list of places in CSS pixels. */
  graticule(width, height) {
    const seen = this.#seen(width, height);
    if (seen === null) return [];
    const { view, sheet } = this.drawing;
    const degree = (METRES / this.plane.unit) * view.scale * sheet.scale;
    const middle = this.earthAt(...this.#middle())?.lat ?? (seen.lat[0] + seen.lat[1]) / 2;
    const cos = Math.max(0.05, Math.cos((middle * Math.PI) / 180));
    const lines = [];
    for (const [isParallel, pixels] of [[true, degree], [false, degree * cos]]) {
      const step = STEPS_OF_ARC.findLast((mas) => (mas / DEGREE) * pixels >= APART) ?? STEPS_OF_ARC[0];
      const [low, high] = isParallel ? seen.lat : seen.lon;
      const across = isParallel ? seen.lon : seen.lat;
      // A margin, so that lines that only bend into view are there too.
      const first = Math.floor((low * DEGREE) / step) - 1;
      const last = Math.ceil((high * DEGREE) / step) + 1;
      for (let n = first; n <= last && n - first < 400; n++) {
        const mas = n * step;
        if (isParallel && Math.abs(mas) >= 90 * DEGREE) continue;
        if (!isParallel && seen.around && mas - first * step >= 360 * DEGREE + step) break;
        const strokes = this.#strokes(mas / DEGREE, isParallel, across, seen.around, [width, height]);
        if (strokes.length === 0) continue;
        const folded = isParallel ? mas : Plane.fold(mas / DEGREE) * DEGREE;
        lines.push({ name: arcInWords(Math.round(folded), step, isParallel ? "NS" : "EW"), isParallel, strokes });
      }
    }
    return lines;
  }

  /** A line of the graticule, cut where the plane does not reach. */
  #strokes(degrees, isParallel, [low, high], isAround, [width, height]) {
    const pieces = isAround ? PIECES_AROUND : PIECES;
    const margin = (high - low) / PIECES;
    const [from, to] = isParallel ? [low - margin, high + margin] : [Math.max(-90, low - margin), Math.min(90, high + margin)];
    const strokes = [];
    let stroke = [];
    const far = 4 * Math.max(width, height);
    for (let i = 0; i <= pieces; i++) {
      const along = from + ((to - from) * i) / pieces;
      const at = this.screenAt(isParallel ? { lat: degrees, lon: along } : { lat: along, lon: degrees });
      const last = stroke[stroke.length - 1];
      if (at === null || (last !== undefined && Math.hypot(at[0] - last[0], at[1] - last[1]) > far)) {
        if (stroke.length > 1) strokes.push(stroke);
        stroke = [];
      }
      if (at !== null) stroke.push(at);
    }
    if (stroke.length > 1) strokes.push(stroke);
    return strokes.filter((points) => {
      const [x0, y0, x1, y1] = around(points);
      return x1 > 0 && y1 > 0 && x0 < width && y0 < height;
    });
  }

  /** The frame: what each line is, where it crosses the upper edge or the left one. */
  #frame(context, lines, width, height) {
    const { drawing } = this;
    context.fillStyle = drawing.ground;
    context.globalAlpha = 1;
    context.fillRect(0, 0, width, FRAME);
    context.fillRect(0, FRAME, FRAME, height);
    context.globalAlpha = 0.5;
    context.beginPath();
    context.moveTo(width, FRAME - 0.5);
    context.lineTo(FRAME - 0.5, FRAME - 0.5);
    context.lineTo(FRAME - 0.5, height);
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = drawing.ink();
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.#name(context, lines.filter(({ isParallel }) => !isParallel), 1, width);
    this.#name(context, lines.filter(({ isParallel }) => isParallel), 0, height);
  }

  /** Names lines along an edge: where their `axis` is that of the frame's inside. */
  #name(context, lines, axis, length) {
    const marks = [];
    for (const { name, strokes } of lines) {
      const at = strokes.map((stroke) => crossing(stroke, axis, FRAME)).find((place) => place !== null);
      if (at !== undefined) marks.push([at, name]);
    }
    let free = FRAME;
    for (const [at, name] of marks.sort((a, b) => a[0] - b[0])) {
      const half = context.measureText(name).width / 2;
      if (at - half < free + 2 || at + half > length - 2) continue;
      free = at + half + 8;
      context.save();
      if (axis === 1) context.translate(at, FRAME / 2);
      else {
        context.translate(FRAME / 2, at);
        context.rotate(-Math.PI / 2);
      }
      context.fillText(name, 0, 0.5);
      context.restore();
    }
  }

  // ---- Words ----

  /** Brings arrow, bar and coordinates to where the view is. */
  #say() {
    const middle = this.#toPlane(this.drawing.fromScreen(...this.#middle()));
    const turn = this.plane.convergence(middle);
    this.north.style.visibility = turn === null ? "hidden" : "visible";
    if (turn !== null) {
      this.north.style.transform = `rotate(${-turn}deg)`;
      const by = roundedTo(Math.abs(turn), 2);
      const words = by === 0 ? "True north is up" : `True north is ${by}° to the ${turn > 0 ? "left" : "right"} of up`;
      if (this.north.getAttribute("aria-label") !== words) this.north.setAttribute("aria-label", words);
    }
    this.#sayScale(this.plane.scale(middle));
    const place = this.place;
    setText(this.here, place === null ? "Beyond the map" : `${inWords(place[0], place[2], "NS")}, ${inWords(place[1], place[2], "EW")}`);
    this.copied.disabled = place === null;
  }

  /** A bar of a round number of metres of the Earth, each `scale` metres of the plane. */
  #sayScale(scale) {
    this.bar.parentElement.style.visibility = scale === null ? "hidden" : "visible";
    if (scale === null) return;
    const { view, sheet, canvas } = this.drawing;
    const pixels = (view.scale * sheet.scale * scale) / this.plane.unit;
    const most = Math.min(LONGEST_BAR, canvas.clientWidth / 4) / pixels;
    const power = 10 ** Math.floor(Math.log10(most));
    const metres = [5, 2, 1].map((x) => x * power).find((x) => x <= most) ?? power;
    this.bar.style.width = `${metres * pixels}px`;
    const [unit, name] = [[1000, "km"], [1, "m"], [0.01, "cm"], [0.001, "mm"]].find(([least]) => metres >= least * 0.999) ?? [1e-6, "µm"];
    setText(this.length, `${Number((metres / unit).toPrecision(3))} ${name}`);
  }

  /** Where a thing is: a link that map programs open, and a button. */
  about(thing) {
    const at = thing === undefined ? null : this.placeOf(thing);
    if (at === null) return [];
    const [lat, lon] = [plainly(at.lat), plainly(at.lon)];
    const link = element("a", { href: `geo:${lat},${lon}${at.height === null ? "" : `,${at.height}`}`, title: "Open in a map program" });
    link.textContent = `${lat}, ${lon}`;
    const button = element("button", { type: "button", className: "copy", textContent: "Copy", ariaLabel: `Copy the coordinates ${lat}, ${lon}` });
    button.addEventListener("click", () => this.#copy(`${lat}, ${lon}`, button));
    const height = at.height === null ? null : element("small", { textContent: `${at.height} m above the ellipsoid` });
    return [element("p", { className: "geo" }, link, " ", button, height)];
  }

  /** Latitude, longitude and height of an item or a reading; null of what is nowhere. */
  placeOf(thing) {
    const point = thing.sensor === undefined ? this.#standing(thing) : { at: [thing.x, thing.y], height: thing.position[2] };
    const place = point === null ? null : this.plane.earth(this.#toPlane(point.at));
    if (place === null) return null;
    const height = point.height === undefined ? null : roundedTo(this.plane.height(point.height), 3);
    return { lat: roundedTo(place.lat, 9), lon: longitude(place.lon, 9), height };
  }

  /** Where an item is: at its own place, or in the middle of a shape that lies elsewhere; null where nothing says so. */
  #standing({ node, shape, matrix, box, z }) {
    const positions = [];
    for (let at = node; at !== null; at = at.parent) positions.push(numbersOf(at.get("position")).length);
    if (shape.isMark && !shape.named && positions.every((length) => length === 0)) return null;
    const [x, y] = [matrix[4], matrix[5]];
    const beside = shape.path !== undefined && (x < box[0] || x > box[2] || y < box[1] || y > box[3]);
    const at = beside ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : [x, y];
    return { at, height: positions.includes(3) ? z : undefined };
  }

  // ---- Copying ----

  #copyHere() {
    const place = this.place;
    if (place !== null) this.#copy(`${place[0].toFixed(place[2])}, ${place[1].toFixed(place[2])}`, this.copied);
  }

  /** Copies a text, and says so on the button. */
  #copy(text, button) {
    button.textContent = copied(text) ? "Copied" : "Not copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }
}

Drawing.Furniture = MapFurniture;

/** Sets a text where it is another one, so that nothing is laid out anew for nothing. */
function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** Where a line of places first has a value along an axis: its other coordinate there; null where it never has. */
function crossing(line, axis, value) {
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1], line[i]];
    if (a[axis] === b[axis] || (a[axis] - value) * (b[axis] - value) > 0) continue;
    const share = (value - a[axis]) / (b[axis] - a[axis]);
    return a[1 - axis] + (b[1 - axis] - a[1 - axis]) * share;
  }
  return null;
}
