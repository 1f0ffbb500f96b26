# Without a store and without dotfiles, an event is held to what it declares as far as its line tells: a draft is
# refused, of a whole one it is noted, by the gate and by whoever reads a stream.
cat > lines.jsonl <<'T'
{"event_id":"far","timestamp":1730000000,"actor_id":"u","operation":"update_transform","node_id":"n","transform":{"moved_to":"z0/x5/y0"},"preserves_invariants":["adjacency","exclusion","consistency","boundary_discipline","authority_nontransfer"]}
{"timestamp":1730000000,"actor_id":"u","operation":"update_transform","node_id":"n","transform":{"moved_to":"z0/x5/y0"},"preserves_invariants":["adjacency"]}
{"event_id":"twice","timestamp":1730000000,"actor_id":"u","operation":"macro.stamp","template":[{"operation":"create_node","node_id":"n"},{"operation":"create_node","node_id":"n"}],"preserves_invariants":["exclusion"]}
{"event_id":"itself","timestamp":1730000000,"actor_id":"u","operation":"delete_node","node_id":"n","previous_events":["itself"],"preserves_invariants":["consistency","tidiness"]}
{"event_id":"near","timestamp":1730000000,"actor_id":"u","operation":"update_transform","node_id":"n","transform":{"moved_to":"z0/x1/y1"},"preserves_invariants":["adjacency","exclusion","consistency"]}
T
ulp-append --log-all < lines.jsonl
ulp-materialize --log-all < lines.jsonl > /dev/null
projector-2d --log-all -f ocif < lines.jsonl > /dev/null
