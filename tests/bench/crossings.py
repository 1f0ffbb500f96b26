"""Row 29: a thousand crossings in one run, beside the checks that they cannot do without."""
import json
import os
import shutil
import subprocess

import measure

BARE = "target/release/examples/crossing_bench"
CROSSINGS = 1000
MOST = 10_000
NOW = "--now 2026-11-20T12:0{}:00Z"
CLAIMS = ["identity.entityType", "identity.personhood", "identity.ageOver"]
KINDS = ["portal:persona", "portal:avatarDefinition", "portal:behavioralMapping", "portal:deviceCapability"]


def tool(*args, text=None):
    return subprocess.run(args, input=text, capture_output=True, text=True, check=True).stdout.strip()


def write(path, data):
    with open(path, "w") as file:
        file.write(data if isinstance(data, str) else json.dumps(data))


def credential(at, kind, subject, issuer, says):
    """A credential about the visitor; one about its birth date commits to that."""
    bare = {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential", kind], "issuer": issuer,
            "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2031-01-01T00:00:00Z", "credentialSubject": {"id": subject, **says}}
    text = json.dumps(bare)
    if "birthDate" in says:
        text = tool("um-seal", "--commit", "--opening", f"{at}/alice/openings/birth.json", text=text)
    return json.loads(tool("um-sign", "--key", f"{at}/issuer.pem", "--profile", "eddsa-jcs-2022", text=text))


def make(at):
    """A world that asks for much, and a visitor who has it."""
    os.makedirs(f"{at}/alice/openings")
    os.makedirs(f"{at}/world")
    keys = {name: tool("um-key", "generate", "-o", f"{at}/{name}.pem") for name in ("issuer", "alice/key", "alice/bind", "world/key")}
    issuer, alice = keys["issuer"], keys["alice/key"]
    says = [{"entityType": "human"}, {"personhood": True, "namespace": "example.org/people"}, {"birthDate": "2001-05-09"}]
    beside = [says[0], {"namespace": "example.org/people"}, {}]
    claims = [{"@type": claim, "issuer": issuer, "claimProof": credential(at, "Credential", alice, issuer, said), **more}
              for claim, said, more in zip(CLAIMS, says, beside)]
    facets = [{"@id": f"urn:f{n}", "@type": ["um:Facet", kind], "entity": {"@id": f"urn:e{n}", "@type": "um:Entity", "rate": 72, "displayName": "Alice", "contentRating": "teen"}}
              for n, kind in enumerate(KINDS)]
    consents = [{"@id": f"urn:c{n}", "@type": "um:Consent", "facetRef": f"urn:f{n}", "scope": ["display"], "purpose": "portal-entry",
                 "grantedAt": "2026-01-01T00:00:00Z", "expiresAt": "2027-01-01T00:00:00Z"} for n in range(len(KINDS))]
    write(f"{at}/alice/container.json", {"@context": "https://universalmanifest.net/ns/v0.4", "@type": "um:Manifest",
          "manifestVersion": "0.4", "subject": alice, "claims": claims, "facets": facets, "consents": consents})
    asks = [{"kind": kind, "scope": ["display"], "purpose": "portal-entry"} for kind in KINDS]
    asks += [{"claim": CLAIMS[0], "required": True}, {"claim": CLAIMS[1]}, {"claim": CLAIMS[2], "ageOver": 18, "mechanism": "zk", "required": True}]
    write(f"{at}/world/terms.json", {"title": "Hall", "contentRating": "teen", "role": "virtual-world-host", "tier": 1, "asks": asks})
    write(f"{at}/world/trust.toml", f'issuer = [{{did = "{issuer}", claims = {json.dumps(CLAIMS)}, namespaces = ["example.org/people"]}}]\n')
    write(f"{at}/alice/rules.toml", 'rule = [{role = "virtual-world-host", audience = "*", facets = ["*"], '
          f'claims = {json.dumps(CLAIMS)}, purposes = ["portal-entry"], ages = [18]}}]\n')


def present(at, count):
    """So many presentations, each of an offer of its own."""
    offer = f"um-portal offer --portal {at}/world {NOW.format(0)} 2> {at}/log"
    measure.sh(f"for n in $(seq {count}); do {offer}; done > {at}/offers; um-portal present --portal {at}/alice {NOW.format(1)} < {at}/offers > {at}/crossings")


def enter(at):
    run = measure.run(f"exec um-portal enter --portal {at}/world {NOW.format(2)} {at}/crossings 2> {at}/log > {at}/receipts")
    with open(f"{at}/receipts") as receipts:
        assert all('"outcome":"accepted"' in receipt for receipt in receipts)
    return run


def rows(bench):
    if not os.access(BARE, os.X_OK):
        print("\n 29  crossing_bench is missing: make bench builds it")
        return
    # In memory, where a sync costs nothing: the row is about the processor.
    at = ("/dev/shm" if os.access("/dev/shm", os.W_OK) else bench.dir) + f"/crossings-{os.getpid()}"
    make(at)
    try:
        ratios = []
        for _ in range(bench.rounds):
            present(at, CROSSINGS)
            run = enter(at)
            bare = json.loads(subprocess.run([BARE, f"{at}/crossings"], capture_output=True, text=True, check=True).stdout)
            assert bare["held"] == CROSSINGS, bare
            ratios.append(run.cpu / bare["cpu"])
        bench.limit("29", "a crossing, the processors' time as a multiple of that of its checks", sorted(ratios)[len(ratios) // 2], 3, "x")
        one = enter_of(at, 1)
        many = enter_of(at, MOST if bench.events >= 1_000_000 else CROSSINGS * 2)
        bench.limit("29", "the most memory of many crossings, as a multiple of that of one", many.peak / one.peak, 1.5, "x")
    finally:
        shutil.rmtree(at)


def enter_of(at, count):
    present(at, count)
    return enter(at)
