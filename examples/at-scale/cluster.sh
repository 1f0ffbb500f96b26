#!/bin/sh
# The same world on Spark, with one worker and with two, and by way of a bucket: the bytes that run.sh made.
# Usage: cluster.sh [OUT], after run.sh [OUT]. PYTHONPATH holds PyPI's pyspark, and moto[server] for the bucket.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$(CDPATH='' cd -- "${1:-out}" && pwd)
cd "$out"
PYSPARK_PYTHON=$(command -v python3)
SPARK_HOME=$(python3 -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
export PYSPARK_PYTHON SPARK_HOME SPARK_LOCAL_IP=127.0.0.1
cores=1
export SPARK_WORKER_CORES=$cores
: >spark.log

for workers in 1 2; do
  rm -rf "spark-$workers"
  python3 "$here/spark.py" "local-cluster[$workers,$cores,1024]" "file://$out/all.jsonl" "file://$out/spark-$workers" 2>>spark.log
  cat "spark-$workers"/part-* | cmp - all.state
done

# Each task fails the first time.
rm -rf flaky spark-flaky && mkdir flaky
FLAKY=$out/flaky python3 "$here/spark.py" 'local-cluster[2,1,1024]' "file://$out/all.jsonl" "file://$out/spark-flaky" "$here/flaky-stdin" 2>>spark.log
cat spark-flaky/part-* | cmp - all.state

# A task whose tool is missing fails for good, and leaves nothing that looks whole.
rm -rf spark-missing
if python3 "$here/spark.py" 'local-cluster[2,1,1024]' "file://$out/all.jsonl" "file://$out/spark-missing" no-such-tool 2>>spark.log; then exit 1; fi
[ ! -e spark-missing/_SUCCESS ]

# A bucket between the machines: parts up, each worked on by whoever takes it, states down.
port=${PORT:-18833}
# It is spoken to without TLS, whatever certificates other buckets want.
unset AWS_CA_BUNDLE
python3 -m moto.server -H 127.0.0.1 -p "$port" >moto.log 2>&1 &
bucket=$!
trap 'kill $bucket 2>/dev/null || true' EXIT
export RCLONE_CONFIG=$out/rclone.conf
printf '[b]\ntype = s3\nprovider = Other\naccess_key_id = a\nsecret_access_key = b\nendpoint = http://127.0.0.1:%s\n' "$port" >"$RCLONE_CONFIG"
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  rclone mkdir b:valley 2>/dev/null && break
  sleep 0.5
done
rclone copy parts b:valley/parts -q
rm -rf down up from-bucket && mkdir down up
rclone lsf b:valley/parts | parallel -j 2 --halt soon,fail=1 'rclone -q copyto b:valley/parts/{} down/{} &&
  ulp-materialize --log errors -o up/{} down/{} && rclone -q copyto up/{} b:valley/states/{}'
rclone copy b:valley/states from-bucket -q
for tile in $(ulp-store stat --store w --log errors | jq -r .tile | awk '!seen[$0]++'); do
  cat "from-bucket/$(echo "$tile" | tr / -).jsonl"
done >bucket.state
cmp bucket.state all.state
grep local-cluster spark.log | head -3 >&2
b3sum --no-names bucket.state | cut -c1-64
