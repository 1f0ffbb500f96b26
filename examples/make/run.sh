#!/bin/sh
# Make the state of every tile, write to one, and see that make does that one alone. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
rm -rf "$out/w" "$out/tiles"
ulp-store init "$out/w"
ulp-append --store "$out/w" --log json <"$here/../flood/trace.jsonl" >"$out/echoed.jsonl" 2>"$out/append.log"
make -s -f "$here/Makefile" W="$out/w" OUT="$out/tiles" 2>"$out/make.log"
ls "$out/tiles" >"$out/tiles.txt"
sleep 1
echo '{"timestamp":1800000000,"actor_id":"user:alice","space_id":"flood","tile":"z0/x0/y0","operation":"create_node","node_id":"new"}' |
  ulp-append --store "$out/w" --now 1800000000 --log json >"$out/new.jsonl" 2>>"$out/append.log"
make -f "$here/Makefile" W="$out/w" OUT="$out/tiles" 2>>"$out/make.log" | grep -c ulp-materialize >"$out/made.txt"
