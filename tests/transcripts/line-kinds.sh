# One pipe carries every kind of line: each tool takes what is for it and withholds the rest, and none refuses.
cat > pipe.jsonl <<'T'
{"event_id":"a","timestamp":1730000000,"space_id":"demo","actor_id":"user:a","operation":"create_node","node_id":"p1"}
{"peer":"did:key:z6Mk","at":1730000000}
{"packet":1,"part":0}
{"sync":"have","lanes":[]}
{"log":"witness","tool":"ulp-append","read":0}
{"@context":"https://example.org","@type":"um:Manifest","manifestVersion":"0.2","subject":"urn:me"}
{"um_portal":"0.1"}
{"@context":["https://www.w3.org/ns/credentials/v2"],"issuer":"did:key:z6Mk","credentialSubject":{"id":"urn:me"}}
T
ulp-materialize --log-all < pipe.jsonl > state.jsonl
cat state.jsonl pipe.jsonl | ulp-materialize 2> /dev/null | cmp state.jsonl - && echo same
ulp-append --rejects rejects.jsonl < pipe.jsonl
wc -c < rejects.jsonl
ulp-store init w 2> /dev/null
ulp-append --store w --log-all --strict < pipe.jsonl
projector-2d < pipe.jsonl
projector-2d --follow < pipe.jsonl
tile-pack --log-all -f tar pipe.jsonl > world.tar
tile-unpack --store u world.tar
# Two marks are two kinds, none is none, and state lines are no events.
sed 's/{/{"log":1,/' pipe.jsonl | ulp-materialize
echo '{"@context":"x","issuer":"did:key:z6Mk"}' | ulp-append
ulp-append < state.jsonl
