# A pack that lost its end, and one that would climb out of its directory.
echo '{"event_id":"1","timestamp":1,"space_id":"demo","actor_id":"u","operation":"create_node","node_id":"a"}' > trace.jsonl
tile-pack -f tar trace.jsonl > world.tar 2> /dev/null
head -c 4096 world.tar | tile-unpack --test
mkdir world; echo x > evil; tar --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 --transform='s,^,world/../,' -cf climbs.tar evil
tile-unpack --test climbs.tar
tile-pack -f dir < trace.jsonl
tile-unpack
