"""`manage.py ablate`: what each rule of counting is worth, on photos whose truth is known."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from demeter.errors import DemeterError
from mlpipeline.detectors.engines import YoloEngine, build_engine, load_engine, tuned_options
from mlpipeline.evaluation.ablation import AblatedPhoto, RuleSwitch, ablate_photo
from mlpipeline.evaluation.ablation_tables import ablation_tables
from mlpipeline.evaluation.candidate_weights import weights_to_measure
from mlpipeline.evaluation.dataset_reader import PHOTO_FAULTS, PhotoFailure, TruePhoto, read_photos
from mlpipeline.evaluation.ground_truth import find_pictures
from mlpipeline.evaluation.host_info import machine_class
from mlpipeline.evaluation.recorded_models import RecordedDetector
from mlpipeline.vision.imaging.pyramid import shared_pyramid
from mlpipeline.vision.rules import SEGMENTER_RULES, Rule


class Command(BaseCommand):
    """Counts each photo with all rules, then with one rule off at a time; the networks run once a photo."""

    help = _("Switch off one rule of counting at a time, over folders of photos whose truth is known.")
    requires_system_checks: list[str] = []  # the weights are checked when they are loaded

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folders", type=Path, nargs="+", metavar="DIR", help=_("each is a group of its own in the tables")
        )
        parser.add_argument(
            "--rules", nargs="+", choices=[rule.value for rule in Rule], metavar="RULE", help=_("only these")
        )
        parser.add_argument(
            "--model", type=Path, metavar="FILE", help=_("weights in place of the shipped ones")
        )
        parser.add_argument(
            "--cache", type=Path, metavar="DIR", help=_("keep what the detector saw, for the next run")
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help=_("write every photo's figures"))
        parser.add_argument("--markdown", action="store_true", help=_("print Markdown, for a page"))
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help=_("of the tables"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("ultralytics").setLevel(logging.ERROR)
        rules = [Rule(name) for name in options["rules"] or list(Rule)]
        pictures = {folder: find_pictures(folder) for folder in options["folders"]}
        if bare := [str(folder) for folder, found in pictures.items() if not found]:
            raise CommandError(_("There are no photos in %(folder)s.") % {"folder": ", ".join(bare)})
        engine = _engine(options["model"])
        photos: list[AblatedPhoto] = []
        with translation.override(options["language"]):
            number = sum(map(len, pictures.values()))
            for folder, found in pictures.items():
                for photo in read_photos(folder, found, _("no truth beside it")):
                    ablated = self._ablated(folder, photo, engine, rules, options["cache"])
                    if ablated is not None:
                        photos.append(ablated)
                        whole = ablated.whole.total
                        self.stderr.write(f"{len(photos)}/{number}  {ablated.file}: {whole} / {ablated.true}")
            if not photos:
                raise CommandError(_("No photo could be measured."))
            self._print(photos, rules, engine, options)
        if options["json"]:
            options["json"].write_text(json.dumps([_as_json(photo) for photo in photos], indent=1) + "\n")

    def _ablated(
        self,
        folder: Path,
        photo: TruePhoto | PhotoFailure,
        engine: YoloEngine,
        rules: Sequence[Rule],
        cache: Path | None,
    ) -> AblatedPhoto | None:
        """A photo with each rule off; None for one that cannot be measured, which is told."""
        if isinstance(photo, TruePhoto):
            try:
                with contextlib.redirect_stdout(sys.stderr):  # libraries print
                    return _ablate(folder, photo, engine, rules, cache)
            except PHOTO_FAULTS as error:
                photo = PhotoFailure(photo.name, str(error))
        self.stderr.write(f"{photo.name}: {photo.reason}")
        return None

    def _print(
        self,
        photos: Sequence[AblatedPhoto],
        rules: Sequence[Rule],
        engine: YoloEngine,
        options: dict[str, Any],
    ) -> None:
        for table in ablation_tables(photos, rules):
            self.stdout.write(f"{table.as_markdown() if options['markdown'] else table.as_text()}\n")
        self.stdout.write(
            _("%(date)s, %(machine)s; photos: %(photos)d; %(models)s.")
            % {
                "date": f"{timezone.now():%Y-%m-%d}",
                "machine": machine_class(),
                "photos": len(photos),
                "models": ", ".join(weights.name for weights in engine.weights),
            }
        )


def _engine(model: Path | None) -> YoloEngine:
    """Our engine. Raises CommandError where weights are missing."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            engine = load_engine() if model is None else build_engine("auto", weights_to_measure(model))
    except FileNotFoundError as error:
        raise CommandError(_("There are no weights %(path)s.") % {"path": model}) from error
    except DemeterError as error:
        raise CommandError(str(error)) from error
    if not isinstance(engine, YoloEngine):
        raise CommandError(_("Rules are switched in our own engine alone."))
    return engine


def _ablate(
    folder: Path, photo: TruePhoto, engine: YoloEngine, rules: Sequence[Rule], cache: Path | None
) -> AblatedPhoto:
    options = tuned_options(engine)
    names = f"{engine.name} {options.confidence} " + " ".join(weights.sha256 for weights in engine.weights)
    place = hashlib.sha256(names.encode() + photo.image.tobytes()).hexdigest()
    file = None if cache is None else cache / f"{place}.npz"
    detector = RecordedDetector(engine.tile_detector(options), file)
    segmenters = {
        frozenset({rule}): engine.yolo_segmenter.without({rule}) for rule in SEGMENTER_RULES & set(rules)
    }
    with shared_pyramid(photo.image):
        chosen = {**segmenters, frozenset(): engine.segmenter}
        switch = RuleSwitch(photo.image, chosen, detector, options, engine.rescorer)
        ablated = ablate_photo(folder.name, photo.name, switch, photo.truth, rules)
    detector.save()
    return ablated


def _as_json(photo: AblatedPhoto) -> dict[str, Any]:
    return {
        "group": photo.group,
        "file": photo.file,
        "true": photo.true,
        "whole": asdict(photo.whole),
        "without": {rule.value: asdict(outcome) for rule, outcome in photo.without.items()},
    }
