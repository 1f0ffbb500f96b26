#!/bin/sh
# A search team's day: two tracks, a table of finds, a sketch and an alert meet, by stick and by pipe, and end in one map.
# Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
rm -rf "$out"
mkdir -p "$out/stick"
cd "$out"
now=2026-01-10T12:00:00Z

# The desk at the meeting point, the van on the moor, and the village hall each have a store.
for place in desk van hall; do ulp-store init $place --log errors; done
take() {
  ulp-append --store "$1" --now $now --log errors
}

# What other programs wrote goes onto one plane, about the meeting point.
import() {
  ulp-import --space search --origin 52.6005,-2.003,112,49.1 --log errors "$@"
}
planned() {
  import -f excalidraw --flip --layer sketch --prefix sketch: --time 2026-01-10T08:30:00Z --actor desk:plan "$here/sketch.excalidraw"
}
found() {
  import -f gpx --actor team:1 "$here/team-1.gpx"
  import -f csv --zone +00:00 --actor desk:finds "$here/finds.csv"
}
walked() {
  import -f gpx --actor team:2 "$here/team-2.gpx"
}

# The desk plans and warns. Each line of the warning names the one before as its cause, so it is the same messages everywhere.
planned | take desk >accepted.jsonl
cause='[]'
while read -r line; do
  printf '%s\n' "$line" | jq -c ".previous_events = $cause" | take desk >said
  cause=$(jq -c '[.event_id]' said)
  cat said >>accepted.jsonl
done <"$here/alert.jsonl"

# Team 1's handheld and its finds are read in the van, and come to the desk on a stick; team 2's come through a pipe.
found | take van >>accepted.jsonl
tile-pack --store van -o stick/van.tar.zst --log errors
tile-unpack --store desk --now $now --log errors stick/van.tar.zst >/dev/null
walked | take desk >>accepted.jsonl
again=$({ planned && found && walked; } | take desk | wc -l)

# What the desk knows goes back on the stick, without what the van has, and through a pipe to the hall, twice, the last word first.
tile-unpack --list --log errors van >stick/van.list
tile-pack --store desk --have stick/van.list -o stick/desk.tar.zst --log errors
tile-unpack --store van --now $now --log errors stick/desk.tar.zst >/dev/null
ulp-materialize --store desk --events --log errors >events.jsonl
tac events.jsonl | cat - events.jsonl | take hall >/dev/null

# Whoever draws the day makes the same map, the same tour and the same feed.
projector-map --store desk -f geojson -o map.geojson --log errors
projector-map --store desk -f kml --replay -o map.kml --log errors
projector-alert --store desk -f cap --log errors >feed.xml
for place in van hall; do
  projector-map --store $place -f geojson --log errors | cmp - map.geojson
  projector-map --store $place -f kml --replay --log errors | cmp - map.kml
  projector-alert --store $place -f cap --log errors | cmp - feed.xml
done
projector-2d --store desk -f svg --log errors >map.svg
projector-2d --store desk -f html --log errors >map.html
{
  echo "events: $(wc -l <accepted.jsonl | tr -d ' '), the second time: $again"
  jq -r '.features | map(.properties | select(.label)) | group_by(.layer, .kind)[] | "\(.[0].kind): \(map(.label) | sort | join("; "))"' map.geojson
  projector-alert --store hall --log errors | jq -r '"\(.sent) \(.msgType), refers to \(.references // "" | split(" ") | length): " +
    "\(.info[0].headline), up to \(.info[0].area[0].polygon[0] | split(" ") | map(split(",")[0] | tonumber) | max) north"'
} >story.txt
