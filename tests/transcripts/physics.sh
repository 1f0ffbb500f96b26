cat > trace.jsonl <<'T'
{"event_id":"floor","timestamp":1767225600,"space_id":"demo","actor_id":"u","operation":"create_node","node_id":"floor","transform":{"position":[0,0,-0.5]},"geometry":{"kind":"box","size":[9,9,1]},"physics":{"body":"static"}}
{"event_id":"ball","timestamp":1767225600,"space_id":"demo","actor_id":"u","operation":"create_node","node_id":"ball","transform":{"position":[0,0,3]},"geometry":{"kind":"sphere","radius":0.5},"physics":{"mass":1}}
{"event_id":"coin","timestamp":1767225600,"space_id":"demo","actor_id":"u","operation":"create_node","node_id":"coin","transform":{"position":[2,1]},"geometry":{"kind":"ellipse","rx":0.2,"ry":0.2},"physics":{"body":"dynamic","velocity":[1,0]}}
{"event_id":"wire","timestamp":1767225600,"space_id":"demo","actor_id":"u","operation":"create_node","node_id":"wire","geometry":{"kind":"line","points":[[0,0],[1,0]]},"physics":{"mass":1}}
T
projector-physics --until 1767225600.5 trace.jsonl > steps.jsonl
cat steps.jsonl
cat trace.jsonl steps.jsonl | projector-physics --until 1767225600.5 2> /dev/null | wc -l
cat trace.jsonl steps.jsonl | projector-physics --check 2> /dev/null
sed 's/"ball","transform":{"position":\[0,0,2/&2/' steps.jsonl | cat trace.jsonl - | projector-physics --check --log-all; echo $?
projector-physics --check --fresh
