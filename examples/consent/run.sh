#!/bin/sh
# Three journeys of a manifest's copies: a consent, preferences, freshness. Usage: run.sh [OUT [URL]]
#
# The subject's own source is the directory OUT/home: read as files, or asked for below URL where that is given.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
url=${2:-}
mkdir -p "$out/home" "$out/stick" "$out/away"
rm -rf "$out/J16" "$out/J19" "$out/J20" "$out/home/"* "$out/stick/"* "$out/away/"*
alice=$(um-key did "$here/alice.pem" 2>/dev/null)

# A signed manifest: its number, when it was issued and how long it holds, and further members.
manifest() {
  jq -cn --arg n "$1" --arg s "$alice" --argjson more "$4" '{"@context":"https://universalmanifest.net/ns/universal-manifest/v0.2/schema.jsonld",
    "@id":("urn:uuid:00000000-0000-4000-8000-00000000000"+$n),"@type":"um:Manifest",manifestVersion:"0.2",subject:$s} + $more' |
    um-sign --key "$here/alice.pem" --now "2026-11-20T$2Z" --ttl "$3" --log errors
}
voice() { echo "{\"consents\":[{\"@type\":\"um:Consent\",\"name\":\"metaverse.voiceCapture\",\"value\":\"$1\"}]}"; }
bundle() { echo "{\"facets\":[{\"@type\":\"um:Facet\",\"entity\":{\"prefs.language.primary\":\"$1\",\"prefs.financial.currency\":\"$2\"}}]}"; }

# What the source says that it has: its manifest by hash, and a cursor.
metadata() {
  jq -c --arg hash "sha256:$(tr -d '\n' <"$1" | sha256sum | cut -d' ' -f1)" --arg cursor "$2" \
    '{manifestId:."@id",subject,issuedAt,expiresAt,hash:$hash} + if $cursor == "" then {} else {revocationCursor:$cursor} end' "$1"
}

# A road to a file of the source.
home() {
  if [ -n "$url" ]; then echo "[\"curl\", \"-fsS\", \"$url/$1\"]"; else echo "\"$out/home/$1\""; fi
}
cache() {
  journey=$1
  mkdir -p "$out/$journey"
  echo "$2 ($journey)"
}
source_of() { printf '[[source]]\nname = "%s"\nsubject = "%s"\nrole = "%s"\n' "$1" "$alice" "$2" >>"$out/$journey/sources.toml"; }
road() { printf '%s = %s\n' "$1" "$2" >>"$out/$journey/sources.toml"; }

