cat > trace.jsonl <<'T'
{"event_id":"1","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"a","kind":"pump","geometry":{"kind":"rect","width":10,"height":4},"transform":{"position":[12,7.5]},"properties":{"label":"Pump"}}
{"event_id":"2","timestamp":2,"actor_id":"u","operation":"create_node","node_id":"b","transform":{"parent":"a","position":[1,1,2],"rotation":90}}
{"event_id":"3","timestamp":3,"actor_id":"u","operation":"link_nodes","from_node":"a","to_node":"b","relation":"feeds"}
{"event_id":"4","timestamp":4,"actor_id":"node:x","operation":"sensor_reading","sensor":"level","value":1.42,"unit":"m","node_id":"a"}
T
projector-2d trace.jsonl
projector-3d trace.jsonl
