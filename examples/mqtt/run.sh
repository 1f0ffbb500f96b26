#!/bin/sh
# Sensors on loopback: mosquitto carries their short lines, ulp-append stores them. Usage: run.sh [OUT]
set -eu
out=${1:-out}
port=${PORT:-18830}
mkdir -p "$out"
rm -rf "$out/w"
ulp-store init "$out/w"
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" >"$out/mosquitto.conf"
mosquitto -c "$out/mosquitto.conf" >"$out/mosquitto.log" 2>&1 &
broker=$!
trap 'kill $broker' EXIT
sleep 1
mosquitto_sub -h 127.0.0.1 -p "$port" -t 'sensors/#' -C 20 |
  ulp-append --store "$out/w" --log json >"$out/stored.jsonl" 2>"$out/append.log" &
reader=$!
sleep 1
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  echo "{\"actor_id\":\"node:esp32_A$((n % 3))\",\"operation\":\"sensor_reading\",\"sensor\":\"level\",\"value\":1.$n,\"unit\":\"m\"}"
done | mosquitto_pub -h 127.0.0.1 -p "$port" -t sensors/level -q 1 -l
wait $reader
ulp-materialize --store "$out/w" | grep sensor_state >"$out/sensors.jsonl"
