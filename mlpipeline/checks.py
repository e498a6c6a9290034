"""System checks: the weights are there and are those that were shipped. Nothing heavy is imported for it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.utils.translation import gettext as _

from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.manifest import KINDS, WEIGHTS_FOLDER, find_fault, read_manifest


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
        elif fault := find_fault(weights[kind]):
            found.append(Error(fault, hint=hint, id="mlpipeline.E003"))
    return found
