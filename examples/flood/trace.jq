# The trace: drafts from what `ulp-import` made of each source, sorted by time, then completed one by one, so that each
# event names what it builds on. A draft's `branch` is the strand of its tile's history that it continues; `about` are the
# nodes whose last events it builds on.
include "look";

# The square of the grid that a place lies in, and the tile that it is.
def square: map(. / 65536 | floor);
def tile: square | "z0/x\(.[0])/y\(.[1])";

# What was imported, by what is known of it, and where it lies; what lies nowhere is left out.
def imported: .[] | select(.transform) | .properties + {id: .node_id, xy: .transform.position, geometry};

def when: (capture("\\.(?<ms>[0-9]{3})Z$").ms? // "0" | tonumber) as $ms | sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601 + $ms / 1000 | round_to(3);
def midnight: (. / 86400 | floor) * 86400;
def trimmed: gsub("\\s+"; " ") | ltrimstr(" ") | rtrimstr(" ");
def tile_word: ltrimstr("z0/") | gsub("/"; "-");

def draft($at; $rank; $branch; $event_id; $body):
  {at: $at, rank: $rank, branch: $branch, event_id: $event_id, body: $body, about: [$body.node_id // empty], xy: [0, 0], actor: "agency:ea",
   realm: "public", authority: "source", boundary: "interior", holds: []};

# ---- the space, its layers, the key beside the map

def set($id; $layer; $at; $properties):
  draft($at; 0; "network"; "\($id | ltrimstr("@") | sub(":"; "-"))-properties"; {operation: "set_properties", node_id: $id, properties: $properties})
  + {layer: $layer};

def ground($at):
  set("@space"; "key"; $at; {title: "Floods in England", unit: "m", background: "#f7fafc", y: "up",
    origin: $origin,
    acknowledgement: "Contains public sector information licensed under the Open Government Licence v3.0 (© Defra)"}),
  ([["guidance", "Flood guidance"], ["reaches", "River reaches"], ["rain", "Rain"], ["rivers", "River levels"],
    ["groundwater", "Groundwater levels"], ["tide", "Tide levels"], ["warnings", "Flood warnings"], ["key", "Key"]]
   | to_entries[] | set("@layer:\(.value[0])"; .value[0]; $at; {title: .value[1], order: ((.key + 1) * 10), visible: true}));

def derived_node($at; $layer; $id; $kind; $xy; $look):
  draft($at; 1; "network"; "\($id | sub(":"; "-"))-create";
    {operation: "create_node", node_id: $id, kind: $kind, transform: {position: [$xy[0], $xy[1], 0]}} + $look)
  + {layer: $layer, xy: $xy, authority: "derived"};

def coloured($fill): {fill: $fill, color: $fill};
def words($at; $layer; $id; $xy; $text; $size):
  derived_node($at; $layer; $id; "text"; $xy; {geometry: {kind: "text", text: $text, size: $size}, properties: coloured("#1b2a38")});

def disc($radius): {kind: "cylinder", radius: $radius, height: 3000};

def key_row($at; $row; $id; $text; $fill; $geometry; $more):
  [165000, 335000 - 15000 * $row] as [$x, $y]
  | derived_node($at; "key"; "key:\($id)"; "key"; [$x, $y]; {geometry: $geometry, properties: (coloured($fill) + $more)}),
    words($at; "key"; "key:\($id)-text"; [$x + 15000, $y - 3000]; $text; 8500);

def key($at):
  words($at; "key"; "key:title"; [-70000, 385000]; "Floods in England"; 26000),
  key_row($at; 0; "usual"; "River, at a usual level"; usual; disc(2000); {}),
  key_row($at; 1; "high"; "River, high for the place"; (1 | level_colour); disc(3000); {}),
  key_row($at; 2; "highest"; "In its highest 5 %"; alarming; disc(4400); {}),
  key_row($at; 3; "groundwater"; "Groundwater"; usual; disc(2400); {stroke: "#6b4f2a", stroke_width: 900}),
  key_row($at; 4; "tide"; "Tide"; "#1f9e89"; disc(2200); {}),
  key_row($at; 5; "rain"; "Rain in a day"; "#7b4fb5"; disc(3000); {}),
  key_row($at; 6; "alert"; "Flood alert"; (1 | warning_look.fill); (1 | warning_look.geometry); {}),
  key_row($at; 7; "warning"; "Flood warning"; (2 | warning_look.fill); (2 | warning_look.geometry | .points |= map(map(. * 3 / 4))); {}),
  key_row($at; 8; "severe"; "Severe flood warning"; (3 | warning_look.fill); (3 | warning_look.geometry | .points |= map(map(. * 3 / 4 | round_to(0)))); {}),
  key_row($at; 9; "low"; "Guidance: low risk"; (1 | risk_colour); {kind: "rect", width: 13000, height: 8000}; {opacity: 0.6}),
  key_row($at; 10; "medium"; "Guidance: medium risk"; (2 | risk_colour); {kind: "rect", width: 13000, height: 8000}; {opacity: 0.6});

# ---- stations: from south to north, one a second, each once

def stations($drafts; $start):
  [$drafts | imported | .number = (.id | split(".")[1])]
  | sort_by(.xy[1], .xy[0]) | to_entries
  | map(.value + {at: ($start + .key), node: "gauge:\(.value.number)", word: "gauge-\(.value.number)", standing: (.value | standing)});

def station_kind: {S: "gauge", M: "gauge", C: "tide", G: "groundwater"}[.];
def station_look: {
  gauge: {geometry: disc(1500), properties: coloured(usual)},
  tide: {geometry: disc(2200), properties: coloured("#1f9e89")},
  groundwater: {geometry: disc(2400), properties: (coloured(usual) + {stroke: "#6b4f2a", stroke_width: 900})} }[.];

def station_draft($at; $rank; $branch; $what; $body):
  draft($at; $rank; $branch; "\(.word)-\($what)"; $body + {node_id: .node})
  + {about: [.node], xy, layer: {S: "rivers", M: "rivers", C: "tide", G: "groundwater"}[.type], boundary: (if .iswales then "exterior" else "interior" end)};

def station_create:
  (.type | station_kind) as $kind | ($kind | station_look) as $look
  | station_draft(.at; 2; "network"; "create"; {operation: "create_node", kind: $kind, transform: {position: [.xy[0], .xy[1], 0]},
      geometry: $look.geometry, properties: ($look.properties + {name: (.name | trimmed), river: (.river | trimmed)})})
  + {holds: ["exclusion"]};

# What is known of a station that is not in service: the public status, and a note for those who keep the network.
def station_status:
  if .status == "Active" then empty else
    station_draft(.at + 0.5; 3; "network"; "status"; {operation: "set_properties", properties: (coloured("#aab4bd") + {status: .status})}),
    station_draft(.at + 0.75; 4; "team"; "note"; {operation: "set_properties", properties: {note: "\(.status): do not rely on its level"}})
      + {realm: "team", authority: "derived", actor: "team:duty"}
  end;

def station_level($labelled):
  if .value == null then empty else
    (.value_date | when) as $at
    | station_draft($at; 5; "levels"; "level"; {operation: "sensor_reading", sensor: "level", value: (.value | round_to(3)), unit: "m"})
        + {actor: "node:gauge_\(.number)"},
      if .status != "Active" then empty
      elif .standing | suspect then
        station_draft($at; 6; "levels"; "doubt"; {operation: "set_properties", properties: (coloured("#aab4bd") + {doubtful: true})}) + {authority: "derived"},
        station_draft($at + 0.75; 7; "team"; "note"; {operation: "set_properties", properties: {note: "Level far outside the range of the place: check the instrument"}})
          + {realm: "team", authority: "derived", actor: "team:duty"}
      elif .standing != null and .standing > 0.35 then
        station_draft($at; 6; "levels"; "standing"; {operation: "set_properties", properties: (coloured(.standing | level_colour) + {standing}
            + (if .atrisk then {at_risk: true} else {} end)
            + (if any($labelled[] == .node; .) then {label: (.name | trimmed), font_size: 9000} else {} end))}) + {authority: "derived"},
        station_draft($at; 7; "levels"; "shape"; {operation: "set_geometry", geometry: (.standing | level_shape)}) + {authority: "derived"},
        # A few metres are nothing in the scene, but what is highest is painted last.
        (if .standing > 0.7 then
           station_draft($at; 8; "levels"; "raised"; {operation: "update_transform", transform: {position: [.xy[0], .xy[1], (.standing * 10 | round_to(0))]}})
             + {authority: "derived"}
         else empty end)
      else empty end
  end;

# The highest level that is forecast, told at the time it is forecast for.
def station_forecast:
  if .is_ffoi and .ffoi_max != null and .ffoi_date != null then
    station_draft(.ffoi_date | when; 8; "forecast"; "forecast"; {operation: "sensor_reading", sensor: "forecast_level", value: (.ffoi_max | round_to(3)), unit: "m"})
      + {actor: "node:gauge_\(.number)", authority: "derived"}
  else empty end;

# Water runs from a station to the next one down; stated by either end, told once, after both stand.
def neighbours($from; $to): [$from.xy, $to.xy] | map(square) | [.[0][0] - .[1][0], .[0][1] - .[1][1]] | all(. * . <= 1);

def reaches:
  INDEX(.number) as $by
  | [ .[] | (.number as $n | .down // empty | [$n, tostring]), (.number as $n | .up // empty | [tostring, $n]) ]
  | unique[] | [$by[.[0]], $by[.[1]]] | select(all(. != null)) | . as [$from, $to]
  | $from | station_draft([$from.at, $to.at] | max + 0.25; 3; "reaches"; "to-\($to.number)";
      {operation: "link_nodes", from_node: $from.node, to_node: $to.node, relation: "downstream", properties: {stroke: "#8db9dc", stroke_width: 900}})
  | .layer = "reaches" | .about = [$from.node, $to.node] | del(.body.node_id)
  | if neighbours($from; $to) then .holds = ["adjacency"] else . end;

# ---- rain gauges: one macro event a tile lays them out; those that saw rain then report

def rain_gauges($drafts): [$drafts | imported | .number = .telemetry_station_id | .node = "rain:\(.number)"];

def rain_network($start):
  group_by(.xy | tile) | to_entries[] | ($start + 5 * .key) as $at | .value | sort_by(.xy[1], .xy[0]) | (.[0].xy | tile | tile_word) as $word
  | draft($at; 2; "rain"; "rain-\($word)"; {operation: "macro.stamp",
      params: {fill: "#b4c0c9", shape: {kind: "cylinder", radius: 900, height: 800}},
      template: map({operation: "create_node", node_id: .node, kind: "rain_gauge", transform: {position: [.xy[0], .xy[1], 0]},
        geometry: "{shape}", properties: (coloured("{fill}") + {name: (.station_name | trimmed)})})})
  + {layer: "rain", xy: .[0].xy, about: map(.node)};

def rain_draft($rank; $what; $body):
  draft(.value_timestamp | when; $rank; "rain"; "rain-\(.number)-\($what)"; $body + {node_id: .node}) + {about: [.node], layer: "rain", xy};

def rain_reading:
  if .day_total > 0 then
    rain_draft(5; "day"; {operation: "sensor_reading", sensor: "rain_24h", value: (.day_total | round_to(2)), unit: "mm"}) + {actor: "node:rain_\(.number)"},
    if .day_total > 300 then
      rain_draft(6; "doubt"; {operation: "set_properties", properties: {doubtful: true}}) + {authority: "derived"}
    else
      rain_draft(6; "wet"; {operation: "set_properties", properties: coloured("#7b4fb5")}) + {authority: "derived"},
      rain_draft(7; "shape"; {operation: "set_geometry", geometry: (.day_total | rain_shape)}) + {authority: "derived"}
    end
  else empty end;

# ---- five days of rain: a reading every quarter of an hour, and beside the map a chart that grows by a day each midnight

def series($file):
  ($file.minutes.values | map(.at = (.dateTime | when)) | sort_by(.at)) as $values
  | ($values[0].at | midnight) as $first | [178000, 100000] as $xy
  | def mine: . + {layer: "rain", xy: $xy, branch: "series"};
    (derived_node($values[0].at - 1; "rain"; "rain:series"; "chart"; $xy;
       {geometry: {kind: "polygon", points: [[0, 0], [86400, 0], [86400, 300], [0, 300]]},
        properties: (coloured("#7b4fb5") + {name: "Rain at one gauge"})}) | mine),
    (words($values[0].at - 1; "rain"; "rain:series-text"; [$xy[0], $xy[1] - 12000]; "Rain at one gauge, 13–18 July 2023"; 7500) | mine),
    ($values[] | draft(.at; 5; "series"; "rain-series-\(.at)"; {operation: "sensor_reading", sensor: "rainfall", node_id: "rain:series", value: (.value | round_to(2)), unit: "mm"})
       | .actor = "node:rain_series" | mine),
    (range(1; 7) | ($first + 86400 * .) as $until
     | [$values[] | select(.at <= $until)] as $seen
     # One bar an hour, 720 m wide and 4,000 m a millimetre, on a baseline as long as the five days.
     | [range(120) | . as $hour | ($values[0].at + 3600 * $hour) as $t
         | [$seen[] | select(.at > $t and .at <= $t + 3600) | .value] | add // 0 | 300 + . * 4000 | round_to(0)] as $bars
     | [range(120) | [. * 720, $bars[.]], [(. + 1) * 720, $bars[.]]] as $top
     | ([range($top | length) | select(. == 0 or . == 239 or $top[.][1] != $top[. - 1][1] or $top[.][1] != $top[. + 1][1]) | $top[.]]) as $corners
     | draft([$until, $values[-1].at] | min; 6; "series"; "rain-series-day-\($until / 86400 | floor)";
         {operation: "set_geometry", node_id: "rain:series", geometry: {kind: "polygon", points: ([[0, 0]] + $corners + [[86400, 0]])}})
     | mine | .authority = "derived");

# ---- the guidance statement: its areas, stronger while the forecast says so

def guidance($drafts; $issued):
  [$drafts | imported | .risk = ([.levels[] | risk] | max)]
  | sort_by(-.area) | to_entries[] | .key as $rank | .value
  | .xy as $xy | .id as $node | ([.levels | keys[]] | join(", ")) as $sources
  | def mine: . + {layer: "guidance", xy: $xy, actor: "agency:ffc"};
    (draft($issued; 5; "guidance"; "\($node | sub(":"; "-"))-create"; {operation: "create_node", node_id: $node, kind: "risk_area",
       transform: {position: [$xy[0], $xy[1], (-3000 + 200 * $rank)]},
       geometry,
       properties: (coloured(.risk | risk_colour) + {opacity: 0.08, stroke: (.risk | risk_colour), stroke_width: 900,
         name: "\(.risk | risk_name) risk of flooding: \($sources)", days, risk: (.risk | risk_name), sources: .levels,
         counties: (.counties | unique | join(", ")), advice: (.more | trimmed)})})
     | mine | .holds = ["exclusion"]),
    # Day 1 is the day of issue: the area strengthens when its first day comes, and fades a little after its last.
    (([0.1, 0.25, 0.6, 0.7][.risk]) as $strong | (.days | min, max + 1) as $day
     | ([$issued + 60, ($issued | midnight) + 86400 * ($day - 1)] | max) as $at
     | draft($at; 6; "guidance"; "\($node | sub(":"; "-"))-day-\($day)"; {operation: "set_properties", node_id: $node, properties:
         (if $day == (.days | min) then {in_force: true, opacity: $strong} else {in_force: false, opacity: ($strong * 0.8 | round_to(2))} end)})
     | mine | .authority = "derived");

# ---- flood warnings: raised, received, and tied to the nearest river gauge

def distance($a; $b): ($a[0] - $b[0]) as $x | ($a[1] - $b[1]) as $y | $x * $x + $y * $y | sqrt;

# The first of a list, and each later one whose label would not run into an earlier label.
def spread: reduce .[] as $next ([]; if any(.[]; (.xy[0] - $next.xy[0] | fabs) < 150000 and (.xy[1] - $next.xy[1] | fabs) < 16000) then . else . + [$next] end);

def warnings($drafts):
  [$drafts | imported | .node = .id | .word = "warning-\(.ta_code)"]
  | sort_by(-(.severity_value % 4), .ta_code);

def warning_events($labelled; $gauges):
  def mine: .layer = "warnings" | .actor = "agency:ea";
  (.severity_value | warning_look) as $look | .xy as $xy | .node as $node | .severity_value as $severity
  | (draft(.situation_changed | when; 5; "warnings"; "\(.word)-create"; {operation: "create_node", node_id: $node, kind: "flood_warning",
       transform: {position: [$xy[0], $xy[1], (100 * ($severity % 4))]}, geometry: $look.geometry,
       properties: (coloured($look.fill) + {stroke: "#ffffff", stroke_width: 900, opacity: 0.92, name: .ta_name, severity, situation, area: .ta_description})})
     | mine | .xy = $xy | .holds = ["exclusion"]),
    (. as $warning | draft(.message_received | when; 6; "warnings"; "\(.word)-received"; {operation: "set_properties", node_id: $node, properties:
         ({quick_dial} + (if any($labelled[] == $node; .) then {label: ($warning.ta_name | split(",")[0] | split(" from ")[0] | split(" area at ")[-1] | ltrimstr("The ")), font_size: 10000} else {} end))})
     | mine | .xy = $xy),
    (if $severity == 4 then empty else
       (.message_received | when) as $at | .word as $word
       | $gauges | min_by(distance(.xy; $xy)) | select(distance(.xy; $xy) < 20000) | . as $gauge
       | draft($at; 7; "warnings"; "\($word)-to-\(.number)"; {operation: "link_nodes", from_node: $node, to_node: .node, relation: "nearest_gauge", properties: {stroke: "#5c677d", stroke_width: 900}})
       | mine | .xy = $xy | .authority = "derived" | .about = [$node, $gauge.node] | .holds = ["adjacency"]
     end);

# ---- joining the strands of each tile's history

def merge($at; $word; $tiles):
  $tiles[] | draft($at; 9; "merge"; "\(tile_word)-\($word)"; {operation: "merge"}) + {tile: ., layer: "key", about: [], authority: "derived"};

# Drafts in the order of time to whole events: each continues its strand (a new strand forks from the tile's common history)
# and names the last event about each of its nodes; a merge names every head and becomes the common history. Only what
# lies in the same tile is named, and nothing in a stricter lane: what is for the team hangs on the rest, never the other way.
def complete:
  foreach .[] as $d ({heads: {}, last: {}};
    ($d.tile // ($d.xy | tile)) as $tile | (.heads[$tile] // {}) as $heads
    | (if $d.branch == "merge" then [$heads | del(.team)[]]
       else [.last[$tile][$d.about[]]?, ($heads[$d.branch] // $heads.network)] end
       | map(select(. != null)) | unique) as $parents
    | .out = if $d.branch == "merge" and ($parents | length) < 2 then null else
        $d.body + {event_id: $d.event_id, timestamp: $d.at, space_id: "flood", layer_id: $d.layer, actor_id: $d.actor,
          scope: {realm: $d.realm, authority: $d.authority, boundary: $d.boundary, policy: "public"},
          preserves_invariants: $d.holds, previous_events: $parents, tile: $tile} end
    | if .out == null then .
      elif $d.branch == "merge" then .heads[$tile] = ({network: $d.event_id} + ($heads | with_entries(select(.key == "team"))))
      else .heads[$tile][$d.branch] = $d.event_id
        | if $d.branch == "team" then . else reduce $d.about[] as $node (.; .last[$tile][$node] = $d.event_id) end
      end;
    .out // empty);

($statement[0].issued_at | when) as $issued
| stations($stations; $issued - 3600) as $stations
| rain_gauges($rainfall) as $rain
| warnings($warnings) as $warnings
| ($warnings | map(select(.severity_value < 4))) as $raised
| ($stations | map(select(.status == "Active" and .standing != null and .standing > 1 and (.standing | suspect | not)))
   | sort_by(-.standing)) as $highest
| ($raised + $highest[:6] | spread | map(.node)) as $labelled
| [ ($issued - 3602 | ground(.), key(.)),
    ($stations[] | station_create, station_status, station_level($labelled), station_forecast),
    ($stations | reaches),
    ($rain | rain_network($issued - 900)), ($rain[] | rain_reading), series($telemetry[0]),
    guidance($areas; $issued),
    ($warnings[] | warning_events($labelled; [$stations[] | select(.type == "S" or .type == "M")])) ]
| ([.[] | .tile // (.xy | tile)] | unique) as $tiles
| . + [ merge("2019-11-14T00:00:00Z" | when; "guidance-over"; $tiles), merge("2021-03-23T14:00:00Z" | when; "levels-in"; $tiles), merge("2024-01-18T12:00:00Z" | when; "warnings-in"; $tiles) ]
| sort_by(.at, .rank, .event_id) | complete
