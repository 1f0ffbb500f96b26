# A space on the Earth: what a feature says, where a map has no place for something, and what an option may be.
cat > t.jsonl <<'END'
{"actor_id":"a","event_id":"e0","node_id":"@space","operation":"set_properties","properties":{"origin":{"geoid":48.5,"height":100,"lat":52.6,"lon":-2}},"timestamp":1}
{"actor_id":"a","event_id":"e1","kind":"gauge","node_id":"g","operation":"create_node","properties":{"cot":"a-f-G","kind":"mine","label":"Weir <1>","stale":90},"timestamp":2,"transform":{"position":[-3289.201945,1207.393784,74.127]}}
{"actor_id":"a","event_id":"e2","geometry":{"kind":"box","size":[4,5,6]},"node_id":"b","operation":"create_node","timestamp":3.5,"transform":{"position":[10,20]}}
{"actor_id":"a","event_id":"e3","node_id":"far","operation":"create_node","timestamp":4,"transform":{"position":[4000000,0]}}
{"actor_id":"a","event_id":"e4","from_node":"g","operation":"link_nodes","relation":"feeds","timestamp":5,"to_node":"b"}
{"actor_id":"n","event_id":"e5","node_id":"g","operation":"sensor_reading","sensor":"level","timestamp":6,"unit":"m","value":1.25}
{"actor_id":"a","event_id":"e6","node_id":"g","operation":"update_transform","timestamp":7,"transform":{"position":[0,0,1]}}
END
projector-map --log-all t.jsonl 2> log
jq -c 'select(.log == "boundary") | [.action, .code, .detail]' log >&2
projector-map --replay t.jsonl 2> /dev/null | jq -c '[.id, .properties.start, .properties.end]'
projector-map -f kml t.jsonl 2> /dev/null | head -45
projector-map -f gpx --replay t.jsonl 2> /dev/null | sed -n '/<trk>/,$p'
projector-map -f cot t.jsonl 2> /dev/null
# No origin, no map; an option gives one, and a unit without a length has no place.
echo '{"actor_id":"a","event_id":"e","node_id":"@space","operation":"set_properties","properties":{"unit":"league"},"timestamp":1}' > leagues.jsonl
tail -n +2 t.jsonl | projector-map --log errors
projector-map --log-all --origin 52.6,-2 leagues.jsonl 2>&1 > /dev/null | jq -c 'select(.log == "boundary") | [.action, .code, .detail]' >&2
projector-map --origin 91,0 t.jsonl
projector-map --stale 5m t.jsonl
