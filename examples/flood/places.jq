# What has a place in the statement and among the warnings, as GeoJSON features.

def feature($id; $geometry; $properties): {type: "Feature", id: $id, geometry: $geometry, properties: $properties};

# The areas of the guidance statement, each with what holds there and the days on which it does.
def areas:
  .risk_areas[] | .id as $id | .risk_area_blocks[] | select(.days | length > 0) | . as $block | .polys[]
  | feature("area:\($id)"; {type: "Polygon", coordinates};
      {area, days: $block.days, levels: $block.risk_levels, more: $block.additional_information, counties: [.counties[].name]});

# Where each warning holds.
def warnings: .floods[] | feature("warning:\(.ta_code)"; .geometry | fromjson; del(.geometry));
