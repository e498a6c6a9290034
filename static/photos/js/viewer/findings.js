// What was found in a count, to be looked at: the boxes, containers and areas that the painter draws.

import { diameterOf, KINDS, kindOf } from "../picture/kinds.js";

export class Findings extends EventTarget {
  constructor() {
    super();
    this.boxes = new Map();
    this.containers = [];
    this.estimated = [];
  }

  load(found) {
    const { detections, containers, estimated } = found;
    this.containers = containers.map((container, id) => ({ id, ...container }));
    this.estimated = estimated;
    this.boxes = new Map(detections.x.map((x, i) => [i, {
      key: i,
      x,
      y: detections.y[i],
      w: detections.w[i],
      h: detections.h[i],
      name: detections.class_name[i],
      confidence: detections.confidence[i],
      isAdded: detections.is_added[i],
      deleted: false,
      chunk: -1,
    }]));
    this.dispatchEvent(new CustomEvent("change", { detail: { boxes: null } }));
  }

  // How many boxes of each kind have at least this confidence.
  counts(leastConfidence = 0) {
    const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
    for (const { name, confidence } of this.boxes.values()) if (confidence >= leastConfidence) counts[kindOf(name)] += 1;
    return counts;
  }

  // Diameters in px that part the living plants into four quarters; null where there are none.
  get sizeLimits() {
    const sizes = [...this.boxes.values()].filter(({ name }) => kindOf(name) === "living").map(diameterOf).sort((a, b) => a - b);
    if (!sizes.length) return null;
    return [0.25, 0.5, 0.75].map((share) => Math.round(sizes[Math.floor(share * (sizes.length - 1))]));
  }

  get leastConfidence() {
    return Math.min(1, ...[...this.boxes.values()].map(({ confidence }) => confidence));
  }
}
