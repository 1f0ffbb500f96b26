#!/bin/sh
# Warn three villages: an alert, an update and a cancel go by stick and by pipe, more than once, and are the same files.
# Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
rm -rf "$out"
mkdir -p "$out"
cd "$out"
for place in desk hill mill; do ulp-store init $place --log errors; done

# The desk writes drafts, each with the one before as its cause: so their names are hashes, and their order is fixed.
cause=
while read -r now draft; do
  printf '%s\n' "$draft" | jq -c --arg cause "$cause" 'if $cause == "" then . else .previous_events = [$cause] end' |
    ulp-append --store desk --now "$now" --log errors >event
  cause=$(jq -r 'select(.node_id != "@space").event_id' event)
  cat event >>trace.jsonl
done <"$here/drafts"
cmp trace.jsonl "$here/trace.jsonl"

# Hill gets a stick, mill a pipe: thrice, the last word first.
tile-pack --store desk -o stick.tar.zst --log errors
tile-unpack --store hill --log errors <stick.tar.zst >/dev/null
for _ in 1 2 3; do tac trace.jsonl; done | ulp-append --store mill --log errors >/dev/null

# Each of them makes the same messages for itself.
for place in desk hill mill; do
  projector-alert --store $place -o $place.cap/ --log errors
done
diff -r desk.cap hill.cap
diff -r desk.cap mill.cap
ls desk.cap

# A second run finds nothing to do.
touch now
projector-alert --store mill -o mill.cap/ --log errors
test -z "$(find mill.cap -newer now)" && echo "nothing is touched"

# Only the update had reached mill: it waits for its cause, rather than guess.
sed -n '1p;3p' trace.jsonl | projector-alert 2>log | wc -l
projector-alert --current <trace.jsonl 2>log | jq -r '.msgType + ": " + .info[0].headline'
projector-alert --current --at 2026-01-01T00:20:00Z <trace.jsonl 2>log | jq -r '.msgType + ": " + .info[0].headline'

# Why the warning is over: what was said before it, and what it led to.
cancel=$(projector-alert --store mill --log errors | jq -r 'select(.msgType == "Cancel").identifier')
ulp-why --store mill --depth 1 --log errors "$cancel" | jq -r '"\(.role): \(.event.operation) at \(.event.timestamp | todate)"'
