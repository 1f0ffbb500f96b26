#!/usr/bin/env python3
"""Kill a tool at every system call that changes a file, and let each of those calls fail: once, and from then on.

usage: syscalls.py BIN [N [SEED [MODE...]]]   of each N faults in a row one is tried, by the SEED; MODE: as calls.py explains

Faults are in the order of commands, calls and modes: with N as many as there are modes, every call is disturbed once.
The points of a command are the calls of a first, undisturbed run, all of them. After each fault: `ulp-store check`
finds no damage; everything that was echoed, and everything that was there before, is in the store, once, and nothing
that nobody wrote; a command that says it succeeded has, and none does after a sync that failed; the next append works
without help and adds what is missing, and the store then derives what the stream does. Whoever follows what is echoed
shows in the end what is shown of it as a file. A store with receipts makes no false claim at any moment, and attests in
the end to all that it holds. A repair that was disturbed is repeated, and then all that holds.

It needs a Linux with seccomp, 5.9 or newer, and where that is missing says so and ends with 77.
"""
import collections, hashlib, json, multiprocessing, os, random, shutil, subprocess, sys, tempfile
import calls

BIN = os.path.abspath(sys.argv[1])
ERRORS = ['ENOSPC', 'EIO', 'EROFS']
EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else 1
SEED = sys.argv[3] if len(sys.argv) > 3 else ''
MODES = sys.argv[4:] or ['kill'] + [error + how for error in ERRORS for how in ('', '+', '*')]
WORK = tempfile.mkdtemp(prefix='ulp-faults-')


def event(n, tile='z0/x0/y0', realm='team', pad=None):
    return ('{"actor_id":"user:a","event_id":"evt-%d","layer_id":"l","node_id":"n%d","operation":"create_node",'
            '"preserves_invariants":[],"previous_events":[],"properties":{"pad":"%s"},"scope":{"authority":"source",'
            '"boundary":"interior","policy":"public","realm":"%s"},"space_id":"s","tile":"%s","timestamp":%d}'
            % (n, n, 'x' * (n * 37 % 900 if pad is None else pad), realm, tile, 1730000000 + n))


OLD = [event(n, 'z0/x%d/y0' % (n % 2)) for n in range(12)]
NEW = [event(n, 'z0/x%d/y%d' % (n % 3, n % 2), ('team', 'public')[n % 2]) for n in range(12, 24)]
# An event a lane, so many that the file system is synced as a whole and indexes are written at the end.
MANY = [event(n, 'z0/x%d/y1' % n) for n in range(30, 48)]
# Small sealed entries before a large one: with the next append, the older ones move into a page.
FULL = [event(n, pad=0) for n in range(255)] + [event(255, pad=70000)]
MORE = [event(n) for n in range(300, 303)]

# So many that a few more make a delta of their snapshot.
LONG = [event(n, pad=10) for n in range(400, 460)]
BESIDE = [event(n, pad=10) for n in range(460, 463)]

REPAIR = ['ulp-store', '-j1', 'check', '--store', 'w', '--repair']
APPEND = ['ulp-append', '-j1', '--store', 'w', '../new.jsonl']
# What is disturbed: the store it starts with, what is in there, what comes to it, and the command, run beside the
# store `w`.
COMMANDS = {
    'init': (None, [], NEW, ['ulp-store', '-j1', 'init', 'w']),
    'first': ('empty', [], NEW[:6], APPEND),
    'append': ('grown', OLD, NEW, APPEND),
    'again': ('grown', OLD, OLD, APPEND),
    'both': ('grown', OLD, OLD[5:] + NEW[:2], APPEND),
    'many': ('grown', OLD, MANY, APPEND),
    'page': ('full', FULL, MORE, APPEND),
    'unpack': ('grown', OLD, NEW[:6], ['tile-unpack', '-j1', '--store', 'w', '../new.tar.zst']),
    'put': ('grown', OLD, NEW[:1], ['ulp-store', '-j1', 'put', '--store', 'w', '../new.jsonl']),
    'snapshot': ('grown', OLD, NEW[:1], ['ulp-materialize', '-j1', '--store', 'w', '--snapshot']),
    'delta': ('long', LONG + BESIDE, NEW[:1], ['ulp-materialize', '-j1', '--store', 'w', '--snapshot']),
    'receipt': ('known', OLD, NEW, APPEND),
    'received': ('known', OLD, NEW[:6], ['tile-unpack', '-j1', '--store', 'w', '../new.tar.zst']),
    'attest': ('late', OLD, NEW[:1], ['ulp-attest', '-j1', '--store', 'w', '--key', '../../key.pem']),
    'repair': ('lying', OLD, NEW[:1], REPAIR),
    'lost': ('torn', OLD, NEW[:1], REPAIR),
    'prune': ('grown', OLD, NEW[:1], ['ulp-store', '-j1', 'prune', '--store', 'w', '--older-than', '0s', '--keep', '1']),
}
# These echo what they made durable.
ECHOING = [name for name, (_, _, _, command) in COMMANDS.items() if command[0] in ('ulp-append', 'tile-unpack')]


