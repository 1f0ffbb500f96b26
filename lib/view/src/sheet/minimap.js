"use strict";

/** The whole as a small map, with a frame around what the page shows of it: where one is, once that is not all. */

const [MAP_WIDE, MAP_HIGH] = [132, 96];
/** The map is shown once the page shows less than this part of the whole. */
const MOSTLY = 0.7;

class Minimap {
  constructor(drawing, page) {
    this.drawing = drawing;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "minimap";
    this.canvas.setAttribute("aria-hidden", "true");
    this.canvas.hidden = true;
    page.after(this.canvas);
    this.dots = document.createElement("canvas");
    this.drawn = "";
    const go = (e) => {
      if (e.buttons === 0 || this.frame === undefined) return;
      const { x, y, scale } = this.frame;
      const [right, down] = [(e.offsetX / this.canvas.clientWidth - 0.5) * MAP_WIDE, (e.offsetY / this.canvas.clientHeight - 0.5) * MAP_HIGH];
      drawing.view.x = right / scale + x;
      drawing.view.y = (down / scale) * (drawing.up ? -1 : 1) + y;
      act(() => {});
    };
    this.canvas.addEventListener("pointerdown", go);
    this.canvas.addEventListener("pointermove", go);
  }

  /** Shows it, or hides it, with the frame where it is now. */
  draw(ratio) {
    const { drawing, canvas } = this;
    const whole = drawing.extent();
    const { clientWidth: width, clientHeight: height } = drawing.canvas;
    const side = whole === null ? 0 : Math.max(whole[2] - whole[0], whole[3] - whole[1]);
    const seen = Math.max(width, height) / drawing.view.scale;
    canvas.hidden = !(side > 0) || seen >= side * MOSTLY;
    if (canvas.hidden) return;
    const scale = Math.min(MAP_WIDE / (whole[2] - whole[0] || 1e-9), MAP_HIGH / (whole[3] - whole[1] || 1e-9)) * 0.9;
    this.frame = { x: (whole[0] + whole[2]) / 2, y: (whole[1] + whole[3]) / 2, scale };
    this.#dot(ratio);
    [canvas.width, canvas.height] = [MAP_WIDE * ratio, MAP_HIGH * ratio];
    const context = canvas.getContext("2d");
    context.drawImage(this.dots, 0, 0);
    context.scale(ratio, ratio);
    const [x, y] = this.#place(drawing.view.x, drawing.view.y);
    const [wide, high] = [(width / drawing.view.scale) * scale, (height / drawing.view.scale) * scale];
    context.strokeStyle = drawing.groundIsDark ? "#ffd34d" : "#c2410c";
    context.lineWidth = 1.5;
    // What is smaller than a few pixels is still found.
    const [w, h] = [Math.max(wide, 5), Math.max(high, 5)];
    context.strokeRect(x - w / 2, y - h / 2, w, h);
  }

  #place(x, y) {
    const { frame, drawing } = this;
    return [(x - frame.x) * frame.scale + MAP_WIDE / 2, (y - frame.y) * frame.scale * (drawing.up ? -1 : 1) + MAP_HIGH / 2];
  }

  /** A dot for each thing, anew where something changed. */
  #dot(ratio) {
    const { drawing, dots, frame } = this;
    const key = `${drawing.version} ${ratio} ${JSON.stringify(frame)}`;
    if (key === this.drawn) return;
    this.drawn = key;
    [dots.width, dots.height] = [MAP_WIDE * ratio, MAP_HIGH * ratio];
    const context = dots.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = drawing.groundIsDark ? "#7fa3c4" : "#4a6a8a";
    for (const item of drawing.order) {
      if (!drawing.shows(item)) continue;
      const [x, y] = this.#place((item.box[0] + item.box[2]) / 2, (item.box[1] + item.box[3]) / 2);
      context.fillRect(x - 0.75, y - 0.75, 1.5, 1.5);
    }
  }
}
