"""Makes hostile packs from an honest one: hostile.py GOOD.tar DIR writes DIR/<code>-<case>.tar or .tar.zst."""
import io, os, sys, tarfile

good, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
with tarfile.open(good) as tar:
    members = [(m, tar.extractfile(m).read()) for m in tar]
name = members[0][0].name.split("/")[0]
object_name = next(m.name for m, _ in members if "/objects/" in m.name)


def entry(path, body=b"x", **fields):
    info = tarfile.TarInfo(path)
    info.size = len(body)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, body


def write(code, case, extra, at=4, keep=lambda m: True, format=tarfile.USTAR_FORMAT):
    """The good pack with members put in behind its tag files."""
    kept = [m for m in members if keep(m[0])]
    with tarfile.open(f"{out}/{code}-{case}.tar", "w", format=format) as tar:
        for info, body in kept[:at] + extra + kept[at:]:
            tar.addfile(info, io.BytesIO(body))


def link(path, kind, target):
    return entry(path, b"", type=kind, linkname=target)


unsafe = {
    "absolute": "/tmp/ulp-evil",
    "climbs": f"{name}/../evil",
    "climbs-data": f"{name}/data/../../evil",
    "climbs-space": f"{name}/data/spaces/../x/tiles/z0/x0/y0/team.public/manifest.json",
    "other-bag": "other/bagit.txt",
    "dot": f"./{name}/data/x",
    "outside": f"{name}/data/evil.sh",
    "scope": f"{name}/data/spaces/demo/.ulp-scope",
    "seen": f"{name}/data/spaces/demo/tiles/z0/x0/y0/team.public/seen",
    "lock": f"{name}/data/lock",
    "upper": object_name.upper().replace(name.upper(), name),
    "backslash": f"{name}\\data\\x",
    "newline": f"{name}/data/a\nb",
    "empty": "",
}
for case, path in unsafe.items():
    if path:
        write("unsafe", case, [entry(path)])
write("unsafe", "duplicate", [members[1]])
write("unsafe", "duplicate-object", [m for m in members if m[0].name == object_name] * 2)
write("unsafe", "symlink", [link(f"{name}/data/spaces", tarfile.SYMTYPE, "/tmp")])
write("unsafe", "hardlink", [link(f"{name}/data/.ulp-root", tarfile.LNKTYPE, "/etc/passwd")], keep=lambda m: not m.name.endswith(".ulp-root"))
write("unsafe", "device", [entry(f"{name}/data/x", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3)])
write("unsafe", "fifo", [entry(object_name, b"", type=tarfile.FIFOTYPE)], keep=lambda m: m.name != object_name)
write("unsafe", "sparse", [entry(object_name, b"", type=tarfile.GNUTYPE_SPARSE)], keep=lambda m: m.name != object_name)
write("unsafe", "directory-outside", [entry(f"{name}/evil", b"", type=tarfile.DIRTYPE)])
write("unsafe", "gnu-long-name", [entry(f"{name}/data/" + "a/" * 80 + "x")], format=tarfile.GNU_FORMAT)
write("unsafe", "pax-mtime", [entry(f"{name}/data/x", mtime=1.5)], format=tarfile.PAX_FORMAT)
write("unsafe", "pax-climbs", [entry(f"{name}/data/" + "é" * 80 + "/../../../x")], format=tarfile.PAX_FORMAT)
pax = entry(f"{name}/data/x")
pax[0].pax_headers = {"linkpath": "/etc/passwd"}
write("unsafe", "pax-linkpath", [pax], format=tarfile.PAX_FORMAT)

big = entry(f"{name}/data/objects/sha256/00/" + "0" * 62, b"\0" * (9 << 20))
write("limit", "more-than-oxum", [big])
no_info = lambda m: not m.name.endswith("bag-info.txt") and not m.name.endswith("manifest-sha256.txt")
write("bomb", "no-oxum", [entry(f"{name}/data/objects/sha256/00/" + "0" * 62, b"\0" * (40 << 20))], at=1, keep=no_info)
