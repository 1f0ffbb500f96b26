"""Judges the public suites of Universal Manifest with `um-sign --conformance`: python3 conformance.py FOLDER

Prints a line a version: how many entries came out as its expected.json says, of how many that ask for structure and
have a file, and how many have none. The status is 1 where one came out otherwise.
"""

import json
import pathlib
import subprocess
import sys

VERSIONS = ["v0.1", "v0.2", "v0.4"]


def verdict(path):
    """What the adapter says of one document."""
    with open(path, "rb") as document:
        said = subprocess.run(["um-sign", "--conformance", "--log", "errors"], stdin=document, capture_output=True, check=True)
    return json.loads(said.stdout)


def judge(folder):
    """Judges one suite; tells whether all came out as they should."""
    entries = json.loads((folder / "expected.json").read_text())["fixtures"]
    asked = [entry for entry in entries if entry.get("validationMode") is None]
    there = [entry for entry in asked if (folder / entry["filename"]).is_file()]
    right = 0
    for entry in there:
        said = verdict(folder / entry["filename"])
        if said["result"] == entry["expectedResult"]:
            right += 1
        else:
            print(f"{folder.name} {entry['filename']}: {said}, not {entry['expectedResult']}")
    missing = f", {len(asked) - len(there)} missing" if len(asked) > len(there) else ""
    print(f"{folder.name} {right}/{len(there)}{missing}")
    return right == len(there)


if __name__ == "__main__":
    suites = [pathlib.Path(sys.argv[1]) / version for version in VERSIONS]
    sys.exit(0 if all([judge(suite) for suite in suites]) else 1)
