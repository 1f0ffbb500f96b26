cat > trace.jsonl <<'T'
{"event_id":"o","timestamp":1767225590,"space_id":"demo","actor_id":"agency:x","operation":"set_properties","node_id":"@space","properties":{"origin":{"lat":52.6,"lon":-2}}}
{"event_id":"a","timestamp":1767225600,"space_id":"demo","actor_id":"agency:x","scope":{"realm":"public"},"operation":"create_node","node_id":"mud","kind":"alert","transform":{"position":[1000,2000]},"geometry":{"kind":"ellipse","rx":150,"ry":150},"properties":{"event":"Mud","category":"Roads","urgency":"Immediate","severity":"Minor","certainty":"Observed","headline":"Mud on the <bridge>","status":"Actual"}}
{"event_id":"b","timestamp":1767225660,"space_id":"demo","actor_id":"user:b","scope":{"realm":"public"},"previous_events":["a"],"operation":"set_properties","node_id":"mud","properties":{"severity":"Severe"}}
{"event_id":"c","timestamp":1767225720,"space_id":"demo","actor_id":"user:b","scope":{"realm":"public"},"previous_events":["lost"],"operation":"set_properties","node_id":"mud","properties":{"severity":"Extreme"}}
T
projector-alert trace.jsonl
projector-alert --log-all -f cap --node mud trace.jsonl
projector-alert --current --provenance trace.jsonl 2> /dev/null | jq -c '[.msgType, .references, .clock["properties.severity"]]'
projector-alert -o alerts/ trace.jsonl 2> /dev/null; ls alerts
projector-alert --node nobody trace.jsonl; echo $?
sed 1d trace.jsonl | projector-alert; echo $?
