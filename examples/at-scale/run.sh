#!/bin/sh
# One world cut by tile, on make, on GNU parallel, and by hand: every way the same bytes. Usage: run.sh [OUT] [EVENTS]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$(mkdir -p "${1:-out}" && CDPATH='' cd -- "${1:-out}" && pwd)
events=${2:-20000}
cd "$out"
rm -rf w parts states make make2 parallel parallel2 flaky views series
mkdir parts states parallel parallel2 flaky views series

"$here/trace.py" "$events" >all.jsonl
ulp-store init w --log errors
ulp-append --store w --log errors <all.jsonl >/dev/null
tiles=$(ulp-store stat --store w --log errors | jq -r .tile | awk '!seen[$0]++')

# The single run, which all others are held to; and the events of each tile by themselves.
ulp-materialize --log json <all.jsonl >all.state 2>all.log
for tile in $tiles; do
  ulp-materialize --store w --tile "$tile" --events --log errors >"parts/$(echo "$tile" | tr / -).jsonl"
done
name() { for tile in $tiles; do echo "$1/$(echo "$tile" | tr / -).$2"; done; }
same() { cmp "$1" "$2" && b3sum --no-names "$2" >>hashes; }
: >hashes
: >times

# (a) The parts in any order, make, parallel: the state of all.
# shellcheck disable=SC2046
cat $(name parts jsonl | sort -r) | ulp-materialize --log errors >cat.state && same all.state cat.state
for tile in $tiles; do
  part=$(echo "$tile" | tr / -)
  ulp-materialize --log json <"parts/$part.jsonl" >"states/$part.jsonl" 2>"states/$part.log"
done
# shellcheck disable=SC2046
cat $(name states jsonl) >states.state && same all.state states.state
for jobs in 1 2; do
  began=$(date +%s%N)
  rm -rf make && make -s -j"$jobs" -f "$here/tiles.mk" W=w OUT=make
  echo "make -j$jobs: $((($(date +%s%N) - began) / 1000000)) ms" >>times
  # shellcheck disable=SC2046
  cat $(name make jsonl) >make.state && same all.state make.state
  began=$(date +%s%N)
  echo "$tiles" | parallel -j "$jobs" -k 'ulp-materialize --store w --tile {} --log errors' >parallel.state
  echo "parallel -j $jobs: $((($(date +%s%N) - began) / 1000000)) ms" >>times
  same all.state parallel.state
done

# A task that fails is done again, and nothing is half taken: what was said before it failed is nowhere.
FLAKY=$out/flaky make -s -k -j2 -f "$here/tiles.mk" W=w OUT=make2 TASK="$here/flaky --log json" >make2.log 2>&1 && exit 1
[ -z "$(ls make2/*.jsonl 2>/dev/null)" ]
FLAKY=$out/flaky make -s -j2 -f "$here/tiles.mk" W=w OUT=make2 TASK="$here/flaky --log json"
# shellcheck disable=SC2046
cat $(name make2 jsonl) >make2.state && same all.state make2.state
rm -rf flaky && mkdir flaky
echo "$tiles" | FLAKY=$out/flaky parallel -j 2 -k --retries 3 "$here/flaky --store w --tile {} --log errors" >parallel2.state 2>parallel2.log
same all.state parallel2.state

# (b) What shows the present is drawn from the states as from the events.
# shellcheck disable=SC2046
for how in 'projector-2d -f svg' 'projector-2d -f jsonl' 'projector-3d -f glb' 'projector-map -f geojson --origin 52.6,-2'; do
  file=views/$(echo "$how" | tr -c 'a-z0-9\n' _)
  $how --log errors <all.jsonl >"$file.all"
  cat $(name states jsonl) | $how --log errors >"$file.parts"
  same "$file.all" "$file.parts"
done

# (c) What shows the past reads the events, cut by series; a gap ends where the world does, and not where its part does.
ulp-materialize --store w --events --log errors >events.jsonl
end=$(jq .timestamp events.jsonl | sort -n | tail -1)
projector-dashboard --at "$end" --log errors <events.jsonl >figures.all
jq -r 'select(.sensor) | .actor_id' events.jsonl | sort -u >gauges
split -n l/4 -d gauges series/gauges.
for some in series/gauges.*; do
  jq -c --rawfile some "$some" '($some | split("\n")) as $own | select(.sensor and (.actor_id as $a | $own | index($a)))' events.jsonl |
    projector-dashboard --at "$end" --log errors
done >figures.parts
same figures.all figures.parts

# (d) The counts of the parts add up to those of the whole.
sum='{read, applied, rejected, withheld, duplicate}'
tail -1 all.log | jq -cS "$sum" >counts.all
for tile in $tiles; do tail -1 "states/$(echo "$tile" | tr / -).log"; done |
  jq -csS "map($sum) | reduce .[] as \$one ({}; reduce (\$one | keys[]) as \$k (.; .[\$k] += \$one[\$k]))" >counts.parts
same counts.all counts.parts

# One hash says that all of this is so.
most=$(ulp-store stat --store w --log errors | jq -s 'group_by(.tile) | map(map(.events) | add) | (max / add * 100 | floor)')
echo "the largest tile has $most % of the events"
b3sum --no-names hashes | cut -c1-64
