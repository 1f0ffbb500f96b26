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
# Where ulp-radio is, it tells the time in an advert that it signs, and reads what the broker passes on.
if command -v ulp-radio >/dev/null && command -v um-key >/dev/null; then
  pem=$here/../sign/bob.pem
  bob=$(um-key did "$pem" 2>/dev/null)
  public=$(openssl pkey -in "$pem" -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')
  advert="{\"peer\":\"$bob\",\"seq\":1795170000,\"knows\":[{\"path\":\"m/world/demo\",\"points_to\":\"blake3:14e0bc4b178d\"}]}"
  { echo "$advert" | ulp-radio --key "$pem" --now 1795170000 --log errors; echo 'water_level 1.9'; } |
    "$out/sensor" node:esp32_A12 z0/x12/y7 6 51 "$bob" "$public" | "$out/broker" node:relay default 51 |
    ulp-radio --log errors >"$out/heard.jsonl"
  diff "$here/heard.jsonl" "$out/heard.jsonl"

  # The same with two pipes, as a gateway has them: what ulp-radio sends is what the sensor hears, and what the broker
  # relays is what ulp-radio hears, for as long as the sensor is on air.
  rm -f "$out/heard" "$out/to-send"
  mkfifo "$out/heard" "$out/to-send"
  { IFS= read -r packet; printf '%s\n' "$packet" 'water_level 1.9'; } <"$out/to-send" |
    "$out/sensor" node:esp32_A12 z0/x12/y7 6 51 "$bob" "$public" | "$out/broker" node:relay default 51 >"$out/heard" &
  { echo "$advert"; cat "$out/heard"; } | ulp-radio --follow --key "$pem" --now 1795170000 --log errors |
    tee -p "$out/to-send" | grep '"operation"' >"$out/gateway.jsonl"
  wait
  diff "$here/heard.jsonl" "$out/gateway.jsonl"
else
  echo "SKIPPED: ulp-radio and um-key are not on the PATH"
fi
echo "the sensor, the broker and the ferry say what they should"
