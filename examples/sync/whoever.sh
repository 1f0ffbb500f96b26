#!/bin/sh
# Sync a store with the first neighbour who answers. Usage: whoever.sh STORE NEIGHBOURS
# NEIGHBOURS has a command a line, as `ssh ben ulp-sync --serve --store ben`.
set -u
while read -r neighbour; do
  ulp-sync --store "$1" --with "exec 2>/dev/null; $neighbour" --timeout 20s --log errors 2>whoever.log && exit 0
  # 4 is nobody there; anything else was a meeting, with something to say.
  [ $? = 4 ] || {
    cat whoever.log >&2
    exit 1
  }
done <"$2"
