#!/bin/sh
# Two villages on one river, one stick, four trips: both end with the same world. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out/stick"
cd "$out"

# Each village writes what it sees. `tail -n +N` is the days going by.
for village in upstream downstream; do
  ulp-store init $village
  head -3 "$here/$village.jsonl" | ulp-append --store $village >/dev/null
done

# A trip: what the other lacks goes onto the stick, and comes off it there. The other's list rode along last time.
trip() {
  touch stick/$2.list
  tile-pack --store "$1" --have stick/$2.list -o stick/$3.tar.zst
  tile-unpack --store "$2" stick/$3.tar.zst | jq -r '"trip '"$3"': " + .event_id'
  tile-unpack --list "$2" >stick/$2.list
}

trip upstream downstream 1
trip downstream upstream 2
tail -n +4 "$here/upstream.jsonl" | ulp-append --store upstream >/dev/null
tail -n +4 "$here/downstream.jsonl" | ulp-append --store downstream >/dev/null
trip upstream downstream 3
trip downstream upstream 4

for village in upstream downstream; do
  ulp-materialize --store $village --root >$village.root
done
cmp upstream.root downstream.root
echo "the same world"
