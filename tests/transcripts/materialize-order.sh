# A late parent moves its child behind it; the clock of the child is wrong by years.
ulp-materialize <<'T'
{"event_id":"b","timestamp":5,"actor_id":"user:b","operation":"update_transform","node_id":"n","transform":{"position":[2,2]},"previous_events":["a"]}
{"event_id":"a","timestamp":1730000000,"actor_id":"user:a","operation":"create_node","node_id":"n","transform":{"position":[1,1]}}
T
