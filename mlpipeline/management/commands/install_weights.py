"""`manage.py install_weights`: make a trained checkpoint the default."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from mlpipeline.detectors.manifest import KINDS, WEIGHTS_FOLDER, Weights
from mlpipeline.detectors.rescoring_network import SECOND_STAGE
from mlpipeline.training.install_weights import Installation, install_rescoring, install_weights
from mlpipeline.training.training_job import CHECKPOINT
from mlpipeline.vision.errors import InvalidInput


class Command(BaseCommand):
    """Writes a checkpoint, its manifest entry and its model card into the folder of the weights."""

    help = _("Make the last checkpoint of a training the default weights.")
    requires_system_checks: list[str] = []  # the weights that are being replaced may be missing

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=[*KINDS, SECOND_STAGE])
        parser.add_argument(
            "--confidence", type=float, required=True, help=_("least score of a detection, 0 to 1")
        )
        parser.add_argument(
            "--dead-gain",
            type=float,
            default=0.0,
            help=_("added to the logit of dead plants, so that as many are named as there are"),
        )
        parser.add_argument(
            "--blend",
            type=float,
            default=1.0,
            metavar="SHARE",
            help=_("average the checkpoint, by this share, with the default weights it began with"),
        )
        # Not --version: every command has that one already.
        parser.add_argument(
            "--release", required=True, help=_("what these weights are called, e.g. 2026-11-21")
        )
        parser.add_argument(
            "--folder", type=Path, default=None, help=_("where the training kept its checkpoints")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"] or settings.DATA_HOME / "training"
        checkpoint = folder / options["kind"] / CHECKPOINT
        try:
            weights = _install(options, checkpoint)
        except FileNotFoundError as error:
            raise CommandError(_("There is no checkpoint %(path)s.") % {"path": checkpoint}) from error
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            _("Installed %(name)s (%(sha)s).") % {"name": weights.name, "sha": weights.sha256[:12]}
        )
        self.stdout.write(_("Restart all workers: those that run keep the weights that they have loaded."))


def _install(options: dict[str, Any], checkpoint: Path) -> Weights:
    if options["kind"] == SECOND_STAGE:
        return install_rescoring(checkpoint, options["confidence"], options["release"], WEIGHTS_FOLDER)
    installation = Installation(
        options["kind"],
        checkpoint,
        options["confidence"],
        options["release"],
        options["dead_gain"],
        options["blend"],
    )
    return install_weights(installation, WEIGHTS_FOLDER)
