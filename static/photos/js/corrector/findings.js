// The boxes, containers and counts by hand on this page, what of them the server has, and the way back (undo).
//
// An entry of the state is a box, the type of a container, or a count by hand. `base` is what the server has of it;
// where the two differ it is dirty and is sent. So undo and redo only change the state, and what was undone before it
// was sent is never sent.

import { containerAt } from "../picture/geometry.js";
import { sumUp } from "./sums.js";

const BOX_FIELDS = ["x", "y", "w", "h", "name", "deleted"];
const MAX_OPERATIONS = 4000; // in one request; the server takes 5000

const same = (a, b, fields) => fields.every((field) => a[field] === b[field]);
const copy = (box) => ({ x: box.x, y: box.y, w: box.w, h: box.h, name: box.name, deleted: box.deleted });
const sameHand = (a, b) => (!a && !b) || (Boolean(a && b) && same(a, b, ["living", "dead", "empty"]));
const tenth = (value) => Math.round(value * 10) / 10;

export class Findings extends EventTarget {
  constructor({ widthPx, heightPx }) {
    super();
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.boxes = new Map(); // by key: the server's id, or "n1", "n2", … until it has given one
    this.containers = [];
    this.types = new Map();
    this.hands = new Map();
    this.base = { types: new Map(), hands: new Map() };
    this.dirty = new Set(); // boxes
    this.undone = [];
    this.done = [];
    this.version = 0;
    this.model = { detected: 0, estimated: 0, dead: 0, empty: 0 };
    this.nextKey = 1;
  }

  // ── what the server has ──
  load(detections, containers, estimations) {
    const rings = new Map();
    estimations.container_id.forEach((id, i) => {
      if (estimations.estimated_count[i] > 0) rings.set(id, [...(rings.get(id) ?? []), ...estimations.vegetation_polygon[i]]);
    });
    this.estimated = estimations.vegetation_polygon.flat();
    this.containers = containers.id.map((id, i) => ({
      id,
      polygon: containers.polygon[i],
      capacity: containers.capacity[i],
      model: {
        detected: containers.model_detected[i],
        estimated: containers.model_estimated[i],
        dead: containers.model_dead[i],
        empty: containers.model_empty[i],
      },
      minusFound: { living: -containers.boxes_living[i], dead: -containers.boxes_dead[i], empty: -containers.boxes_empty[i] },
      rings: rings.get(id) ?? [],
    }));
    const typeOf = containers.id.map((id, i) => [id, containers.type[i]]);
    const handOf = detections.hand_counts.map((c) => [c.container_id, { living: c.living, dead: c.dead, empty: c.empty }]);
    this.types = new Map(typeOf);
    this.hands = new Map(handOf);
    this.base = { types: new Map(typeOf), hands: new Map(handOf) };
    this.model = detections.model_sums;
    this.version = detections.version;
    this.boxes.clear();
    this.dirty.clear();
    this.done = [];
    this.undone = [];
    detections.id.forEach((id, i) => {
      const box = {
        key: String(id),
        id,
        x: detections.center_x[i],
        y: detections.center_y[i],
        w: detections.width_px[i],
        h: detections.height_px[i],
        name: detections.class_name[i],
        container: detections.container_id[i],
        deleted: false,
        isAdded: id < 0,
        chunk: -1,
      };
      box.base = copy(box);
      this.boxes.set(box.key, box);
    });
    this.#changed(null);
  }

  // ── edits: each is one step of undo ──
  add({ x, y, w, h, name }) {
    const key = `n${this.nextKey++}`;
    this.boxes.set(key, { key, id: null, base: null, chunk: -1, isAdded: true, x, y, w, h, name, deleted: true, container: null });
    this.#commit([{ key, after: { x, y, w, h, name, deleted: false } }]);
    return this.boxes.get(key);
  }

  edit(boxes, change) {
    const current = boxes.map(({ key }) => this.boxes.get(key)).filter(Boolean); // a drag may outlast a load
    this.#commit(current.map((box) => ({ key: box.key, after: { ...copy(box), ...change(box) } })));
  }

  delete(boxes) {
    this.edit(boxes, () => ({ deleted: true }));
  }

