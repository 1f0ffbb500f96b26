#!/bin/sh
# A world behind a web server of 1 MiB: phones send events, browsers get a map. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$(mkdir -p "${1:-out}" && CDPATH='' cd -- "${1:-out}" && pwd)
port=${PORT:-18832}
rm -rf "$out/w" "$out/www"
ulp-store init "$out/w" --log errors
mkdir -p "$out/www/cgi-bin"
cp "$here/world" "$out/www/cgi-bin/world"
chmod 755 "$out/www/cgi-bin/world"
WORLD=$out/w busybox httpd -f -p "127.0.0.1:$port" -h "$out/www" &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
url=http://127.0.0.1:$port/cgi-bin/world

# Two events and a line that is none: what was stored comes back, and the status tells that something was refused.
curl -sS --retry 20 --retry-connrefused --retry-delay 1 -w '%{http_code}\n' -o "$out/stored.jsonl" --data-binary @"$here/events.jsonl" "$url"
curl -sS -w '%{http_code}\n' -o "$out/again.jsonl" --data-binary @"$here/events.jsonl" "$url"
wc -l <"$out/stored.jsonl"
wc -l <"$out/again.jsonl"
curl -sS --fail "$url" >"$out/map.svg"
curl -sS --fail "$url?state" >"$out/state.jsonl"
