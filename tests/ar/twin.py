"""The overlay again, in numpy: from the page of the projectors alone, every thing with every thing.

Standard input is a JSON object {"origin", "things", "viewers"}; standard output a line a viewer: the list of its records.
Only boxes, balls, columns, meshes and plain areas are known, and no parents: positions are in metres about the origin.
The plane is taken from its definition, by integrating along the meridian and by Newton's method, not by a series in n.
"""

import json
import sys
import unicodedata

import numpy as np

A = 6378137.0
F = 1 / 298.257223563
E2 = F * (2 - F)


def meridian(lat):
    """The length of the meridian from the equator, by Gauss-Legendre quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    phi = (nodes + 1) / 2 * lat
    return lat / 2 * np.sum(weights * A * (1 - E2) / (1 - E2 * np.sin(phi) ** 2) ** 1.5)


def footpoint(length):
    lat = length / A
    for _ in range(20):
        lat -= (meridian(lat) - length) / (A * (1 - E2) / (1 - E2 * np.sin(lat) ** 2) ** 1.5)
    return lat


def earth(origin, x, y):
    """Latitude and longitude in degrees and the convergence in radians, from the plane's x and y, for |x| below 30 km: the
    meridian's footpoint, and the classic expansion in x about it to the seventh power (Snyder 1987, 8-17 to 8-25)."""
    lat0 = np.radians(origin["lat"])
    foot = footpoint(meridian(lat0) + y)
    s, c, t = np.sin(foot), np.cos(foot), np.tan(foot)
    n = A / np.sqrt(1 - E2 * s * s)
    r = A * (1 - E2) / (1 - E2 * s * s) ** 1.5
    e = E2 / (1 - E2)
    C, T, d = e * c * c, t * t, x / n
    lat = foot - n * t / r * (
        d**2 / 2 - (5 + 3 * T + 10 * C - 4 * C**2 - 9 * e) * d**4 / 24
        + (61 + 90 * T + 298 * C + 45 * T**2 - 252 * e - 3 * C**2) * d**6 / 720)
    lon = (d - (1 + 2 * T + C) * d**3 / 6
           + (5 - 2 * C + 28 * T - 3 * C**2 + 8 * e + 24 * T**2) * d**5 / 120) / c
    gamma = t * d - t * (1 + T - C - 2 * C**2) * d**3 / 3 + t * (2 + 5 * T + 3 * T**2) * d**5 / 15
    return np.degrees(lat), origin["lon"] + np.degrees(lon), gamma


def centred(lat, lon, h):
    p, l = np.radians(lat), np.radians(lon)
    n = A / np.sqrt(1 - E2 * np.sin(p) ** 2)
    return np.array([(n + h) * np.cos(p) * np.cos(l), (n + h) * np.cos(p) * np.sin(l), (n * (1 - E2) + h) * np.sin(p)])


def enu(lat, lon):
    """Columns: east, north, up."""
    p, l = np.radians(lat), np.radians(lon)
    up = np.array([np.cos(p) * np.cos(l), np.cos(p) * np.sin(l), np.sin(p)])
    east = np.array([-np.sin(l), np.cos(l), 0])
    return np.column_stack([east, np.cross(up, east), up])


def about(axis, angle):
    """Rodrigues' formula."""
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]], float)
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def rotation(value):
    if value is None:
        return np.eye(3)
    if not isinstance(value, list):
        return about([0, 0, 1], np.radians(value))
    q = np.array(value, float)
    q /= np.linalg.norm(q)
    angle = 2 * np.arctan2(np.linalg.norm(q[:3]), q[3])
    length = np.linalg.norm(q[:3])
    return about(q[:3] / length, angle) if length > 0 else np.eye(3)


