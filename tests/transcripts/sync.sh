# Two stores meet; what one refuses is named; a second meeting has nothing to say; a part, one way, a bad peer.
event() { printf '{"event_id":"%s","timestamp":%d,"space_id":"%s","actor_id":"u","operation":"%s","node_id":"n%s"}\n' "$1" "$2" "$3" "$4" "$1"; }
for s in a b; do ulp-store init $s --log errors; done
{ event 1 1 demo create_node; event 2 2 demo create_node; event 3 3 hill create_node; } | ulp-append --store a --log errors > /dev/null
{ event 2 2 demo create_node; event 4 4 demo create_node; event 5 5 'river b' create_node; } | ulp-append --store b --log errors > /dev/null
sync() {
  ulp-sync --now 1795170000 --log errors "$@" --with 'ulp-sync --serve --store b --now 1795170000 --log errors 2> there' 2> here
  echo "status $?"
  # What was heard has a nonce in it.
  sed 's/"input":"[^"]*",//; s/^/here: /' here
  sed 's/"input":"[^"]*",//; s/^/there: /' there
}
sync --store a --space hill --push
sync --store a --echo
sync --store a
printf 'operations: [create_node]\n' > b/spaces/demo/.ulp-scope
event 6 6 demo delete_node | ulp-append --store a --log errors > /dev/null
sync --store a
sync --store a --peer did:key:z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX
ulp-sync --store a --with 'echo hello' --log errors 2> here
echo "status $?"
cut -d, -f1-5 here