# A round at a time, and what it comes to.
round() {
  status=0
  um-cache --cache "$out/$journey" ${3:-} --now "2026-11-20T$1Z" --log errors >"$out/view" 2>"$out/log" || status=$?
  cat "$out/view" >>"$out/$journey/views.jsonl"
  codes=$(sed -n 's/.*"log":"boundary".*"code":"\([^"]*\)".*/ refused: \1;/p' "$out/log" | sort -u | tr -d '\n')
  jq -r --arg what "$2" --arg codes "$codes" '"  \($what):\($codes) \(.state)"
    + ([.consents, .preferences] | add | to_entries | map("; \(.key) \(.value)") | add // "")
    + (.pending | map("; pending \(.)") | add // "") + (.conflicts | map("; conflict of \(.class)\(if .key == "" then "" else " \(.key)" end)") | add // "")
    + (.reasons | map("; \(.)") | add // "")' "$out/view"
}
permit() {
  um-cache --cache "$out/$journey" --permit "$2" --subject "$alice" --now "2026-11-20T$1Z" --log errors 2>"$out/log" |
    jq -r '"    may \(.op)? \(if .allowed then "yes" else "no" end): \(.reason)"' || true
}
# The journal alone comes to the same.
replay() {
  um-cache --cache "$out/$journey" --replay --log errors | cmp - "$out/$journey/views.jsonl"
  echo "  replayed: $(wc -l <"$out/$journey/views.jsonl") views, the same bytes"
}

cache J16 "Voice capture"
source_of home authoritative
road manifest "$(home alice.json)"
road metadata "$(home meta.json)"
source_of stick relay
road manifest "\"$out/stick/alice.json\""
road changes "\"$out/stick/changes.jsonl\""
source_of board projection
road manifest "\"$out/stick/board.json\""
: >"$out/stick/changes.jsonl"
manifest 1 12:00:00 24h "$(voice allowed)" >"$out/home/alice.json"
metadata "$out/home/alice.json" "" >"$out/home/meta.json"
cp "$out/home/alice.json" "$out/stick/alice.json"
cp "$out/home/alice.json" "$out/stick/board.json"
round 12:00:10 "her source allows it"
permit 12:00:11 metaverse.voiceCapture
echo "{\"eventId\":\"e1\",\"manifestId\":\"urn:uuid:00000000-0000-4000-8000-000000000001\",\"subject\":\"$alice\",\"changedAt\":\"2026-11-20T12:00:40Z\",\"changeType\":\"consent\",\"fields\":{\"metaverse.voiceCapture\":\"denied\"},\"source\":\"edge\"}" >"$out/stick/changes.jsonl"
round 12:01:00 "a change log denies it"
permit 12:01:01 metaverse.voiceCapture
manifest 2 12:01:40 24h "$(voice denied)" >"$out/stick/alice.json"
round 12:02:30 "a stick brings a newer manifest that denies it"
permit 12:02:31 metaverse.voiceCapture
cp "$out/stick/alice.json" "$out/home/alice.json"
metadata "$out/home/alice.json" "" >"$out/home/meta.json"
round 12:03:00 "her source denies it, and a board that lags still shows the old one"
permit 12:03:01 metaverse.voiceCapture
manifest 3 12:03:20 24h "$(voice allowed)" >"$out/home/alice.json"
metadata "$out/home/alice.json" "" >"$out/home/meta.json"
round 12:03:30 "her source allows it anew"
permit 12:03:31 metaverse.voiceCapture
replay

cache J19 "Language and currency"
source_of home authoritative
road manifest "$(home alice.json)"
road metadata "$(home meta.json)"
source_of stick relay
road manifest "\"$out/stick/alice.json\""
manifest 4 12:01:00 24h "$(bundle fi EUR)" >"$out/home/alice.json"
metadata "$out/home/alice.json" "" >"$out/home/meta.json"
cp "$out/home/alice.json" "$out/stick/alice.json"
round 12:01:10 "her source has the newest"
manifest 5 12:00:00 24h "$(bundle en USD)" >"$out/stick/alice.json"
round 12:02:00 "an older bundle comes late"
echo "{\"eventId\":\"l1\",\"subject\":\"$alice\",\"changedAt\":\"2026-11-20T12:02:30Z\",\"changeType\":\"preference\",\"fields\":{\"prefs.language.primary\":\"sv\"}}" |
  um-cache --cache "$out/$journey" --change --now 2026-11-20T12:02:30Z --log errors >"$out/queued"
round 12:02:40 "a change that was made here waits"
manifest 6 12:04:10 24h "$(bundle sv EUR)" >"$out/home/alice.json"
metadata "$out/home/alice.json" "" >"$out/home/meta.json"
round 12:04:20 "her source has it"
tail -1 "$out/$journey/journal.jsonl" | jq -r '"    confirmed: \(.data.confirmed | join(" "))"'
replay

cache J20 "Freshness and the change log"
source_of home authoritative
road manifest "$(home alice.json)"
road metadata "$(home meta.json)"
road status "$(home status.json)"
road changes "$(home changes.jsonl)"
status() { echo "{\"manifestId\":\"urn:uuid:00000000-0000-4000-8000-000000000007\",\"status\":\"active\",\"updatedAt\":\"2026-11-20T$1Z\",\"cursor\":\"v1-$2\",\"nextCheck\":\"PT30M\"}"; }
manifest 7 12:00:00 1h "$(voice allowed)" |
  jq -c '.signature += {statusRef:"https://alice.example/status/7",revocationCursor:"v1-9"}' >"$out/home/made.json"
jq -cS . "$out/home/made.json" >"$out/home/alice.json"
metadata "$out/home/alice.json" "v1-9" >"$out/home/meta.json"
status 12:00:00 9 >"$out/home/status.json"
: >"$out/home/changes.jsonl"
round 12:00:10 "it is for an hour, and its status active"
metadata "$out/home/alice.json" "v1-10" >"$out/home/meta.json"
round 12:05:00 "the cursor rises, and the status does not know"
status 12:06:00 10 >"$out/home/status.json"
round 12:06:10 "the status knows"
event="{\"eventId\":\"e2\",\"manifestId\":\"urn:uuid:00000000-0000-4000-8000-000000000007\",\"subject\":\"$alice\",\"changedAt\":\"2026-11-20T12:06:30Z\",\"changeType\":\"preference\",\"fields\":[\"prefs.language.primary\"],\"source\":\"edge\"}"
printf '%s\n%s\n%.40s' "$event" "$event" "$event" >"$out/home/changes.jsonl"
round 12:07:00 "the change log comes doubled and cut"
mv "$out/home/"* "$out/away"
round 12:20:00 "the source is away"
round 12:29:00 "nobody is asked for a while" --offline
round 13:00:01 "until it has expired" --offline
mv "$out/away/"* "$out/home"
: >"$out/home/changes.jsonl"
bring() {
  manifest "$1" "$2" 1h "$(voice "$3")" >"$out/home/alice.json"
  metadata "$out/home/alice.json" "" >"$out/home/meta.json"
}
bring 8 13:01:00 allowed
round 13:01:10 "it comes back with a new one"
bring 9 13:02:00 allowed
round 13:02:10 "and with the next"
bring 0 13:02:00 denied
round 13:02:20 "and with another of the same issuedAt"
permit 13:02:21 metaverse.voiceCapture
bring 1 13:03:00 allowed
round 13:03:10 "a newer one ends it"
replay
rm -f "$out/view" "$out/log" "$out/queued"
