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
