#!/usr/bin/env python3
"""Kill um-portal at every system call that changes a file: of an offer, a presentation, an entrance, a close, a ledger.

usage: portal.py BIN [N [SEED]]   of each N points in a row one is tried, by the SEED

The points are the calls of a first, undisturbed run. After each kill: what was shown stands in the portal; both ledgers
check; the same command again works without help, a nonce that was spent gives the receipt that it has, and the crossing
goes on to its end with one line of each state in each ledger; nothing is left behind.

It needs a Linux with seccomp, 5.9 or newer, and where that is missing says so and ends with 77.
"""
import json, multiprocessing, os, random, shutil, subprocess, sys, tempfile
import calls

BIN = os.path.abspath(sys.argv[1])
EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else 1
SEED = sys.argv[3] if len(sys.argv) > 3 else ''
WORK = tempfile.mkdtemp(prefix='um-portal-faults-')
TOOL = os.path.join(BIN, 'um-portal')
# The steps of a crossing: who does it, what is read, what is written.
STEPS = {
    'offer': ('world', None, 'offer-text'),
    'present': ('alice', 'offer-text', 'crossing'),
    'enter': ('world', 'crossing', 'receipt'),
    'close': ('alice', 'receipt', 'ack'),
    'ledger': ('world', 'ack', 'line'),
}
NAMES = list(STEPS)
# So many cross in one run.
CROSSINGS = 3


def tool(name, *args, cwd=WORK, text=None):
    return subprocess.run([os.path.join(BIN, name), *args], input=text, capture_output=True, text=True, cwd=cwd)


def write(path, text):
    with open(path, 'w') as file:
        file.write(text)


def make():
    """Portals of both sides, in which nothing has happened."""
    for side in ('world', 'alice'):
        os.makedirs(os.path.join(WORK, side))
        tool('um-key', 'generate', '-o', '%s/key.pem' % side)
    alice = tool('um-key', 'did', 'alice/key.pem').stdout.strip()
    ask = {'kind': 'portal:persona', 'scope': ['display'], 'purpose': 'portal-entry', 'required': True}
    write(os.path.join(WORK, 'world/terms.json'), json.dumps({'title': 'Hall', 'role': 'virtual-world-host', 'asks': [ask]}))
    facet = {'@id': 'urn:p', '@type': ['um:Facet', 'portal:persona'], 'entity': {'@id': 'urn:e', '@type': 'um:Entity', 'displayName': 'Alice'}}
    consent = {'@id': 'urn:c', '@type': 'um:Consent', 'facetRef': 'urn:p', 'scope': ['display'], 'purpose': 'portal-entry',
               'grantedAt': '2026-01-01T00:00:00Z', 'expiresAt': '2027-01-01T00:00:00Z'}
    container = {'@context': 'https://universalmanifest.net/ns/v0.4', '@type': 'um:Manifest', 'manifestVersion': '0.4',
                 'subject': alice, 'facets': [facet], 'consents': [consent], 'claims': []}
    write(os.path.join(WORK, 'alice/container.json'), json.dumps(container))
    write(os.path.join(WORK, 'alice/rules.toml'), 'rule = [{role = "virtual-world-host", audience = "*", facets = ["*"], claims = [], purposes = ["portal-entry"]}]\n')


make()


def command(name):
    side, given, _ = STEPS[name]
    return [TOOL, name, '--portal', side, '--now', '2026-11-20T12:0%d:00Z' % NAMES.index(name)] + ([given] if given else [])


def run(name, where):
    """Does a step, undisturbed; tells the status."""
    status = 0
    with open(os.path.join(where, STEPS[name][2]), 'w') as made:
        for _ in range(CROSSINGS if name == 'offer' else 1):
            status |= subprocess.run(command(name), cwd=where, stdout=made, stderr=subprocess.DEVNULL).returncode
    return status


