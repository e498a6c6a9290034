"""The counting options of this installation.

A setting that is out of its range is no fault of a photo: counts wait, as for models that do not work, until a person
has put it right. `manage.py check` tells of it before anything starts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from mlpipeline.detectors.engines import Engine, tuned_options
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.manifest import options_for, read_manifest
from mlpipeline.services.option_settings import with_settings
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.options import CountOptions


def estimate_options() -> CountOptions:
    """What this installation's settings and the manifest say; enough to aggregate, where no model runs.

    Raises ModelUnavailable for a setting out of its range.
    """
    with _settings_to_blame():
        return with_settings(options_for(read_manifest().values()))


def count_options(engine: Engine) -> CountOptions:
    """What this installation's settings and the manifest of an engine's weights say.

    Raises ModelUnavailable for a setting out of its range.
    """
    with _settings_to_blame():
        return with_settings(tuned_options(engine))


@contextmanager
def _settings_to_blame() -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise ModelUnavailable(
            _("A setting of counting is out of its range: %(error)s.") % {"error": error}
        ) from error
