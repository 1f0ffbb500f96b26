# What a sensor said, where it fell silent, and what follows from it by rules.
reading() { echo "{\"event_id\":\"$1\",\"timestamp\":$2,\"actor_id\":\"node:a\",\"operation\":\"sensor_reading\",\"sensor\":\"level\",\"unit\":\"m\",\"value\":$3,\"position\":[5,6]}"; }
{ reading a 1730000000 1.5; reading b 1730000600 2.5; reading c 1730001200 null; reading d 1730001800 2.6; reading e 1730002400 1.7; } > trace.jsonl
cat > rules.yaml <<'R'
max_gap: 20m
rules:
  - {name: high, sensor: level, above: 2.0, clear: 1.8, alert: {event: Flooding, severity: Severe, radius: 500}}
R
projector-dashboard --rules rules.yaml trace.jsonl
projector-dashboard --rules rules.yaml -f events trace.jsonl 2>/dev/null
projector-dashboard --rules rules.yaml -f prom --at 1730001900 trace.jsonl 2>/dev/null
projector-dashboard -f csv --last 15m trace.jsonl 2>/dev/null
projector-dashboard -f senml --log-all trace.jsonl 2>&1 >/dev/null
projector-dashboard --provenance --at id:a trace.jsonl 2>/dev/null
# What is not understood stops the run where it stands.
echo 'rules: [{name: high, abov: 2}]' > rules.yaml
projector-dashboard --rules rules.yaml trace.jsonl
projector-dashboard -f csv --follow trace.jsonl
