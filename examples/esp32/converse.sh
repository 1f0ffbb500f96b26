#!/bin/sh
# A sensor and a broker talk: what the sensor says comes out of the broker, and so does what is asked for. Usage:
# converse.sh OUT, where the programs are.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$(CDPATH='' cd -- "$1" && pwd)
did=did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH
key=8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394

# A sensor that starts for the fifth time measures; hears the time from someone whom it believes; and measures again.
sensor() {
  "$out/sensor" node:esp32_A12 z0/x12/y7 5 "$1" "$did" "$key" <"$here/day.txt"
}

sensor 51 >"$out/short.jsonl"
sensor 233 >"$out/long.jsonl"
cat "$out/short.jsonl" "$out/long.jsonl" | diff "$here/expected.jsonl" -

# The broker relays all of it once, whenever it does, and answers one who wants the tile's lines with them.
cat "$out/short.jsonl" "$here/want.jsonl" | "$out/broker" node:relay default 233 | LC_ALL=C sort >"$out/relayed.jsonl"
diff "$here/relayed.jsonl" "$out/relayed.jsonl"
echo "the sensor, the broker and the ferry say what they should"
