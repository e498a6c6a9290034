"""Settings of counting that name nothing are refused before anything starts."""

import pytest

from mlpipeline.checks import check_counting


@pytest.mark.parametrize("name", ["none", "bands"])
def test_every_estimator_may_be_chosen(settings, name):
    settings.COUNT_ESTIMATOR = name
    assert check_counting() == []


def test_an_unknown_estimator_is_refused(settings):
    settings.COUNT_ESTIMATOR = "guess"
    [message] = check_counting()
    assert (message.id, "guess" in message.msg) == ("mlpipeline.E006", True)


@pytest.mark.parametrize(
    ("name", "value"), [("COUNT_BORDER_SHARE", 25.0), ("COUNT_BORDER_SHARE", -0.1), ("COUNT_BATCH_TILES", -1)]
)
def test_a_number_out_of_its_range_is_refused_with_its_name(settings, name, value):
    setattr(settings, name, value)
    [message] = check_counting()
    assert (message.id, f"{name}={value}" in message.msg) == ("mlpipeline.E007", True)


def test_the_settings_of_an_installation_as_it_comes_are_in_order():
    assert check_counting() == []