def tool(name, *args, cwd=WORK, text=None):
    return subprocess.run([os.path.join(BIN, name), *args], input=text, capture_output=True, text=True, cwd=cwd)


def good(name, *args, **options):
    done = tool(name, *args, **options)
    assert done.returncode == 0, (name, args, done)
    return done.stdout


def text(lines):
    return ''.join(line + '\n' for line in lines)


def make_stores():
    for store in ('empty', 'grown', 'full'):
        good('ulp-store', 'init', store)
    for n in range(0, len(OLD), 3):
        good('ulp-append', '--store', 'grown', text=text(OLD[n:n + 3]))
        if n in (3, 6):
            good('ulp-materialize', '--store', 'grown', '--snapshot')
    good('ulp-store', 'prune', '--store', 'grown', '--older-than', '0s')
    good('ulp-store', 'init', 'long')
    good('ulp-append', '--store', 'long', text=text(LONG))
    good('ulp-materialize', '--store', 'long', '--snapshot')
    good('ulp-append', '--store', 'long', text=text(BESIDE))
    damage()
    identify()
    # Nobody waits for sixteen megabytes to be sealed one by one.
    entries = []
    for n, line in enumerate(FULL):
        segment, name = (line + '\n').encode(), 'evt-%d' % n
        digest = hashlib.sha256(segment).hexdigest()
        directory = os.path.join(WORK, 'full/objects/sha256', digest[:2])
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, digest[2:]), 'wb') as file:
            file.write(segment)
        entries.append({'hash': 'sha256:' + digest, 'from_event': name, 'to_event': name, 'events': 1,
                        'bytes': len(segment)})
    lane = os.path.join(WORK, 'full/spaces/s/tiles/z0/x0/y0/team.public')
    os.makedirs(lane)
    with open(os.path.join(lane, 'manifest.json'), 'w') as file:
        manifest = {'v': 1, 'tile_id': 'z0/x0/y0', 'segments': entries}
        file.write(json.dumps(manifest, sort_keys=True, separators=(',', ':')) + '\n')


def damage():
    """A store whose manifests lie or are gone, and one that has lost a segment: what is left of it is what is old."""
    lane = 'spaces/s/tiles/z0/x%d/y0/team.public/manifest.json'
    for store in ('lying', 'torn'):
        shutil.copytree(os.path.join(WORK, 'grown'), os.path.join(WORK, store))
    os.unlink(os.path.join(WORK, 'lying', lane % 1))
    path = os.path.join(WORK, 'lying', lane % 0)
    with open(path) as file:
        manifest = json.load(file)
    manifest['segments'][0]['events'] += 1
    with open(path, 'w') as file:
        json.dump(manifest, file)
    with open(os.path.join(WORK, 'torn', lane % 0)) as file:
        digest = json.load(file)['segments'][0]['hash'].split(':')[1]
    path = os.path.join(WORK, 'torn/objects/sha256', digest[:2], digest[2:])
    with open(path) as file:
        lost = file.read().splitlines()
    os.chmod(path, 0o644)
    with open(path, 'a') as file:
        file.write('x')
    assert lost
    _, old, new, command = COMMANDS['lost']
    COMMANDS['lost'] = 'torn', [line for line in old if line not in lost], lost + new, command


