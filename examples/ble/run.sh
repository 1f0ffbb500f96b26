#!/bin/sh
# Presence and intent as advertisements, and back. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "${1:-out}"
cd "${1:-out}"
python3 -B "$here/ble.py" encode <"$here/presence.jsonl" >advertisements.txt
cat advertisements.txt
# Others are on air too: a beacon, which says nothing here.
{ cat advertisements.txt; echo 0201061aff4c000215111111111111111111111111111111111111111111; } |
  python3 -B "$here/ble.py" decode >heard.jsonl
cmp heard.jsonl "$here/presence.jsonl"
