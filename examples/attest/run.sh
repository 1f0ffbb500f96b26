#!/bin/sh
# A store shows what it holds; its copy goes on under the same name, and both are caught. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
rm -rf "$out/quay" "$out/barge"
trace="$here/../flood/trace.jsonl"
store=$(um-key did "$here/store.pem" 2>/dev/null)

# The quay's store has an identity, so each commit leaves a receipt.
ulp-store init "$out/quay" --log errors
echo "federation: {identity: \"$store\"}" >>"$out/quay/.ulp-root"
for part in 1,200 201,400; do
  sed -n "${part}p" "$trace" >"$out/part.jsonl"
  ulp-append --store "$out/quay" --now 1795167000 --log errors "$out/part.jsonl" >"$out/echoed.jsonl"
done
ulp-attest --store "$out/quay" --key "$here/store.pem" --now 1795167010 --log errors >"$out/first.jsonl"

# Somebody copies it onto a barge, and both go on.
cp -R "$out/quay" "$out/barge"
sed -n 401,410p "$trace" >"$out/part.jsonl"
ulp-append --store "$out/quay" --now 1795167100 --log errors "$out/part.jsonl" >"$out/echoed.jsonl"
sed -n 411,420p "$trace" >"$out/part.jsonl"
ulp-append --store "$out/barge" --now 1795167200 --log errors "$out/part.jsonl" >"$out/echoed.jsonl"
for name in quay barge; do
  ulp-attest --store "$out/$name" --key "$here/store.pem" --now 1795167300 --rows --log errors >"$out/$name.rows"
  cat "$out/$name/receipts/"*.jsonl >>"$out/$name.rows"
done

# The status of a command, and the codes that it gave.
verdict() {
  what=$1
  shift
  status=0
  "$@" 2>"$out/log.jsonl" >"$out/said.jsonl" || status=$?
  code=$(sed -n 's/.*"log":"boundary".*"code":"\([^"]*\)".*/\1/p' "$out/log.jsonl" | sort -u | tr '\n' ' ')
  [ -n "$code" ] || code=$([ "$status" = 0 ] && echo "hold " || echo "differ ")
  echo "$what: $code($status)"
}
{
  verdict "the quay's first receipts and attestation" ulp-attest --store "$out/quay" --verify --replay "$out/first.jsonl"
  sed 's/"events":400/"events":500/' "$out/first.jsonl" >"$out/forged.jsonl"
  verdict "with another number in it" ulp-attest --store "$out/quay" --verify "$out/forged.jsonl"
  verdict "quay and barge, one after the other" ulp-attest --verify "$out/quay.rows" "$out/barge.rows"
  echo "the proof:"
  jq -r 'if .attestation then "an attestation" else "a receipt" end' "$out/said.jsonl"
  cp "$out/said.jsonl" "$out/proof.jsonl"
  verdict "their rows" ulp-attest --store "$out/quay" --compare "$out/barge.rows"
  jq -r 'select(.chains) | "their chains: " + .chains' "$out/said.jsonl"

  # The barge gets a name of its own: what was is still shown by the old one.
  sed "s/$store/$(um-key did "$here/new.pem" 2>/dev/null)/" "$out/barge/.ulp-root" >"$out/root" && mv "$out/root" "$out/barge/.ulp-root"
  ulp-attest --store "$out/barge" --key "$here/new.pem" --now 1795167400 --log errors >"$out/mended.jsonl"
  grep '"attestation"' "$out/quay.rows" >>"$out/mended.jsonl"
  cat "$out/quay/receipts/"*.jsonl "$out/barge/receipts/"*.jsonl >>"$out/mended.jsonl"
  verdict "both, the barge under another name" ulp-attest --verify "$out/mended.jsonl"
} >"$out/verdicts.txt"
ulp-attest --store "$out/quay" --checkpoint --key "$here/store.pem" --log errors >"$out/checkpoint"
rm -f "$out/log.jsonl" "$out/said.jsonl" "$out/part.jsonl" "$out/echoed.jsonl"
