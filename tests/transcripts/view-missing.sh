# A space or tile that is nowhere is said, from a stream and from a store; a prefix that holds one is not.
trace=examples/flood/trace.jsonl
ulp-store init w 2> /dev/null
head -300 $trace | ulp-append --store w 2> /dev/null > head.jsonl
said() { jq -c 'select(.log == "boundary") | [.action, .code, .detail]' >&2; }
for from in head.jsonl '--store w'; do
  ulp-materialize --space floods --tile z0/x0 $from 2>&1 > /dev/null | said
  projector-2d --tile z0/x99 --tile z0 --tile z0/x0/y-4 $from 2>&1 > /dev/null | said
  projector-audio --space flood --space foo --tile z1/x0 $from 2>&1 > /dev/null | said
  tile-pack --tile z0/x0/y-4 --tile z0/x0/y9 -o p.tar $from 2>&1 > /dev/null | said
  ulp-materialize --space floods --log errors $from
done
# One that few may know is as one that is not there.
echo '{"event_id":"e","timestamp":1,"operation":"create_node","node_id":"n","actor_id":"a","tile":"z0/x7/y7","scope":{"policy":"private"}}' > secret.jsonl
ulp-append --store w secret.jsonl > /dev/null 2>&1
for from in secret.jsonl '--store w'; do
  projector-2d --tile z0/x7 $from 2>&1 > /dev/null | said
  ulp-materialize --tile z0/x7 $from 2>&1 > /dev/null | said
done
# As a trace grows, at its end.
for tool in projector-2d projector-3d projector-audio; do
  $tool --follow --tile z0/x99 --tile z0 head.jsonl 2>&1 > /dev/null | said
done
