#!/bin/sh
# A gauge's line goes over a lossy link in packets of 51 bytes, and what a store holds is told over the same air.
# Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
rm -rf "$out/gateway" "$out/harbour"
now=1795167000
store=$(um-key did "$here/store.pem" 2>/dev/null)

# The gauge sends its line twice; the air loses every fourth packet, and brings the others in another order.
ulp-radio --mtu 51 --repeat 2 --now $now --log errors "$here/gauge.jsonl" >"$out/sent.jsonl"
sed '0~4d' "$out/sent.jsonl" | sort >"$out/heard.jsonl"

# The gateway takes what comes of it into its store.
ulp-store init "$out/gateway" --log errors
ulp-radio --now $now --log errors "$out/heard.jsonl" |
  ulp-append --store "$out/gateway" --now $now --log errors >"$out/accepted.jsonl"

# It tells what it holds now, signed, and the harbour, which knows it, hears that; from another it is a hint.
ulp-attest --store "$out/gateway" --rows --log errors |
  jq -c --arg peer "$store" --argjson now $now 'select(.path | test("/tiles/z[^/]*/x[^/]*/y[^/]*$")) |
    {peer: $peer, seq: $now, knows: [{path: (.path + "/head"), points_to: .head, events}]}' |
  ulp-radio --key "$here/store.pem" --now $now --log errors >"$out/tips.jsonl"
ulp-store init "$out/harbour" --log errors
echo "federation: {peers: [\"$store\"]}" >>"$out/harbour/.ulp-root"
ulp-radio --store "$out/harbour" --log errors "$out/tips.jsonl" >"$out/known.jsonl"
ulp-radio --log errors "$out/tips.jsonl" >"$out/hint.jsonl"
# One bit of it is not as it was.
sed 's/AAAQ/AAAg/' "$out/tips.jsonl" >"$out/forged.jsonl"
ulp-radio --store "$out/harbour" --log errors "$out/forged.jsonl" 2>"$out/log.jsonl" >"$out/nothing.jsonl" || true

{
  jq -rs '"the gauge: \(length) packets, \(map(.airtime_ms) | add) ms on air, the last \(map(.after_ms) | add) ms after the first"' "$out/sent.jsonl"
  echo "heard: $(wc -l <"$out/heard.jsonl" | tr -d ' ')"
  jq -r '"the gateway: \(.sensor) \(.value) by \(.actor_id)"' "$out/accepted.jsonl"
  jq -rs '"its tip: \(length) packet, \(map(.airtime_ms) | add) ms on air"' "$out/tips.jsonl"
  jq -r '"the harbour: \(.knows[0].events) event, \(if .proof then "proven" else "a hint" end)"' "$out/known.jsonl"
  jq -r '"who knows nobody: \(.knows[0].events) event, \(if .proof then "proven" else "a hint" end), \(.knows[0].path)"' "$out/hint.jsonl"
  sed -n 's/.*"log":"boundary".*"code":"\([^"]*\)".*/forged: \1/p' "$out/log.jsonl"
} >"$out/story.txt"
rm -f "$out/log.jsonl" "$out/nothing.jsonl"
