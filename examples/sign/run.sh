#!/bin/sh
# Two people sign; one forges, one replays, one downgrades. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
now=2026-02-17T00:00:00Z
alice=$(um-key did "$here/alice.pem" 2>/dev/null)
bob=$(um-key did "$here/bob.pem" 2>/dev/null)

# Alice lays out a pump and Bob moves it; each signs what they say.
sed "s/ALICE/$alice/" "$here/alice.jsonl" | um-sign --key "$here/alice.pem" 2>/dev/null >"$out/signed.jsonl"
sed "s/BOB/$bob/" "$here/bob.jsonl" | um-sign --key "$here/bob.pem" 2>/dev/null >>"$out/signed.jsonl"
# Alice's manifest says who she is, for a day.
sed "s/ALICE/$alice/" "$here/alice.json" | um-sign --key "$here/alice.pem" --now "$now" 2>/dev/null >"$out/manifest.json"

# What is written here and now is completed, signed and stored in one go, and carried as it was signed.
rm -rf "$out/w"
ulp-store init "$out/w" 2>/dev/null
echo '{"operation":"set_properties","node_id":"pump","properties":{"label":"Pump 7"}}' >"$out/draft.jsonl"
ulp-append --key "$here/alice.pem" --now 2026-02-17T12:00:00Z <"$out/draft.jsonl" 2>/dev/null |
  um-sign --verify 2>/dev/null | tee "$out/written.jsonl" | ulp-append --store "$out/w" >"$out/stored.jsonl" 2>/dev/null

# What a document on stdin comes to: "holds", or the code under which it is refused.
verdict() {
  printf '%s: ' "$1"
  um-sign --verify 2>"$out/log.jsonl" >"$out/passed.jsonl" || true
  code=$(sed -n 's/.*"action":"rejected","code":"\([^"]*\)".*/\1/p' "$out/log.jsonl" | sort -u)
  echo "${code:-holds}"
}
{
  verdict "both signed" <"$out/signed.jsonl"
  verdict "her manifest" <"$out/manifest.json"
  verdict "a draft of hers" <"$out/written.jsonl"
  ulp-materialize --store "$out/w" --events 2>/dev/null | cmp - "$out/written.jsonl" && echo "and stored as she signed it"
  sed 's/Pump 7/Pump 8/' "$out/written.jsonl" | verdict "another number in it"

  # Mallory moves Alice's pump and leaves her signature as it is.
  sed -n 1p "$out/signed.jsonl" | sed 's/"position":\[12,/"position":[92,/' | verdict "a forged event"
  # Mallory signs in Alice's name, and then writes her name over his own.
  sed "s/ALICE/mallory/" "$here/alice.jsonl" | um-sign --key "$here/mallory.pem" 2>/dev/null >"$out/mallory.jsonl"
  sed "s/\"actor_id\":\"mallory\"/\"actor_id\":\"$alice\"/" "$out/mallory.jsonl" | verdict "her name over his"
  # Bob says what Alice said, as if it were his.
  sed -n 1p "$out/signed.jsonl" | sed "s/\"actor_id\":\"$alice\"/\"actor_id\":\"$bob\"/" | verdict "her words as his"

  # A downgrade: version 0.1 knows no signatures, so it vouches for nothing; nor does a manifest without one.
  sed 's/"manifestVersion":"0.2"/"manifestVersion":"0.1"/' "$out/manifest.json" | verdict "version 0.1 of it"
  sed 's/"signature":{[^}]*},//' "$out/manifest.json" | verdict "her manifest, stripped"

  # A replay holds, as it is what Alice signed; and changes nothing, as an event is its hash.
  { cat "$out/signed.jsonl"; sed -n 1p "$out/signed.jsonl"; } >"$out/replayed.jsonl"
  verdict "a replay" <"$out/replayed.jsonl"
  ulp-materialize <"$out/signed.jsonl" 2>/dev/null >"$out/state.jsonl"
  ulp-materialize <"$out/replayed.jsonl" 2>/dev/null | cmp - "$out/state.jsonl" && echo "and leaves the state as it was"
} >"$out/verdicts.txt"
rm -f "$out/log.jsonl" "$out/passed.jsonl"
