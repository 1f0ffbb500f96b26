#!/usr/bin/env python3
"""A second reader of what a store says of itself, written from the pages alone: with b3sum and openssl, and none of ours.

usage: second.py STORE ATTESTATION ROWS CHECKPOINT   or   second.py vectors TOOLS OUT

The first holds what ulp-attest wrote of a store to what lies there: every head down to the lane, every receipt, the
signatures. The second makes vectors: events and state roots by the tools in TOOLS, all else by what stands here.
"""
import base64, hashlib, json, os, subprocess, sys, tempfile

ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
SPKI = bytes.fromhex('302a300506032b6570032100')
PKCS8 = bytes.fromhex('302e020100300506032b657004220420')


def b3(blobs):
    """The BLAKE3 of each, as b3sum has it."""
    if not blobs:
        return []
    with tempfile.TemporaryDirectory() as where:
        paths = [os.path.join(where, '%06d' % n) for n in range(len(blobs))]
        for path, blob in zip(paths, blobs):
            with open(path, 'wb') as file:
                file.write(blob)
        told = subprocess.run(['b3sum', '--no-names', *paths], capture_output=True, text=True, check=True)
        return ['blake3:' + line for line in told.stdout.split()]


def one(blob):
    return b3([blob])[0]


def canonical(value):
    """For values without fractions that a double cannot hold."""
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False)


def openssl(*args, **files):
    with tempfile.TemporaryDirectory() as where:
        for name, blob in files.items():
            with open(os.path.join(where, name), 'wb') as file:
                file.write(blob)
        return subprocess.run(['openssl', *args], cwd=where, capture_output=True)


def pem(kind, der):
    text = base64.b64encode(der).decode()
    return ('-----BEGIN %s KEY-----\n%s\n-----END %s KEY-----\n' % (kind, text, kind)).encode()


def sign(seed, message):
    done = openssl('pkeyutl', '-sign', '-rawin', '-inkey', 'key', '-in', 'message', key=pem('PRIVATE', PKCS8 + seed),
                   message=message)
    assert done.returncode == 0, done.stderr
    return done.stdout


def verifies(key, message, signature):
    return openssl('pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', 'key', '-in', 'message', '-sigfile', 'sig',
                   key=pem('PUBLIC', SPKI + key), message=message, sig=signature).returncode == 0


def public(seed):
    done = openssl('pkey', '-in', 'key', '-pubout', '-outform', 'DER', key=pem('PRIVATE', PKCS8 + seed))
    assert done.returncode == 0, done.stderr
    return done.stdout[-32:]


def did_of(key):
    number, text = int.from_bytes(b'\xed\x01' + key, 'big'), ''
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return 'did:key:z' + text


def key_of(did):
    number = 0
    for letter in did.removeprefix('did:key:z'):
        number = number * 58 + ALPHABET.index(letter)
    return number.to_bytes(34, 'big')[2:]


def encode(name):
    """As the store writes the names of spaces and peers; those of this test are no device's."""
    def letter(byte, ends):
        plain = chr(byte) in 'abcdefghijklmnopqrstuvwxyz0123456789_-' or byte == ord('.') and not ends
        return chr(byte) if plain else '~%02x' % byte
    raw = name.encode()
    return ''.join(letter(byte, n in (0, len(raw) - 1)) for n, byte in enumerate(raw))


def decode(name):
    parts = name.split('~')
    return b''.join([parts[0].encode()] + [bytes.fromhex(p[:2]) + p[2:].encode() for p in parts[1:]]).decode()


def lanes(store):
    """The lines of each shared lane, in the order of acceptance, by its path."""
    found = {}
    for where, _, files in os.walk(os.path.join(store, 'spaces')):
        lane = os.path.basename(where)
        if 'manifest.json' not in files or lane not in ('team.public', 'public.public'):
            continue
        with open(os.path.join(where, 'manifest.json')) as file:
            manifest = json.load(file)
        lines = []
        for entry in manifest['segments']:
            digest = entry['hash'].removeprefix('sha256:')
            with open(os.path.join(store, 'objects/sha256', digest[:2], digest[2:]), 'rb') as file:
                segment = file.read()
            assert hashlib.sha256(segment).hexdigest() == digest
            lines += segment.splitlines(keepends=True)
        found['m/world/' + os.path.relpath(where, os.path.join(store, 'spaces'))] = lines
    return found


def tile_key(tile):
    return [int(part[1:]) for part in tile.split('/')]


