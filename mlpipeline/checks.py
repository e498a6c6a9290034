"""System checks of the weights and of the settings of counting. Nothing heavy is imported for it."""

from collections.abc import Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.translation import gettext as _

from mlpipeline.classifier.networks.choosing import AUTO, GENERAL, NURSERY
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.manifest import KINDS, WEIGHTS_FOLDER, options_for, read_manifest, validate_weights
from mlpipeline.services.option_settings import with_settings
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.options import ESTIMATORS

_CLASSIFIERS: Final = (AUTO, GENERAL, NURSERY)


@register("mlpipeline")
def check_weights(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: no readable manifest. E002: a kind without an entry. E003: a file is missing or altered."""
    del app_configs, kwargs
    hint = _(
        "Get the repository's files in mlpipeline/weights again, or train: manage.py train, then install_weights."
    )
    try:
        weights = read_manifest(WEIGHTS_FOLDER)
    except ModelUnavailable as error:
        return [Error(str(error), hint=hint, id="mlpipeline.E001")]
    found: list[CheckMessage] = []
    for kind in KINDS:
        if kind not in weights:
            message = _("The manifest names no weights for %(kind)s.") % {"kind": kind}
            found.append(Error(message, hint=hint, id="mlpipeline.E002"))
        elif fault := validate_weights(weights[kind]):
            found.append(Error(fault, hint=hint, id="mlpipeline.E003"))
    return found


@register("mlpipeline")
def check_counting(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E006: COUNT_ESTIMATOR names no estimator. E007: a number of the COUNT_ settings is out of its range."""
    del app_configs, kwargs
    if settings.COUNT_ESTIMATOR not in ESTIMATORS:
        hint = _("Set it to one of: %(names)s.") % {"names": ", ".join(ESTIMATORS)}
        return [Error("COUNT_ESTIMATOR=" + settings.COUNT_ESTIMATOR, hint=hint, id="mlpipeline.E006")]
    try:
        with_settings(options_for(read_manifest(WEIGHTS_FOLDER).values()))
    except ModelUnavailable:
        return []  # check_weights tells it
    except InvalidInput as error:
        text = f"COUNT_BORDER_SHARE={settings.COUNT_BORDER_SHARE}, COUNT_BATCH_TILES={settings.COUNT_BATCH_TILES}"
        return [Error(f"{text}: {error}", hint=_("No photo is counted with that."), id="mlpipeline.E007")]
    return []


@register("mlpipeline")
def check_classifier(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E004: CLASSIFIER names no model. E005: batches of a size or a wait with which nothing is answered in time."""
    del app_configs, kwargs
    found: list[CheckMessage] = []
    if settings.CLASSIFIER not in _CLASSIFIERS:
        hint = _("Set it to one of: %(names)s.") % {"names": ", ".join(_CLASSIFIERS)}
        found.append(Error("CLASSIFIER=" + settings.CLASSIFIER, hint=hint, id="mlpipeline.E004"))
    if settings.BATCH_SIZE < 1 or not 0 <= settings.BATCH_TIMEOUT < settings.PREDICTION_TIMEOUT_S:
        text = f"BATCH_SIZE={settings.BATCH_SIZE}, BATCH_TIMEOUT={settings.BATCH_TIMEOUT}"
        hint = _("A batch holds at least one picture, and waits from 0 to less than %(limit)d seconds.") % {
            "limit": settings.PREDICTION_TIMEOUT_S
        }
        found.append(Error(text, hint=hint, id="mlpipeline.E005"))
    return found
