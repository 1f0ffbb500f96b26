#!/bin/sh
# What the sensor says: it was cut off when it was plugged in, and ends its lines as serial lines do.
printf '"level","value":0.9}\r\n'
n=0
while [ $n -lt 10 ]; do
  printf '{"actor_id":"node:esp32_A12","operation":"sensor_reading","sensor":"level","value":1.%d,"unit":"m"}\r\n' $n
  n=$((n + 1))
done
