"""Packs as people make them: people.py BAG OUT SEED COUNT writes COUNT tars of the directory BAG into OUT, each with its
members in a random order and in one of the dialects, and a hostile sibling of each as <number>.unsafe."""
import io, os, random, sys, tarfile

bag, out, seed, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
os.makedirs(out, exist_ok=True)
rng = random.Random(seed)
FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}

files, directories = {}, []
for where, names, leaves in os.walk(bag):
    below = os.path.relpath(where, bag)
    directories.append("" if below == "." else below)
    for leaf in leaves:
        path = os.path.normpath(os.path.join(below, leaf))
        files[path] = open(os.path.join(bag, path), "rb").read()
an_object = next(path for path in sorted(files) if "/objects/" in path)


def owner(info, dialect):
    info.uid, info.gid = rng.choice([(0, 0), (1000, 1000), (1000 if dialect == "ustar" else 1 << 22, 5)])
    info.uname, info.gname = rng.choice([("", ""), ("zoe", "users"), ("Zoë", "Dörfler")])
    info.mode = rng.choice([0o644, 0o444, 0o600, 0o777])
    return info


def members(prefix, dialect):
    made = []
    if rng.random() < 0.7:
        for path in directories:
            info = owner(tarfile.TarInfo(prefix + path if path else prefix.rstrip("/") or "."), dialect)
            info.type = tarfile.DIRTYPE
            made.append((info, b""))
    for path, body in files.items():
        info = owner(tarfile.TarInfo(prefix + path), dialect)
        info.size = len(body)
        info.type = rng.choice([tarfile.REGTYPE, tarfile.AREGTYPE])
        info.mtime = rng.choice([0, 1e9, 1.7e9 + rng.random() if dialect == "pax" else 7])
        if dialect == "pax":
            info.pax_headers = dict(rng.sample(list(KIN.items()), rng.randrange(len(KIN))))
            if rng.random() < 0.3:
                # What the header says and what stands before it are one.
                info.pax_headers.update(path=info.name, size=str(info.size))
        made.append((info, body))
    rng.shuffle(made)
    return made


KIN = {
    "atime": "1700000000.25",
    "ctime": "1700000000.5",
    "uid": "4194304",
    "gname": "users",
    "comment": "from the stick",
    "SCHILY.dev": "64769",
    "SCHILY.ino": "77",
    "SCHILY.xattr.user.note": "ü" * 3000,
    "LIBARCHIVE.creationtime": "1700000000",
    "LIBARCHIVE.xattr.com.apple.quarantine": "MDA4Mzs=",
    "RHT.security.selinux": "unconfined_u:object_r:user_home_t:s0",
}


def hostile(prefix, dialect):
    """One more member, that no pack has."""
    def entry(path, **fields):
        info = tarfile.TarInfo(path)
        for key, value in fields.items():
            setattr(info, key, value)
        return info, b""
    kinds = [
        entry(prefix + "data/../../evil"),
        entry("/tmp/ulp-evil"),
        entry(prefix + "data/evil"),
        (entry("another/bagit.txt", size=len(files["bagit.txt"]))[0], files["bagit.txt"]),
        entry(prefix + "evil", type=tarfile.DIRTYPE),
        entry(prefix + "data/objects", type=tarfile.SYMTYPE, linkname="/tmp"),
        entry(prefix + "data/.ulp-root", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
        entry(prefix + "data/x", type=tarfile.FIFOTYPE),
        entry(prefix + "data/x", type=tarfile.CHRTYPE),
        entry(prefix + an_object, type=tarfile.GNUTYPE_SPARSE),
        (entry(prefix + "bagit.txt", size=len(files["bagit.txt"]))[0], files["bagit.txt"]),
        entry(prefix + "data/" + "x/" * 50 + "x"),
    ]
    if dialect == "pax":
        kinds += [
            entry(prefix + an_object, pax_headers={"linkpath": "/etc/passwd"}),
            entry(prefix + an_object, pax_headers={"GNU.sparse.major": "1", "GNU.sparse.name": "x"}),
            entry(prefix + an_object, pax_headers={"path": "/tmp/ulp-evil"}),
        ]
    return rng.choice(kinds)


def write(path, made, dialect, whole):
    with tarfile.open(path, "w", format=FORMATS[dialect], pax_headers=whole) as tar:
        for info, body in made:
            tar.addfile(info, io.BytesIO(body))


for number in range(count):
    dialect = rng.choice(list(FORMATS))
    long = "w" * 60 if dialect == "ustar" else "Weiler " * 18
    prefix = rng.choice(["bag/", "./bag/", "", "./", long + "/", "data/"])
    whole = {"comment": "a tar of all"} if dialect == "pax" and rng.random() < 0.3 else {}
    made = members(prefix, dialect)
    write(f"{out}/{number:04}.tar", made, dialect, whole)
    made.insert(rng.randrange(len(made) + 1), hostile(prefix, dialect))
    write(f"{out}/{number:04}.unsafe", made, dialect, whole)
