#!/bin/sh
# What cron does every five minutes: alerts that follow from what is in the store are stored too, and the newest values
# are laid where node_exporter collects them. Usage: collect.sh STORE RULES PROM
set -eu
store=$1 rules=$2 prom=$3
projector-dashboard --store "$store" --rules "$rules" -f events --log errors | ulp-append --store "$store" --log errors >/dev/null
projector-dashboard --store "$store" --rules "$rules" -f prom -o "$prom" --log errors
