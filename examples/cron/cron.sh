#!/bin/sh
# Do what a crontab says, now, as cron does it: by /bin/sh, with no environment but the crontab's, and with what is
# printed, if anything, as a message in MAILBOX. Usage: cron.sh CRONTAB MAILBOX
set -eu
settings=$(grep '^[A-Z]*=' "$1")
grep '^[0-9*]' "$1" | sed -E 's/^([^ ]+ +){5}//' >"$2.jobs"
while read -r job; do
    # The settings are words without blanks.
    # shellcheck disable=SC2086
    said=$(env -i HOME=/ LOGNAME=keeper SHELL=/bin/sh PATH=/usr/bin:/bin $settings /bin/sh -c "$job" 2>&1 </dev/null) || true
    [ -z "$said" ] || {
        # The first line of a message in an mbox; a date that is always the same, so that so is the file.
        echo 'From cron Mon Sep 17 00:00:00 2001'
        printf 'From: cron\nTo: keeper\nSubject: Cron <keeper@here> %s\n\n' "$job"
        printf '%s\n' "$said" | sed 's/^From />&/'
        echo
    } >>"$2"
done <"$2.jobs"
rm "$2.jobs"
