#!/bin/sh
# The main job on a real trace: the flood in every form that people open, and the log of what was read.
# usage: demo.sh OUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
trace=$here/trace.jsonl

for format in svg html png canvas ocif; do
  projector-2d -f "$format" -o "$out/flood.$format" "$trace" 2> /dev/null
done
projector-3d -f glb -o "$out/flood.glb" "$trace" 2> /dev/null
projector-3d -f html -o "$out/flood-3d.html" "$trace" 2> /dev/null
projector-map -f html -o "$out/flood-map.html" "$trace" 2> /dev/null
projector-map -f kml -o "$out/flood.kml" "$trace" 2> /dev/null
projector-dashboard -f html -o "$out/flood-series.html" "$trace" 2> /dev/null
projector-ar -f html -o "$out/flood-ar.html" "$trace" 2> /dev/null
for format in wav mid vtt; do
  projector-audio -f "$format" -o "$out/flood.$format" "$trace" 2> /dev/null
done
cat "$trace" | projector-3d > "$out/scene.jsonl" 2> "$out/boundary.log"
ulp-materialize -o "$out/state.jsonl" "$trace" 2> /dev/null

cat <<TEXT
The flood of $(wc -l < "$trace") events is in $out:
  flood.html        the map as a page: open it in a browser, press play, click on a gauge
  flood-3d.html     the levels as columns, likewise: drag to turn
  flood-map.html    the same on the Earth: degrees below the pointer, north, scale
  flood-series.html what each sensor said over time, as charts
  flood-ar.html     the scene over what a phone's camera sees, or the street from where you stand
  flood.svg         the map as a drawing: open it in a browser or in Inkscape
  flood.png         the map as a picture: open it in any viewer
  flood.kml         the map for Google Earth, Marble and QGIS
  flood.canvas      the map as a JSON Canvas: put it into an Obsidian vault
  flood.ocif        the map with all that is known of it, for programs that read OCIF
  flood.glb         the scene: open it in Blender, f3d or any glTF viewer
  flood.wav         five days in half a minute: listen for the rivers to rise
  flood.mid         the same as notes: open it in any sequencer
  flood.vtt         what is heard, in words: captions for any player
  scene.jsonl       the scene as JSON lines: $(wc -l < "$out/scene.jsonl") nodes, links and sensors
  state.jsonl       the state that everything is drawn from: $(wc -l < "$out/state.jsonl") lines
  boundary.log      what was read, and the hashes that let anyone check it: tail -1 $out/boundary.log | jq .
TEXT