def heads(held):
    """Of every path the head, the events and the bytes that were hashed, depth first, the store first."""
    spaces = {}
    for path in sorted(held):
        space, _, tile = path.removeprefix('m/world/').partition('/tiles/')
        spaces.setdefault(decode(space), {}).setdefault(tile.rpartition('/')[0], []).append(path)
    rows, world, total = [], b'', 0
    for space in sorted(spaces, key=str.encode):
        below, lines, events = [], b'', 0
        for tile in sorted(spaces[space], key=tile_key):
            own, count, texts = [], 0, b''
            for path in spaces[space][tile]:
                hashes = sorted(set(b3([line.rstrip(b'\n') for line in held[path]])))
                text = ''.join(h.removeprefix('blake3:') + '\n' for h in hashes).encode()
                own.append((path, one(text), len(hashes), text))
                count, texts = count + len(hashes), texts + text
            head = one(texts)
            below += [('m/world/%s/tiles/%s' % (encode(space), tile), head, count, texts)] + own
            lines, events = lines + ('%s %s\n' % (tile, head)).encode(), events + count
        head = one(lines)
        rows += [('m/world/' + encode(space), head, events, lines)] + below
        world, total = world + ('%s %s\n' % (space, head)).encode(), total + events
    return [('m/world', one(world), total, world)] + rows


def leaf(line):
    return hashlib.sha256(b'\0' + line).digest()


def tree(leaves):
    """RFC 6962."""
    if not leaves:
        return hashlib.sha256(b'').digest()
    if len(leaves) == 1:
        return leaf(leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b'\1' + tree(leaves[:half]) + tree(leaves[half:])).digest()


def key_hash(name, key):
    return hashlib.sha256(name.encode() + b'\n\x01' + key).digest()[:4]


def hold_receipts(store, held, peer):
    """Holds the chain of a peer to what lies in the lanes; answers its lines."""
    with open(os.path.join(store, 'receipts', encode(peer) + '.jsonl'), 'rb') as file:
        lines = file.read().splitlines()
    last, spoken = None, {path: [] for path in held}
    with open(os.path.join(store, '.ulp-root'), 'rb') as file:
        scope = one(file.read())
    for height, line in enumerate(lines, 1):
        receipt = json.loads(line)
        assert canonical(receipt).encode() == line, line
        assert sorted(receipt) == ['grants', 'height', 'joined', 'peer', 'previous', 'ranges', 'receipt', 'scope',
                                   'timestamp', 'tool']
        assert (receipt['height'], receipt['previous'], receipt['peer']) == (height, last, peer)
        assert receipt['scope'] == scope and receipt['receipt'] == 1
        for at in receipt['ranges']:
            lines_of = held[at['path']][at['from']:at['from'] + at['events']]
            assert len(lines_of) == at['events'] and one(b''.join(lines_of)) == at['lines'], at
            spoken[at['path']] += range(at['from'], at['from'] + at['events'])
        last = one(line)
    for path, numbers in spoken.items():
        assert sorted(numbers) == list(range(len(held[path]))), path
    return lines, last


def hold_attestation(line, rows, chain, last):
    attestation = json.loads(line)
    assert canonical(attestation) == line
    signature = attestation.pop('signature')
    key = key_of(attestation['peer'])
    assert signature['keyRef'] == attestation['peer'] + '#' + attestation['peer'].removeprefix('did:key:')
    value = base64.urlsafe_b64decode(signature['value'] + '==')
    assert verifies(key, canonical(attestation).encode(), value)
    assert not verifies(key, canonical(attestation).encode() + b' ', value)
    assert (attestation['head'], attestation['events']) == rows[0][1:3]
    assert attestation['chain'] == {'height': len(chain), 'last': last}
    return key


def hold_checkpoint(note, peer, key, chain):
    text, _, signed = note.partition('\n\n')
    name = 'ulp/' + peer
    assert text == '%s\n%d\n%s' % (name, len(chain), base64.b64encode(tree(chain)).decode())
    dash, by, value = signed.removesuffix('\n').split(' ')
    raw = base64.b64decode(value)
    assert (dash, by, raw[:4]) == ('\u2014', name, key_hash(name, key))
    assert verifies(key, (text + '\n').encode(), raw[4:])


def hold(store, attested, rowed, checked):
    held = lanes(store)
    rows = heads(held)
    with open(rowed) as file:
        told = [json.loads(line) for line in file]
    assert [(row['path'], row['head'], row['events']) for row in told] == [row[:3] for row in rows]
    with open(attested) as file:
        line = file.read().removesuffix('\n')
    peer = json.loads(line)['peer']
    chain, last = hold_receipts(store, held, peer)
    key = hold_attestation(line, rows, chain, last)
    with open(checked) as file:
        hold_checkpoint(file.read(), peer, key, chain)
    print('roots %d, receipts %d' % (len(rows), len(chain)))


# --- vectors ---------------------------------------------------------------------------------------------------------

