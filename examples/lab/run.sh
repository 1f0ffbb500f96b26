#!/bin/sh
# A seesaw, a bridge and a dam gate: two machines that know different things let them fall, meet, and go on as one.
# Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
rm -rf "$out"
mkdir -p "$out"
cd "$out"
start=1767225600

# Both have the world. Hill alone knows that the gate is opened, mill alone what happens to the seesaw and the bridge.
for place in hill mill; do
  ulp-store init $place --log errors
  cat "$here/world.jsonl" "$here/$place.jsonl" | ulp-append --store $place --log errors >/dev/null
done

# Each goes on for half a minute by itself.
for place in hill mill; do
  projector-physics --store $place --until $((start + 30)) --log errors |
    ulp-append --store $place --log errors >$place.alone
  echo "$place: $(wc -l <$place.alone) steps"
done

# They meet. Both look at all steps, and say the same of them: what was made without the other's hands is stale now.
ulp-sync --store hill --with 'ulp-sync --serve --store mill --log errors' --log errors >/dev/null
for place in hill mill; do
  projector-physics --store $place --check --log errors >$place.check
done
cmp hill.check mill.check
jq -r .check hill.check | sort | uniq -c

# Hill signs what it found.
um-key generate -o hill.pem --log errors >/dev/null
um-sign --key hill.pem --log errors <hill.check | um-sign --verify --log errors | wc -l

# From here on both compute the same, and what they compute holds.
for place in hill mill; do
  projector-physics --store $place --until $((start + 60)) --log errors |
    ulp-append --store $place --log errors >$place.together
done
cmp hill.together mill.together
echo "together: $(wc -l <hill.together) steps"
ulp-materialize --store hill --events --log errors >trace.jsonl
projector-physics --check --log errors <trace.jsonl | tail -n "$(wc -l <hill.together)" | jq -r .check | sort | uniq -c

# The page plays it; the plan shows where all lies in the end.
projector-3d -f html -o lab.html --log errors <trace.jsonl
projector-2d -f html -o plan.html --log errors <trace.jsonl
b3sum --no-names trace.jsonl
