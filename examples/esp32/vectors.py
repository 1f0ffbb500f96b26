#!/usr/bin/env python3
"""Turns the public vectors of frames, parts and airtime into questions and answers for lib/c/tests/answers.c.

Usage: vectors.py DIRECTORY, which holds frames.json, parts.json, airtime.json and keys.json. Prints a question and its
answer a line, with a tab between.
"""

import json
import pathlib
import sys


def entry(parsed):
    if "rows" in parsed:
        return "range:{from}:{to}:{rows}:{digest}".format(**parsed)
    return "{}:{}:{}".format("space" if parsed.get("space") else parsed["tile"], parsed["events"], parsed["head"])


def frame(parsed):
    kind = {1: "tips", 2: "wants"}[parsed["kind"]]
    words = [kind, "hops", parsed["hops"], "peer", parsed["peer"], "seq", parsed["seq"], "space", parsed["space"]]
    words += map(entry, parsed["entries"])
    if parsed["signed"]:
        words += ["signed", parsed["sig"]]
    return " ".join(map(str, words))


def frames(vectors):
    yield f"peer {vectors['peer'].encode().hex()}", vectors["peer_tag"]
    yield f"space {vectors['space'].encode().hex()}", vectors["space_tag"]
    for case in vectors["frames"]:
        parsed = case["parsed"]
        yield f"packet {case['hex']}", "; ".join(map(frame, parsed))
        if len(parsed) > 1:
            continue
        signed = parsed[0]["signed"]
        if signed:
            yield f"message {case['hex']}", parsed[0]["message"]
        else:
            yield f"print {case['hex']}", case["hex"]
    for wrong in vectors["refused (radio.frame)"].values():
        yield f"packet {wrong}", "refused"
    yield f"count {vectors['back to back']['hex']}", str(vectors["back to back"]["frames"])
    for row in vectors["ranges"]["rows"]:
        yield f"key {row['frame']}", str(row["key"])


def parts(vectors):
    for case in vectors["cases"]:
        head = case["frames"][0]
        line = case["line"].encode().hex()
        question = f"cut {case['mtu']} {head[4:12]} {case['seq']} {int(head[2:4], 16) >> 4} {line}"
        yield question, " ".join(case["frames"])
        for part in case["frames"]:
            data = f"{int(part[20:22], 16)}/{int(part[22:24], 16)} {part[24:]}"
            yield f"packet {part}", f"part hops 3 peer {head[4:12]} seq {case['seq']} {data}"
    longest = vectors["longest at mtu 51"]
    yield f"long 51 {longest}", "64"
    yield f"long 51 {longest + 1}", "long"


def airtime(vectors):
    for case in vectors["ours"]:
        words = [case["bytes"], case["sf"], case["bw"] * 1000, case["cr"], case["preamble"]]
        yield "airtime " + " ".join(map(str, words)), str(case["airtime_ms"])


def keys(vectors):
    for key in vectors.values():
        yield f"peer {key['did'].encode().hex()}", key["tag"]


def main():
    folder = pathlib.Path(sys.argv[1])
    for turn in (frames, parts, airtime, keys):
        vectors = json.loads((folder / f"{turn.__name__}.json").read_text(encoding="utf-8"))
        for question, answer in turn(vectors):
            print(question, answer, sep="\t")


if __name__ == "__main__":
    main()
