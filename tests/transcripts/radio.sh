# Lines become packets and packets lines; what no frame carries, what is not for everyone and what is no packet is named.
T=1795167000
install -m 600 examples/sign/alice.pem key.pem
did=$(um-key did key.pem 2> /dev/null)
head=blake3:14e0bc4b178dd1027cc6d2e68bb82c68dd035e7bdd245dedd2da59d238c718b3
echo "{\"peer\":\"$did\",\"seq\":$T,\"knows\":[{\"path\":\"m/world/demo/tiles/z0/x0/y0/head\",\"points_to\":\"$head\",\"events\":4},{\"path\":\"m/world\",\"points_to\":\"$head\",\"events\":7}]}" > advert.jsonl
ulp-radio --key key.pem advert.jsonl --log-all | tee packets.jsonl
ulp-radio packets.jsonl 2> /dev/null
ulp-radio --graph advert.jsonl packets.jsonl 2> /dev/null
ulp-radio --mtu 24 advert.jsonl 2> /dev/null | ulp-radio --graph advert.jsonl --log-all
echo '{"operation":"sensor_reading","sensor":"water_level","value":1.42,"tile":"z0/x12/y7","actor_id":"node:esp32_A12"}' > sensor.jsonl
ulp-radio --mtu 51 --now $T sensor.jsonl 2> /dev/null | tee parts.jsonl
tac parts.jsonl | ulp-radio 2> /dev/null
ulp-radio --mtu 51 --repeat 2 --budget 3s --now $T sensor.jsonl --log text
# Refused and withheld.
cat > odd.jsonl <<'L'
{"packet":"oTEBo5q8awATGD2qDvoAAAAAAAAAAAAABBTgvEsX"}
{"packet":"not base64url"}
{"operation":"create_node","actor_id":"a","node_id":"CANARY","scope":{"policy":"private"}}
{"log":"witness"}
{"peer":"a","knows":[]}
L
ulp-radio odd.jsonl --log-all
sed 's/AAAA/AAAB/' packets.jsonl | ulp-radio --graph advert.jsonl
ulp-radio --mtu 20 sensor.jsonl --lora sf=6
ulp-radio --mtu 14 sensor.jsonl --log text --now $T > /dev/null
