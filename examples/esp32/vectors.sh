#!/bin/sh
# Asks the questions of a file, and holds the answers against those that stand there. Usage: vectors.sh OUT FILE
set -eu
cut -f 1 "$2" | "$1/answers" >"$1/said.txt"
cut -f 2 "$2" | diff - "$1/said.txt"
echo "$2: $(wc -l <"$2") vectors hold"
