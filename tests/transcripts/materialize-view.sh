# A view joins lanes, follows absorptions, hides what hangs below what is hidden, and takes little from a redacted lane.
cat > trace.jsonl <<'T'
{"event_id":"1","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"house","properties":{"label":"a","gone":1}}
{"event_id":"2","timestamp":2,"actor_id":"u","operation":"create_node","node_id":"room","transform":{"parent":"house","position":[1,2]}}
{"event_id":"3","timestamp":3,"actor_id":"u","operation":"create_node","node_id":"hidden","scope":{"policy":"private"}}
{"event_id":"4","timestamp":4,"actor_id":"u","operation":"create_node","node_id":"below","transform":{"parent":"hidden"}}
{"event_id":"5","timestamp":5,"actor_id":"u","operation":"create_node","node_id":"blurred","kind":"secret","transform":{"parent":"house","position":[5,5]},"scope":{"policy":"redacted"}}
{"event_id":"6","timestamp":6,"actor_id":"u","operation":"set_properties","node_id":"house","properties":{"label":"b","gone":null},"scope":{"realm":"public"}}
{"event_id":"7","timestamp":7,"actor_id":"u","operation":"create_node","node_id":"twin"}
{"event_id":"8","timestamp":8,"actor_id":"u","operation":"merge","previous_events":["1","7"],"node_id":"house","absorbs":["twin"]}
T
ulp-materialize --view trace.jsonl 2> /dev/null
echo --policy public --policy redacted
ulp-materialize --view --policy public --policy redacted trace.jsonl 2> /dev/null
echo --blame house
ulp-materialize --blame house trace.jsonl 2> /dev/null
echo --at 5
ulp-materialize --view --at 5 trace.jsonl 2> /dev/null
echo --at id:1
ulp-materialize --view --at id:1 trace.jsonl 2> /dev/null
