#!/bin/sh
# Snapshot and prune a store, with a log. Usage: nightly.sh STORE LOG
set -eu
{
    ulp-materialize --store "$1" --snapshot --log json
    ulp-store prune --store "$1" --older-than 1d --log json
    ulp-store check --store "$1" --log json
} >>"$2" 2>&1
