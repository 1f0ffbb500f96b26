"use strict";

/** The readings of a chart, in the order of their times, each a circle that says what it is. */
class Chart {
  constructor(figure) {
    this.svg = figure.querySelector("svg");
    this.points = [...this.svg.querySelectorAll("circle.point")];
    this.points.sort((a, b) => Number(a.dataset.t) - Number(b.dataset.t));
    this.at = -1;
    if (this.points.length === 0) {
      return;
    }
    this.tip = document.createElement("p");
    this.tip.className = "tip";
    this.tip.setAttribute("role", "status");
    figure.append(this.tip);
    this.cursor = this.mark("path", "cursor");
    this.here = this.mark("circle", "here");
    this.here.setAttribute("r", "5");
    this.svg.setAttribute("tabindex", "0");
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerdown", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => this.show(-1));
    this.svg.addEventListener("keydown", (event) => this.press(event));
  }

  mark(kind, name) {
    const mark = document.createElementNS("http://www.w3.org/2000/svg", kind);
    mark.setAttribute("class", name);
    mark.setAttribute("visibility", "hidden");
    this.svg.append(mark);
    return mark;
  }

  /** Shows the reading that is nearest along the axis. */
  point(event) {
    const box = this.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.svg.viewBox.baseVal.width;
    const far = (point) => Math.abs(point.cx.baseVal.value - x);
    let nearest = 0;
    this.points.forEach((point, at) => {
      if (far(point) < far(this.points[nearest])) {
        nearest = at;
      }
    });
    this.show(nearest);
  }

  press(event) {
    const last = this.points.length - 1;
    const steps = { ArrowLeft: Math.max(0, this.at - 1), ArrowRight: Math.min(last, this.at + 1), Home: 0, End: last, Escape: -1 };
    if (event.key in steps) {
      event.preventDefault();
      this.show(event.key === "ArrowLeft" && this.at < 0 ? last : steps[event.key]);
    }
  }

  show(at) {
    this.at = at;
    for (const mark of [this.cursor, this.here]) {
      mark.setAttribute("visibility", at < 0 ? "hidden" : "visible");
    }
    if (at < 0) {
      this.tip.textContent = "";
      return;
    }
    const point = this.points[at];
    const [x, y] = [point.getAttribute("cx"), point.getAttribute("cy")];
    this.cursor.setAttribute("d", `M${x} 24V${this.svg.viewBox.baseVal.height - 38}`);
    this.here.setAttribute("cx", x);
    this.here.setAttribute("cy", y);
    const time = new Date(Number(point.dataset.t) * 1000).toISOString().replace("T", " ").replace(".000Z", "").replace("Z", "");
    this.tip.textContent = `${time}  ${point.dataset.v}  ${point.dataset.eventId}`;
  }
}

/** Leaves those series whose words hold all that is typed. */
function find(text) {
  const words = text.toLowerCase().split(" ").filter((word) => word !== "");
  for (const element of document.querySelectorAll("[data-words]")) {
    element.hidden = !words.every((word) => element.dataset.words.toLowerCase().includes(word));
  }
}

for (const figure of document.querySelectorAll("figure")) {
  new Chart(figure);
}
const box = document.querySelector(".find");
if (box !== null) {
  box.hidden = false;
  box.querySelector("input").addEventListener("input", (event) => find(event.target.value));
}
