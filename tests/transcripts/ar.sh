# What an eye sees: poses, an overlay, and what is refused.
projector-ar examples/ar/trace.jsonl 2> /dev/null | head -n 3
projector-ar --ypr examples/ar/trace.jsonl 2> /dev/null | jq -c '[.node_id, .geopose.angles]'
projector-ar -f geopose --node gauge examples/ar/trace.jsonl 2> /dev/null
projector-ar --viewer 52.47721,-2.42315,63.2,90,0,0,60 --all examples/ar/trace.jsonl 2> /dev/null
projector-ar -f svg --viewer-node footbridge-camera --size 320x180 examples/ar/trace.jsonl 2> /dev/null | head -n 12
# A node that is not there, a viewer that is none, and no place on the Earth.
projector-ar -f geopose --node nobody examples/ar/trace.jsonl 2>&1 > /dev/null | jq -c 'select(.log == "boundary") | [.action, .code, .detail]' >&2
projector-ar --viewer 1,2,3 examples/ar/trace.jsonl
projector-ar -f svg examples/ar/trace.jsonl
tail -n +2 examples/ar/trace.jsonl | projector-ar --log errors
