"""What the demo says about each photo, and when it calls the run good."""

from pathlib import Path

import pytest

from demeter.demo.report_table import Row, error_percent, format_table, true_count

GOOD = Row(
    file="a.jpg", detected=95, estimated=5, total=100, dead=2, true=98, error_percent=2.0, seconds=3.5,
    location="N1-S-01", booked=98,
)  # fmt: skip


@pytest.mark.parametrize(
    ("total", "true", "expected"),
    [
        pytest.param(0, 0, 0.0, id="an empty bed seen as empty"),
        pytest.param(2, 0, 200.0, id="plants seen where there are none"),
        pytest.param(90, 100, 10.0, id="ten too few"),
        pytest.param(110, 100, 10.0, id="ten too many count the same"),
        pytest.param(301, 300, 0.3, id="one decimal"),
    ],
)
def test_the_error_is_a_share_of_the_truth(total: int, true: int, expected: float) -> None:
    assert error_percent(total=total, true=true) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, True, id="counted, booked and near its truth"),
        pytest.param({"error_percent": 10.0}, True, id="ten percent off is near"),
        pytest.param({"error_percent": 10.1}, False, id="more is not"),
        pytest.param({"true": None, "error_percent": None}, True, id="a photo without a truth"),
        pytest.param({"booked": 0}, True, id="nothing living was booked"),
        pytest.param({"booked": None}, False, id="not booked"),
        pytest.param({"total": None}, False, id="not counted"),
    ],
)
def test_a_row_is_good_when_counted_booked_and_near_its_truth(changes: dict, expected: bool) -> None:
    assert Row(**{**GOOD.as_dict(), **changes}).is_good is expected


def test_a_row_has_exactly_the_keys_that_programs_rely_on() -> None:
    assert list(GOOD.as_dict()) == [
        "file", "detected", "estimated", "total", "dead", "true", "error_percent", "seconds", "location", "booked",
    ]  # fmt: skip


def test_the_truth_is_the_number_of_lines_of_the_label_file_beside_the_picture(tmp_path: Path) -> None:
    photo = tmp_path / "claro.jpg"
    assert true_count(photo) is None
    photo.with_suffix(".txt").write_text("0 .5 .5 .1 .1\n0 .2 .2 .1 .1\n\n")
    assert true_count(photo) == 2
    photo.with_suffix(".txt").write_text("")
    assert true_count(photo) == 0


def test_numbers_stand_to_the_right_and_what_is_not_known_is_a_dash() -> None:
    table = format_table(["photo", "total"], [["a.jpg", 5], ["long.jpg", 1200], ["c.jpg", None]])
    assert table.splitlines() == [
        "photo     total",
        "────────  ─────",
        "a.jpg         5",
        "long.jpg   1200",
        "c.jpg         –",
    ]


def test_a_table_without_rows_is_its_head() -> None:
    assert format_table(["a"], []).splitlines() == ["a", "─"]
