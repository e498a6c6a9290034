"""`manage.py train_classifier`: the nursery's own answer to what a picture shows."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from mlpipeline.classifier.networks.features import feature_network
from mlpipeline.classifier.networks.head import save_head
from mlpipeline.classifier.services.samples import read_samples, sampled_families
from mlpipeline.training.classifier_head import Fit, Sample, fit_head
from mlpipeline.training.species_samples import render_samples

_SEED: Final = 51_000  # of the first scene: one of TRAINING_SEEDS, on which nothing is measured
_NOTED_EVERY: Final = 100


class Command(BaseCommand):
    """Trains on the sample images of products, and says how well it does on pictures that it has not seen."""

    help = "Train the nursery's own classifier from product sample images, corrected feedback and rendered scenes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--min-pictures", type=int, default=5, help="a product with fewer samples is left out (default 5)"
        )
        parser.add_argument(
            "--scenes",
            type=int,
            default=0,
            help="scenes to render for genera of which no product has samples (120 give some 30 pictures of each)",
        )
        parser.add_argument("--out", type=Path, default=Path(settings.CLASSIFIER_HEAD_FILE))

    def handle(self, *args: Any, **options: Any) -> None:
        samples = [Sample(label, picture, group=name) for label, name, picture in read_samples()]
        samples += render_samples(options["scenes"], seed=_SEED, without=sampled_families())
        kept = self._enough(samples, options["min_pictures"])
        if len({sample.label for sample in kept}) < 2:
            raise CommandError(
                _(
                    "There is too little to learn from: two products with %(number)d sample images each are the least. "
                    "Add some in the administration, or learn genera from rendered scenes: --scenes 120."
                )
                % {"number": options["min_pictures"]}
            )
        fit = fit_head(kept, feature_network(), note=self._note)
        sha256 = save_head(fit.head, options["out"])
        self._report(fit)
        self.stdout.write(
            _("Written to %(path)s (%(version)s). Workers use it from their next answer on.")
            % {"path": options["out"], "version": sha256[:8]}
        )

    def _enough(self, samples: list[Sample], least: int) -> list[Sample]:
        counts = Counter(sample.label for sample in samples)
        for label, count in sorted(counts.items()):
            if count < least:
                self.stdout.write(
                    _("%(label)s is left out: %(count)d of at least %(least)d pictures.")
                    % {"label": label, "count": count, "least": least}
                )
        return [sample for sample in samples if counts[sample.label] >= least]

    def _note(self, done: int) -> None:
        if done % _NOTED_EVERY == 0:
            self.stdout.write(_("%(done)d pictures read") % {"done": done})

    def _report(self, fit: Fit) -> None:
        for label, (right, of) in fit.per_label.items():
            self.stdout.write(f"  {label:<40} {right}/{of}")
        self.stdout.write(
            _(
                "%(percent).1f %% right of %(pictures)d pictures that were left out in turn (log loss %(loss).2f)."
            )
            % {"percent": 100 * fit.accuracy, "pictures": fit.pictures, "loss": fit.log_loss}
        )
