"""Judges the public suites of Universal Manifest: python3 conformance.py FOLDER

Entries that ask for structure are judged with `um-sign --conformance`, those that ask for an evaluation with
`um-portal enter --context`, whose receipt must say all that an entry expects. Prints a line a version and sort: how
many entries came out as its expected.json says, of how many that have a file, and how many have none. The status is 1
where one came out otherwise.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

VERSIONS = ["v0.1", "v0.2", "v0.4"]
# What an entry expects of a receipt's members, to the letter.
SAME = {
    "expectedReceiptOutcome": "outcome",
    "expectedSignatureCheck": "signatureCheck",
    "expectedFreshnessCheck": "freshnessCheck",
    "expectedKeyRefResolution": "keyRefResolution",
    "expectedRevocationStatus": "revocationStatus",
    "expectedHolderBindingStatus": "holderBindingStatus",
    "expectedPresentationProofStatus": "presentationProofStatus",
    "expectedEffectiveTrustTier": "effectiveTrustTier",
}
# What an entry expects of one of a receipt's lists.
ONE_OF = {
    "expectedFacetStatus": "facetStatuses",
    "expectedClaimStatus": "claimStatuses",
    "expectedConsentStatus": "consentStatuses",
    "expectedUnprocessedEntry": "unprocessedEntries",
}


def run(command, path):
    """What a tool says of one document."""
    with open(path, "rb") as document:
        said = subprocess.run([*command, "--log", "errors"], stdin=document, capture_output=True, check=False)
    return json.loads(said.stdout)


def structural(entry, path):
    """What came out otherwise of an entry that asks for structure."""
    said = run(["um-sign", "--conformance"], path)
    return [] if said["result"] == entry["expectedResult"] else [f"{said}, not {entry['expectedResult']}"]


def has(item, wanted):
    """Whether one item of a list is as an entry has it."""
    return all(has(item.get(name, {}), value) if isinstance(value, dict) else item.get(name) == value for name, value in wanted.items())


def evaluation(entry, path):
    """What came out otherwise of an entry that asks for an evaluation."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as context:
        json.dump(entry["evaluationContext"], context)
        context.flush()
        receipt = run(["um-portal", "enter", "--context", context.name], path)
    wrong = []
    verdict = "reject" if receipt["outcome"] == "rejected" else "accept"
    if verdict != entry["expectedResult"]:
        wrong.append(f"{verdict}, not {entry['expectedResult']}")
    for name in sorted(entry.keys()):
        wanted = entry[name]
        if name in SAME:
            holds = receipt.get(SAME[name]) == wanted
        elif name in ONE_OF:
            holds = any(has(item, wanted) for item in receipt[ONE_OF[name]])
        elif name == "expectedLivenessFreshnessClass":
            holds = receipt["livenessStatus"]["freshnessClass"] == wanted
        elif name == "expectedWarningsContain":
            said = [json.dumps(warning) for warning in receipt["warnings"]]
            holds = all(any(marker in warning for warning in said) for marker in wanted)
        else:
            holds = name == "expectedResult" or not name.startswith("expected")
        if not holds:
            wrong.append(f"{name} is not {json.dumps(wanted)}: {json.dumps(receipt)}")
    return wrong


def judge(folder, mode, sort, check):
    """Judges the entries of one sort; tells whether all came out as they should."""
    entries = json.loads((folder / "expected.json").read_text())["fixtures"]
    asked = [entry for entry in entries if entry.get("validationMode") == mode]
    if not asked:
        return True
    there = [entry for entry in asked if (folder / entry["filename"]).is_file()]
    right = 0
    for entry in there:
        wrong = check(entry, folder / entry["filename"])
        right += not wrong
        for what in wrong:
            print(f"{folder.name} {entry['filename']}: {what}")
    missing = f", {len(asked) - len(there)} missing" if len(asked) > len(there) else ""
    print(f"{folder.name}{sort} {right}/{len(there)}{missing}")
    return right == len(there)


if __name__ == "__main__":
    suites = [pathlib.Path(sys.argv[1]) / version for version in VERSIONS]
    judged = [judge(suite, None, "", structural) for suite in suites]
    judged += [judge(suite, "evaluation", " evaluation", evaluation) for suite in suites]
    sys.exit(0 if all(judged) else 1)
