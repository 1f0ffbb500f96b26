#!/bin/sh
# Hear the flood: its score, its sound, its captions; and the same levels through a mapping of one's own.
# Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
trace=$here/../flood/trace.jsonl
out=${1:-out}
mkdir -p "$out"

# Half a minute: play flood.wav with its captions, open flood.mid in any sequencer.
projector-audio -f wav -o "$out/flood.wav" "$trace"
projector-audio -f vtt -o "$out/flood.vtt" "$trace"
projector-audio -f mid -o "$out/flood.mid" "$trace"

# The rivers alone, on a major scale, for one who stands in the south and looks north.
projector-audio -f wav --duration 20s --layer rivers --listener 0,-200000,0 --mapping "$here/rivers.yaml" \
  -o "$out/rivers.wav" "$trace"

# Every bell of the flood, from the score.
projector-audio "$trace" | jq -r 'select(.voice == "bell") | "\(.t) s\t\(.label)"' >"$out/bells.tsv"
