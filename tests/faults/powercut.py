#!/usr/bin/env python3
"""Cut the power under `ulp-append --store`, at every moment of one run or at some.

usage: powercut.py BIN [POINTS [SEED [APPENDS]]]  POINTS: a number, or all; by the SEED they are chosen. Needs root, qemu-storage-daemon with FUSE exports, mkfs.ext4, losetup

The store lies on an ext4 whose every block write and flush is logged. Two kinds of moments are tried:

  prefix   everything that was written up to the moment is on the disk
  torn     what was written since the last flush is there by halves: each write or not, some only in part

At each, the file system is mounted again as after a power cut, and: every event that was echoed before is in the
store, none is there twice, nor any that nobody wrote, `ulp-store check --replay` finds no damage,
its receipts make no false claim, a repair changes
nothing of that, and the next append works and adds just what is missing. While the run was recorded there were
snapshots, prunes and repairs in it, and somebody followed what was echoed.

Two negative controls are to show violations, or this program could not see any: the moments of the same run on a disk
that promises a flush and does nothing, and those of a run whose tools promise a sync and do nothing.

Where the machine lacks something it says what and ends with 77.
"""
import json, os, random, shutil, signal, struct, subprocess, sys, tempfile, time
import calls

BIN = os.path.abspath(sys.argv[1])
POINTS = None if sys.argv[2:3] == ['all'] else int(sys.argv[2]) if len(sys.argv) > 2 else 100
SEED = sys.argv[3] if len(sys.argv) > 3 else ''
APPENDS = int(sys.argv[4]) if len(sys.argv) > 4 else 40
CONTROLS = 20
SKIPPED = 77
INSIDE = 'ULP_POWERCUT_WORK'
SECTOR = 512
# Where ext4 keeps the one record that it rests on itself: torn, nothing mounts, whoever wrote files there.
SUPERBLOCK = 1024
FLUSH, DISCARD = 1, 4
# Whoever this is: the store keeps receipts in its name, and signs nothing.
IDENTITY = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
# So that nothing is on the disk because the file system was kind: it keeps no order between a file and its name.
UNKIND = 'loop,data=writeback,noauto_da_alloc'


