#!/bin/sh
# Sensors on loopback: mosquitto carries their short lines, ulp-append stores them. Usage: run.sh [OUT]
set -eu
out=${1:-out}
PATH="$PATH:/usr/sbin" # where Debian has its brokers
port=${PORT:-18830}
mkdir -p "$out"
rm -rf "$out/w"
ulp-store init "$out/w" 2>/dev/null
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" >"$out/mosquitto.conf"
mosquitto -c "$out/mosquitto.conf" >"$out/mosquitto.log" 2>&1 &
broker=$!
trap 'kill $broker; wait $broker || true' EXIT

# The session is made before anything is said, and kept: what comes while nobody listens waits at the broker. The
# first to ask also waits for the broker.
ask() { mosquitto_sub -h 127.0.0.1 -p "$port" -i ulp -c -q 1 -t 'sensors/#' "$@"; }
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  ask -E 2>/dev/null && break
  sleep 0.25
done

# Twenty readings, and one from a sensor that has no name.
ask -C 21 | ulp-append --store "$out/w" --log json >"$out/stored.jsonl" 2>"$out/append.log" &
reader=$!
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  echo "{\"actor_id\":\"node:esp32_A$((n % 3))\",\"operation\":\"sensor_reading\",\"sensor\":\"level\",\"value\":1.$n,\"unit\":\"m\"}"
done | mosquitto_pub -h 127.0.0.1 -p "$port" -t sensors/level -q 1 -l
mosquitto_pub -h 127.0.0.1 -p "$port" -t sensors/level -q 1 -m '{"operation":"sensor_reading","sensor":"level","value":9}'
wait $reader || true
ulp-materialize --store "$out/w" 2>/dev/null | grep sensor_state >"$out/sensors.jsonl"
