#!/bin/sh
# A sensor on a serial line: its lines go into a store as they come. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
rm -rf "$out/w" "$out/ttyUSB0"
ulp-store init "$out/w" --log errors

# In place of the cable: a pair of terminals, of which the sensor has one end.
socat "PTY,link=$out/ttyUSB0,raw,echo=0,wait-slave" "EXEC:sh $here/sensor.sh" &
cable=$!
trap 'kill $cable 2>/dev/null || true' EXIT
until [ -e "$out/ttyUSB0" ]; do sleep 0.1; done

# This is all there is to it; cat ends when the cable is pulled. On a real line: stty -F /dev/ttyUSB0 115200 raw -echo
stty -F "$out/ttyUSB0" raw -echo
{ cat "$out/ttyUSB0" 2>/dev/null || true; } | ulp-append --store "$out/w" --log json >"$out/stored.jsonl" 2>"$out/append.log" || [ $? = 1 ]
ulp-materialize --store "$out/w" --log errors | jq -c 'select(.sensor) | [.actor_id, .sensor, .value]'
