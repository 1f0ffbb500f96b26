#!/bin/sh
# Fill a store, and do what the crontab does at night: twice where all is well, and once after a file went missing.
# Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
rm -rf "$out/w" "$out/mailbox"
out=$(CDPATH='' cd -- "$out" && pwd)
touch "$out/mailbox"
ulp-store init "$out/w" --log errors
ulp-append --store "$out/w" --log errors <"$here/../flood/trace.jsonl" >"$out/echoed.jsonl"

# The crontab as it is, but for where this store, this script and these tools are.
bin=$(dirname -- "$(command -v ulp-store)")
sed -e "s|/srv/world|$out/w|; s|/usr/local/share/ulp/examples/cron|$here|; s|^PATH=|&$bin:|" "$here/crontab" >"$out/crontab"
night() { "$here/cron.sh" "$out/crontab" "$out/mailbox"; }

night
night
ulp-materialize --store "$out/w" --log errors >"$out/state.jsonl"
ulp-materialize --log errors <"$here/../flood/trace.jsonl" | cmp - "$out/state.jsonl"
test ! -s "$out/mailbox"

# The first segment of the first lane goes missing.
manifest=$(find "$out/w/spaces" -name manifest.json | sort | head -1)
segment=$(jq -r '.segments[0].hash | ltrimstr("sha256:")' "$manifest")
rm "$out/w/objects/sha256/$(echo "$segment" | cut -c1-2)/$(echo "$segment" | cut -c3-)"
night
cat "$out/mailbox"