def solid(geometry, height):
    """The least and greatest corner, and how a ray meets it; None for no solid."""
    kind = geometry and geometry["kind"]
    if kind == "box":
        half = np.array(geometry["size"], float) / 2
        return -half, half, "box", None
    if kind == "sphere":
        return -np.full(3, geometry["radius"]), np.full(3, geometry["radius"]), "sphere", geometry["radius"]
    if kind == "cylinder":
        r, h = geometry["radius"], geometry["height"]
        return np.array([-r, -r, 0.0]), np.array([r, r, h]), "cylinder", (r, h)
    if kind == "mesh":
        corners = np.array(geometry["positions"], float).reshape(-1, 3)
        faces = corners[np.array(geometry["indices"]).reshape(-1, 3)]
        return corners.min(0), corners.max(0), "faces", faces
    if kind == "rect":
        w, d = geometry["width"] / 2, geometry["height"] / 2
        return np.array([-w, -d, 0.0]), np.array([w, d, height]), "box", None
    if kind == "polygon":
        ring = np.array(geometry["points"], float)
        low, high = (np.column_stack([ring, np.full(len(ring), z)]) for z in (0.0, height))
        # Convex, so that a fan fills it.
        faces = [t for k in range(1, len(ring) - 1) for t in ([high[0], high[k], high[k + 1]], [low[0], low[k + 1], low[k]])]
        for k in range(len(ring)):
            j = (k + 1) % len(ring)
            faces += [[low[k], low[j], high[j]], [low[k], high[j], high[k]]]
        both = np.vstack([low, high])
        return both.min(0), both.max(0), "faces", np.array(faces)
    return None


def met(form, eye, way):
    """The share of the way after which a solid is met; None where it is not, or the eye is inside."""
    low, high, kind, more = form
    with np.errstate(all="ignore"):
        if kind == "box":
            a, b = np.sort(np.array([(low - eye) / way, (high - eye) / way]), axis=0)
            enter, leave = a.max(), b.min()
        elif kind == "sphere":
            p = np.roots([way @ way, 2 * eye @ way, eye @ eye - more**2])
            if np.iscomplexobj(p) or len(p) < 2:
                return None
            enter, leave = min(p), max(p)
        elif kind == "cylinder":
            r, h = more
            e, w = eye[:2], way[:2]
            p = np.roots([w @ w, 2 * e @ w, e @ e - r * r])
            if np.iscomplexobj(p) or len(p) < 2:
                return None
            z = sorted([-eye[2] / way[2], (h - eye[2]) / way[2]])
            enter, leave = max(min(p), z[0]), min(max(p), z[1])
        else:
            a, b, c = more[:, 0] - eye, more[:, 1] - eye, more[:, 2] - eye
            # Around the eye the faces fill the whole sky.
            la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
            top = np.einsum("ij,ij->i", a, np.cross(b, c))
            below = la * lb * lc + (a * b).sum(1) * lc + (a * c).sum(1) * lb + (b * c).sum(1) * la
            if abs(np.arctan2(top, below).sum()) > np.pi:
                return None
            # The three volumes with the way have one sign where it passes through the face.
            u = np.cross(a, b) @ way
            v = np.cross(b, c) @ way
            w = np.cross(c, a) @ way
            through = ((u >= 0) & (v >= 0) & (w >= 0)) | ((u <= 0) & (v <= 0) & (w <= 0))
            t = top / (u + v + w)
            t = t[through & (t > 0)]
            return t.min() if len(t) else None
    return enter if enter <= leave and enter > 0 else None


def columns(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text):
    if columns(text) <= 40:
        return text
    out = ""
    for c in text:
        if columns(out + c) > 39:
            break
        out += c
    return out + "…"


def meet(a, b):
    """More than the rounding of an edge."""
    return all(a[i] + 1e-6 < b[i] + b[i + 2] and b[i] + 1e-6 < a[i] + a[i + 2] for i in (0, 1))


