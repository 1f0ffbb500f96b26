"""Rows 4 and 24: the gate without a store beside jq, which checks and prints the same as far as it can, and beside a DOM
parse; and with drafts beside whole lines."""
import os
import shutil

import measure
import peers
from measure import Peer, sh

# What jq can check of an event in reasonable length: types, names, words, what an operation needs.
JQ = r"""
def name: type == "string" and length > 0 and length <= 256 and (test("[[:cntrl:]]") | not);
def names: type == "array" and length <= 64 and all(.[]; name);
def numbers($n): type == "array" and length == $n and all(.[]; type == "number");
def vector: . == null or numbers(2) or numbers(3);
def one($words): . as $word | $words | any(. == $word);
select(
  type == "object" and (.event_id | name) and (.timestamp | type == "number") and (.actor_id | name)
  and (.space_id | name) and (.layer_id | name) and (.tile | type == "string" and test("^z[0-9]+/x-?[0-9]+/y-?[0-9]+$"))
  and (.operation | name) and (.previous_events | names) and (.preserves_invariants | names)
  and (.scope | type == "object" and (.realm | one(["personal", "team", "public"])) and (.policy | one(["private", "redacted", "public"]))
    and (.authority | one(["source", "derived"])) and (.boundary | one(["interior", "boundary", "exterior"])))
  and (if .operation == "sensor_reading" then (.sensor | name) and (.value != null)
       elif .operation == "link_nodes" or .operation == "unlink_nodes" then
         (.from_node | name) and (.to_node | name) and (.relation | name) and (.observed == null or (.observed | type == "array" and all(.[]; name)))
       else (.node_id | name) end)
  and (.transform == null or (.transform | type == "object" and (.position | vector) and (.scale | vector) and (.rotation == null or (.rotation | numbers(3) or numbers(4)))))
  and (.properties == null or (.properties | type == "object" and all(keys[]; name)))
)
"""


def drafts(bench):
    """Lines without their names beside the same lines with them; both are canonical but for that."""
    def gate(trace):
        return lambda b: f"exec ulp-append -j 1 --now 2030-01-01T00:00:00Z < {trace(b)}"

    def nameless(b):
        return b.made("drafts.jsonl", f"sed -E 's/\"event_id\":\"[^\"]*\",//' {b.canonical()}")

    whole = Peer("whole lines", gate(measure.Bench.canonical), 2.0, "the same lines with their names, canonical, so that they are passed on as they are")
    ours, them = bench.row("24", "drafts through the gate, 1 thread", gate(nameless), [whole])
    stages = peers.stages(bench, bench.canonical())
    if stages:
        bench.floor("24", [("whole lines", them.cpu, True), ("parse once more", stages["parse"], True), ("the rest", ours.cpu - them.cpu - stages["parse"], False)], them.cpu, 2.0)


def same(bench, trace, program, jq):
    """The gate's output is the canonical form, and jq passes on the same events. jq prints some numbers in another way, so
    what both printed is compared as values."""
    if not measure.holds(f"ulp-append < {trace} | cmp - {bench.canonical()}"):
        raise SystemExit("row 4: the gate's output is not the canonical form")
    head = f"head -n 20000 {trace}"
    check = f"cmp <({head} | ulp-append 2> /dev/null | jq -cS .) <({head} | jq -cS -f {program})"
    if jq and not measure.holds(check):
        raise SystemExit("row 4: jq passes on other events")


def rows(bench):
    program = f"{bench.dir}/gate.jq"
    with open(program, "w", encoding="utf-8") as out:
        out.write(JQ)
    has_jq = shutil.which("jq")
    for name, trace, of_jq, of_dom in (("raw", lambda b: b.trace, 1 / 20, 4.0), ("canonical", measure.Bench.canonical, 1 / 40, 2.2)):
        same(bench, trace(bench), program, has_jq)
        beside = []
        if has_jq:
            does = "the checks of tests/bench/gate.py and sorted members; no paths, invariants, duplicates, or names that repeat"
            jq = Peer("jq", lambda b, trace=trace: f"exec jq -cS -f {program} {trace(b)} > {b.dir}/theirs", of_jq, does)
            beside.append(jq)
        else:
            print("     jq is missing")
        beside += peers.dom(bench, trace, of_dom)
        took = bench.row("4", f"the gate, {name} trace, 2 threads", lambda b, trace=trace: f"exec ulp-append -j 2 < {trace(b)} > {b.dir}/ours", beside)
        stages = peers.stages(bench, trace(bench))
        if stages and len(took) > 1 and beside[-1].name == peers.DOM:
            ours, dom = took[0].cpu, took[-1].cpu
            parts = [("parse", stages["parse"], True), ("digests of what came", stages["hash"], True)]
            parts.append(("checks, canonical form, copying", ours - sum(s for _, s, _ in parts), False))
            bench.floor("4", parts, dom, of_dom)
    for path in ("ours", "theirs"):
        sh(f"rm -f {bench.dir}/{path}")
    os.remove(program)
