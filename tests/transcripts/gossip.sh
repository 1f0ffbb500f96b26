# Peers say what they hold; a graph keeps it, passes it on, and says whom to ask.
for peer in a b; do ulp-store init $peer 2> /dev/null; done
install -m 600 examples/sign/alice.pem a.pem
cat > events.jsonl <<'T'
{"event_id":"a","timestamp":1795167000,"space_id":"demo","actor_id":"user:a","operation":"create_node","node_id":"p1"}
{"event_id":"b","timestamp":1795167001,"space_id":"demo","actor_id":"user:a","operation":"create_node","node_id":"p2","tile":"z0/x1/y0"}
{"event_id":"c","timestamp":1795167002,"space_id":"demo","actor_id":"user:a","operation":"create_node","node_id":"CANARY","scope":{"policy":"private"}}
T
ulp-append --store a --now 1795167010 events.jsonl 2> /dev/null | wc -l
head -1 events.jsonl | ulp-append --store b --now 1795167010 2> /dev/null | wc -l
ulp-gossip --store a --key a.pem --reach ssh:pi@10.0.0.7 --now 1795167100 | tee a.adverts
ulp-gossip --store b --objects --now 1795167100 2> /dev/null
# Heard, passed on once, kept.
ulp-gossip --graph b.graph --now 1795167200 a.adverts a.adverts --log-all | cmp - a.adverts
cmp a.adverts b.graph
# What is forged, too early, too old, too long, or of another kind.
sed 's/"seq":1795167100/"seq":1795167101/' a.adverts | ulp-gossip --graph b.graph --now 1795167200
ulp-gossip --graph new.graph --now 1795160000 a.adverts
ulp-gossip --graph new.graph --now 1795260000 --log-all a.adverts
(head -1 events.jsonl; echo '{"peer":"x"}'; echo noise) | ulp-gossip --log text
# Whom to ask, and what to ask for.
ulp-gossip --graph b.graph --store b --who --now 1795167200 2> /dev/null
ulp-gossip --graph b.graph --who m/world/demo/tiles/z0/x1/y0 --now 1795267200 2> /dev/null < /dev/null
ulp-gossip --graph b.graph --store b --want --now 1795167200 2> /dev/null
# What is news of a store, and what is not.
ulp-gossip --graph a.graph --store a --now 1795167100 2> /dev/null | wc -l
ulp-gossip --graph a.graph --store a --now 1795167200 2> /dev/null
ulp-gossip --want
ulp-gossip --store a --who m/world/demo/tiles/z0/x1/y0/team.private
