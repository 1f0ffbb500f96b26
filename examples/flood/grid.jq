# WGS84 degrees to metres on the British National Grid: the Ordnance Survey's seven-parameter shift (good to about 5 m),
# then its transverse Mercator formulas on the Airy 1830 ellipsoid. The zone's origin is moved to the middle of the country.

def round_to($places): pow(10; $places) as $k | ((. * $k + 0.5) | floor) / $k;

# The point (0,0) of the space, in grid metres; its longitude is the grid's central meridian, so north is true north there.
def origin: {easting: 400000, northing: 300000};

def radians: . * 3.141592653589793 / 180;

# {lat, lon} in radians on WGS84 to the same on OSGB36.
def wgs84_to_osgb36:
  6378137 as $a | 6356752.3141 as $b | (1 - $b * $b / ($a * $a)) as $e2
  | (.lat | sin) as $s | (.lat | cos) as $c
  | ($a / (1 - $e2 * $s * $s | sqrt)) as $nu
  | {x: ($nu * $c * (.lon | cos)), y: ($nu * $c * (.lon | sin)), z: ($nu * (1 - $e2) * $s)}
  | (-0.1502 / 3600 | radians) as $rx | (-0.2470 / 3600 | radians) as $ry | (-0.8421 / 3600 | radians) as $rz | 1.0000204894 as $k
  | {x: (-446.448 + $k * .x - $rz * .y + $ry * .z), y: (125.157 + $rz * .x + $k * .y - $rx * .z), z: (-542.060 - $ry * .x + $rx * .y + $k * .z)}
  | 6377563.396 as $a | 6356256.909 as $b | (1 - $b * $b / ($a * $a)) as $e2
  | (.x * .x + .y * .y | sqrt) as $p | .z as $z
  | {lat: (reduce range(6) as $i (atan2($z; $p * (1 - $e2));
        sin as $s | ($a / (1 - $e2 * $s * $s | sqrt)) as $nu | atan2($z + $e2 * $nu * $s; $p))),
     lon: atan2(.y; .x)};

# {lat, lon} in radians on OSGB36 to [easting, northing].
def mercator:
  6377563.396 as $a | 6356256.909 as $b | 0.9996012717 as $f0 | (49 | radians) as $lat0 | (-2 | radians) as $lon0
  | (1 - $b * $b / ($a * $a)) as $e2 | (($a - $b) / ($a + $b)) as $n
  | .lat as $lat | (.lon - $lon0) as $d | ($lat | sin) as $s | ($lat | cos) as $c | ($lat | tan) as $t
  | ($a * $f0 / (1 - $e2 * $s * $s | sqrt)) as $nu
  | ($a * $f0 * (1 - $e2) / pow(1 - $e2 * $s * $s; 1.5)) as $rho | ($nu / $rho - 1) as $eta2
  | ($b * $f0 * ((1 + $n + 5 / 4 * $n * $n + 5 / 4 * $n * $n * $n) * ($lat - $lat0)
      - (3 * $n + 3 * $n * $n + 21 / 8 * $n * $n * $n) * ($lat - $lat0 | sin) * ($lat + $lat0 | cos)
      + (15 / 8 * $n * $n + 15 / 8 * $n * $n * $n) * (2 * ($lat - $lat0) | sin) * (2 * ($lat + $lat0) | cos)
      - 35 / 24 * $n * $n * $n * (3 * ($lat - $lat0) | sin) * (3 * ($lat + $lat0) | cos))) as $m
  | [ 400000 + $nu * $c * $d + $nu / 6 * pow($c; 3) * ($nu / $rho - $t * $t) * pow($d; 3)
        + $nu / 120 * pow($c; 5) * (5 - 18 * $t * $t + pow($t; 4) + 14 * $eta2 - 58 * $t * $t * $eta2) * pow($d; 5),
      $m - 100000 + $nu / 2 * $s * $c * $d * $d + $nu / 24 * $s * pow($c; 3) * (5 - $t * $t + 9 * $eta2) * pow($d; 4)
        + $nu / 720 * $s * pow($c; 5) * (61 - 58 * $t * $t + pow($t; 4)) * pow($d; 6) ];

# Grid [easting, northing] to the space's own whole metres.
def to_space: [(.[0] - origin.easting | round_to(0)), (.[1] - origin.northing | round_to(0))];

# GeoJSON [lon, lat] to the space's own whole metres.
def place: {lat: (.[1] | radians), lon: (.[0] | radians)} | wgs84_to_osgb36 | mercator | to_space;

# The tile of a position: squares of 65,536 m at zoom 0.
def tile: "z0/x\(.[0] / 65536 | floor)/y\(.[1] / 65536 | floor)";
