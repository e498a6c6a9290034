"""Settings of the classifier with which nothing would ever be answered are refused before anything starts."""

import pytest

from mlpipeline.checks import check_classifier


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("CLASSIFIER", "husky", "mlpipeline.E004"),
        ("BATCH_SIZE", 0, "mlpipeline.E005"),
        ("BATCH_TIMEOUT", -1.0, "mlpipeline.E005"),
        ("BATCH_TIMEOUT", 60.0, "mlpipeline.E005"),
    ],
)
def test_what_would_answer_nothing_is_refused(settings, name, value, code):
    assert check_classifier() == []
    setattr(settings, name, value)
    [message] = check_classifier()
    assert (message.id, str(value) in message.msg) == (code, True)
