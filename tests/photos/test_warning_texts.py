"""Warnings as a person reads them."""

from photos.warning_texts import warning_texts


def test_what_waits_for_a_person_comes_first_and_an_unknown_code_is_not_lost():
    texts = warning_texts(["blurry", "of_another_version", "needs_location"])
    assert [(text["code"], text["waits"]) for text in texts] == [
        ("needs_location", True),
        ("blurry", False),
        ("of_another_version", False),
    ]
    assert texts[2]["title"] == "of_another_version"
