#!/bin/sh
# Speak with a peer: over ssh, or here with whoever is at this stop. Usage: call.sh WAY
case $1 in
ssh:*) exec ssh -- "${1#ssh:}" ulp-sync --serve --store world --key key.pem ;;
here:*) [ "${1#here:}" = "$(cat stop)" ] && exec ulp-sync --serve --store "${1#here:}" --key "${1#here:}.pem" --log errors ;;
esac
exit 1
