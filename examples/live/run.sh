#!/bin/sh
# A trace grows, and a map of it on the terminal does too; both stop together. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
: >"$out/trace.jsonl"

# Somebody writes: the flood, in two seconds or so.
split -l 500 --filter='cat; sleep 0.1' "$here/../flood/trace.jsonl" >>"$out/trace.jsonl" &
writer=$!
trap 'kill $writer 2>/dev/null || true' EXIT

"$here/live.sh" "$out/trace.jsonl" $writer | tee "$out/map.txt"
