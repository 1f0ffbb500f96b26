#!/bin/sh
# Snapshot, check and prune a store; print what fails, and nothing where nothing does. Usage: nightly.sh STORE
set -u
store=$1
status=0
ulp-materialize --store "$store" --snapshot --log errors >/dev/null || status=$?
findings=$(ulp-store check --store "$store" --log errors) || {
    status=$?
    # Leftovers and stale caches are nobody's business at night.
    printf '%s\n' "$findings" | grep -v '"severity":"info"'
}
# What is damaged is not tidied up: somebody may want to look at it as it is.
if [ "$status" = 0 ]; then
    ulp-store prune --store "$store" --older-than 1d --log errors >/dev/null || status=$?
fi
[ "$status" = 0 ] || echo "$store: status $status; ulp(7) says what to do when check complains"
exit "$status"
