// Points and polygons in pixels of the picture. The server computes the same (photos/polygons.py).

// Whether a point lies inside rings [[x, y], …] by the even-odd rule: a ring within a ring is a hole.
export function isInside(x, y, rings) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i];
      const [xj, yj] = ring[j];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}

export function ringArea(ring) {
  let doubled = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    doubled += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
  }
  return Math.abs(doubled) / 2;
}

function distanceToRing(x, y, ring) {
  let least = Infinity;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [x0, y0] = ring[j];
    const dx = ring[i][0] - x0;
    const dy = ring[i][1] - y0;
    const share = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / Math.max(dx * dx + dy * dy, 1e-12)));
    least = Math.min(least, Math.hypot(x - x0 - share * dx, y - y0 - share * dy));
  }
  return least;
}

// The id of the smallest container around a point, else of the nearest one; null where there is none.
export function containerAt(x, y, containers) {
  let best = null;
  let bestArea = Infinity;
  for (const container of containers) {
    const area = (container.area ??= ringArea(container.polygon));
    if (area < bestArea && isInside(x, y, [container.polygon])) [best, bestArea] = [container, area];
  }
  if (best) return best.id;
  let bestDistance = Infinity;
  for (const container of containers) {
    const distance = container.polygon.length ? distanceToRing(x, y, container.polygon) : Infinity;
    if (distance < bestDistance) [best, bestDistance] = [container, distance];
  }
  return best ? best.id : null;
}

export const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
