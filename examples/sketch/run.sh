#!/bin/sh
# A sketch joins a map: what somebody drew becomes events, and stands where it was drawn. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
rm -rf "$out/w" "$out/objects"

# The sketch's y runs down its page; on the map north is up.
ulp-import -f excalidraw --flip --space moor --layer sketch --actor user:ann --prefix sketch: --time 2026-01-01T14:00:00Z \
  --objects "$out/objects" "$here/sketch.excalidraw" >"$out/sketch.jsonl" 2>"$out/import.log"

# Both go into a store, and the sketch once more: it is there already.
ulp-store init "$out/w" 2>/dev/null
cat "$here/map.jsonl" "$out/sketch.jsonl" | ulp-append --store "$out/w" 2>/dev/null >"$out/trace.jsonl"
ulp-append --store "$out/w" "$out/sketch.jsonl" 2>/dev/null >"$out/again.jsonl"
ulp-store put --store "$out/w" "$out"/objects/* 2>/dev/null >"$out/put.jsonl"

projector-2d --store "$out/w" -f svg -o "$out/map.svg" 2>/dev/null
projector-2d --store "$out/w" -f canvas -o "$out/map.canvas" 2>/dev/null
projector-2d --store "$out/w" -f ocif -o "$out/map.ocif" 2>/dev/null

# The exchange file is the same world again.
projector-2d --store "$out/w" 2>/dev/null | jq -cS 'del(.event_id)' >"$out/records.jsonl"
ulp-import -f ocif --time 2026-01-01T14:00:00Z "$out/map.ocif" 2>/dev/null | projector-2d 2>/dev/null |
  jq -cS 'del(.event_id)' >"$out/back.jsonl"
{
  jq -r '"\(.operation) \(.node_id // "\(.from_node) -> \(.to_node)")"' "$out/sketch.jsonl"
  echo "$(wc -l <"$out/again.jsonl" | tr -d ' ') events of the sketch that are new when it comes again"
  jq -r 'select(.node_id == "sketch:hut") | "the base camp stands at \(.position)"' "$out/records.jsonl"
  cmp "$out/records.jsonl" "$out/back.jsonl" && echo "the exchange file gives the same records back"
} >"$out/story.txt"
