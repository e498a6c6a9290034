"""The settings of this installation that say how photos are counted, as options of a count."""

from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings

from mlpipeline.vision.options import CountOptions

#: Setting → the option that it is.
OPTION_SETTINGS: Final = MappingProxyType(
    {
        "COUNT_LARGEST_SEGMENT_ONLY": "largest_segment_only",
        "COUNT_WHOLE_CONTAINERS_ONLY": "whole_containers_only",
        "COUNT_BORDER_SHARE": "border_share",
        "COUNT_ESTIMATOR": "estimator",
    }
)


def with_settings(options: CountOptions) -> CountOptions:
    """Options as this installation is set. Raises InvalidInput for a setting out of its range."""
    chosen: dict[str, Any] = {option: getattr(settings, name) for name, option in OPTION_SETTINGS.items()}
    return replace(options, batch_tiles=settings.COUNT_BATCH_TILES or options.batch_tiles, **chosen)


def deviating_settings(options: CountOptions) -> dict[str, object]:
    """The settings of a count that are not what an installation comes with."""
    usual = {field.name: field.default for field in fields(CountOptions)}
    return {
        name: getattr(options, option)
        for name, option in OPTION_SETTINGS.items()
        if getattr(options, option) != usual[option]
    }
