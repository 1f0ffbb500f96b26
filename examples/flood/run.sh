#!/bin/sh
# Turn the trace into a map, a page that replays it, a scene, and the state behind them. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"

# The map as it stands, and as it stood on the morning after the guidance was issued.
projector-2d -f svg <"$here/trace.jsonl" >"$out/flood.svg"
projector-2d -f svg --at 2019-11-10T08:00:00Z <"$here/trace.jsonl" >"$out/guidance.svg"

# One page each, to open from the file: pan, zoom and replay; orbit the levels as columns.
projector-2d -f html <"$here/trace.jsonl" >"$out/flood.html"
projector-3d -f glb <"$here/trace.jsonl" >"$out/flood.glb"

# The state; the same once more from itself; and the hash that two machines compare.
ulp-materialize <"$here/trace.jsonl" >"$out/state.jsonl"
ulp-materialize <"$out/state.jsonl" | cmp - "$out/state.jsonl"
ulp-materialize --root <"$here/trace.jsonl" >"$out/root.txt"

# Gauges in the highest 5 % of their range, highest first.
ulp-materialize --view <"$here/trace.jsonl" |
  jq -rs 'map(select(.properties.standing > 1)) | sort_by(-.properties.standing)[] | [.properties.standing, .properties.name, .properties.river] | @tsv' >"$out/highest.tsv"