def identify():
    """Stores that keep receipts: from their first event on, and from now on."""
    did = good('um-key', 'generate', '-o', 'key.pem').strip()
    good('ulp-store', 'init', 'known')
    shutil.copytree(os.path.join(WORK, 'grown'), os.path.join(WORK, 'late'))
    for store in ('known', 'late'):
        with open(os.path.join(WORK, store, '.ulp-root'), 'a') as file:
            file.write('federation: {identity: "%s"}\n' % did)
    for n in range(0, len(OLD), 3):
        good('ulp-append', '--store', 'known', text=text(OLD[n:n + 3]))


def receipts(where, when):
    """What is wrong with the receipts of a store that keeps some."""
    wrong = tool('ulp-attest', '--store', 'w', '--verify', cwd=where)
    return ['receipts %s: %s' % (when, wrong.stderr[:300])] if wrong.returncode else []


def attested(where):
    """What is wrong with what the store attests to: with that, all that it holds has a receipt."""
    said = tool('ulp-attest', '--store', 'w', '--key', '../../key.pem', cwd=where)
    if said.returncode:
        return ['attest: ' + said.stderr[:300]]
    wrong = tool('ulp-attest', '--store', 'w', '--verify', '--replay', '-', cwd=where, text=said.stdout)
    return ['attested: ' + wrong.stderr[:300]] if wrong.returncode or '"receipt.open"' in wrong.stderr else []


def make_inputs():
    """A directory for each command, with what it reads; answers what is derived in the end."""
    states = {}
    for name, (_, old, new, _) in COMMANDS.items():
        os.mkdir(os.path.join(WORK, name))
        for file, lines in (('new', new), ('all', old + new)):
            with open(os.path.join(WORK, name, file + '.jsonl'), 'w') as opened:
                opened.write(text(lines))
        states[name] = good('ulp-materialize', text=text(old + new))
        if name in ('unpack', 'received'):
            good('tile-pack', '-o', name + '/new.tar.zst', text=text(new))
    return states


def link_or_copy(source, target):
    """Objects never change, so they need not be copied."""
    (os.link if '/objects/' in source else shutil.copy2)(source, target)


def fresh(name, tag):
    where = os.path.join(WORK, name, tag)
    os.mkdir(where)
    if COMMANDS[name][0]:
        shutil.copytree(os.path.join(WORK, COMMANDS[name][0]), os.path.join(where, 'w'), copy_function=link_or_copy)
    return where


def run(name, where, *fault):
    command = COMMANDS[name][3]
    command = [os.path.join(BIN, command[0]), *command[1:]]
    with open(os.path.join(where, 'out'), 'w') as out, open(os.path.join(where, 'err'), 'w') as err:
        if name not in ECHOING:
            return calls.run(command, *fault, cwd=where, stdout=out, stderr=err)
        # Somebody follows what is echoed.
        with open(os.path.join(where, 'shown'), 'w') as shown:
            follower = subprocess.Popen([os.path.join(BIN, 'projector-2d'), '-j1', '--follow', '-f', 'jsonl'],
                                        stdin=subprocess.PIPE, stdout=shown, stderr=subprocess.DEVNULL)
            tee = subprocess.Popen(['tee', os.path.join(where, 'out')], stdin=subprocess.PIPE, stdout=follower.stdin)
            follower.stdin.close()
            done = calls.run(command, *fault, cwd=where, stdout=tee.stdin, stderr=err)
            tee.stdin.close()
            tee.wait()
            assert follower.wait() == 0
            return done


def latest(text):
    """The last record of each node."""
    return {record['node_id']: record for record in map(json.loads, text.splitlines()) if record['type'] == 'node'}


def points(name):
    where = fresh(name, 'first')
    status, found = run(name, where)
    faults = judge(name, where, 'none', status)
    assert status == 0 and not faults, (name, status, faults)
    if name == 'page':
        assert '"previous"' in open(os.path.join(where, 'w/spaces/s/tiles/z0/x0/y0/team.public/manifest.json')).read()
    if name == 'delta':
        lane = os.path.join(where, 'w/spaces/s/tiles/z0/x0/y0/team.public/snapshots')
        assert any('"delta":"sha256:' in open(os.path.join(lane, record)).read() for record in os.listdir(lane))
    if name == 'many':
        assert 'syncfs' in found
    return found


