# A reading of the feed as an event. What has no number is null: the gauge is there, and said nothing.
.items[] | {
  actor_id: "gauge:\(.station)",
  operation: "sensor_reading",
  sensor: "level",
  value: (if (.value | type) == "number" then .value else null end),
  unit: "m",
  timestamp: (.dateTime | fromdate)
}
