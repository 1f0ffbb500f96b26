#!/bin/sh
# Alice's passport travels sealed to an escrow, inside of what she signs. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
now=2026-02-17T00:00:00Z
alice=$(um-key did "$here/alice.pem" --log errors)
escrow=did:key:z6LStDHDZoXmDENzHBep1ENK1uFSxcLRZyvH3QkXy1oyp1SN
install -m 600 "$here/escrow.pem" "$out/escrow.pem"
install -m 600 "$here/mallory.pem" "$out/mallory.pem"

# The seed makes the same bytes of it each time; without it nobody could say what will be drawn.
head -c 32 /dev/zero >"$out/seed"
sed "s/ALICE/$alice/" "$here/alice.json" >"$out/draft.json"
um-seal --facet portal:governmentId --to "$escrow" --random "$out/seed" --log errors "$out/draft.json" |
  um-sign --key "$here/alice.pem" --now "$now" --log errors >"$out/manifest.json"

# The content of a facet, as whoever has this key reads it: in plain, or as nothing that is known.
passport() {
  um-seal --open --key "$1" --log errors "$2" | sed -n 's/.*"number":"\([^"]*\)".*/\1/p' | grep . || echo sealed
}
verdict() {
  um-sign --verify --log errors >"$out/passed.json" 2>"$out/log.jsonl" || true
  code=$(sed -n 's/.*"action":"rejected","code":"\([^"]*\)".*/\1/p' "$out/log.jsonl")
  echo "${code:-holds}"
}
{
  printf 'as she signed it: ' && verdict <"$out/manifest.json"
  printf 'for everybody: ' && sed -n 's/.*\(X1234567\).*/\1/p' "$out/manifest.json" | grep . || echo sealed
  printf 'for the escrow: ' && passport "$out/escrow.pem" "$out/manifest.json"
  printf 'for Mallory: ' && passport "$out/mallory.pem" "$out/manifest.json"
  # What is opened is for reading: it is not what she signed.
  um-seal --open --key "$out/escrow.pem" --log errors "$out/manifest.json" >"$out/opened.json"
  printf 'opened, and passed on: ' && verdict <"$out/opened.json"
  # Mallory changes one letter of what is sealed, which neither opens nor holds.
  sed 's/"ciphertext":"./"ciphertext":"-/' "$out/manifest.json" >"$out/changed.json"
  printf 'changed, for the escrow: ' && passport "$out/escrow.pem" "$out/changed.json"
  printf 'changed: ' && verdict <"$out/changed.json"
} >"$out/verdicts.txt"
rm -f "$out/log.jsonl" "$out/passed.json"
