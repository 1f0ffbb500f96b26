# Macros with names of one's own: a draft becomes a stamp, which carries all it needs; elsewhere they are unknown.
cat > pumps.yaml <<'T'
pump:
  params: {label: Pump, y: 0.5, on: true}
  template:
    - {operation: create_node, node_id: "{id}", transform: {position: ["{x}", "{y}"]}}
    - {operation: set_properties, node_id: "{id}", properties: {label: "{label} {id}", on: "{on}"}}
T
ulp-append --macros pumps.yaml --now 2026-05-01T12:00:00Z <<'T' | tee stamped.jsonl
{"operation":"macro.pump","actor_id":"user:a","params":{"id":"p1","x":4}}
{"operation":"macro.pump","actor_id":"user:a","params":{"x":4}}
{"operation":"macro.pump","actor_id":"user:a","params":{"id":"p2","x":4},"template":[]}
{"operation":"macro.pipe","actor_id":"user:a"}
{"event_id":"e","timestamp":1730000000,"operation":"macro.pump","actor_id":"user:a","params":{"id":"p1","x":4}}
T
ulp-materialize < stamped.jsonl 2> /dev/null
printf 'a: {template: []}\ngrid: {template: []}\n' > taken.yaml
echo '{}' | ulp-append --macros taken.yaml