def fresh(name, tag):
    """Portals as that step finds them."""
    where = os.path.join(WORK, '%s-%s' % (name, tag))
    os.mkdir(where)
    for side in ('world', 'alice'):
        shutil.copytree(os.path.join(WORK, side), os.path.join(where, side))
    for before in NAMES[:NAMES.index(name)]:
        assert run(before, where) == 0, before
    return where


def disturb(name, where, *how):
    with open(os.path.join(where, 'cut'), 'w') as out:
        return calls.run(command(name), *how, cwd=where, stdout=out, stderr=subprocess.DEVNULL)


def lines(where, side):
    try:
        with open(os.path.join(where, side, 'ledger.jsonl')) as file:
            return [json.loads(line)['state'] for line in file if line.endswith('\n')]
    except FileNotFoundError:
        return []


def judge(name, where, at):
    faults = []
    side, given, made = STEPS[name]
    with open(os.path.join(where, 'cut')) as file:
        shown = [line.rstrip('\n') for line in file if line.endswith('\n')]
    spent = [file for file in os.listdir(os.path.join(where, side, 'sessions')) if len(file) == 40] if os.path.isdir(os.path.join(where, side, 'sessions')) else []
    kept = [open(os.path.join(where, side, 'sessions', file)).readline().rstrip('\n') for file in spent]
    status = run(name, where)
    if status:
        faults.append('%s: the step again: %d' % (at, status))
    with open(os.path.join(where, made)) as file:
        again = file.read().splitlines()
    if name in ('enter', 'close') and not set(kept) <= set(again):
        faults.append('%s: it was spent, and gives another receipt' % at)
    if name in ('enter', 'close') and not set(shown) <= set(kept):
        faults.append('%s: what was shown is not what there is' % at)
    if len(again) != CROSSINGS and name != 'ledger':
        faults.append('%s: %d came out' % (at, len(again)))
    for later in NAMES[NAMES.index(name) + 1:]:
        status = run(later, where)
        if status:
            faults.append('%s: then %s: %d' % (at, later, status))
    for one in ('world', 'alice'):
        checked = tool('um-portal', 'ledger', '--portal', one, '--check', cwd=where)
        if checked.returncode:
            faults.append('%s: the ledger of %s: %s' % (at, one, checked.stdout))
    world, alice = lines(where, 'world'), lines(where, 'alice')
    if world != ['manifests-exchanged'] * CROSSINGS + ['completed'] * CROSSINGS:
        faults.append('%s: the world has %s' % (at, world))
    # A presentation that nobody saw was made for nothing: it may stand there.
    most = CROSSINGS * (3 if name == 'present' else 2)
    if alice[-2 * CROSSINGS:] != ['manifests-exchanged'] * CROSSINGS + ['receipts-exchanged'] * CROSSINGS or len(alice) > most:
        faults.append('%s: the visitor has %s' % (at, alice))
    for folder, _, files in os.walk(where):
        faults += ['%s: left behind: %s' % (at, file) for file in files if file.startswith('.tmp')]
    return faults


def one(job):
    name, point = job
    where = fresh(name, point)
    try:
        disturb(name, where, 'kill', point)
        return judge(name, where, '%s, call %d' % (name, point))
    finally:
        shutil.rmtree(where)


def points(name):
    where = fresh(name, 'all')
    _, found = disturb(name, where)
    shutil.rmtree(where)
    return [(name, point) for point in range(1, len(found) + 1)]


def main():
    missing = calls.missing()
    if missing:
        print(missing)
        return 77
    every = [job for name in NAMES for job in points(name)]
    rng = random.Random(SEED)
    jobs = [rng.choice(every[n:n + EVERY]) for n in range(0, len(every), EVERY)]
    with multiprocessing.Pool(os.cpu_count()) as pool:
        faults = [fault for found in pool.map(one, jobs, 1) for fault in found]
    print('%d of %d calls: killed at each, %d faults' % (len(jobs), len(every), len(faults)))
    print('\n'.join(faults[:20]))
    return 1 if faults else 0


if __name__ == '__main__':
    try:
        status = main()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    sys.exit(status)
