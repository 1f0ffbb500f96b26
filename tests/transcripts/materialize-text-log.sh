printf 'not json\n{"event_id":"a\\u202e","timestamp":1,"actor_id":"u","operation":"create_node"}\n' | ulp-materialize --log text
