"""Task-aligned label assignment over the pairs that can match, instead of over all boxes × all anchors.

The method is that of Ultralytics' `TaskAlignedAssigner` (TOOD, Feng et al. 2021; PP-YOLOE): an anchor may belong to a
box that holds its centre; of those the `topk` with the highest `score^alpha · CIoU^beta` are its positives; an anchor
wanted by several goes to the one it overlaps most. The original fills (boxes, anchors) tables; a crowd of 260 plants
has a million pairs of which some ten thousand can match, and the tables took 40 % of a training step on a CPU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from ultralytics.utils.metrics import bbox_iou
from ultralytics.utils.tal import TaskAlignedAssigner


def ranks_within(groups: Tensor, values: Tensor) -> Tensor:
    """(N,) place of each value among those of its group, the largest first; `groups` (N,) are whole numbers."""
    by_value = torch.argsort(values, descending=True, stable=True)
    order = by_value[torch.argsort(groups[by_value], stable=True)]
    _, counts = torch.unique_consecutive(groups[order], return_counts=True)
    first = torch.repeat_interleave(counts.cumsum(0) - counts, counts)
    ranks = torch.empty_like(order)
    ranks[order] = torch.arange(len(order), device=order.device) - first
    return ranks


class PairAssigner(TaskAlignedAssigner):
    """Assigns as its parent does; memory and time grow with the pairs that can match."""

    def _forward(
        self,
        pd_scores: Tensor,
        pd_bboxes: Tensor,
        anc_points: Tensor,
        gt_labels: Tensor,
        gt_bboxes: Tensor,
        mask_gt: Tensor,
        **extra: Any,  # of rotated boxes, which we have none of
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Assign as the parent does, over the pairs that can match.

        Scores (B, A, C), boxes (B, A, 4) px, anchors (A, 2) px, labels (B, G, 1), true boxes (B, G, 4) px, and whether
        those are any (B, G, 1).
        """
        batch, anchors, classes = pd_scores.shape
        image, box, anchor = self._candidates(anc_points, gt_bboxes, mask_gt)
        labels = gt_labels[image, box, 0].long()
        overlap = (
            bbox_iou(gt_bboxes[image, box], pd_bboxes[image, anchor], xywh=False, CIoU=True)
            .squeeze(-1)
            .clamp_(0)
        )
        alignment = pd_scores[image, anchor, labels].pow(self.alpha) * overlap.pow(self.beta)

        owner = image * self.n_max_boxes + box  # a box of the batch
        place = image * anchors + anchor  # an anchor of the batch
        # Without any overlap a pair weighs nothing in the loss, so it is no suitor either.
        wanted = (ranks_within(owner, alignment) < self.topk) & (alignment > 0)
        suitors = torch.zeros(batch * anchors, dtype=torch.long, device=place.device)
        suitors.index_add_(0, place[wanted], torch.ones_like(place[wanted]))
        closest = ranks_within(place, overlap) == 0
        chosen = torch.where(suitors[place] > 1, closest, wanted)

        image, box, anchor, labels = image[chosen], box[chosen], anchor[chosen], labels[chosen]
        owner, alignment, overlap = owner[chosen], alignment[chosen], overlap[chosen]
        best_alignment = self._largest(owner, alignment, batch)
        best_overlap = self._largest(owner, overlap, batch)
        score = alignment * best_overlap[owner] / (best_alignment[owner] + self.eps)

        target_labels = torch.zeros(batch, anchors, dtype=torch.long, device=labels.device)
        target_bboxes = torch.zeros_like(pd_bboxes)
        target_scores = torch.zeros(batch, anchors, classes, dtype=score.dtype, device=score.device)
        foreground = torch.zeros(batch, anchors, dtype=torch.bool, device=score.device)
        indices = torch.zeros_like(target_labels)
        target_labels[image, anchor] = labels
        target_bboxes[image, anchor] = gt_bboxes[image, box]
        target_scores[image, anchor, labels] = score
        foreground[image, anchor] = True
        indices[image, anchor] = box
        return target_labels, target_bboxes, target_scores, foreground, indices

    def _candidates(self, points: Tensor, boxes: Tensor, valid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(P,) image, box and anchor of every pair in which the box, at least `stride_val` wide, holds the centre."""
        image, box = valid.squeeze(-1).nonzero(as_tuple=True)
        corners = boxes[image, box]
        middle = (corners[:, :2] + corners[:, 2:]) / 2
        half = (corners[:, 2:] - corners[:, :2]).clamp_min(self.stride_val) / 2
        low, high = middle - half, middle + half
        inside = (points[:, 0] > low[:, :1]) & (points[:, 0] < high[:, :1])
        inside &= (points[:, 1] > low[:, 1:]) & (points[:, 1] < high[:, 1:])
        row, anchor = inside.nonzero(as_tuple=True)
        return image[row], box[row], anchor

    def _largest(self, owner: Tensor, values: Tensor, batch: int) -> Tensor:
        """(B · G,) largest value of each box, 0 for boxes without any."""
        largest = torch.zeros(batch * self.n_max_boxes, dtype=values.dtype, device=values.device)
        return largest.scatter_reduce_(0, owner, values, "amax")
