# A portal: an offer, an answer, what was found by stages and at once, both receipts, ledgers, what is forged, usage.
mkdir world alice
install -m 600 examples/consent/alice.pem alice/key.pem
um-key did alice/key.pem > did 2> log
install -m 600 examples/sign/bob.pem world/key.pem
echo '{"title":"Hall","role":"virtual-world-host","asks":[{"kind":"portal:persona","scope":["display"],"purpose":"portal-entry","members":["displayName"]}]}' > world/terms.json
echo 'rule = [{role = "virtual-world-host", audience = "*", facets = ["*"], claims = [], purposes = ["portal-entry"]}]' > alice/rules.toml
cat > alice/container.json << END
{"@context":"https://universalmanifest.net/ns/v0.4","@type":"um:Manifest","manifestVersion":"0.4","subject":"$(cat did)","claims":[],
 "facets":[{"@id":"urn:p","@type":["um:Facet","portal:persona"],"entity":{"@id":"urn:e","@type":"um:Entity","displayName":"Alice","height":1.7}}],
 "consents":[{"@id":"urn:c","@type":"um:Consent","facetRef":"urn:p","scope":["display","read"],"purpose":"portal-entry","grantedAt":"2026-01-01T00:00:00Z","expiresAt":"2027-01-01T00:00:00Z"}]}
END
head -c 32 /dev/zero > zeros
portal() { um-portal "$@" --random zeros; echo "status $?" >&2; }
portal offer --portal world --now 2026-11-20T12:00:00Z > offer
jq -c '[.facets[].entity.title, .facets[].entity.asks]' offer
portal present --portal alice --now 2026-11-20T12:00:10Z < offer > crossing
jq -c .facets[0].entity crossing
um-portal arrive --portal world --now 2026-11-20T12:00:20Z --log errors < crossing | um-portal verify --portal world --log errors |
  um-portal project --portal world --log errors | um-portal consent --portal world --log errors | tee envelope | jq -c '[.stage, .view.facets]'
sed 's/"processed"/"opaque"/' envelope | um-portal compose --portal world
um-portal compose --portal world --now 2026-11-20T12:00:21Z < envelope
portal enter --portal world --now 2026-11-20T12:00:20Z --events drafts < crossing > receipt
jq -c '[.outcome, .portal.avatar, [.events[].eventType]]' receipt
jq -c .operation drafts
portal close --portal alice --now 2026-11-20T12:00:30Z < receipt > ack
um-portal ledger --portal world --now 2026-11-20T12:00:40Z --log errors < ack | jq -c '[.seq, .state]'
cat receipt ack > chain
um-portal ledger --check chain --log errors
tac chain > unchained
um-portal ledger --check unchained
um-portal ledger --portal alice --check --log errors
echo '{"a":1,"a":2}' | um-portal enter --portal world --now 2026-11-20T12:00:50Z --random zeros | jq -c '[.outcome, .warnings]'
echo 'issuers = []' > world/trust.toml
um-portal enter --portal world < crossing
um-portal enter < crossing
um-portal enter --portal world --context zeros < crossing
um-portal enter --context offer < crossing
um-portal ledger
um-portal present --portal alice --ttl 2h < offer
um-portal offer --portal nowhere
