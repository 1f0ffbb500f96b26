# A store says what it holds and by which receipts; what is forged, torn, forked or another's is named.
ulp-store init w 2> /dev/null
install -m 644 examples/sign/alice.pem store.pem && chmod 600 store.pem
echo "federation: {identity: \"$(um-key did store.pem 2> /dev/null)\"}" >> w/.ulp-root
cat > events.jsonl <<'T'
{"event_id":"a","timestamp":1795167000,"space_id":"demo","actor_id":"user:a","operation":"create_node","node_id":"p1"}
{"event_id":"b","timestamp":1795167001,"space_id":"demo","actor_id":"user:a","operation":"create_node","node_id":"p2","scope":{"realm":"public"}}
{"event_id":"c","timestamp":1795167002,"space_id":"demo","actor_id":"user:a","operation":"create_node","node_id":"CANARY","scope":{"policy":"private"}}
T
head -2 events.jsonl > first.jsonl && tail -2 events.jsonl > last.jsonl
ulp-append --store w --now 1795167010 first.jsonl 2> /dev/null | wc -l
ulp-append --store w --now 1795167020 last.jsonl 2> /dev/null | wc -l
cat w/receipts/*
ulp-attest --store w --key store.pem --now 1795167030 --rows | tee said.jsonl
ulp-attest --store w --history
ulp-attest --store w --history --space demo --tile z0/x0/y0
ulp-attest --store w --checkpoint --key store.pem 2> /dev/null
head -1 said.jsonl > attested.jsonl
ulp-attest --store w --verify --replay attested.jsonl
ulp-attest --store w --verify --log-all
# Forged, torn, alone; and what is no statement.
sed 's/"events":2/"events":3/' attested.jsonl | cat - events.jsonl | ulp-attest --verify
sed 's/"from":0/"from":1/' w/receipts/* | ulp-attest --verify --log text
# Compared with itself, and with what it was not.
ulp-attest --store w --compare said.jsonl 2> /dev/null
sed 's/"events":1/"events":7/' said.jsonl > other.jsonl
ulp-attest --store w --compare other.jsonl
ulp-attest --store w --key store.pem --nonce "a b"
ulp-attest --store w
