// What the count adds up to with the corrections, saved or not: the same rules as photos/services/corrections/sums.py.

import { isInside } from "../picture/geometry.js";
import { kindOf } from "../picture/kinds.js";

const changed = (model, change, replaced) => {
  const detected = Math.max(0, model.detected + change.living + change.dead);
  return {
    detected,
    estimated: Math.max(0, model.estimated - replaced),
    dead: Math.min(Math.max(0, model.dead + change.dead), detected),
    empty: Math.max(0, model.empty + change.empty),
  };
};

const byHand = (count, marked) => ({
  detected: count.living + count.dead,
  estimated: 0,
  dead: count.dead,
  empty: count.empty ?? marked.empty,
});

export const livingOf = (sums) => sums.detected + sums.estimated - sums.dead;

// Whether a box that a person added stands where hidden plants of its container were estimated.
export const replacesEstimate = (box, container) =>
  Boolean(container) && kindOf(box.name) !== "empty" && isInside(box.x, box.y, container.rings);

// {photo, containers: Map of id → sums}; each has detected, estimated, dead, empty.
export function sumUp({ boxes, containers, hands, model }) {
  const changes = new Map(containers.map((c) => [c.id, { ...c.minusFound }]));
  changes.set(null, { living: 0, dead: 0, empty: 0 });
  const replaced = new Map();
  const byId = new Map(containers.map((c) => [c.id, c]));
  for (const box of boxes) {
    if (box.deleted) continue;
    const change = changes.get(box.container) ?? changes.get(null);
    change[kindOf(box.name)] += 1;
    if (box.isAdded && (box.replaces ??= replacesEstimate(box, byId.get(box.container)))) {
      replaced.set(box.container, (replaced.get(box.container) ?? 0) + 1);
    }
  }
  const sums = new Map();
  let photo = { ...model };
  for (const container of containers) {
    const marked = changed(container.model, changes.get(container.id), replaced.get(container.id) ?? 0);
    const hand = hands.get(container.id);
    const own = hand ? byHand(hand, marked) : marked;
    sums.set(container.id, own);
    for (const name of Object.keys(photo)) photo[name] = Math.max(0, photo[name] + own[name] - container.model[name]);
  }
  photo = changed(photo, changes.get(null), 0);
  if (hands.has(null)) photo = byHand(hands.get(null), photo);
  return { photo, containers: sums };
}
