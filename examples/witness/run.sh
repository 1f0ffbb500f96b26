#!/bin/sh
# Three people derive one root from one history, and sign the same statement of it. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"

# The statement that a run makes: which tool came to which root. How the lines lay is each one's own matter.
statement() { ulp-materialize 2>&1 >/dev/null | tail -n 1 | jq -cS '{log, tool, root}'; }
did() { um-key did "$here/$1.pem" 2>/dev/null; }
# Whoever comes to the same statement puts their name to it.
cosign() {
  if [ "$2" = "$(jq -cS 'del(.signatures)' "$out/statement.jsonl")" ]; then
    um-sign --key "$here/$1.pem" "$out/statement.jsonl" 2>/dev/null >"$out/next.jsonl"
    mv "$out/next.jsonl" "$out/statement.jsonl"
    echo "$1 signs"
  else
    echo "$1 comes to another root, and does not sign"
  fi
}

statement <"$here/trace.jsonl" >"$out/statement.jsonl"
{
  # Alice has the trace as it was written, Bob backwards, Carol in two parts that overlap, and a part as state lines.
  cosign alice "$(statement <"$here/trace.jsonl")"
  cosign bob "$(sed '1!G;h;$!d' "$here/trace.jsonl" | statement)"
  head -n 5 "$here/trace.jsonl" | ulp-materialize 2>/dev/null >"$out/half.jsonl"
  cosign carol "$(cat "$out/half.jsonl" "$here/trace.jsonl" | statement)"
  # Mallory left a line out.
  cosign mallory "$(sed 3d "$here/trace.jsonl" | statement)"

  um-sign --verify --signer "$(did alice)" --signer "$(did bob)" --signer "$(did carol)" "$out/statement.jsonl" 2>/dev/null >/dev/null &&
    echo "three names stand under $(jq -r .root "$out/statement.jsonl" | cut -c 1-15)"
  sed 's/"root":"blake3:./"root":"blake3:x/' "$out/statement.jsonl" | um-sign --verify 2>/dev/null >/dev/null ||
    echo "and under nothing else"
} >"$out/verdicts.txt"
rm -f "$out/half.jsonl"