  relabel(boxes, name) {
    this.edit(boxes.filter((box) => box.name !== name), () => ({ name }));
  }

  retype(containerId, type) {
    this.#commit([{ type: containerId, after: type }]);
  }

  countByHand(containerId, count) {
    this.#commit([{ hand: containerId, after: count }]);
  }

  undo() {
    return this.#step(this.done, this.undone, "before");
  }

  redo() {
    return this.#step(this.undone, this.done, "after");
  }

  #commit(changes) {
    for (const change of changes) change.before = this.#read(change);
    const real = changes.filter((change) => !this.#equal(change, change.before, change.after));
    if (!real.length) return;
    this.done.push(real);
    this.undone = [];
    this.#apply(real, "after");
  }

  #step(from, to, which) {
    const changes = from.pop();
    if (!changes) return false;
    to.push(changes);
    this.#apply(which === "before" ? [...changes].reverse() : changes, which);
    return true;
  }

  #read(change) {
    if ("key" in change) return copy(this.boxes.get(change.key));
    return "type" in change ? this.types.get(change.type) : this.hands.get(change.hand);
  }

  #equal(change, a, b) {
    if ("key" in change) return same(a, b, BOX_FIELDS);
    return "type" in change ? a === b : sameHand(a, b);
  }

  #apply(changes, which) {
    const touched = [];
    for (const change of changes) {
      const value = change[which];
      if ("key" in change) touched.push(this.#set(this.boxes.get(change.key), value));
      else if ("type" in change) this.types.set(change.type, value);
      else if (value) this.hands.set(change.hand, value);
      else this.hands.delete(change.hand);
    }
    this.#changed(touched);
  }

  #set(box, value) {
    const moved = box.x !== value.x || box.y !== value.y || box.container === null;
    Object.assign(box, value);
    box.x = tenth(box.x);
    box.y = tenth(box.y);
    box.w = tenth(box.w);
    box.h = tenth(box.h);
    if (moved) box.container = containerAt(box.x, box.y, this.containers);
    box.replaces = undefined;
    this.#mark(box);
    return box;
  }

  #mark(box) {
    const isClean = box.base ? same(box, box.base, BOX_FIELDS) : box.deleted;
    if (isClean) this.dirty.delete(box);
    else this.dirty.add(box);
  }

  #changed(boxes) {
    this.sums = sumUp({ boxes: this.boxes.values(), containers: this.containers, hands: this.hands, model: this.model });
    this.dispatchEvent(new CustomEvent("change", { detail: { boxes } }));
  }

  // ── asked while drawing and pointing ──
  // The box around a point whose middle is nearest, or null; `reach` px around it count too.
  boxAt(x, y, reach = 0) {
    let best = null;
    let bestDistance = Infinity;
    for (const box of this.boxes.values()) {
      if (box.deleted) continue;
      const dx = Math.abs(box.x - x);
      const dy = Math.abs(box.y - y);
      if (dx > box.w / 2 + reach || dy > box.h / 2 + reach) continue;
      const distance = dx * dx + dy * dy;
      if (distance < bestDistance) [best, bestDistance] = [box, distance];
    }
    return best;
  }

  // Whether a point lies on the mark of a box, as it is drawn: beside it, also within its corners, there is room for one.
  isOnMark(box, x, y) {
    return ((x - box.x) / (box.w * 0.4)) ** 2 + ((y - box.y) / (box.h * 0.4)) ** 2 <= 1;
  }

  // The sides that a new box takes here: the middle one of the nearest plants, so that it fits among them.
  usualSides(x, y) {
    const near = [...this.boxes.values()]
      .filter((box) => !box.deleted)
      .map((box) => [Math.hypot(box.x - x, box.y - y), box])
      .sort((a, b) => a[0] - b[0])
      .slice(0, 9)
      .map(([, box]) => box);
    const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
    const fallback = Math.max(4, Math.min(this.widthPx, this.heightPx) / 40);
    if (!near.length) return { w: tenth(fallback), h: tenth(fallback) };
    return { w: middle(near.map((box) => box.w)), h: middle(near.map((box) => box.h)) };
  }

  // ── what is to be sent ──
  get unsaved() {
    return this.dirty.size + this.#dirtyTypes().length + this.#dirtyHands().length;
  }

  #dirtyTypes() {
    return [...this.types].filter(([id, type]) => this.base.types.get(id) !== type);
  }

  #dirtyHands() {
    return [...new Set([...this.hands.keys(), ...this.base.hands.keys()])].filter(
      (id) => !sameHand(this.hands.get(id), this.base.hands.get(id)),
    );
  }

  // {body, sent}: the operations of a PATCH, and what is noted as the server's once it has answered.
  takeUnsaved() {
    const body = { restore: [], add: [], move: [], relabel: [], delete: [], retype: [], hand_counts: [] };
    const sent = { boxes: [], types: [], hands: [] };
    let left = MAX_OPERATIONS;
    for (const box of this.dirty) {
      if (left <= 0) break;
      const place = { center_x: box.x, center_y: box.y, width_px: box.w, height_px: box.h };
      if (box.id === null) {
        body.add.push({ ...place, class_name: box.name });
        left -= 1;
      } else if (box.deleted) {
        if (!box.base.deleted) body.delete.push(box.id);
        left -= 1;
      } else {
        if (box.base.deleted) body.restore.push(box.id);
        if (!same(box, box.base, ["x", "y", "w", "h"])) body.move.push({ id: box.id, ...place });
        if (box.name !== box.base.name) body.relabel.push({ id: box.id, class_name: box.name });
        left -= 3;
      }
      sent.boxes.push({ key: box.key, ...(box.deleted && box.base ? { ...box.base, deleted: true } : copy(box)) });
    }
    for (const [id, type] of this.#dirtyTypes()) {
      body.retype.push({ container_id: id, type });
      sent.types.push([id, type]);
    }
    for (const id of this.#dirtyHands()) {
      const count = this.hands.get(id) ?? null;
      body.hand_counts.push({ container_id: id, ...(count ?? { living: null }) });
      sent.hands.push([id, count]);
    }
    for (const [name, rows] of Object.entries(body)) if (!rows.length) delete body[name];
    return { body, sent };
  }

  // Note that the server has taken what `takeUnsaved` gave.
  markSaved(sent, { version, added_ids: ids }) {
    let next = 0;
    for (const { key, ...state } of sent.boxes) {
      const box = this.boxes.get(key);
      if (!box) continue;
      if (box.id === null) box.id = ids[next++];
      box.base = state;
      this.#mark(box);
    }
    for (const [id, type] of sent.types) this.base.types.set(id, type);
    for (const [id, count] of sent.hands) {
      if (count) this.base.hands.set(id, count);
      else this.base.hands.delete(id);
    }
    this.version = version;
  }

  // ── what is kept on the device ──
  // `underway`: what was sent and is not answered yet; a box of it may look clean and still differ from what arrives.
  toDraft(underway) {
    const sent = (underway?.sent.boxes ?? []).map(({ key }) => this.boxes.get(key)).filter(Boolean);
    return {
      version: this.version,
      boxes: [...new Set([...this.dirty, ...sent])].map((box) => ({ key: box.key, id: box.id, ...copy(box) })),
      types: this.#dirtyTypes(),
      hands: this.#dirtyHands().map((id) => [id, this.hands.get(id) ?? null]),
    };
  }

  // Lay changes that were kept over what the server has now. Returns how many there were.
  applyDraft(draft) {
    const touched = [];
    for (const { key, id, ...state } of draft.boxes) {
      let box = id === null ? null : this.boxes.get(String(id));
      if (id !== null && !box) continue; // somebody else has deleted it meanwhile
      if (!box && state.deleted) continue;
      if (!box) {
        const own = `n${this.nextKey++}`;
        box = { key: own, id: null, base: null, chunk: -1, isAdded: true, container: null, deleted: true, x: 0, y: 0 };
        this.boxes.set(own, box);
      }
      touched.push(this.#set(box, state));
    }
    for (const [id, type] of draft.types) if (this.types.has(id)) this.types.set(id, type);
    for (const [id, count] of draft.hands) {
      if (count) this.hands.set(id, count);
      else this.hands.delete(id);
    }
    this.#changed(null);
    return touched.length + draft.types.length + draft.hands.length;
  }
}
