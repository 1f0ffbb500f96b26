# Drafts, and what the key's own actor wrote, are signed; all else passes as it came; the rules say who may.
install -m 644 examples/sign/alice.pem alice.pem
ulp-append --key alice.pem --now 2026-05-01T12:00:00Z --log-all <<'T'
{"operation":"create_node","node_id":"p1"}
{"operation":"create_node","node_id":"p1","actor_id":"user:alice"}
{"operation":"create_node","node_id":"p1","actor_id":"did:key:z6MkiaMbhXHNA4eJVCCj8dbzKzTgYDKf6crKgHVHid1F1WCT"}
{"event_id":"e","timestamp":1730000000,"actor_id":"user:bob","operation":"delete_node","node_id":"p1"}
T
openssl pkey -in alice.pem -pubout > public.pem
echo '{}' | ulp-append --key public.pem
