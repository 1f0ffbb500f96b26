#!/bin/sh
# A fire front that moves, what teams mean to do, and water and beds with their counts: packed as an archive, and replayed from the pack alone.
# Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
rm -rf "$out/w" "$out/archive"
now=2026-07-18T13:00:00Z

# Three files, each kept by somebody else, on one plane.
import() {
  ulp-import --space fire --origin 52.63,-2.02 --log errors "$@"
}
ulp-store init "$out/w" --log errors
{
  import -f geojson --time seen --kind front --actor pilot:drone --layer front "$here/front.geojsons"
  import -f csv --zone +00:00 --actor desk:supplies --layer supplies "$here/supplies.csv"
  import -f csv --columns timestamp=when --time-format '%d.%m.%Y %H:%M' --zone +01:00 --actor desk:teams --layer teams "$here/intents.csv"
} | ulp-append --store "$out/w" --now $now --log errors >"$out/accepted.jsonl"

# The pack is all that is kept; whoever opens it sees each hour of the day as it was seen then.
tile-pack --store "$out/w" --log errors >"$out/fire.tar.zst"
rm -rf "$out/w"
ulp-store init "$out/archive" --log errors
tile-unpack --store "$out/archive" --now $now --log errors <"$out/fire.tar.zst" >"$out/unpacked.jsonl"
projector-2d --store "$out/archive" -f html --log errors >"$out/fire.html"
for at in 10:30 11:40 13:00; do
  projector-2d --store "$out/archive" -f svg --at "2026-07-18T$at:00Z" --log errors >"$out/fire-$at.svg"
done
{
  echo "events: $(wc -l <"$out/accepted.jsonl" | tr -d ' '), out of the pack: $(wc -l <"$out/unpacked.jsonl" | tr -d ' ')"
  for at in 10:30 11:40 13:00; do
    ulp-materialize --store "$out/archive" --view --at "2026-07-18T$at:00Z" --log errors |
      jq -rs --arg at $at '"\($at): " + ([(.[] | select(.kind == "front") | "\(.properties.hectares) ha burn"),
        (map(select(.kind == "engine")) | sort_by(.node_id)[] | "\(.properties.label) means to \(.properties.intent)"),
        (map(select(.kind == "water")) | "\(map(.properties.amount) | add) litres"),
        (map(select(.kind == "beds")) | "\(map(.properties.amount) | add) beds")] | join("; "))'
  done
} >"$out/story.txt"
