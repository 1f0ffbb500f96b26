#!/bin/sh
# Two laptops that meet now and then: both end with the same world. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-out}
mkdir -p "$out"
cd "$out"

# Each writes what it sees, on the way as at home.
for laptop in ann ben; do
  ulp-store init $laptop --log errors
done
ulp-append --store ann --log errors <"$here/../sneakernet/upstream.jsonl" >/dev/null
ulp-append --store ben --log errors <"$here/../sneakernet/downstream.jsonl" >/dev/null

# They meet: over ssh this would be --with 'ssh ben ulp-sync --serve --store ben'.
meet() {
  ulp-sync --store "$1" --with "ulp-sync --serve --store $2 --log errors" --now 1795170000 --log errors
}

meet ann ben >met
jq -c '[.path, .sent, .taken, .agrees]' met

# The second time there is nothing to say but that.
meet ben ann | jq -c '[.path, .agrees]'

for laptop in ann ben; do
  ulp-materialize --store $laptop --realm team --realm public --policy public --root --log errors >$laptop.root
done
cmp ann.root ben.root

# What cron does: the first who answers is met, and the others have their turn another night.
cat >neighbours <<N
exit 1
ulp-sync --serve --store ben --log errors
N
"$here/whoever.sh" ann neighbours | jq -c '[.path, .agrees]'
