"use strict";

/**
 * Puts the ids of a thing onto the element that tells of it: `data-node-id`, and `data-event-id`, the event that last
 * set what is shown. One that does not apply is taken away.
 */
function identify(element, history, thing) {
  const [node, event] = thing === null ? [null, -1] : identityOf(history, thing);
  const put = (name, value) => (value === null ? delete element.dataset[name] : (element.dataset[name] = value));
  put("nodeId", node);
  put("eventId", eventNameOf(history, event));
}

/** The name of an event; null for none. What a macro made is named after the macro's event. */
function eventNameOf(history, event) {
  return event < 0 ? null : history.data.id[event].split("#")[0];
}

/** The id of the node that a thing is, or is read at, and the event that last set it; null and -1 for none. */
function identityOf(history, { node, link, sensor }) {
  if (node) {
    const events = [...node.values.values()].map((written) => written.event);
    return [node.id, events.reduce((last, event) => Math.max(last, event), node.created)];
  }
  if (link) return [null, link.standing()?.event ?? -1];
  const { reading } = sensor;
  if (reading === null) return [null, -1];
  return [reading.node < 0 ? null : history.nodes[reading.node].id, reading.event];
}
