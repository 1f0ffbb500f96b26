#!/bin/sh
# Sync a store with whoever has news and answers, best first. Usage: ferry.sh STORE GRAPH CALL
# CALL is a command that is given a way in which a peer says it is reached, and speaks with it on stdin and stdout. It
# knows which ways it opens, as anyone can write one; only peers that the store's dotfiles list are called.
set -u
store=$1 graph=$2 call=$3
# What came of each meeting stands beside the graph: who does not deliver is asked last.
touch "$graph.results"
ulp-gossip --graph "$graph" --store "$store" --who --results "$graph.results" ${NOW:+--now "$NOW"} --log errors |
  jq -r 'select(.standing == "listed") | .reach[]' | awk '!seen[$0]++' >"$graph.ways"
while read -r way; do
  case $way in
  *[!A-Za-z0-9@.:_-]*) continue ;;
  esac
  ulp-sync --store "$store" --with "exec 2>/dev/null; $call $way" --timeout 20s ${NOW:+--now "$NOW"} --log errors \
    >"$graph.met" 2>"$graph.log"
  # 4 is nobody there; anything else was a meeting, with something to say.
  [ $? = 4 ] || {
    cat "$graph.log" >&2
    tee -a "$graph.results" <"$graph.met"
  }
done <"$graph.ways"
