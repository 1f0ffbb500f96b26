#!/usr/bin/env python3
"""Cut the power under `ulp-append --store`, at hundreds of moments of one run.

usage: powercut.py BIN [POINTS [APPENDS]]         needs root, qemu-storage-daemon with FUSE exports, mkfs.ext4

The store lies on an ext4 whose every block write and flush is logged. Two kinds of moments are tried:

  prefix   everything that was written up to the moment is on the disk
  torn     what was written since the last flush is there by halves: each write or not, some only in part

At each, the file system is mounted again as after a power cut, and: every event that was echoed before is in the
store, none is there twice, `ulp-store check` finds no damage, and the next append works.

The negative control is the same run on a disk that promises a flush and does nothing: its moments must show losses,
or this program could not see any.
"""
import os, random, shutil, signal, struct, subprocess, sys, tempfile, time

BIN = os.path.abspath(sys.argv[1])
POINTS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
APPENDS = int(sys.argv[3]) if len(sys.argv) > 3 else 40
WORK = tempfile.mkdtemp(prefix='ulp-power-')
SECTOR = 512
FLUSH, DISCARD = 1, 4


def sh(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def tool(name, *args, text=None):
    return subprocess.run([os.path.join(BIN, name), *args], input=text, capture_output=True, text=True)


def event(n):
    return ('{"actor_id":"user:a","event_id":"evt-%d","layer_id":"l","node_id":"n%d","operation":"create_node",'
            '"preserves_invariants":[],"previous_events":[],"properties":{"pad":"%s"},"scope":{"authority":"source",'
            '"boundary":"interior","policy":"public","realm":"team"},"space_id":"s","tile":"z0/x%d/y0",'
            '"timestamp":%d}' % (n, n, 'x' * (37 * n % 3000), n % 2, 1730000000 + n))


def entries():
    with open('log.img', 'rb') as log:
        return struct.unpack('<QQQI', log.read(28))[2]


def record():
    """Appends on a logged disk; answers what was echoed when: (entries in the log by then, lines)."""
    sh('truncate', '-s', '48M', 'base.img')
    sh('truncate', '-s', '900M', 'log.img')
    open('export', 'w').close()
    os.makedirs('m')
    sh('mkfs.ext4', '-q', '-F', 'base.img')
    device = sh('losetup', '-f', '--show', 'base.img')
    sh('mount', device, 'm')
    assert tool('ulp-store', 'init', 'm/w').returncode == 0
    sh('umount', 'm')
    sh('losetup', '-d', device)
    shutil.copy('base.img', 'start.img')
    daemon = subprocess.Popen([
        'qemu-storage-daemon', '--blockdev', 'driver=file,node-name=f0,filename=base.img',
        '--blockdev', 'driver=file,node-name=l0,filename=log.img',
        '--blockdev', 'driver=blklogwrites,node-name=b,file=f0,log=l0,log-sector-size=512,log-super-update-interval=1',
        '--export', 'type=fuse,id=e0,node-name=b,mountpoint=%s/export,writable=on' % WORK])
    for _ in range(100):
        time.sleep(0.05)
        if os.path.getsize('export'):
            break
    device = sh('losetup', '-f', '--show', 'export')
    sh('mount', device, 'm')
    acknowledged, n = [], 0
    for i in range(APPENDS):
        lines = [event(n + k) for k in range(1 + i % 3)]
        n += len(lines)
        done = tool('ulp-append', '--store', 'm/w', text='\n'.join(lines) + '\n')
        assert done.returncode == 0, done.stderr
        acknowledged.append((entries(), done.stdout.splitlines()))
        if i % 15 == 14:
            assert tool('ulp-materialize', '--store', 'm/w', '--snapshot').returncode == 0
    sh('umount', 'm')
    sh('losetup', '-d', device)
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()
    return acknowledged


def read_log():
    with open('log.img', 'rb') as log:
        _, _, count, size = struct.unpack('<QQQI', log.read(28))
        log.seek(size)
        found = []
        for _ in range(count):
            sector, number, flags, _ = struct.unpack('<QQQQ', log.read(size)[:32])
            data = b'' if flags & DISCARD else log.read(number * size)
            found.append((sector * size, flags, data))
        return found


def write(image, entry, part=None):
    if entry[2]:
        image.seek(entry[0])
        image.write(entry[2][:part])


def judge(image, promised):
    """What is wrong with a disk on which these lines were promised to be."""
    shutil.copy(image, 'mounted.img')
    device = sh('losetup', '-f', '--show', 'mounted.img')
    try:
        if subprocess.run(['mount', device, 'm'], capture_output=True).returncode:
            return ['the file system does not mount']
        try:
            wrong = []
            stored = tool('ulp-materialize', '--store', 'm/w', '--events').stdout.splitlines()
            lost = [line for line in promised if line not in stored]
            if lost:
                wrong.append('%d of %d echoed events lost' % (len(lost), len(promised)))
            if len(stored) != len(set(stored)):
                wrong.append('an event twice')
            check = tool('ulp-store', 'check', '--store', 'm/w')
            if check.returncode:
                wrong.append('check: ' + (check.stdout + check.stderr)[:200])
            again = tool('ulp-append', '--store', 'm/w', text=event(10 ** 6) + '\n')
            if again.returncode or not again.stdout:
                wrong.append('the next append: ' + again.stderr[:200])
            return wrong
        finally:
            sh('umount', 'm')
    finally:
        sh('losetup', '-d', device)


def moments(log, acknowledged, kind, heeded=True):
    """Tries some moments; `heeded` says whether flushes mean anything. Answers points and violations."""
    rnd = random.Random(len(kind))
    chosen = set(rnd.sample(range(1, len(log) + 1), min(POINTS, len(log))))
    shutil.copy('start.img', 'durable.img')
    since, flushed, points, violations = [], 0, 0, 0
    with open('durable.img', 'r+b', buffering=0) as durable:
        for k, entry in enumerate(log, 1):
            if kind == 'prefix':
                write(durable, entry)
            elif entry[1] & FLUSH and heeded:
                for old in since:
                    write(durable, old)
                since, flushed = [entry], k
            else:
                since.append(entry)
                flushed = k if entry[1] & FLUSH else flushed
            if k not in chosen:
                continue
            shutil.copy('durable.img', 'cut.img')
            if kind == 'torn':
                with open('cut.img', 'r+b', buffering=0) as cut:
                    for old in since:
                        if rnd.random() < 0.5:
                            whole = rnd.random() < 0.7
                            write(cut, old, None if whole else rnd.randrange(len(old[2]) // SECTOR + 1) * SECTOR)
            # What was echoed before the last flush that reached the disk was promised on the strength of one.
            by = k if kind == 'prefix' else flushed - 1
            promised = [line for count, lines in acknowledged if count <= by for line in lines]
            wrong = judge('cut.img', promised)
            points += 1
            violations += bool(wrong)
            if wrong and heeded:
                print('  %s, entry %d of %d: %s' % (kind, k, len(log), '; '.join(wrong)))
    return points, violations


os.chdir(WORK)
try:
    acknowledged = record()
    log = read_log()
    flushes = sum(1 for entry in log if entry[1] & FLUSH)
    print('appends %d, log entries %d, flushes %d' % (APPENDS, len(log), flushes))
    bad = 0
    for kind in ('prefix', 'torn'):
        points, violations = moments(log, acknowledged, kind)
        print('%s: points tried %d, violations %d' % (kind, points, violations))
        bad += violations
    points, seen = moments(log, acknowledged, 'torn', heeded=False)
    print('control, flushes that do nothing: points tried %d, violations %d (wanted: some)' % (points, seen))
finally:
    subprocess.run(['umount', 'm'], capture_output=True)
    os.chdir('/')
    shutil.rmtree(WORK, ignore_errors=True)
sys.exit(bad > 0 or seen == 0)