def sh(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise OSError('%s: %s' % (' '.join(command), done.stderr.strip()))
    return done.stdout.strip()


def tool(name, *args, text=None, before=None):
    return subprocess.run([os.path.join(BIN, name), *args], input=text, capture_output=True, text=True, preexec_fn=before)


def event(n):
    return ('{"actor_id":"user:a","event_id":"evt-%d","layer_id":"l","node_id":"n%d","operation":"create_node",'
            '"preserves_invariants":[],"previous_events":[],"properties":{"pad":"%s"},"scope":{"authority":"source",'
            '"boundary":"interior","policy":"public","realm":"team"},"space_id":"s","tile":"z0/x%d/y0",'
            '"timestamp":%d}' % (n, n, 'x' * (37 * n % 3000), n % 2, 1730000000 + n))


class Mounted:
    """A file system on a file, mounted at `m`. The loop device goes with the mount."""

    def __init__(self, image, options='loop'):
        sh('mount', '-o', options, image, 'm')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        sh('umount', 'm')


def entries():
    with open('log.img', 'rb') as log:
        return struct.unpack('<QQQI', log.read(28))[2]


def export():
    """A disk that logs what is done to it: the file `export`."""
    daemon = subprocess.Popen([
        'qemu-storage-daemon', '--blockdev', 'driver=file,node-name=f0,filename=base.img',
        '--blockdev', 'driver=file,node-name=l0,filename=log.img',
        '--blockdev', 'driver=blklogwrites,node-name=b,file=f0,log=l0,log-sector-size=512,log-super-update-interval=1',
        '--export', 'type=fuse,id=e0,node-name=b,mountpoint=%s/export,writable=on' % os.getcwd()],
        stderr=subprocess.PIPE, text=True)
    for _ in range(400):
        if daemon.poll() is not None:
            raise OSError('qemu-storage-daemon: ' + daemon.stderr.read().strip())
        if os.path.getsize('export'):
            return daemon
        time.sleep(0.05)
    end(daemon)
    raise OSError('qemu-storage-daemon exports nothing')


def end(daemon):
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(60)


def prepare():
    """A disk with an empty store, `start.img`, and one that logs; raises an OSError where this machine cannot."""
    sh('truncate', '-s', '32M', 'base.img')
    open('export', 'w').close()
    os.mkdir('m')
    sh('mkfs.ext4', '-q', '-F', 'base.img')
    with Mounted('base.img'):
        assert tool('ulp-store', 'init', 'm/w').returncode == 0
        with open('m/w/.ulp-root', 'a') as file:
            file.write('federation: {identity: "%s"}\n' % IDENTITY)
    shutil.copy('base.img', 'start.img')


def start():
    shutil.copy('start.img', 'base.img')
    if os.path.exists('log.img'):
        os.unlink('log.img')
    sh('truncate', '-s', '900M', 'log.img')
    return export()


def record(daemon, before=None):
    """Appends on the logged disk; answers what was echoed when (entries in the log by then, lines), and the log."""
    acknowledged, n, counts = [], 0, {}
    with open('shown', 'w') as shown:
        follower = subprocess.Popen([os.path.join(BIN, 'projector-2d'), '--follow', '-f', 'jsonl'], text=True,
                                    stdin=subprocess.PIPE, stdout=shown, stderr=subprocess.DEVNULL)
    try:
        with Mounted('export', UNKIND):
            for i in range(APPENDS):
                lines = [event(n + k) for k in range(1 + i % 3)]
                n += len(lines)
                done = tool('ulp-append', '--store', 'm/w', text='\n'.join(lines) + '\n', before=before)
                assert done.returncode == 0, done.stderr
                acknowledged.append((entries(), done.stdout.splitlines()))
                follower.stdin.write(done.stdout)
                follower.stdin.flush()
                for every, command in ((11, ('ulp-materialize', '--snapshot')), (17, ('ulp-store', 'check', '--repair')),
                                       (7, ('ulp-store', 'prune', '--older-than', '0s', '--keep', '1'))):
                    if i % every == every - 1:
                        done = tool(*command, '--store', 'm/w', before=before)
                        assert done.returncode == 0, done.stdout + done.stderr
                        counts[command[1]] = counts.get(command[1], 0) + 1
    finally:
        end(daemon)
        follower.stdin.close()
        assert follower.wait() == 0
    with open('echoed', 'w') as file:
        file.write(''.join(line + '\n' for _, lines in acknowledged for line in lines))
    with open('shown') as shown:
        assert latest(shown.read()) == latest(tool('projector-2d', '-f', 'jsonl', 'echoed').stdout)
    print('recorded: ' + ', '.join('%s %d' % count for count in sorted(counts.items())) + ', followed %d events' % n)
    return acknowledged, read_log()


def latest(text):
    """The last record of each node."""
    return {record['node_id']: record for record in map(json.loads, text.splitlines()) if record['type'] == 'node'}


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


def judge(image, promised, written):
    """What is wrong with a disk on which these lines were promised to be, of all that were written."""
    try:
        mounted = Mounted(image)
    except OSError:
        return ['the file system does not mount']
    with mounted:
        wrong = []
        stored = tool('ulp-materialize', '--store', 'm/w', '--events').stdout.splitlines()
        lost = set(promised) - set(stored)
        if lost:
            wrong.append('%d of %d echoed events lost' % (len(lost), len(promised)))
        if len(stored) != len(set(stored)):
            wrong.append('an event twice')
        if set(stored) - set(written):
            wrong.append('something that nobody wrote')
        check = tool('ulp-store', 'check', '--store', 'm/w', '--replay')
        if check.returncode:
            wrong.append('check: ' + (check.stdout + check.stderr)[:200])
        wrong += receipts('')
        repair = tool('ulp-store', 'check', '--store', 'm/w', '--repair')
        if repair.returncode:
            wrong.append('repair: ' + (repair.stdout + repair.stderr)[:200])
        if tool('ulp-materialize', '--store', 'm/w', '--events').stdout.splitlines() != stored:
            wrong.append('a repair changed what is stored')
        again = tool('ulp-append', '--store', 'm/w', text=''.join(line + '\n' for line in written))
        if again.returncode:
            wrong.append('the next append: ' + again.stderr[:200])
        elif sorted(stored + again.stdout.splitlines()) != sorted(written):
            wrong.append('the next append did not add just what was missing')
        return wrong + receipts(', after the next append')


def receipts(when):
    """What is wrong with the receipts: whatever moment it was, they make no false claim."""
    done = tool('ulp-attest', '--store', 'm/w', '--verify')
    return ['receipts%s: %s' % (when, done.stderr[:200])] if done.returncode else []


def moments(run, kind, points, heeded=True, wanted=False):
    """Tries some moments of a run; `heeded` says whether flushes mean anything. Answers how many were wrong."""
    acknowledged, log = run
    written = [line for _, lines in acknowledged for line in lines]
    rnd = random.Random(SEED + kind)
    chosen = set(rnd.sample(range(1, len(log) + 1), min(points or len(log), len(log))))
    shutil.copy('start.img', 'durable.img')
    since, flushed, violations = [], 0, 0
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
                            whole = rnd.random() < 0.7 or old[0] <= SUPERBLOCK < old[0] + len(old[2])
                            write(cut, old, None if whole else rnd.randrange(len(old[2]) // SECTOR + 1) * SECTOR)
            # What was echoed before the last flush that reached the disk was promised on the strength of one.
            by = k if kind == 'prefix' else flushed - 1
            wrong = judge('cut.img', [line for count, lines in acknowledged if count <= by for line in lines], written)
            violations += bool(wrong)
            if wrong and not wanted:
                print('  %s, entry %d of %d: %s' % (kind, k, len(log), '; '.join(wrong)))
    print('%s: points tried %d, violations %d' % (kind, len(chosen), violations) + ' (wanted: some)' * wanted)
    return violations


def missing():
    """What this machine lacks, as far as that can be told at once."""
    if os.geteuid() != 0:
        return 'root'
    if not os.path.exists('/dev/fuse'):
        return '/dev/fuse'
    if not os.path.exists('/dev/loop-control'):
        return 'loop devices'
    tools = ('unshare', 'mount', 'umount', 'mkfs.ext4', 'truncate', 'qemu-storage-daemon')
    return next((name for name in tools if not shutil.which(name)), None) or calls.missing()


def skip(reason):
    print(reason)
    sys.exit(SKIPPED)


def try_all():
    try:
        prepare()
        daemon = start()
    except OSError as error:
        skip(error)
    run = record(daemon)
    flushes = sum(1 for entry in run[1] if entry[1] & FLUSH)
    print('appends %d, log entries %d, flushes %d' % (APPENDS, len(run[1]), flushes))
    bad = sum(moments(run, kind, POINTS) for kind in ('prefix', 'torn'))
    print('control, flushes that do nothing: ', end='')
    seen = moments(run, 'torn', CONTROLS, heeded=False, wanted=True)
    print('control, syncs that do nothing: ', end='')
    unsynced = moments(record(start(), calls.sync_nothing), 'prefix', CONTROLS, wanted=True)
    return bad > 0 or not seen or not unsynced


def within():
    """Runs this program once more, in namespaces that end with it: whatever happens, all it started and mounted goes."""
    inside = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    if subprocess.run([*inside, 'true'], capture_output=True).returncode:
        skip('missing: namespaces')
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    work, again = tempfile.mkdtemp(prefix='ulp-power-'), None
    try:
        again = subprocess.Popen([*inside, sys.executable, '-B', os.path.abspath(__file__), BIN, *sys.argv[2:]],
                                 cwd=work, env={**os.environ, INSIDE: work}, start_new_session=True,
                                 preexec_fn=calls.end_with_parent)
        return again.wait()
    finally:
        if again:
            again.kill()
            again.wait()
        shutil.rmtree(work, ignore_errors=True)


os.environ['PATH'] += ':/usr/sbin:/sbin'
if missing():
    skip('missing: ' + missing())
sys.exit(try_all() if os.environ.get(INSIDE) == os.getcwd() else within())
