"use strict";

/**
 * The reader of pages without a page: what it shows of histories, as JSON.
 *
 * A line in is what a page embeds, and where to look: {"data":…,"seeks":[[count,…],…]}, a count a space. A line out is
 * a list a seek, with an entry a space.
 */

const { readFileSync } = require("node:fs");
const readline = require("node:readline");
const vm = require("node:vm");

vm.runInThisContext(`${readFileSync(process.argv[2], "utf8")};globalThis.History = History;`);

/** What is shown of a space, with the numbers of the events that did it. */
function shown(history) {
  const value = (number) => (number < 0 ? undefined : history.data.values[number]);
  history.resolve();
  const nodes = history.nodes.filter((node) => node.visible).sort((a, b) => a.rank - b.rank || a.index - b.index);
  return {
    nodes: nodes.map((node) => ({
      node_id: node.id,
      tile: history.data.tiles[node.tile],
      parent: node.parent?.id,
      created: node.created,
      registers: Object.fromEntries(node.registers().map(([name, written, event]) => [name, [written, event]])),
    })),
    links: history.shownLinks().map((link) => ({
      from_node: link.from.survivor.id,
      relation: link.relation,
      to_node: link.to.survivor.id,
      properties: value(link.standing().value),
      event: link.standing().event,
    })),
    sensors: history.sensors.filter((sensor) => sensor.reading !== null).map(({ actor, name, reading }) => ({
      actor_id: actor,
      sensor: name,
      value: value(reading.value) ?? null,
      unit: value(reading.unit),
      node_id: history.nodes[reading.node]?.id,
      position: value(reading.position),
      event: reading.event,
    })),
  };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { data, seeks } = JSON.parse(line);
  const histories = data.spaces.map((space) => new History(space, data.filter));
  const look = (counts) =>
    histories.map((history, i) => {
      history.seek(counts[i]);
      return history.at === counts[i] ? shown(history) : `is at ${history.at}`;
    });
  process.stdout.write(`${JSON.stringify(seeks.map(look))}\n`);
});
