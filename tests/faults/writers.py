#!/usr/bin/env python3
"""Two to eight writers at once, with readers, snapshots, prunes and repairs beside them: nothing lost, torn or doubled.

usage: writers.py BIN [SECONDS] [SEED]

Every writer appends events of its own and some that all writers append, in processes of their own, and keeps what was
echoed, of which somebody follows what all of them echo. Readers look all the time. In the end everything that was
echoed is there, once, and so is everything that was written, and the follower shows what is shown of it as a file.
"""
import json, os, random, shutil, subprocess, sys, tempfile, threading, time

BIN = os.path.abspath(sys.argv[1])
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 60
SEED = sys.argv[3] if len(sys.argv) > 3 else ''
WORK = tempfile.mkdtemp(prefix='ulp-writers-')
STORE = os.path.join(WORK, 'w')
LONGEST = 20  # seconds that one command may take, on a machine that does other things as well


def event(name, n, tile):
    return ('{"actor_id":"user:a","event_id":"%s","layer_id":"l","node_id":"n%d","operation":"create_node",'
            '"preserves_invariants":[],"previous_events":[],"scope":{"authority":"source","boundary":"interior",'
            '"policy":"public","realm":"team"},"space_id":"s","tile":"z0/x%d/y0","timestamp":%d}'
            % (name, n % 50, tile, 1730000000 + n))


faults, counts, lock = [], {}, threading.Lock()


def tool(name, *args, text=None, good=(0,)):
    start = time.time()
    done = subprocess.run([os.path.join(BIN, name), *args], input=text, capture_output=True, text=True)
    took = time.time() - start
    with lock:
        key = name + ' ' + (args[0] if not args[0].startswith('-') else args[-1] if args[-1].startswith('-') else '')
        counts[key.strip()] = counts.get(key.strip(), 0) + 1
        if done.returncode not in good:
            faults.append('%s %s: status %d: %s' % (name, args, done.returncode, (done.stdout + done.stderr)[-300:]))
        if took > LONGEST:
            faults.append('%s %s: took %.1f s' % (name, args, took))
    return done


def writer(number, until, written, echoed):
    rnd, n = random.Random('%s %d' % (SEED, number)), 0
    while time.time() < until:
        lines = []
        for _ in range(rnd.choice((1, 1, 1, 5, 40))):
            n += 1
            shared = rnd.random() < 0.2
            name = 'all-%d' % (n // 5) if shared else 'w%d-%d' % (number, n)
            lines.append(event(name, n // 5 if shared else n, 0 if shared else rnd.randrange(3)))
        done = tool('ulp-append', '--store', STORE, text='\n'.join(lines) + '\n')
        written.extend(lines)
        with lock:
            echoed.extend(done.stdout.split('\n')[:-1])
            FOLLOWER.stdin.write(done.stdout)
            FOLLOWER.stdin.flush()


def again(until, pause, *command):
    while time.time() < until:
        tool(*command)
        time.sleep(pause)


def phase(writers, seconds, written, echoed):
    until = time.time() + seconds
    threads = [threading.Thread(target=writer, args=(phase.next + i, until, written, echoed)) for i in range(writers)]
    phase.next += writers
    for pause, command in [
        (0.0, ('ulp-materialize', '--store', STORE)),
        (0.1, ('ulp-materialize', '--store', STORE, '--events')),
        (0.5, ('ulp-materialize', '--store', STORE, '--snapshot')),
        (1.0, ('ulp-store', 'prune', '--older-than', '5s', '--store', STORE)),
        (1.0, ('ulp-store', 'check', '--store', STORE, '--repair')),
    ]:
        threads.append(threading.Thread(target=again, args=(until, pause, *command)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def latest(text):
    """The last record of each node."""
    return {record['node_id']: record for record in map(json.loads, text.splitlines()) if record['type'] == 'node'}


phase.next = 0
SHOWN = open(os.path.join(WORK, 'shown'), 'w+')
FOLLOWER = subprocess.Popen([os.path.join(BIN, 'projector-2d'), '--follow', '-f', 'jsonl'], text=True,
                            stdin=subprocess.PIPE, stdout=SHOWN, stderr=subprocess.DEVNULL)
tool('ulp-store', 'init', STORE)
written, echoed = [], []
for writers in (2, 4, 8):
    phase(writers, SECONDS / 3, written, echoed)
stored = tool('ulp-materialize', '--store', STORE, '--events').stdout.splitlines()
tool('ulp-store', 'check', '--replay', '--store', STORE)
if len(stored) != len(set(stored)):
    faults.append('%d events are there twice' % (len(stored) - len(set(stored))))
if len(echoed) != len(set(echoed)):
    faults.append('%d events were echoed twice' % (len(echoed) - len(set(echoed))))
for what, some in (('echoed', echoed), ('written', written)):
    lost = set(some) - set(stored)
    if lost:
        faults.append('%d %s events are lost: %s' % (len(lost), what, sorted(lost)[:1]))
if set(stored) - set(written):
    faults.append('events that nobody wrote')
FOLLOWER.stdin.close()
if FOLLOWER.wait():
    faults.append('the follower: status %d' % FOLLOWER.returncode)
SHOWN.seek(0)
if latest(SHOWN.read()) != latest(tool('projector-2d', '-f', 'jsonl', text=''.join(l + '\n' for l in echoed)).stdout):
    faults.append('another view of what was echoed')
state = tool('ulp-materialize', '--store', STORE).stdout
if state != tool('ulp-materialize', '-', text='\n'.join(stored) + '\n').stdout:
    faults.append('another state')
for name in sorted(counts):
    print('%s: %d runs' % (name, counts[name]))
for fault in faults[:20]:
    print('  ' + fault)
print('events written %d, different %d, echoed %d, stored %d, violations %d'
      % (len(written), len(set(written)), len(echoed), len(stored), len(faults)))
shutil.rmtree(WORK)
sys.exit(bool(faults) or not echoed)
