cat > trace.jsonl <<'T'
{"event_id":"1","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"a","kind":"pump","transform":{"position":[-10,5]},"properties":{"label":"Pump"}}
{"event_id":"2","timestamp":2,"actor_id":"u","operation":"create_node","node_id":"b","transform":{"position":[10,-5]}}
{"event_id":"3","timestamp":3,"actor_id":"u","operation":"link_nodes","from_node":"a","to_node":"b","relation":"feeds"}
{"event_id":"4","timestamp":4,"actor_id":"node:x","operation":"sensor_reading","sensor":"level","value":1.42,"unit":"m","node_id":"a"}
{"event_id":"5","timestamp":5,"actor_id":"node:x","operation":"sensor_reading","sensor":"level","value":2.5,"unit":"m","node_id":"a"}
{"event_id":"6","timestamp":6,"actor_id":"u","operation":"create_node","node_id":"w","kind":"flood_warning","properties":{"name":"Low <b>Meadow</b>"}}
{"event_id":"7","timestamp":7,"actor_id":"u","operation":"delete_node","node_id":"b"}
T
projector-audio --duration 8s trace.jsonl
projector-audio --duration 8s -f vtt trace.jsonl 2>/dev/null
projector-audio --speed 1 --provenance trace.jsonl 2>/dev/null | tail -n 1
