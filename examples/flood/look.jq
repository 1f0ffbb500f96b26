# How things look: colours, sizes and shapes, all in metres.

def round_to($places): pow(10; $places) as $k | ((. * $k + 0.5) | floor) / $k;

def clamp($low; $high): if . < $low then $low elif . > $high then $high else . end;

def hex: floor as $n | ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"]
  | .[$n / 16 | floor] + .[$n % 16];

def mix($from; $to; $at): "#" + ([range(3)] | map($from[.] + ($to[.] - $from[.]) * $at + 0.5 | hex) | join(""));

# Where a level stands between the levels exceeded 95 % (0) and 5 % (1) of the time; null where that says nothing.
def standing:
  if .value != null and .percentile_5 != null and .percentile_95 != null and .percentile_5 > .percentile_95
  then (.value - .percentile_95) / (.percentile_5 - .percentile_95) | round_to(3)
  else null end;

# A level so far outside its range that the instrument, not the river, is the likely cause.
def suspect: . != null and (. < -0.5 or . > 3);

def usual: "#a9cfea";
def alarming: "#d6246e";

# Pale to deep blue up to 1; above, the river is in its highest 5 %.
def level_colour:
  if . > 1 then alarming
  elif . > 0.7 then mix([47, 123, 196]; [8, 48, 125]; (. - 0.7) / 0.3)
  else mix([134, 188, 226]; [47, 123, 196]; (. - 0.35 | clamp(0; 1)) / 0.35) end;

def level_shape:
  {kind: "cylinder",
   radius: (if . > 1 then 3400 + 1200 * ((. - 1) / 0.5 | clamp(0; 1)) else 1500 + 1500 * ((. - 0.35) / 0.65 | clamp(0; 1)) end | round_to(0)),
   height: (3000 + 36000 * (. | clamp(0; 1.6)) | round_to(0))};

def rain_shape: {kind: "cylinder", radius: (1500 + 1300 * sqrt | round_to(0)), height: (2000 + 5000 * . | round_to(0))};

# The flood risk matrix of the guidance statement: [impact, likelihood], each 1 to 4, to very low, low, medium, high (0 to 3).
def risk: [[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 2, 2], [1, 2, 2, 3]][.[0] - 1][.[1] - 1];
def risk_name: ["very low", "low", "medium", "high"][.];
def risk_colour: ["#6fbf8b", "#f6d743", "#f08a24", "#d7263d"][.];

def ring($points): {kind: "polygon", points: $points};

# Flood warnings by the service's severity value.
def warning_look:
  { "1": {fill: "#ffb000", geometry: ring([[0, 7200], [6600, -4800], [-6600, -4800]])},
    "2": {fill: "#f4661b", geometry: ring([[0, 8800], [7900, 0], [0, -8800], [-7900, 0]])},
    "3": {fill: "#c1121f", geometry: ring([[-3600, 8700], [3600, 8700], [8700, 3600], [8700, -3600], [3600, -8700], [-3600, -8700], [-8700, -3600], [-8700, 3600]])},
    "4": {fill: "#8d99a6", geometry: ring([[-5000, 5000], [5000, 5000], [5000, -5000], [-5000, -5000]])}
  }["\(.)"];
