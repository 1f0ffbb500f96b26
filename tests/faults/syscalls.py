#!/usr/bin/env python3
"""Kill a tool at every system call that changes a file, and let each of those calls fail: once, and for ever.

usage: syscalls.py BIN [MODE...]        MODE: kill, or an errno as ENOSPC; a trailing + lets it fail from then on

After each fault: `ulp-store check` finds no damage; everything that was echoed, and everything that was there before,
is in the store, once; the next append works without help, and the store then derives what the stream does.

With EVERY=n in the environment only every n-th fault is tried.

The points come from a first, undisturbed run under strace. strace counts calls by thread and by kind, so a point is a
kind of call and a number, and the tools run with one job.
"""
import collections, concurrent.futures, os, re, shutil, subprocess, sys, tempfile

CALLS = 'openat write pwrite64 renameat renameat2 unlinkat mkdirat fsync fdatasync syncfs ftruncate flock'.split()
BIN = os.path.abspath(sys.argv[1])
MODES = sys.argv[2:] or ['kill', 'ENOSPC', 'ENOSPC+', 'EIO', 'EIO+', 'EROFS', 'EROFS+']
WORK = tempfile.mkdtemp(prefix='ulp-faults-')


def event(n, tile='z0/x0/y0', realm='team'):
    return ('{"actor_id":"user:a","event_id":"evt-%d","layer_id":"l","node_id":"n%d","operation":"create_node",'
            '"preserves_invariants":[],"previous_events":[],"properties":{"pad":"%s"},"scope":{"authority":"source",'
            '"boundary":"interior","policy":"public","realm":"%s"},"space_id":"s","tile":"%s","timestamp":%d}'
            % (n, n, 'x' * (n * 37 % 900), realm, tile, 1730000000 + n))


OLD = [event(n, 'z0/x%d/y0' % (n % 2)) for n in range(12)]
NEW = [event(n, 'z0/x%d/y%d' % (n % 3, n % 2), ('team', 'public')[n % 2]) for n in range(12, 24)]


def lines(path, some):
    with open(path, 'w') as f:
        f.writelines(line + '\n' for line in some)


def tool(name, *args, stdin=None, cwd=None):
    opened = open(stdin) if stdin else subprocess.DEVNULL
    return subprocess.run([os.path.join(BIN, name), *args], stdin=opened, capture_output=True, text=True, cwd=cwd)


# What is disturbed: the command, run in a directory that has the store `w`.
COMMANDS = {
    'append': ['ulp-append', '-j1', '--store', 'w', '../new.jsonl'],
    'again': ['ulp-append', '-j1', '--store', 'w', '../old.jsonl'],
    'snapshot': ['ulp-materialize', '-j1', '--store', 'w', '--snapshot'],
    'prune': ['ulp-store', '-j1', 'prune', '--store', 'w', '--older-than', '0s', '--keep', '1'],
}


def make_base():
    os.chdir(WORK)
    lines('old.jsonl', OLD)
    lines('new.jsonl', NEW)
    lines('all.jsonl', OLD + NEW)
    assert tool('ulp-store', 'init', 'base').returncode == 0
    for n in range(0, len(OLD), 3):
        lines('part.jsonl', OLD[n:n + 3])
        assert tool('ulp-append', '--store', 'base', stdin='part.jsonl').returncode == 0
        if n == 3:
            assert tool('ulp-materialize', '--store', 'base', '--snapshot').returncode == 0
    assert tool('ulp-store', 'prune', '--store', 'base', '--older-than', '0s').returncode == 0
    return tool('ulp-materialize', stdin='all.jsonl').stdout


def run(name, where, *strace):
    command = COMMANDS[name]
    with open(os.path.join(where, 'out'), 'w') as out:
        return subprocess.run(
            ['strace', '-f', '-qq', '-o', os.path.join(where, 'trace'), '-e', 'trace=' + ','.join(CALLS), *strace,
             os.path.join(BIN, command[0]), *command[1:]],
            cwd=where, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL).returncode


def fresh(tag):
    where = os.path.join(WORK, tag)
    shutil.rmtree(where, ignore_errors=True)
    os.mkdir(where)
    shutil.copytree('base', os.path.join(where, 'w'))
    return where


def points(name):
    where = fresh('first-' + name)
    assert run(name, where) == 0, name
    seen, found, live = collections.Counter(), [], False
    for line in open(os.path.join(where, 'trace')):
        match = re.match(r'(\d+) +(\w+)\(', line)
        if not match:
            continue
        thread, call = match.groups()
        seen[thread, call] += 1
        live = live or '.ulp-root' in line
        # Opening changes a file only where it makes one.
        if live and (call != 'openat' or 'O_CREAT' in line) and (call, seen[thread, call]) not in found:
            found.append((call, seen[thread, call]))
    return found


def judge(name, where, status, mode):
    faults = []
    if mode != 'kill' and status not in (0, 4):
        faults.append('status %d' % status)
    check = tool('ulp-store', 'check', '--store', 'w', '--replay', cwd=where)
    if check.returncode:
        faults.append('check: ' + (check.stdout + check.stderr)[:300])
    stored = tool('ulp-materialize', '--store', 'w', '--events', cwd=where).stdout.splitlines()
    if len(stored) != len(set(stored)):
        faults.append('an event twice')
    lost = [e for e in OLD if e not in stored]
    if name in ('append', 'again'):
        echoed = open(os.path.join(where, 'out')).read().split('\n')[:-1]
        lost += [e for e in echoed if e not in stored]
    if lost:
        faults.append('lost: %s' % lost[:2])
    if [e for e in stored if e not in OLD + NEW]:
        faults.append('something that nobody wrote')
    after = tool('ulp-append', '--store', 'w', '../all.jsonl', cwd=where)
    if after.returncode:
        faults.append('the next append: ' + after.stderr[:200])
    if tool('ulp-materialize', '--store', 'w', cwd=where).stdout != STATE:
        faults.append('another state')
    if tool('ulp-store', 'check', '--store', 'w', cwd=where).returncode:
        faults.append('damage after the next append')
    return faults


def disturb(job):
    name, mode, call, count = job
    where = fresh('%s-%s-%s-%d' % (name, mode, call, count))
    what = 'signal=KILL' if mode == 'kill' else 'error=' + mode.rstrip('+')
    plus = '+' if mode.endswith('+') else ''
    status = run(name, where, '-e', 'inject=%s:%s:when=%d%s' % (call, what, count, plus))
    trace = open(os.path.join(where, 'trace')).read()
    hit = 'killed by SIGKILL' in trace if mode == 'kill' else '(INJECTED)' in trace
    # A program that the system did not even let load has done nothing that could be judged.
    hit = hit and '.ulp-root' in trace
    faults = judge(name, where, status, mode) if hit else []
    shutil.rmtree(where)
    return job, hit, faults


STATE = make_base()
jobs = [(name, mode, *point) for name in COMMANDS for point in points(name) for mode in MODES]
# A number that shares no factor with that of the modes meets all of them.
jobs = jobs[::int(os.environ.get('EVERY', '1'))]
tried, violations = collections.Counter(), 0
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for (name, mode, call, count), hit, faults in pool.map(disturb, jobs):
        tried[mode] += hit
        if faults:
            violations += 1
            print('%s, %s at %s %d: %s' % (name, mode, call, count, '; '.join(faults)))
for mode in MODES:
    print('%s: %d points tried' % (mode, tried[mode]))
print('points tried %d, violations %d' % (sum(tried.values()), violations))
shutil.rmtree(WORK)
sys.exit(violations > 0 or not sum(tried.values()))
