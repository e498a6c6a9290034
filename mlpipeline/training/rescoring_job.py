"""Training the second stage: its examples gathered, then the network trained for some minutes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from mlpipeline.detectors.engines import load_first_stage
from mlpipeline.detectors.manifest import require_weights
from mlpipeline.training.rescoring_examples import ExampleWriter
from mlpipeline.training.rescoring_trainer import RescoringData, RescoringRun
from mlpipeline.training.training_job import CHECKPOINT

LEARNING_RATE: Final = 1.5e-3


def gather_examples(
    folder: Path,
    seeds: Sequence[int],
    part: int = 0,
    *,
    parts: int = 1,
    real: Path | None = None,
    kinds: Sequence[str] | None = None,
    close_ups: bool = False,
) -> int:
    """Write the missing examples of one of `parts` of the scenes and of the real pictures; returns of how many.

    Each part may be gathered by a process of its own. Raises ForbiddenSeed, UnusableRealSet.
    """
    writer = ExampleWriter(folder / "examples", load_first_stage)
    count = sum(1 for _name in writer.add_scenes(seeds[part::parts], kinds=kinds, close_ups=close_ups))
    return count + (sum(1 for _name in writer.add_real(real, part, parts)) if real else 0)


def train_rescoring(
    folder: Path, minutes: float, learning_rate: float = LEARNING_RATE, *, resume: bool = False
) -> Iterator[dict[str, float]]:
    """Train the second stage of the default detector on the examples below `folder`; yields its losses.

    Its checkpoint and `log.jsonl` lie in `folder`; resume: go on from that checkpoint on a new schedule.
    Raises FileNotFoundError where there are no examples, or nothing to resume; UnfitExamples.
    """
    checkpoint = folder / CHECKPOINT
    if resume and not checkpoint.is_file():
        raise FileNotFoundError(f"There is nothing to resume: {checkpoint} is missing.")
    files = ExampleWriter(folder / "examples", load_first_stage).files()
    weights = require_weights("detection")
    run = RescoringRun(RescoringData.read(files), weights.architecture, weights.path, learning_rate)
    if resume:
        run.go_on_from(checkpoint)
    with (folder / "log.jsonl").open("a") as stream:
        stream.write(
            json.dumps(
                {"pictures": len(files), "minutes": minutes, "resumed": resume, "detector": weights.name}
            )
            + "\n"
        )
        for report in run.train(minutes, checkpoint):
            stream.write(json.dumps(report) + "\n")
            stream.flush()
            yield report
