"""Which scene seeds may be used for what, so that no weight is measured on a scene it was trained on.

The three ranges are disjoint by construction; `train` refuses every seed outside `TRAINING_SEEDS`.
"""

TRAINING_SEEDS = range(1_000, 600_000)
HELD_OUT_SEEDS = range(700_000, 800_000)
DEMO_SEEDS = frozenset(range(900_000, 900_100))
