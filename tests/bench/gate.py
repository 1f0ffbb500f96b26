"""Rows 4 and 24: the gate without a store beside jq, which checks and prints the same as far as it can, and with drafts
beside whole lines."""
import os
import shutil
import subprocess

import measure

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


def made(path, command):
    """A file that a command writes, once."""
    if not os.path.exists(path):
        subprocess.run(["bash", "-c", f"{command} > {path}.part 2> /dev/null && mv {path}.part {path}"], check=True)
    return path


def canonical_trace(options):
    return made(f"{options.dir}/canonical-{options.events}.jsonl", f"ulp-append < {options.trace}")


def drafts(options):
    """Lines without their names beside the same lines with them; both are canonical but for that."""
    canonical = canonical_trace(options)
    nameless = made(f"{options.dir}/drafts-{options.events}.jsonl", f"sed -E 's/\"event_id\":\"[^\"]*\",//' {canonical}")
    gate = "exec ulp-append -j 1 --now 2030-01-01T00:00:00Z"
    measure.compare(options, "24", "drafts through the gate / whole lines", f"{gate} < {nameless}", f"{gate} < {canonical}", 2.0)


def rows(options):
    if not shutil.which("jq"):
        print("  4  jq is missing")
        return
    program = f"{options.dir}/gate.jq"
    with open(program, "w") as out:
        out.write(JQ)
    canonical = canonical_trace(options)
    for name, trace, goal in (("raw", options.trace, 1 / 20), ("canonical", canonical, 1 / 40)):
        ours, theirs = f"{options.dir}/gate.ours", f"{options.dir}/gate.theirs"
        us, them = f"exec ulp-append -j 2 < {trace} > {ours}", f"exec jq -cS -f {program} {trace} > {theirs}"
        # jq prints some numbers in another way, so what both printed is compared as values, and ours as bytes too.
        measure.run(us)
        if subprocess.run(["cmp", ours, canonical]).returncode:
            raise SystemExit("row 4: the gate's output is not the canonical form")
        head = f"head -n 20000 {trace}"
        check = f"cmp <({head} | ulp-append 2> /dev/null | jq -cS .) <({head} | jq -cS -f {program})"
        if subprocess.run(["bash", "-c", check]).returncode:
            raise SystemExit("row 4: jq passes on other events")
        measure.compare(options, "4", f"the gate, {name} trace / jq with the same checks", us, them, goal)
        os.remove(ours)
        os.remove(theirs)
