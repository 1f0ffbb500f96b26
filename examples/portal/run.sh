#!/bin/sh
# Alice crosses into another world, and others try. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
rm -rf "$out"
mkdir -p "$out"
issuer=$(um-key did "$here/issuer.pem" --log errors)
escrow=did:key:z6LStDHDZoXmDENzHBep1ENK1uFSxcLRZyvH3QkXy1oyp1SN

# Seeds in place of randomness, so that each run draws the same.
drawn=0
seed() {
  drawn=$((drawn + 1))
  printf '%032d' "$drawn" >"$out/seed"
}
at() { echo "2026-11-20T12:$1Z"; }

# What the issuer says of somebody, signed.
issue() {
  jq -cn --arg issuer "$issuer" --arg of "$1" --argjson says "$2" '{"@context": ["https://www.w3.org/ns/credentials/v2"],
    type: ["VerifiableCredential"], issuer: $issuer, validFrom: "2026-01-01T00:00:00Z", validUntil: "2031-01-01T00:00:00Z",
    credentialSubject: ({id: $of} + $says)}'
}
sign() { um-sign --key "$here/issuer.pem" --profile eddsa-jcs-2022 --now "$(at 00:00)" --log errors; }

# A visitor: a name, what it is, and when it was born. Of the birth date the credential holds but a commitment.
visitor() {
  dir=$out/$1
  mkdir -p "$dir/openings"
  install -m 600 "$here/$1.pem" "$dir/key.pem"
  install -m 600 "$here/bind.pem" "$dir/bind.pem"
  cp "$here/roles.toml" "$here/rules.toml" "$dir"
  did=$(um-key did "$dir/key.pem" --log errors)
  issue "$did" "{\"entityType\":\"$2\"}" | sign >"$out/entity.json"
  issue "$did" '{"personhood":true,"namespace":"example.org/people"}' | sign >"$out/person.json"
  seed
  issue "$did" "{\"birthDate\":\"$3\"}" |
    um-seal --commit --opening "$dir/openings/birth.json" --now "$(at 00:00)" --random "$out/seed" --log errors |
    sign >"$out/birth.json"
  seed
  echo '{"number":"CANARY-X1234567"}' | um-seal --to "$escrow" --random "$out/seed" --log errors >"$out/passport.json"
  jq -cn --slurpfile e "$out/entity.json" --slurpfile p "$out/person.json" --slurpfile b "$out/birth.json" \
    --slurpfile s "$out/passport.json" \
    "\$e[0] as \$entity | \$p[0] as \$person | \$b[0] as \$birth | \$s[0] as \$passport | $(cat "$here/alice.jq")" \
    >"$dir/container.json"
  rm "$out/entity.json" "$out/person.json" "$out/birth.json" "$out/passport.json"
}

# A world: a name, its key, and what is changed in the terms.
world() {
  dir=$out/$1
  mkdir -p "$dir"
  install -m 600 "$here/$2.pem" "$dir/key.pem"
  cp "$here/roles.toml" "$dir"
  jq -c "$3" "$here/world-terms.json" >"$dir/terms.json"
  printf 'issuer = [{did = "%s", claims = ["identity.entityType", "identity.personhood", "identity.ageOver"], namespaces = ["example.org/people"]}]\n' \
    "$issuer" >"$dir/trust.toml"
}

portal() {
  verb=$1
  who=$2
  when=$3
  seed
  um-portal "$verb" --portal "$out/$who" --now "$(at "$when")" --random "$out/seed" --log errors
}

# What a world says came of it.
tell() {
  jq -r '"\(.outcome): \(.portal.entityType // {value: "somebody", status: "of whom it knows no more"} | .value + ", " + .status), avatar \(.portal.avatar), \(.portal.services | join(" ") | if . == "" then "no service" else . end)"' "$1"
}

