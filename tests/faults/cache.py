#!/usr/bin/env python3
"""Kill um-cache at every system call that changes a file: of a first round, a later one, a change, a forgetting.

usage: cache.py BIN [N [SEED]]   of each N points in a row one is tried, by the SEED

The points are the calls of a first, undisturbed run. After each kill: `--replay` gives every view that the journal has, and
with it every view that was shown; the lines that were there before are there, unless they were to be forgotten; the
next round works without help, comes to what the undisturbed one came to, and leaves nothing behind.

It needs a Linux with seccomp, 5.9 or newer, and where that is missing says so and ends with 77.
"""
import json, multiprocessing, os, random, shutil, subprocess, sys, tempfile
import calls

BIN = os.path.abspath(sys.argv[1])
EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else 1
SEED = sys.argv[3] if len(sys.argv) > 3 else ''
WORK = tempfile.mkdtemp(prefix='um-cache-faults-')
TOOL = os.path.join(BIN, 'um-cache')
SUBJECTS = 14


def tool(name, *args, cwd=WORK, text=None):
    return subprocess.run([os.path.join(BIN, name), *args], input=text, capture_output=True, text=True, cwd=cwd)


def manifest(n, minute, word):
    key = os.path.join(WORK, 'key%d.pem' % n)
    did = tool('um-key', 'did', key).stdout.strip() if os.path.exists(key) else tool('um-key', 'generate', '-o', key).stdout.strip()
    text = json.dumps({'@context': 'c', '@id': 'urn:m:%d-%d' % (n, minute), '@type': 'um:Manifest', 'manifestVersion': '0.2',
                       'subject': did, 'consents': [{'name': 'voice', 'value': word}]})
    return did, tool('um-sign', '--key', key, '--now', '2026-11-20T12:%02d:00Z' % minute, text=text).stdout


def make():
    os.makedirs(os.path.join(WORK, 'c'))
    dids, sources = [], ''
    for n in range(SUBJECTS):
        for minute, word in ((0, 'allowed'), (5, 'restricted')):
            did, text = manifest(n, minute, word)
            with open(os.path.join(WORK, '%d-%d.json' % (n, minute)), 'w') as file:
                file.write(text)
        shutil.copy(os.path.join(WORK, '%d-0.json' % n), os.path.join(WORK, '%d.json' % n))
        dids.append(did)
        sources += '[[source]]\nname = "home"\nsubject = "%s"\nrole = "authoritative"\nmanifest = "%d.json"\n' % (did, n)
    with open(os.path.join(WORK, 'c/sources.toml'), 'w') as file:
        file.write(sources)
    with open(os.path.join(WORK, 'events'), 'w') as file:
        for n in range(4):
            file.write(json.dumps({'subject': dids[n], 'changedAt': '2026-11-20T12:0%d:30Z' % n, 'changeType': 'consent',
                                   'fields': {'voice': 'denied'}}) + '\n')
    return dids


DIDS = make()


def command(name):
    arguments = {'first': '--now 2026-11-20T12:01:00Z', 'later': '--now 2026-11-20T12:30:00Z',
                 'change': '--change events --now 2026-11-20T12:10:00Z', 'forget': '--forget %s --now 0' % DIDS[1]}
    return [TOOL, '--cache', 'c', '-j1', *arguments[name].split()]


def fresh(name, tag):
    """A cache as that command finds it."""
    where = os.path.join(WORK, '%s-%s' % (name, tag))
    os.mkdir(where)
    for entry in ['c', 'events'] + ['%d.json' % n for n in range(SUBJECTS)]:
        source = os.path.join(WORK, entry)
        (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, os.path.join(where, entry))
    if name != 'first':
        tool('um-cache', '--cache', 'c', '--now', '2026-11-20T12:01:00Z', cwd=where)
    if name == 'later':
        for n in range(SUBJECTS):
            shutil.copy(os.path.join(WORK, '%d-5.json' % n), os.path.join(where, '%d.json' % n))
    return where


def lines(where):
    try:
        with open(os.path.join(where, 'c/journal.jsonl'), 'rb') as file:
            data = file.read()
    except FileNotFoundError:
        return []
    return data[:data.rfind(b'\n') + 1].splitlines()


def states(text):
    return [(view['subject'], view['consents'], view['state']) for view in map(json.loads, text.splitlines())]


def judge(name, where, before, shown, at):
    faults = []
    replayed = tool('um-cache', '--cache', 'c', '--replay', cwd=where)
    if replayed.returncode:
        faults.append('%s: does not replay: %s' % (at, replayed.stderr))
    views = set(replayed.stdout.splitlines())
    if not set(shown) <= views:
        faults.append('%s: a view was shown that the journal does not have' % at)
    now = lines(where)
    kept = [line for line in before if name != 'forget' or DIDS[1].encode() not in line]
    if not set(kept) <= set(now):
        faults.append('%s: lines are lost' % at)
    if name == 'forget':
        again = subprocess.run(command(name), cwd=where, capture_output=True, text=True)
        left = [line for line in lines(where) if DIDS[1].encode() in line]
        if again.returncode or any(b'"step":"forget"' not in line for line in left):
            faults.append('%s: not forgotten: %s' % (at, again.stderr))
    after = subprocess.run([TOOL, '--cache', 'c', '--now', '2026-11-20T12:31:00Z'], cwd=where, capture_output=True, text=True)
    if after.returncode or len(after.stdout.splitlines()) != SUBJECTS:
        faults.append('%s: the next round: %d %s' % (at, after.returncode, after.stderr))
    if tool('um-cache', '--cache', 'c', '--replay', cwd=where).returncode:
        faults.append('%s: does not replay after the next round' % at)
    for folder, _, files in os.walk(os.path.join(where, 'c/objects')):
        faults += ['%s: left behind: %s' % (at, file) for file in files if file.startswith('.tmp')]
    return faults, states(after.stdout)


def one(job):
    name, point = job
    where = fresh(name, point)
    try:
        before = lines(where)
        with open(os.path.join(where, 'out'), 'w') as out:
            calls.run(command(name), 'kill', point, cwd=where, stdout=out, stderr=subprocess.DEVNULL)
        with open(os.path.join(where, 'out')) as out:
            # Output that was cut was not shown.
            shown = [line.rstrip('\n') for line in out if line.endswith('\n')] if name in ('first', 'later') else []
        return judge(name, where, before, shown, '%s, call %d' % (name, point))[0]
    finally:
        shutil.rmtree(where)


def points(name):
    where = fresh(name, 'all')
    _, found = calls.run(command(name), cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.rmtree(where)
    return [(name, point) for point in range(1, len(found) + 1)]


def main():
    missing = calls.missing()
    if missing:
        print(missing)
        return 77
    every = [job for name in ('first', 'later', 'change', 'forget') for job in points(name)]
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
