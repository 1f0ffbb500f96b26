"use strict";

/** Series of readings as charts: what was read so far, with gaps that nothing bridges, and what is still to come, faint. */

const [CHART_WIDE, CHART_HIGH] = [330, 150];
const [CHART_LEFT, CHART_RIGHT, CHART_TOP, CHART_BOTTOM] = [44, 8, 10, 20];
/** A pause of more than so many usual ones is a gap, once so many readings tell what is usual. */
const [PAUSES, ENOUGH_READINGS] = [3, 5];

/** An element of a drawing. */
function shape(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** Round numbers from below the least to above the greatest, about so many. */
function ticksOf(low, high, about) {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / about));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= span / about) ?? power * 10;
  const ticks = [];
  for (let n = Math.floor(low / step); n <= Math.ceil(high / step) && ticks.length < 20; n++) ticks.push(Number((n * step).toPrecision(12)));
  return ticks;
}

/** The numbers among readings, in runs that no gap lies in: {time, value, event}. */
function runsOfReadings(readings) {
  const { time } = history.data;
  const pauses = readings.slice(1).map(({ event }, i) => time[event] - time[readings[i].event]).sort((a, b) => a - b);
  const longest = readings.length < ENOUGH_READINGS ? Infinity : PAUSES * pauses[Math.ceil(pauses.length / 2) - 1];
  const runs = [];
  let last = null;
  for (const { event, value } of readings) {
    const breaks = last === null || time[event] - last > longest;
    last = finite(value) ? time[event] : null;
    if (last === null) continue;
    if (breaks) runs.push([]);
    runs[runs.length - 1].push({ time: time[event], value, event });
  }
  return runs;
}

/** The path of runs, those of events before or after now. */
function pathOf(runs, x, y, takes) {
  const parts = [];
  for (const run of runs) {
    const points = run.filter(takes);
    // A reading alone is a short stroke.
    points.forEach((p, i) => parts.push(`${i === 0 ? "M" : "L"}${x(p.time).toFixed(1)} ${y(p.value).toFixed(1)}`));
    if (points.length === 1) parts.push("h.01");
  }
  return parts.join("");
}

/** A chart of a sensor's readings, with the reading under the pointer; a click goes to when it was read. */
function chart(sensor, unit) {
  const runs = runsOfReadings(history.readingsOf(sensor));
  const points = runs.flat();
  const values = points.map((p) => p.value);
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const ticks = ticksOf(least, most, 3);
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const [t0, t1] = [points[0].time, points[points.length - 1].time];
  const [right, floor] = [CHART_WIDE - CHART_RIGHT, CHART_HIGH - CHART_BOTTOM];
  const x = (t) => CHART_LEFT + ((t - t0) / (t1 - t0 || 1)) * (right - CHART_LEFT);
  const y = (v) => floor - ((v - low) / (high - low || 1)) * (floor - CHART_TOP);
  const drawn = shape("svg", { viewBox: `0 0 ${CHART_WIDE} ${CHART_HIGH}`, class: "chart", role: "img" });
  drawn.setAttribute("aria-label", `Chart of ${sensor.name}: ${points.length} readings from ${least} to ${most}${unit}, ${timeText(t0)} to ${timeText(t1)}`);
  const text = (said, at, up, anchor) => drawn.append(shape("text", { x: at, y: up, "text-anchor": anchor }, said));
  for (const tick of ticks) {
    drawn.append(shape("path", { class: "grid", d: `M${CHART_LEFT} ${y(tick).toFixed(1)}H${right}` }));
    text(String(tick), CHART_LEFT - 5, y(tick) + 4, "end");
  }
  text(timeText(t0).slice(0, 16), CHART_LEFT, CHART_HIGH - 5, "start");
  if (t1 > t0) text(timeText(t1).slice(0, 16), right, CHART_HIGH - 5, "end");
  const before = (p) => p.event < history.at;
  drawn.append(shape("path", { class: "later", d: pathOf(runs, x, y, (p) => !before(p)) }), shape("path", { class: "line", d: pathOf(runs, x, y, before) }));
  const now = history.at > 0 ? history.data.time[history.at - 1] : t0;
  if (now >= t0 && now <= t1) drawn.append(shape("path", { class: "now", d: `M${x(now).toFixed(1)} ${CHART_TOP}V${floor}` }));
  const mark = shape("circle", { class: "mark", r: 3.5, visibility: "hidden" });
  drawn.append(mark);
  const said = element("p", { className: "said", textContent: rangeOf(points, unit) });
  followPointer(drawn, points, x, (p) => {
    mark.setAttribute("visibility", p === null ? "hidden" : "visible");
    said.textContent = p === null ? rangeOf(points, unit) : `${p.value}${unit} · ${timeText(p.time)}`;
    if (p === null) return;
    mark.setAttribute("cx", x(p.time));
    mark.setAttribute("cy", y(p.value));
  });
  return element("figure", {}, drawn, said);
}

const rangeOf = (points, unit) => {
  const values = points.map((p) => p.value);
  return `${points.length} readings, ${values.reduce((a, b) => Math.min(a, b))} to ${values.reduce((a, b) => Math.max(a, b))}${unit}`;
};

/** Tells which reading is nearest to the pointer, and goes to the one that is clicked on. */
function followPointer(drawn, points, x, tell) {
  const nearest = (e) => {
    const box = drawn.getBoundingClientRect();
    const at = ((e.clientX - box.left) / box.width) * CHART_WIDE;
    return points.reduce((a, b) => (Math.abs(x(b.time) - at) < Math.abs(x(a.time) - at) ? b : a));
  };
  drawn.addEventListener("pointermove", (e) => tell(nearest(e)));
  drawn.addEventListener("pointerleave", () => tell(null));
  drawn.addEventListener("click", (e) => {
    stop();
    seek(nearest(e).event + 1);
  });
}

/** A line of readings without axes, as long as words. */
function sparkline(sensor) {
  const runs = runsOfReadings(history.readingsOf(sensor));
  const points = runs.flat();
  if (points.length < 2) return null;
  const values = points.map((p) => p.value);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const [t0, t1] = [points[0].time, points[points.length - 1].time];
  const x = (t) => 1 + ((t - t0) / (t1 - t0 || 1)) * 78;
  const y = (v) => 16 - ((v - low) / (high - low || 1)) * 14;
  const before = (p) => p.event < history.at;
  const drawn = shape("svg", { viewBox: "0 0 80 18", class: "chart spark", "aria-hidden": "true" });
  drawn.append(shape("path", { class: "later", d: pathOf(runs, x, y, (p) => !before(p)) }), shape("path", { class: "line", d: pathOf(runs, x, y, before) }));
  return drawn;
}
