# A map in letters from the records of projector-2d --follow, each of which moves, changes or removes one node.
# With --argjson live true every change is drawn where it is on a terminal; at the end the whole map is written.

def columns: 64;
def rows: 34;
# Metres from the middle of England, as in the trace.
def west: -285000;
def south: -290000;
def wide: 550000;
def high: 640000;

# Of what shares a place, the last in this list is seen.
def letters: [" ", ",", "~", "g", ".", "o", "O", "!"];
def rank:
  if .gone then 0
  elif .layer == "warnings" then 7
  elif .layer == "rivers" then (.properties.standing // 0) as $s | if $s > 1 then 6 elif $s > 0.8 then 5 else 4 end
  elif .layer == "groundwater" then 3
  elif .layer == "tide" then 2
  elif .kind == "rain_gauge" then 1
  else 0 end;

def place:
  [((.position[0] - west) / wide * columns | floor), (rows - 1 - ((.position[1] - south) / high * rows | floor))];
def inside: .[0] >= 0 and .[0] < columns and .[1] >= 0 and .[1] < rows;
def seen: [range(7; 0; -1) as $i | select(.[$i] > 0) | $i][0] // 0;

# The cell of a row and column as a cursor movement and a letter.
def drawn($cell; $counts): "\u001b[\($cell[1] + 1);\($cell[0] + 1)H\(letters[$counts | seen])";
def whole: . as $counts | [range(rows) as $y | [range(columns) as $x | letters[$counts["\([$x, $y])"] // [] | seen]] | add | sub(" +$"; "")] | join("\n") + "\n";

def count($cell; $rank; $by):
  if $rank == 0 or ($cell | inside | not) then .
  else
    .counts["\($cell)"] |= ((. // [range(8) | 0]) | .[$rank] += $by)
    | .out += drawn($cell; .counts["\($cell)"])
  end;

foreach (inputs, null) as $record ({nodes: {}, counts: {}};
  .out = ""
  | if $record == null then
      .out = (if $live then "\u001b[H" else "" end) + (.counts | whole)
    elif $record.type != "node" then .
    else
      (.nodes[$record.node_id] // {rank: 0}) as $before
      | ({rank: ($record | rank), cell: (if $record.position then $record | place else null end)}) as $now
      | .nodes[$record.node_id] = $now
      | if $before == $now then . else count($before.cell; $before.rank; -1) | count($now.cell; $now.rank; 1) end
      | if $live then . else .out = "" end
    end;
  .out)
