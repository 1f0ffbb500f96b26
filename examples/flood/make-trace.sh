#!/bin/sh
# Write the trace of a flood to stdout, from the public data in the directory given.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
data=${1:-$here/../../../shared/data/defra}
exec env TZ=UTC jq -ncS -L "$here" -f "$here/trace.jq" \
  --slurpfile stations "$data/stations.geojson.json" --slurpfile rainfall "$data/rainfall.geojson.json" \
  --slurpfile telemetry "$data/telemetry.json" --slurpfile statement "$data/fgs.json" --slurpfile floods "$data/floods.json"
