#!/bin/sh
# A search team's morning: what two handhelds recorded, and a table of finds, become one map. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
rm -rf "$out/w"
now=2026-01-10T12:00:00Z

# All of it goes onto one plane, about the meeting point, and into one store; a second time it adds nothing.
import() {
  ulp-import --space search --origin 52.6005,-2.003,112,49.1 --log errors "$@"
}
day() {
  import -f gpx --actor team:1 "$here/team-1.gpx"
  import -f gpx --actor team:2 "$here/team-2.gpx"
  import -f csv --zone +00:00 --actor desk:finds "$here/finds.csv"
}
ulp-store init "$out/w" --log errors
day | ulp-append --store "$out/w" --now $now --log errors >"$out/accepted.jsonl"
again=$(day | ulp-append --store "$out/w" --now $now --log errors | wc -l)

projector-2d --store "$out/w" -f svg --log errors >"$out/map.svg"
projector-2d --store "$out/w" -f html --log errors >"$out/map.html"
{
  echo "events: $(wc -l <"$out/accepted.jsonl" | tr -d ' '), the second time: $again"
  ulp-materialize --store "$out/w" --view --log errors |
    jq -rs '(map(select(.kind == "track")) | sort_by(.properties.name)[] | "\(.properties.name): last seen at \(.transform.position[:2] | map(round) | tostring)"),
      (map(select(.kind == "find")) | sort_by(.node_id)[] | "\(.node_id): \(.properties.label), \(.properties.found_by)")'
} >"$out/story.txt"
