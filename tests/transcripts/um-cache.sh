# A cache: nothing yet, a round, an answer, what other roads may and may not do, a change that waits, damage, usage.
install -m 600 examples/consent/alice.pem alice.pem
alice=$(um-key did alice.pem 2> /dev/null)
sign() {
  echo "{\"@context\":\"c\",\"@id\":\"urn:m:$1\",\"@type\":\"um:Manifest\",\"manifestVersion\":\"0.2\",\"subject\":\"$alice\",\"consents\":[{\"name\":\"voice\",\"value\":\"$2\"}]}" |
    um-sign --key alice.pem --now "2026-11-20T$1Z" --log errors
}
cache() { um-cache --cache c "$@"; echo "status $?"; }
mkdir c
cache --permit voice --subject "$alice" --now 2026-11-20T12:00:00Z --log errors
cat > c/sources.toml << END
source = [
  {name = "home", subject = "$alice", role = "authoritative", manifest = "home.json"},
  {name = "stick", subject = "$alice", role = "relay", manifest = ["cat", "stick.json"], changes = "changes.jsonl"},
]
END
sign 12:00:00 allowed | tee home.json > stick.json
touch changes.jsonl
cache --now 2026-11-20T12:00:10Z
cache --permit voice --subject "$alice" --now 2026-11-20T12:00:11Z
sign 12:00:20 denied > stick.json
echo '{"subject":"'"$alice"'","changedAt":"2026-11-20T12:00:25Z","changeType":"gossip","fields":{}}' > changes.jsonl
cache --now 2026-11-20T12:00:30Z
cache --permit voice --subject "$alice" --now 2026-11-20T12:00:31Z
echo '{"subject":"'"$alice"'","changedAt":"2026-11-20T12:00:40Z","changeType":"preference","fields":{"prefs.a":1}}' |
  cache --change --now 2026-11-20T12:00:40Z
: > changes.jsonl
cache --offline --now 2026-11-20T12:00:50Z --log errors
printf '{"at":' >> c/journal.jsonl
cache --replay | cksum
sed -i 's/"denied"}/"allowed"}/' c/journal.jsonl
cache --replay --log errors > /dev/null
cache --forget "$alice" --now 2026-11-20T13:00:00Z --log errors
cat c/journal.jsonl
echo 'reopn = "never"' >> c/sources.toml
cache
cache --permit voice
cache --replay --offline
