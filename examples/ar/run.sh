#!/bin/sh
# What is to be seen from the footbridge: as poses, as an overlay for its camera, and as a page for a phone.
# Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
trace=$here/trace.jsonl
out=${1:-out}
mkdir -p "$out"

# Where everything stands, for whatever reads GeoPose.
projector-ar -o "$out/poses.jsonl" "$trace"

# The camera's own pose, which another program may give back as a viewer.
projector-ar -f geopose --node footbridge-camera -o "$out/camera.json" "$trace"

# What the camera sees, and behind what.
projector-ar --viewer-node footbridge-camera --size 1280x720 "$trace" |
  jq -r '"\(.distance) m at \(.bearing)°: \(.label)\(if .occluded_by then ", behind \(.occluded_by)" else "" end)"'

# The same as a clear picture to lay over the camera's; arrows lead to what is not in it.
projector-ar -f svg --viewer "@$out/camera.json" --fov 65.8 --size 1280x720 --all -o "$out/overlay.svg" "$trace"

# A page for a phone, which lays the scene over what is before it, and one for a headset, to walk in.
projector-ar -f html -o "$out/weir-ar.html" "$trace"
projector-3d -f html -o "$out/walk.html" "$trace"
