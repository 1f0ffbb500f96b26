# A stream becomes a pack; what is not for everyone stays at home; a second taking adds nothing.
cat > trace.jsonl <<'T'
{"event_id":"1","timestamp":1,"space_id":"demo","actor_id":"u","operation":"create_node","node_id":"a"}
{"event_id":"2","timestamp":2,"space_id":"demo","actor_id":"u","operation":"create_node","node_id":"b","tile":"z1/x-1/y2"}
{"event_id":"3","timestamp":3,"space_id":"demo","actor_id":"u","operation":"create_node","node_id":"c","scope":{"policy":"private"}}
{"event_id":"4","space_id":"demo","actor_id":"u","operation":"create_node","node_id":"d"}
T
tile-pack --log-all -f tar trace.jsonl > world.tar
tar -tf world.tar
tar -xOf world.tar world/bag-info.txt world/manifest-sha256.txt
tile-unpack --list world.tar
tile-unpack --store w world.tar
tile-unpack --store w world.tar
