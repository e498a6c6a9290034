"""Every warning is known to those who show it, and says what a person can do."""

from mlpipeline.vision import results
from photos.choices import CountWarning
from photos.warning_texts import ADVICE, warning_texts


def test_every_warning_says_what_a_person_can_do():
    assert set(ADVICE) == set(CountWarning)


def test_every_warning_of_the_counting_core_is_one_of_a_count():
    codes = {
        results.NO_CONTAINER, results.TRUNCATED, results.OUT_OF_SCALE, results.OVER_CAPACITY, results.BLURRY,
        results.DARK, results.GLARE,
    }  # fmt: skip
    assert codes <= set(CountWarning.values)


def test_what_waits_for_a_person_comes_first_and_an_unknown_code_is_not_lost():
    texts = warning_texts(["blurry", "of_another_version", "needs_location"])
    assert [(text["code"], text["waits"]) for text in texts] == [
        ("needs_location", True),
        ("blurry", False),
        ("of_another_version", False),
    ]
    assert texts[2]["title"] == "of_another_version"
