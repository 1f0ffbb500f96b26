# What is echoed is durable; the same events again add nothing; a state line is no event.
ulp-store init w
cat > trace.jsonl <<'T'
{"event_id":"a","timestamp":1730000000,"space_id":"demo","actor_id":"user:a","operation":"create_node","node_id":"p1"}
{"event_id":"b","timestamp":1730000001,"space_id":"demo","actor_id":"user:a","operation":"set_properties","node_id":"p1","properties":{"label":"Pump"}}
T
ulp-append --store w < trace.jsonl
ulp-append --store w < trace.jsonl
ulp-materialize --store w 2> /dev/null | ulp-append --store w
ulp-materialize --store w
ulp-store heads --store w --space demo --tile z0/x0/y0 2> /dev/null
ulp-store stat --store w 2> /dev/null
ulp-store check --store w --objects --replay 2> /dev/null; echo $?
ulp-append --store nowhere < trace.jsonl; echo $?
