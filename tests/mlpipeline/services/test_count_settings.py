"""Settings of counting: what they change, and that a wrong one is no fault of a photo."""

from types import SimpleNamespace

import pytest

from demeter.errors import TemporaryError
from mlpipeline.detectors.manifest import read_manifest
from mlpipeline.services.count_settings import count_options, estimate_options
from mlpipeline.services.option_settings import deviating_settings


@pytest.fixture
def engine():
    """An engine of the shipped weights, of which no network is loaded."""
    return SimpleNamespace(weights=tuple(read_manifest().values()), prefers_batches=False)


@pytest.mark.parametrize(
    ("name", "value"), [("COUNT_BORDER_SHARE", 25.0), ("COUNT_BATCH_TILES", -1), ("COUNT_ESTIMATOR", "guess")]
)
def test_with_a_wrong_setting_counts_wait_for_a_person(settings, engine, name, value):
    setattr(settings, name, value)
    for options in (estimate_options, lambda: count_options(engine)):
        with pytest.raises(TemporaryError) as refused:
            options()
        assert str(value) in str(refused.value)


def test_settings_that_are_not_the_usual_ones_are_named(settings, engine):
    assert deviating_settings(count_options(engine)) == {}
    settings.COUNT_BORDER_SHARE, settings.COUNT_ESTIMATOR = 0.5, "bands"
    assert deviating_settings(count_options(engine)) == {
        "COUNT_BORDER_SHARE": 0.5,
        "COUNT_ESTIMATOR": "bands",
    }
