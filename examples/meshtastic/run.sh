#!/bin/sh
# Two drivers and two tools talk over an air that is made up. Usage: run.sh; needs meshtastic, and ulp-radio on the PATH.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
exec python3 -B "$here/test.py"
