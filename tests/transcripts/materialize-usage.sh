ulp-materialize --view --root < /dev/null
echo $?
ulp-materialize --since 5 < /dev/null
echo $?
ulp-materialize nowhere.jsonl
