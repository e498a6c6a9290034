// What a box stands for in the sums: every class but the dead and the empty is a living plant.

// Living plants by their diameter, small to large: the quarters of a photo.
export const SIZES = ["size-0", "size-1", "size-2", "size-3"];

export const KINDS = ["living", "dead", "empty"];

export const kindOf = (className) => (className === "dead" || className === "empty" ? className : "living");

// px of the picture
export const diameterOf = (box) => (box.w + box.h) / 2;
