#!/bin/sh
# Write the trace of a flood to stdout, from the public data in the directory given.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
data=${1:-$here/../../../shared/data/defra}
laid=$(mktemp -d)
trap 'rm -rf "$laid"' EXIT

# What the statement and the warnings say of places, as GeoJSON.
for it in areas:fgs warnings:floods; do
  jq -c -L "$here" "include \"places\"; ${it%:*}" "$data/${it#*:}.json" >"$laid/${it%:*}.geojson.json"
done
cp "$data/stations.geojson.json" "$data/rainfall.geojson.json" "$laid"

# Everything is laid on one plane. Three stations are in their list twice: a record is rejected, the rest goes on.
lat=52.597792 lon=-2.001433
for name in stations rainfall areas warnings; do
  ulp-import -f geojson --origin $lat,$lon --log errors "$laid/$name.geojson.json" >"$laid/$name" 2>"$laid/log" || [ $? = 1 ]
done

TZ=UTC jq -ncS -L "$here" -f "$here/trace.jq" --argjson origin "{\"lat\":$lat,\"lon\":$lon,\"height\":0}" \
  --slurpfile stations "$laid/stations" --slurpfile rainfall "$laid/rainfall" --slurpfile areas "$laid/areas" \
  --slurpfile warnings "$laid/warnings" --slurpfile telemetry "$data/telemetry.json" --slurpfile statement "$data/fgs.json"