# A crossing: a visitor, a world, and under which name it is kept.
cross() {
  portal offer "$2" 00:00 >"$out/$3.offer.json"
  if ! portal present "$1" 00:20 <"$out/$3.offer.json" >"$out/$3.presentation.json" 2>"$out/$3.refused.jsonl"; then
    rm "$out/$3.presentation.json"
    echo "does not go: $(sed -n 's/.*"action":"rejected","code":"\([^"]*\)".*/\1/p' "$out/$3.refused.jsonl")"
    return
  fi
  rm "$out/$3.refused.jsonl"
  portal enter "$2" 00:25 <"$out/$3.presentation.json" >"$out/$3.world-receipt.json" 2>"$out/errors.jsonl" || true
  portal close "$1" 00:30 <"$out/$3.world-receipt.json" >"$out/$3.visitor-receipt.json"
  um-portal ledger --portal "$out/$2" --now "$(at 00:35)" --log errors <"$out/$3.visitor-receipt.json" >"$out/line.json"
  tell "$out/$3.world-receipt.json"
}

visitor alice human 1990-05-09
visitor robin ai_agent 1990-05-09
visitor child human 2015-05-09
world hall world .
world gallery gallery '.role = "gallery" | .tier = 0 | .asks |= map(del(.required))'
world casino world '.contentRating = "adult"'
world bar world '.asks |= map(if .claim == "identity.ageOver" then .required = true else . end)'

{
  printf 'Alice, into the hall: ' && cross alice hall alice
  receipt=$out/alice.world-receipt.json
  jq -r '.portal | "  positions: " + (.positions | to_entries | map("\(.key) \(.value)") | join(", ")),
    "  age: over \(.age.over), by \(.age.mechanism)"' "$receipt"
  echo "  passport: $(jq -r '.facetStatuses[] | select(.status == "opaque") | .status' "$receipt"), to the hall"
  echo "  faults that she finds: $(jq -c .portal.faults "$out/alice.visitor-receipt.json")"
  for side in world visitor; do
    if um-sign --verify --now "$(at 00:40)" --log errors <"$out/alice.$side-receipt.json" >"$out/passed.json"; then
      echo "  the $side's receipt holds"
    fi
  done
  um-portal ledger --portal "$out/alice" --check --log errors >"$out/line.json" && echo "  her ledger holds"
  um-portal ledger --portal "$out/hall" --check --log errors >"$out/line.json" && echo "  the hall's ledger holds"

  printf 'Alice, into a gallery that nobody knows: ' && cross alice gallery gallery
  echo "  it was sent: $(jq -c '.portal.sent' "$out/gallery.visitor-receipt.json"), of her persona $(
    jq -c '.facets[0].entity | del(."@id", ."@type")' "$out/gallery.presentation.json"
  )"
  printf 'Alice, before a casino: ' && cross alice casino casino
  printf 'Robin, an agent, into the hall: ' && cross robin hall robin
  printf 'A child, into the hall: ' && cross child hall child
  echo "  age that it knows: $(jq -c '.portal.age' "$out/child.world-receipt.json")"
  printf 'A child, into a bar: ' && cross child bar bar

  # IWPS brings a visitor from one world into another with two calls. The answer to Query carries the offer, Teleport the
  # presentation: as text, so that they arrive as they were signed.
  printf 'Robin once more, through IWPS: '
  portal offer hall 00:00 >"$out/line.json"
  jq -Rc '{query: {name: "Lantern Hall", manifest: .}}' "$out/line.json" >"$out/iwps-query.json"
  jq -r .query.manifest "$out/iwps-query.json" >"$out/arrived.json"
  portal present robin 00:20 <"$out/arrived.json" >"$out/line.json"
  jq -Rc '{teleport: {destination: "Lantern Hall", manifest: .}}' "$out/line.json" >"$out/iwps-teleport.json"
  jq -r .teleport.manifest "$out/iwps-teleport.json" >"$out/arrived.json"
  portal enter hall 00:25 <"$out/arrived.json" >"$out/iwps-receipt.json" 2>"$out/errors.jsonl" || true
  tell "$out/iwps-receipt.json"

  # She withdraws what she let be done with her avatar, and then with her persona.
  withdraw() {
    jq -c "(.consents[] | select(.facetRef == \"urn:alice:$1\")).withdrawnAt = \"2026-11-20T12:00:10Z\"" \
      "$out/alice/container.json" >"$out/alice/less.json"
    mv "$out/alice/less.json" "$out/alice/container.json"
  }
  withdraw avatarDefinition
  printf 'Alice, without a body: ' && cross alice hall bodiless
  withdraw persona
  printf 'Alice, without a name: ' && cross alice hall nameless

  # What was never sent: in what each has, and nowhere else, be it a receipt, a ledger, a session or a log.
  printf 'What was never sent is in: '
  grep -rl CANARY "$out" --exclude=container.json || echo 'no file but the containers'
} >"$out/verdicts.txt"
rm -f "$out/passed.json" "$out/errors.jsonl" "$out/line.json" "$out/arrived.json" "$out/seed"