class Thing:
    def __init__(self, thing, origin):
        self.id = thing["node_id"]
        self.label = cut(thing["label"])
        self.form = solid(thing.get("geometry"), thing.get("height", 0.1))
        turn = rotation(thing.get("rotation"))
        scale = np.array(thing.get("scale", [1, 1, 1]), float)
        position = np.array(thing["position"], float)
        self.middle = np.zeros(3)
        if self.form:
            self.middle = (self.form[0] + self.form[1]) / 2
            position = position + turn @ (scale * self.middle)
        lat, lon, gamma = earth(origin, position[0], position[1])
        self.at = centred(lat, lon, origin["height"] + position[2])
        self.frame = enu(lat, lon) @ about([0, 0, 1], -gamma) @ turn @ np.diag(scale)
        self.inverse = np.linalg.inv(self.frame)

    def corners(self):
        low, high = self.form[:2]
        every = np.array([[(low, high)[i >> k & 1][k] for k in range(3)] for i in range(8)])
        return self.at + (every - self.middle) @ self.frame.T


def look(things, viewer):
    lat, lon, h, yaw, pitch, roll, fov = viewer["pose"]
    width, height = viewer["size"]
    eye, axes = centred(lat, lon, h), enu(lat, lon)
    turn = axes @ about([0, 0, 1], np.radians(yaw)) @ about([0, 1, 0], np.radians(pitch)) @ about([1, 0, 0], np.radians(roll))
    focal = width / 2 / np.tan(np.radians(fov) / 2)

    def pixel(place):
        ahead, left, up = turn.T @ (place - eye)
        return np.array([width / 2 - focal * left / ahead, height / 2 - focal * up / ahead]) if ahead > 0 else None

    records = []
    for thing in things:
        way = thing.at - eye
        e, n, u = axes.T @ way
        screen = pixel(thing.at)
        if screen is not None and not (0 <= screen[0] <= width and 0 <= screen[1] <= height):
            screen = None
        if screen is None and not viewer["all"]:
            continue
        box = None
        if thing.form:
            corners = [pixel(c) for c in thing.corners()]
            if all(c is not None for c in corners):
                low, high = np.min(corners, 0), np.max(corners, 0)
                box = [*low, *(high - low)]
        hidden, nearest = None, 1.0
        for other in things:
            if other is thing or not other.form:
                continue
            t = met(other.form, other.middle + other.inverse @ (eye - other.at), other.inverse @ way)
            if t is not None and t < nearest:
                hidden, nearest = other.id, t
        records.append({
            "bearing": np.degrees(np.arctan2(e, n)) % 360, "box": box, "distance": np.linalg.norm(way),
            "elevation": np.degrees(np.arctan2(u, np.hypot(e, n))), "label": thing.label, "label_box": None,
            "node_id": thing.id, "occluded_by": hidden, "screen": None if screen is None else list(screen)})
    records.sort(key=lambda r: (round(r["distance"], 3), r["node_id"]))
    taken = []
    for record in records:
        if record["screen"] is None:
            continue
        x, y, w, h = record["box"] or [*record["screen"], 0, 0]
        wide = columns(record["label"]) * 9.6
        left, top = x + w / 2 - wide / 2, y - 4 - 19.2
        places = [(left, top), (x + w + 4, y + h / 2 - 9.6), (x - 4 - wide, y + h / 2 - 9.6), (left, y + h + 4)]
        places += [(left, top - 19.2 * k) for k in range(1, 9)]
        for px, py in places:
            inside = px >= 0 and py >= 0 and px + wide <= width and py + 19.2 <= height
            if inside and not any(meet([px, py, wide, 19.2], q) for q in taken):
                record["label_box"] = [px, py, wide, 19.2]
                taken.append(record["label_box"])
                break
    return records


def main():
    world = json.load(sys.stdin)
    things = [Thing(thing, world["origin"]) for thing in world["things"]]
    for viewer in world["viewers"]:
        print(json.dumps(look(things, viewer), default=float))


main()
