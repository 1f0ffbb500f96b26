"use strict";

/**
 * The plane about an origin and the Earth below it, for pages: the formulas of the tool, with the browser's own sines.
 *
 * Points are [x, y] in the space's unit, places {lat, lon} in degrees; lon is not folded at ±180, but goes on counting
 * as seen from the origin. What the plane does not reach is null.
 */
class Plane {
  /** The equatorial radius of WGS84, in metres, its flattening, and what follows from that. */
  static #EQUATOR = 6378137;
  static #FLATTENING = 1 / 298.257223563;
  static #E2 = Plane.#FLATTENING * (2 - Plane.#FLATTENING);
  static #E2M = (1 - Plane.#FLATTENING) ** 2;
  static #N = Plane.#FLATTENING / (2 - Plane.#FLATTENING);
  /** The radius of the sphere whose meridian is as long as the ellipsoid's. */
  static #RADIUS = (() => {
    const [n, n2] = [Plane.#N, Plane.#N ** 2];
    return (Plane.#EQUATOR / (1 + n)) * (1 + n2 * (1 / 4 + n2 * (1 / 64 + n2 / 256)));
  })();
  /** From the conformal latitude to the rectified one, and back. */
  static #ALPHA = Plane.#series([
    [1 / 2, -2 / 3, 5 / 16, 41 / 180, -127 / 288, 7891 / 37800],
    [13 / 48, -3 / 5, 557 / 1440, 281 / 630, -1983433 / 1935360],
    [61 / 240, -103 / 140, 15061 / 26880, 167603 / 181440],
    [49561 / 161280, -179 / 168, 6601661 / 7257600],
    [34729 / 80640, -3418889 / 1995840],
    [212378941 / 319334400],
  ]);
  static #BETA = Plane.#series([
    [1 / 2, -2 / 3, 37 / 96, -1 / 360, -81 / 512, 96199 / 604800],
    [1 / 48, 1 / 15, -437 / 1440, 46 / 105, -1118711 / 3870720],
    [17 / 480, -37 / 840, -209 / 4480, 5569 / 90720],
    [4397 / 161280, -11 / 504, -830251 / 7257600],
    [4583 / 161280, -108847 / 3991680],
    [20648693 / 638668800],
  ]);
  /** How far from the origin's meridian the plane reaches, in metres. */
  static REACH = 3900000;
  /** Beyond this distance across, on the sphere, no series is asked. */
  static #FAR = 1;
  static #STEPS = 6;

  /** Degrees and metres: {lat, lon, height} of the origin, how long the unit is, and whether y runs north. */
  constructor({ lat, lon, height, unit, up }) {
    Object.assign(this, { lat, lon, origin: height, unit, up });
    this.north = Plane.#forward(Plane.#radians(lat), 0)[0];
  }

  /** The value of each polynomial in n: the j-th, from 1, begins with n^j. */
  static #series(rows) {
    return rows.map((row, j) => Plane.#N ** (j + 1) * row.reduceRight((sum, term) => sum * Plane.#N + term, 0));
  }

  static #radians(degrees) {
    return (degrees * Math.PI) / 180;
  }

  static #degrees(radians) {
    return (radians * 180) / Math.PI;
  }

  /** A longitude, or a difference of two, in [−180, 180). */
  static fold(degrees) {
    return degrees - 360 * Math.floor((degrees + 180) / 360);
  }

  /** Where a place of the Earth lies on the plane. */
  point({ lat, lon }) {
    if (!(Math.abs(lat) <= 90 && Number.isFinite(lon))) return null;
    const on = Plane.#forward(Plane.#radians(lat), Plane.#radians(Plane.fold(lon - this.lon)));
    if (on === null) return null;
    const [x, y] = [on[1] * Plane.#RADIUS, (on[0] - this.north) * Plane.#RADIUS];
    return Math.abs(x) > Plane.REACH ? null : [x / this.unit, (this.up ? y : -y) / this.unit];
  }

  /** Where a point of the plane lies on the Earth. */
  earth(point) {
    const on = this.#sphere(point);
    if (on === null) return null;
    const [along, across] = on;
    const [sinh, cos] = [Math.sinh(across), Math.cos(along)];
    const lat = Math.atan(Plane.#geographic(Math.sin(along) / Math.hypot(sinh, cos)));
    return { lat: Plane.#degrees(lat), lon: this.lon + Plane.#degrees(Math.atan2(sinh, cos)) };
  }

  /** How far grid north leaves true north there, in degrees: a true bearing is the grid's and this. */
  convergence(point) {
    const on = this.#sphere(point);
    if (on === null) return null;
    const [along, across] = on;
    const [p, q] = Plane.#sum(Plane.#ALPHA, along, across).slope;
    const ofSphere = Math.atan2(Math.sin(along) * Math.sinh(across), Math.cos(along) * Math.cosh(across));
    return Plane.#degrees(ofSphere + Math.atan2(q, 1 + p));
  }

  /** How long a metre of the Earth is on the plane there, whichever way it lies. */
  scale(point) {
    const on = this.#sphere(point);
    if (on === null) return null;
    const [along, across] = on;
    const [sinh, cos] = [Math.sinh(across), Math.cos(along)];
    const conformal = Math.sin(along) / Math.hypot(sinh, cos);
    const tangent = Plane.#geographic(conformal);
    const cosLon = cos / Math.hypot(sinh, cos);
    const ofSphere = Math.sqrt(1 + Plane.#E2M * tangent * tangent) / Math.hypot(conformal, cosLon);
    const [p, q] = Plane.#sum(Plane.#ALPHA, along, across).slope;
    return ofSphere * (Plane.#RADIUS / Plane.#EQUATOR) * Math.hypot(1 + p, q);
  }

  /** The ellipsoidal height of a z, in metres. */
  height(z) {
    return this.origin + z * this.unit;
  }

  /** Whether the plane reaches a point. */
  reaches([x, y]) {
    const along = this.north + ((this.up ? y : -y) * this.unit) / Plane.#RADIUS;
    return Math.abs(x * this.unit) <= Plane.REACH && Math.abs(along) <= Math.PI;
  }

  /** The point on the sphere that bears the conformal latitudes: along the meridian, and across it. */
  #sphere([x, y]) {
    if (!this.reaches([x, y])) return null;
    const along = this.north + ((this.up ? y : -y) * this.unit) / Plane.#RADIUS;
    const across = (x * this.unit) / Plane.#RADIUS;
    const [a, b] = Plane.#sum(Plane.#BETA, along, across).value;
    return [along - a, across - b];
  }

  static #forward(lat, lon) {
    const tangent = Plane.#conformal(Math.tan(lat));
    const [sin, cos] = [Math.sin(lon), Math.cos(lon)];
    const along = Math.atan2(tangent, cos);
    const across = Math.asinh(sin / Math.hypot(tangent, cos));
    if (!(Math.abs(across) <= Plane.#FAR)) return null;
    const [a, b] = Plane.#sum(Plane.#ALPHA, along, across).value;
    return [along + a, across + b];
  }

  /** The tangent of the conformal latitude, from that of the latitude. */
  static #conformal(tangent) {
    const secant = Math.hypot(1, tangent);
    const e = Math.sqrt(Plane.#E2);
    const sigma = Math.sinh(e * Math.atanh((e * tangent) / secant));
    return tangent * Math.hypot(1, sigma) - sigma * secant;
  }

  /** And back, by Newton's method. */
  static #geographic(conformal) {
    let tangent = conformal / Plane.#E2M;
    for (let i = 0; i < Plane.#STEPS; i++) {
      const reached = Plane.#conformal(tangent);
      const slope = (1 + Plane.#E2M * tangent * tangent) / (Plane.#E2M * Math.hypot(1, tangent));
      const step = ((conformal - reached) / Math.hypot(1, reached)) * slope;
      tangent += step;
      if (!(Math.abs(step) > Number.EPSILON * Math.max(1, Math.abs(tangent)))) break;
    }
    return tangent;
  }

  /** Σ cⱼ sin 2jζ at ζ = along + i·across, and its slope: of each the real part and, of the slope negative, the other. */
  static #sum(coefficients, along, across) {
    const total = { value: [0, 0], slope: [0, 0] };
    coefficients.forEach((coefficient, j) => {
      const factor = 2 * (j + 1);
      const [s, c, sh, ch] = [Math.sin(factor * along), Math.cos(factor * along), Math.sinh(factor * across), Math.cosh(factor * across)];
      total.value[0] += coefficient * s * ch;
      total.value[1] += coefficient * c * sh;
      total.slope[0] += factor * coefficient * c * ch;
      total.slope[1] += factor * coefficient * s * sh;
    });
    return total;
  }
}