def make_vectors(tools, out):
    def tool(name, *args, text=None):
        done = subprocess.run([os.path.join(tools, name), *args], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def event(name, node, tile, realm='team', policy='public', space='ferry land', at=0):
        return {'event_id': name, 'timestamp': 1795170000 + at, 'space_id': space, 'layer_id': 'default', 'tile': tile,
                'actor_id': 'user:%s' % name[0], 'operation': 'create_node', 'node_id': node, 'kind': 'buoy \u00e9',
                'scope': {'realm': realm, 'authority': 'source', 'boundary': 'interior', 'policy': policy},
                'preserves_invariants': [], 'previous_events': []}

    def write(name, value):
        with open(os.path.join(out, name + '.json'), 'w') as file:
            json.dump(value, file, indent=1, ensure_ascii=False, sort_keys=True)
            file.write('\n')

    made = [event('d1', 'n1', 'z2/x3/y-4'), event('d2', 'n2', 'z2/x3/y-4', 'public', at=5),
            event('e1', 'n3', 'z2/x10/y0', at=7), event('e2', 'n4', 'z0/x0/y0', space='Zo\u00eb', at=9),
            event('f1', 'n5', 'z2/x3/y-4', at=11), event('g1', 'CANARY-1', 'z2/x3/y-4', policy='private'),
            event('h1', 'CANARY-2', 'z2/x3/y-4', realm='personal')]
    lines = {one_event['event_id']: canonical(one_event) for one_event in made}
    shared = {}
    for one_event in made[:5]:
        path = 'm/world/%s/tiles/%s/%s.%s' % (encode(one_event['space_id']), one_event['tile'],
                                              one_event['scope']['realm'], one_event['scope']['policy'])
        shared.setdefault(path, []).append((lines[one_event['event_id']] + '\n').encode())
    rows = heads(shared)
    roots = tool('ulp-materialize', '--root', '--realm', 'team', '--realm', 'public', '--policy', 'public',
                 text=''.join(line + '\n' for line in lines.values()))
    state_root = one(''.join(line + '\n' for line in roots.splitlines() if not line.startswith('z')).encode())
    write('history', {'events': list(lines.values()), 'rows': [{'path': p, 'head': h, 'events': n} for p, h, n, _ in rows],
                      'hashed': {p: text.decode() for p, _, _, text in rows},
                      'state_root_of_the_store_by_ulp-materialize': state_root})
    seed = bytes([9]) * 32
    key = public(seed)
    did = did_of(key)
    dotfile = 'version: 1\nfederation: {identity: "%s", peers: []}\n' % did
    scope, chain, last, fork, grown = one(dotfile.encode()), [], None, None, {}
    commits = [(['d1', 'd2', 'g1'], 1795170100), (['h1'], 1795170101), (['e1', 'e2', 'f1'], 1795170102.25)]
    paths = {name: path for path, of in shared.items() for name in lines if (lines[name] + '\n').encode() in of}

    def receipt(height, previous, names, at, tool_name='ulp-append 0.9.9', more=''):
        new = {}
        for name in names:
            if name in paths:
                new.setdefault(paths[name], []).append((lines[name] + more + '\n').encode())
        ranges = [{'path': path, 'from': len(grown.get(path, [])), 'events': len(of), 'lines': one(b''.join(of))}
                  for path, of in sorted(new.items())]
        text = canonical({'peer': did, 'receipt': 1, 'height': height, 'previous': previous, 'joined': [], 'timestamp': at,
                          'tool': tool_name, 'ranges': ranges, 'scope': scope, 'grants': []})
        return text, new

    for names, at in commits:
        text, new = receipt(len(chain) + 1, last, names, at)
        if new:
            fork, _ = receipt(len(chain) + 1, last, names, at + 1, more=' ')
            chain.append(text)
            last = one(text.encode())
            for path, of in new.items():
                grown[path] = grown.get(path, []) + of
    file = 'receipts/%s.jsonl' % encode(did)
    write('receipts', {'dotfile': dotfile, 'file': file, 'events': lines, 'commits': commits,
                       'chain': [{'line': line, 'hash': one(line.encode())} for line in chain],
                       'fork': {'line': fork, 'hash': one(fork.encode())}})

    def attestation(end, height, seq):
        body = {'peer': did, 'attestation': 1, 'versions': {'protocol': 1, 'state': 1, 'receipt': 1, 'grants': 1},
                'head': rows[0][1], 'state_root': state_root, 'events': rows[0][2], 'chain': {'last': end, 'height': height},
                'seq': seq, 'nonce': 'c2Vjb25k'}
        value = base64.urlsafe_b64encode(sign(seed, canonical(body).encode())).decode().rstrip('=')
        body['signature'] = {'algorithm': 'Ed25519', 'canonicalization': 'JCS-RFC8785', 'value': value,
                             'keyRef': did + '#' + did.removeprefix('did:key:')}
        return canonical(body)

    write('attestation', {'key': pem('PRIVATE', PKCS8 + seed).decode(), 'nonce': 'c2Vjb25k', 'seq': 1795170110,
                          'line': attestation(last, 2, 1795170110),
                          'fork': {'other': attestation(one(fork.encode()), 2, 1795170111)}})

    def note(leaves):
        name = 'ulp/' + did
        text = '%s\n%d\n%s\n' % (name, len(leaves), base64.b64encode(tree(leaves)).decode())
        value = base64.b64encode(key_hash(name, key) + sign(seed, text.encode())).decode()
        return '%s\n\u2014 %s %s\n' % (text, name, value)

    leaves = [line.encode() for line in chain]
    write('checkpoint', {'note': note(leaves), 'one': note(leaves[:1]), 'empty': note([])})


if __name__ == '__main__':
    make_vectors(*sys.argv[2:]) if sys.argv[1] == 'vectors' else hold(*sys.argv[1:])
