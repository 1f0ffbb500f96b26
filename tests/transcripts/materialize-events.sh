# The events themselves, completed, each once, in their order; private ones where their policy is named.
cat > trace.jsonl <<'T'
{"event_id":"2","timestamp":2,"actor_id":"u","operation":"delete_node","node_id":"a"}
{"timestamp":1.50,"actor_id":"u","operation":"create_node","node_id":"a"}
{"event_id":"3","timestamp":3,"actor_id":"u","operation":"create_node","node_id":"s","scope":{"policy":"private"}}
T
ulp-materialize --events trace.jsonl trace.jsonl
ulp-materialize --events --policy private trace.jsonl 2> /dev/null
ulp-materialize --events --since 2 trace.jsonl 2> /dev/null
