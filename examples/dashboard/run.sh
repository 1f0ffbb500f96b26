#!/bin/sh
# Watch a valley: alerts that follow from its readings, a page, a table, and files for other programs. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
rules=$here/rules.yaml
mkdir -p "$out/textfile"

# The world of the valley, and what cron does with it: the second time nothing is new.
rm -rf "$out/world"
ulp-store init "$out/world" --log errors
ulp-append --store "$out/world" --log errors <"$here/trace.jsonl" >/dev/null
for _ in 1 2; do
  "$here/collect.sh" "$out/world" "$rules" "$out/textfile/ulp.prom"
  ulp-materialize --store "$out/world" --events --log errors | wc -l
done

# Figures: one line a sensor.
projector-dashboard --store "$out/world" --rules "$rules" --log errors >"$out/figures.jsonl"
jq -r '[.actor_id, .sensor, .count, .min.value, .max.value, .mean, (.missing / 60 | floor)] | map(. // "-") | @tsv' "$out/figures.jsonl"

# A page to open from the file, and a sheet of sparklines.
projector-dashboard --store "$out/world" --rules "$rules" -f html -o "$out/valley.html" --log errors
projector-dashboard --store "$out/world" --rules "$rules" -f svg -o "$out/valley.svg" --log errors

# The readings for a spreadsheet, and for whoever speaks SenML.
projector-dashboard --store "$out/world" -f csv -o "$out/readings.csv" --log errors
projector-dashboard --store "$out/world" -f senml -o "$out/readings.senml.json" --log errors

# What happened, in words.
projector-dashboard -f events --rules "$rules" --log errors "$here/trace.jsonl" |
  jq -r '[(.timestamp | floor | todate), .actor_id, if .kind then "opens" else "ends" end] | @tsv' | tee "$out/alerts.tsv"
