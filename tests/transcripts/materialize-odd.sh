# Everything that is noted: an unknown parent, a cycle, one name twice, an unknown operation, a write after a delete.
ulp-materialize --log-all > state.jsonl <<'T'
{"event_id":"a","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"n","previous_events":["nobody"]}
{"event_id":"b","timestamp":2,"actor_id":"u","operation":"delete_node","node_id":"n","previous_events":["b"]}
{"event_id":"c","timestamp":3,"actor_id":"u","operation":"set_properties","node_id":"n","properties":{"x":1}}
{"event_id":"c","timestamp":4,"actor_id":"u","operation":"set_propertys","node_id":"n"}
{"event_id":"a","timestamp":1.0,"operation":"create_node","node_id":"n","previous_events":["nobody"],"actor_id":"u"}
T
cat state.jsonl
