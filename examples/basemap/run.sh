#!/bin/sh
# Lay the coast of Natural Earth below the flood: a base map is a layer of events.
# Usage: run.sh OUT LAND, where LAND is land-10m.json of npm's world-atlas.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
trace=$here/../flood/trace.jsonl
out=$1
land=$2
mkdir -p "$out"

# GDAL reads TopoJSON. What lies far away is cut off, each island is a feature of its own, and gets its looks.
rm -f "$out/near.json" "$out/coast.json"
ogr2ogr -f GeoJSON -clipsrc -10.8 49.7 2.6 56.2 -segmentize 0.1 "$out/near.json" "$land" land
ogr2ogr -f GeoJSON -explodecollections -lco COORDINATE_PRECISION=5 "$out/coast.json" "$out/near.json"
jq -c '.features[] | del(.id) | .properties = {fill: "#7d8f6e", opacity: 0.25, stroke: "#5d6b52"}' "$out/coast.json" >"$out/coast.jsonl"

# It stands about the flood's own origin, at the beginning of its time, in a layer that is painted before all others.
origin=$(jq -r 'select(.node_id == "@space") | .properties.origin // empty | "\(.lat),\(.lon),\(.height)"' "$trace")
time=1573257600
{
  printf '{"actor_id":"basemap","layer_id":"land","node_id":"@layer:land","operation":"set_properties","properties":{"order":-100,"title":"Land"},"space_id":"flood","timestamp":%s}\n' "$time"
  ulp-import -f geojson --origin "$origin" --space flood --layer land --actor basemap --kind land --prefix land: --time "$time" "$out/coast.jsonl"
} | ulp-append >"$out/land.jsonl"

# From here on it is part of the world: in a store, in a pack, on a stick. The page asks for nothing.
cat "$out/land.jsonl" "$trace" | projector-map -f html -o "$out/map.html"
