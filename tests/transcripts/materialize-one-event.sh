echo '{"event_id":"evt-1","timestamp":1730000000,"actor_id":"user:a","operation":"create_node","node_id":"p1","kind":"pump","transform":{"position":[12,7.50]}}' | ulp-materialize
