#!/bin/sh
# An advert and a want as presence and intent in Bluetooth advertisements, and back. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "${1:-out}"
cd "${1:-out}"

# An advertisement has no room for a tip: that the peer is there is said, and that it wants to meet.
ulp-radio --mtu 24 --log errors <"$here/lines.jsonl" >packets.jsonl
python3 -B "$here/ble.py" encode <packets.jsonl >advertisements.txt
cat advertisements.txt

# Others are on air too: a beacon, which says nothing here. Presence is no line; the log tells of it.
{ cat advertisements.txt; echo 0201061aff4c000215111111111111111111111111111111111111111111; } |
  python3 -B "$here/ble.py" decode >heard.jsonl
ulp-radio <heard.jsonl 2>log
jq -r '.codes."radio.presence"' log