def judge(name, where, mode, status, call=None):
    _, old, new, command = COMMANDS[name]
    faults = []
    if command == REPAIR:
        repaired = tool(*command, cwd=where)
        if repaired.returncode:
            faults.append('repair once more: ' + (repaired.stdout + repaired.stderr)[:300])
    if call in calls.SYNCS and mode != 'kill' and status != 4:
        faults.append('a sync that failed was passed over')
    if mode != 'kill' and status not in (0, 4):
        faults.append('status %d' % status)
    if name == 'init' and status:
        made = tool(*command, cwd=where)
        if made.returncode:
            faults.append('init once more: ' + made.stderr[:200])
    check = tool('ulp-store', 'check', '--store', 'w', '--replay', cwd=where)
    if check.returncode:
        faults.append('check: ' + (check.stdout + check.stderr)[:300])
    keeps = COMMANDS[name][0] in ('known', 'late')
    faults += receipts(where, 'after it') if keeps else []
    stored = tool('ulp-materialize', '--store', 'w', '--events', cwd=where).stdout.splitlines()
    if len(stored) != len(set(stored)):
        faults.append('an event twice')
    with open(os.path.join(where, 'out')) as out:
        echoed = out.read().split('\n')[:-1] if name in ECHOING else []
    if name in ECHOING:
        with open(os.path.join(where, 'shown')) as shown:
            if latest(shown.read()) != latest(good('projector-2d', '-f', 'jsonl', 'out', cwd=where)):
                faults.append('another view of what was echoed')
    lost = set(old + echoed) - set(stored)
    if lost:
        faults.append('lost: %s' % sorted(lost)[:2])
    if set(stored) - set(old + new):
        faults.append('something that nobody wrote')
    if status == 0 and name in ECHOING and sorted(echoed) != sorted(set(new) - set(old)):
        faults.append('it says that it succeeded, and did not echo everything')
    after = tool('ulp-append', '--store', 'w', '../all.jsonl', cwd=where)
    if after.returncode:
        faults.append('the next append: ' + after.stderr[:200])
    if sorted(stored + after.stdout.splitlines()) != sorted(set(old + new)):
        faults.append('the next append did not add just what was missing')
    faults += receipts(where, 'after the next append') + attested(where) if keeps else []
    if tool('ulp-materialize', '--store', 'w', cwd=where).stdout != STATES[name]:
        faults.append('another state')
    check = tool('ulp-store', 'check', '--store', 'w', cwd=where)
    if check.returncode:
        faults.append('after the next append, check: ' + (check.stdout + check.stderr)[:300])
    return faults


def disturb(job):
    name, mode, call, point = job
    where = fresh(name, '%s-%d' % (mode, point))
    status, found = run(name, where, mode, point)
    faults = judge(name, where, mode, status, call)
    # The call that was hit has to be the one that was meant.
    if found[point - 1:point] != [call] or mode == 'kill' and status != -9:
        faults.append('not tried: %s' % found[-3:])
    shutil.rmtree(where)
    return job, faults


if calls.missing():
    print(calls.missing())
    sys.exit(77)
try:
    make_stores()
    STATES = make_inputs()
    jobs = [(name, mode, call, point) for name in COMMANDS for point, call in enumerate(points(name), 1)
            for mode in MODES]
    rnd = random.Random(SEED)
    jobs = [rnd.choice(jobs[at:at + EVERY]) for at in range(0, len(jobs), EVERY)]
    by_mode, by_command, violations = collections.Counter(), collections.Counter(), 0
    with multiprocessing.get_context('fork').Pool() as pool:
        for (name, mode, call, point), faults in pool.imap_unordered(disturb, jobs, chunksize=8):
            by_mode[mode] += 1
            by_command[name] += 1
            if faults:
                violations += 1
                print('%s, %s at call %d, %s: %s' % (name, mode, point, call, '; '.join(faults)))
finally:
    shutil.rmtree(WORK, ignore_errors=True)
for what, names, counted in (('mode', MODES, by_mode), ('command', COMMANDS, by_command)):
    print('points tried by %s: %s' % (what, ', '.join('%s %d' % (name, counted[name]) for name in names)))
print('points tried %d, violations %d' % (len(jobs), violations))
sys.exit(violations > 0 or not jobs)
