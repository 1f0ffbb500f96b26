#!/bin/sh
# A phone goes from village to village, which no wire joins, and carries what they have. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
rm -rf "$out"
mkdir -p "$out"
cd "$out"
trace="$here/../flood/trace.jsonl"

# Each village watches its own gauges.
villages="hill mill port"
first=1
for village in $villages; do
  ulp-store init $village --log errors
  um-key generate -o $village.pem --log errors >$village.did
  sed -n "$first,$((first + 99))p" "$trace" | ulp-append --store $village --log errors >/dev/null
  first=$((first + 100))
done

# The phone lists them: their word counts, and it calls no one else.
ulp-store init phone --log errors
echo "federation: {peers: [$(sed 's/.*/"&"/' ./*.did | paste -sd, -)]}" >>phone/.ulp-root

# The fast start: what hill looks like now, without its history, which comes with the first meeting. The status 3 says
# that there is none yet.
ulp-materialize --store hill --snapshot --log errors >/dev/null
tile-pack --store hill --only snapshots -f dir -o quick --log errors
ulp-materialize --store quick/data --trust --root >quick.root 2>quick.log || [ $? = 3 ]
ulp-materialize --store hill --root --log errors | cmp - quick.root && echo "the phone shows what hill shows"

# At a stop the phone hears the village's adverts, and leaves those that it has heard elsewhere; then they meet.
NOW=1795167000
export NOW
for stop in hill mill port hill mill port; do
  NOW=$((NOW + 3600))
  echo $stop >stop
  ulp-gossip --store $stop --key $stop.pem --graph $stop.graph --reach here:$stop --now $NOW --log errors |
    ulp-gossip --graph phone.graph --scope phone --now $NOW --log errors >/dev/null
  ulp-gossip --graph $stop.graph --now $NOW --log errors phone.graph >/dev/null
  echo "$stop:"
  "$here/ferry.sh" phone phone.graph "$here/call.sh" |
    jq -c 'select(.path == "m/world") | {sent, taken, agrees}'
done

for store in $villages phone; do
  ulp-attest --store $store --rows --log errors | head -1 | jq -c '{events, head}'
done | sort -u
