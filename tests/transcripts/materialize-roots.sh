# Each printed root is the hash of printed lines.
cat > trace.jsonl <<'T'
{"event_id":"1","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"a"}
{"event_id":"2","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"b","tile":"z1/x-1/y2"}
{"event_id":"3","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"c","tile":"z0/x5/y0","scope":{"policy":"private"}}
T
ulp-materialize --root trace.jsonl
