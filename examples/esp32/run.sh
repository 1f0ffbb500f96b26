#!/bin/sh
# Builds the sensor and the broker, checks them, and lets them talk. Usage: run.sh [OUT]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "${1:-out}"
make -C "$here" check OUT="$(CDPATH='' cd -- "${1:-out}" && pwd)"
