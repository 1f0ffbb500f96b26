#!/bin/sh
# The main job on a real trace: the flood as a scene, a map and a state, with the log of what was read.
# usage: demo.sh OUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
trace=$here/trace.jsonl

cat "$trace" | projector-3d > "$out/scene.jsonl" 2> "$out/boundary.log"
projector-2d -f svg -o "$out/flood.svg" "$trace" 2> /dev/null
projector-3d -f glb -o "$out/flood.glb" "$trace" 2> /dev/null
ulp-materialize -o "$out/state.jsonl" "$trace" 2> /dev/null

cat <<TEXT
The flood of $(wc -l < "$trace") events is in $out:
  flood.svg      the map: open it in a browser or in Inkscape
  flood.glb      the scene: open it in Blender, f3d or any glTF viewer
  scene.jsonl    the scene as JSON lines: $(wc -l < "$out/scene.jsonl") nodes, links and sensors
  state.jsonl    the state that everything is drawn from: $(wc -l < "$out/state.jsonl") lines
  boundary.log   what was read, and the hashes that let anyone check it: tail -1 $out/boundary.log | jq .
TEXT
