#!/bin/sh
# A feed on the web, asked again and again: what is new in it goes into a store. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
port=${PORT:-18831}
mkdir -p "$out/www"
rm -rf "$out/w"
ulp-store init "$out/w" --log errors

# In place of the agency: a server on this machine.
cp "$here/morning.json" "$out/www/readings.json"
busybox httpd -f -p "127.0.0.1:$port" -h "$out/www" &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT

# What cron does every quarter of an hour. The times are the feed's own, so that what was there before is told to be.
ask() {
  curl -sS --fail --retry 20 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/readings.json" |
    jq -c -f "$here/feed.jq" | ulp-append --store "$out/w" --log json 2>>"$out/append.log" | wc -l
}
ask
ask
cp "$here/noon.json" "$out/www/readings.json"
ask
