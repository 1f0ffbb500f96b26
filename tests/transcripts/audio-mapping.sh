echo '{"event_id":"1","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"a","kind":"pump"}' > trace.jsonl
printf 'root: 60\nkinds:\n  pump: {voice: gong, octave: -1}\n' > mapping.yaml
projector-audio --mapping mapping.yaml trace.jsonl 2>/dev/null
printf 'operations:\n  create_node: {voice: flute}\n' > wrong.yaml
projector-audio --mapping wrong.yaml trace.jsonl
echo $?
projector-audio --duration 4h trace.jsonl
echo $?
projector-audio --speed 1 --duration 3s trace.jsonl
