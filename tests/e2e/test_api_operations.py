"""Every operation of the API's description, asked over HTTP with made-up values."""

from pathlib import Path

from tests.load.api_operations import check_operations


def test_no_operation_fails_or_answers_otherwise_than_it_is_described(tmp_path: Path) -> None:
    assert check_operations(tmp_path, examples=4, phases="fuzzing") == 0
