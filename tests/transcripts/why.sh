# Why something is as it is, from a stream and from a store; what may not be shown is a hash.
cat > t.jsonl <<'T'
{"event_id":"a","timestamp":1730000000,"space_id":"demo","actor_id":"user:ana","operation":"create_node","node_id":"gate","kind":"door"}
{"event_id":"b","timestamp":1730000060,"space_id":"demo","actor_id":"user:ben","operation":"set_properties","node_id":"gate","properties":{"open":true},"previous_events":["a"]}
{"event_id":"c","timestamp":1730000120,"space_id":"demo","actor_id":"user:ana","operation":"set_properties","node_id":"gate","properties":{"open":false},"previous_events":["b"]}
{"event_id":"s","timestamp":1730000130,"space_id":"demo","actor_id":"user:eve","operation":"set_properties","node_id":"gate","properties":{"note":"CANARY"},"previous_events":["c"],"scope":{"policy":"private"}}
{"event_id":"m","timestamp":1730000140,"space_id":"demo","actor_id":"user:ana","operation":"macro.line","template":[{"operation":"create_node","node_id":"post{i}"}],"from":[0,0],"to":[1,0],"count":2}
T
ulp-why gate t.jsonl
ulp-why gate t.jsonl -f tree 2> /dev/null
ulp-why b t.jsonl -f tree 2> /dev/null
ulp-why 'm#0001' t.jsonl -f tree 2> /dev/null
ulp-why 'gate@1730000060/b' t.jsonl -f tree --depth 1
ulp-why s t.jsonl 2> /dev/null
ulp-store init w --log errors && ulp-append --store w --log errors t.jsonl > /dev/null
ulp-why c --store w
ulp-why c --store w 2> /dev/null | cmp - <(ulp-why c --store w 2> /dev/null)
ulp-why nobody --store w
