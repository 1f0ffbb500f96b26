#!/bin/sh
# Fill a store, and do what the crontab does at night, twice. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
rm -rf "$out/w"
ulp-store init "$out/w"
ulp-append --store "$out/w" --log json <"$here/../flood/trace.jsonl" >"$out/echoed.jsonl" 2>"$out/append.log"
"$here/nightly.sh" "$out/w" "$out/nightly.log"
"$here/nightly.sh" "$out/w" "$out/nightly.log"
ulp-materialize --store "$out/w" >"$out/state.jsonl"
ulp-materialize <"$here/../flood/trace.jsonl" | cmp - "$out/state.jsonl"
