"""Which classifier answers, loaded once a process, and again when the nursery has trained a new one."""

import threading
from pathlib import Path
from typing import Final

from django.conf import settings

from mlpipeline.classifier.networks.general import GeneralClassifier
from mlpipeline.classifier.networks.nursery import NurseryClassifier
from mlpipeline.classifier.networks.protocols import Classifier

AUTO: Final = "auto"
GENERAL: Final = "general"
NURSERY: Final = "nursery"

_loaded: dict[tuple[str, float], Classifier] = {}  # at most one
_lock = threading.Lock()  # the threads of a batch ask at the same time: one loads, the others wait for it


def load_classifier() -> Classifier:
    """The classifier that CLASSIFIER names; `auto` is the nursery's own as soon as there is one.

    Raises ModelUnavailable where it is missing or cannot be read.
    """
    path = Path(settings.CLASSIFIER_HEAD_FILE)
    is_own = settings.CLASSIFIER == NURSERY or (settings.CLASSIFIER == AUTO and path.is_file())
    key = (NURSERY, path.stat().st_mtime if path.is_file() else 0.0) if is_own else (GENERAL, 0.0)
    with _lock:
        if key not in _loaded:
            classifier: Classifier = NurseryClassifier(path) if is_own else GeneralClassifier()
            _loaded.clear()
            _loaded[key] = classifier
        return _loaded[key]


def load_own_classifier() -> Classifier | None:
    """The nursery's own classifier; None where it has trained none, or CLASSIFIER wants the general one.

    Raises ModelUnavailable where it is there and cannot be read.
    """
    if settings.CLASSIFIER == GENERAL or not Path(settings.CLASSIFIER_HEAD_FILE).is_file():
        return None
    return load_classifier()
