#!/usr/bin/env python3
"""Kill one side of a sync at every system call that changes a file.

usage: sync.py BIN [N [SEED]]   of each N points in a row one is tried, by the SEED

The points of a side are the calls of a first, undisturbed run, those of the commands that it starts among them. After
each kill: `ulp-store check` finds no damage in either store, and no receipt speaks of what is not there; what was there
before is there, each event once, and nothing that nobody wrote; the next sync works without help, and both then hold all.

It needs a Linux with seccomp, 5.9 or newer, and where that is missing says so and ends with 77.
"""
import hashlib, multiprocessing, os, random, shutil, socket, subprocess, sys, tempfile
import calls

BIN = os.path.abspath(sys.argv[1])
EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else 1
SEED = sys.argv[3] if len(sys.argv) > 3 else ''
WORK = tempfile.mkdtemp(prefix='ulp-sync-faults-')
SYNC = os.path.join(BIN, 'ulp-sync') + ' -j1 --timeout 20s --turn 4K '
MEDIUM = 'x' * 60000
# Receipts are kept.
IDENTITIES = {'w': 'did:key:z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX',
              'v': 'did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH'}
REF = 'sha256:' + hashlib.sha256(MEDIUM.encode()).hexdigest()


def event(n, space='s', medium=None):
    operation = 'set_media' if medium else 'create_node'
    media = '"media":{"mime":"text/plain","ref":"%s"},' % medium if medium else ''
    return ('{"actor_id":"user:a","event_id":"evt-%d","layer_id":"l",%s"node_id":"n%d","operation":"%s",'
            '"preserves_invariants":[],"previous_events":[],"scope":{"authority":"source","boundary":"interior",'
            '"policy":"public","realm":"team"},"space_id":"%s","tile":"z0/x%d/y0","timestamp":%d}'
            % (n, media, n, operation, space, n % 4, 1730000000 + n))


# What each store begins with: some of a space in common, a space of each one's own, and a medium to be fetched.
OWN = [event(n) for n in range(14) if n % 3] + [event(n, 't') for n in range(20, 28)]
OTHER = [event(n) for n in range(14) if n % 4] + [event(n, 'u') for n in range(30, 38)] + [event(40, medium=REF)]
ALL = sorted(set(OWN + OTHER))


def tool(name, *args, cwd=WORK, text=None):
    return subprocess.run([os.path.join(BIN, name), *args], input=text, capture_output=True, text=True, cwd=cwd)


def good(name, *args, **options):
    done = tool(name, *args, **options)
    assert done.returncode == 0, (name, args, done)
    return done.stdout


def make_stores():
    for store, lines in (('w', OWN), ('v', OTHER)):
        good('ulp-store', 'init', store)
        with open(os.path.join(WORK, store, '.ulp-root'), 'a') as file:
            file.write('federation: {identity: "%s"}\n' % IDENTITIES[store])
        for n in range(0, len(lines), 5):
            good('ulp-append', '--store', store, text=''.join(line + '\n' for line in lines[n:n + 5]))
    with open(os.path.join(WORK, 'medium'), 'w') as file:
        file.write(MEDIUM)
    good('ulp-store', 'put', '--store', 'v', 'medium')


def held(where, store):
    return sorted(good('ulp-materialize', '--store', store, '--events', cwd=where).splitlines())


def run(side, where, *fault):
    """Lets the stores meet, `w` as this side and disturbed."""
    ours, theirs = socket.socketpair()
    # Where a side is killed nothing holds its end of the pipe open, so that the other need not wait in vain.
    ends = {'server': '--serve --store %s <&%d >&%d', 'client': "--store %s --with 'cat <&%d & cat >&%d; kill $!'"}
    other = 'client' if side == 'server' else 'server'
    quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL, 'cwd': where}
    beside = subprocess.Popen(['sh', '-c', 'exec ' + SYNC + ends[other] % ('v', theirs.fileno(), theirs.fileno())],
                              stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], **quiet)
    theirs.close()
    command = ['sh', '-c', 'exec ' + SYNC + ends[side] % ('w', ours.fileno(), ours.fileno())]
    end = ours.detach()
    status, found = calls.run(command, *fault, begun=lambda: os.close(end), pass_fds=[end], **quiet)
    return status, beside.wait(), found


def fresh(side, tag):
    where = os.path.join(WORK, '%s-%s' % (side, tag))
    os.mkdir(where)
    for store in 'wv':
        shutil.copytree(os.path.join(WORK, store), os.path.join(where, store))
    return where


def judge(where, at):
    faults = []
    for store, before in (('w', OWN), ('v', OTHER)):
        checked = tool('ulp-store', 'check', '--store', store, cwd=where)
        if checked.returncode:
            faults.append('%s: %s: damage: %s' % (at, store, checked.stdout))
        verified = tool('ulp-attest', '--store', store, '--verify', cwd=where)
        if verified.returncode:
            faults.append('%s: %s: receipts: %s' % (at, store, verified.stderr))
        now = held(where, store)
        if len(set(now)) != len(now) or not set(before) <= set(now) <= set(ALL):
            faults.append('%s: %s: events lost, doubled or made up' % (at, store))
    again = subprocess.run(['sh', '-c', SYNC + "--store w --with '%s --serve --store v'" % SYNC.strip()],
                           cwd=where, capture_output=True, text=True)
    if again.returncode or held(where, 'w') != ALL or held(where, 'v') != ALL:
        faults.append('%s: the next sync: %d %s' % (at, again.returncode, again.stderr))
    medium = os.path.join(where, 'w/objects/sha256', REF[7:9], REF[9:])
    if not os.path.exists(medium) or open(medium).read() != MEDIUM:
        faults.append('%s: the medium did not come' % at)
    return faults


def one(job):
    side, point = job
    where = fresh(side, point)
    try:
        run(side, where, 'kill', point)
        return judge(where, '%s, call %d' % (side, point))
    finally:
        shutil.rmtree(where)


def main():
    missing = calls.missing()
    if missing:
        print(missing)
        return 77
    make_stores()
    jobs, said = [], []
    for side in ('client', 'server'):
        where = fresh(side, 'whole')
        status, other, found = run(side, where)
        faults = judge(where, side)
        assert (status, other) == (0, 0) and not faults, (side, status, other, faults)
        said.append('%s: %d points' % (side, len(found)))
        chosen = random.Random('%s %s' % (SEED, side))
        for start in range(1, len(found) + 1, EVERY):
            jobs.append((side, min(len(found), start + chosen.randrange(EVERY))))
    with multiprocessing.Pool(os.cpu_count()) as pool:
        faults = [fault for faults in pool.imap_unordered(one, jobs) for fault in faults]
    print('; '.join(said) + '; %d tried: %d violations' % (len(jobs), len(faults)))
    print('\n'.join(faults))
    return 1 if faults else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
