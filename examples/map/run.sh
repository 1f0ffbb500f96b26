#!/bin/sh
# Lay the flood on the Earth: for a GIS, a globe, a hand-held receiver and a team's map.
# Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
trace=$here/../flood/trace.jsonl
out=${1:-out}
mkdir -p "$out"

# Any GIS, and any page with a map, opens this.
projector-map -f geojson -o "$out/flood.geojson" "$trace"

# A globe with a slider of time: what was known when.
projector-map -f kml --replay -o "$out/flood.kml" "$trace"

# What to carry in the field: the warnings. Where the space lies is said in the layer of the key.
projector-map -f gpx --layer key --layer warnings -o "$out/warnings.gpx" "$trace"

# What a team's map is told, a line each.
projector-map -f cot --layer key --layer rivers --stale 24h -o "$out/rivers.cot" "$trace"

# The northernmost gauge, from the records.
projector-map --layer key --layer rivers "$trace" |
  jq -rs 'map(select(.geometry.type == "Point" and .properties.layer == "rivers")) | max_by(.geometry.coordinates[1])
    | "\(.properties.label // .id) at \(.geometry.coordinates[1]),\(.geometry.coordinates[0])"' >"$out/north.txt"
