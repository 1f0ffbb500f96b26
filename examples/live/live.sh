#!/bin/sh
# Draw a trace on the terminal while it grows. Usage: live.sh TRACE [PID]; it ends with ctrl-C, or when PID ends.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
live=false
if [ -t 1 ]; then
  live=true
  printf '\033[2J'
fi
tail -n +1 -f -s 0.1 ${2:+--pid="$2"} "$1" |
  projector-2d --follow 2>/dev/null |
  jq -njr --unbuffered --argjson live "$live" -f "$here/map.jq"
