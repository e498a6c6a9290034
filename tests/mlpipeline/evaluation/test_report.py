import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from django.utils import translation

from mlpipeline.evaluation.error_gallery import WorstPhotos
from mlpipeline.evaluation.ground_truth import label_truth
from mlpipeline.evaluation.matching import match
from mlpipeline.evaluation.photo_metrics import MeasuredPhoto
from mlpipeline.evaluation.records import ContainerRecord
from mlpipeline.evaluation.report import ReportFacts, render_report
from mlpipeline.evaluation.report_tables import evaluation_tables, groups_table, stretch_of, ways_table
from mlpipeline.evaluation.tables import Table, percent, rate
from mlpipeline.vision.results import Container, ContainerCount, Detections, PhotoCount
from tests.mlpipeline.evaluation.photos import record

FACTS = ReportFacts(
    "scenes", datetime(2026, 11, 21, tzinfo=UTC), "a machine", {"plants": "abc"}, [("x.jpg", "<broken>")]
)
IMAGE = np.full((60, 80, 3), 120, np.uint8)


class Page(HTMLParser):
    """What a browser would fetch from elsewhere, and the scripts it would run."""

    def __init__(self, text):
        super().__init__()
        self.foreign, self.scripts = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.foreign += [
            value for name, value in attrs if name in ("src", "href") and not value.startswith("data:")
        ]


def measured(file="a.jpg", true=2, ours=1):
    found = Detections(
        np.array([[0, 0, 20, 20]], np.float32), np.array([0.9], np.float32), np.zeros(1, np.int16)
    )
    container = Container("box", np.array([[0, 0], [70, 0], [70, 50]], np.float32), 0.9)
    count = PhotoCount(80, 60, (ContainerCount(container, found, (), 1, 0, 0, 0),))
    truth = label_truth("0 .125 .167 .2 .2\n0 .7 .5 .2 .2\n", "easy", (60, 80))
    matching = match(np.array([[10, 10]]), np.array([0.9]), truth.boxes)
    return truth, MeasuredPhoto(record(file=file, true=true, ours=ours), count, matching)


def kept(photos, most=2):
    worst = WorstPhotos(most)
    for file, true, ours in photos:
        truth, photo = measured(file, true, ours)
        worst.offer(IMAGE, truth, photo)
    return worst.ranked


def test_a_table_lines_up_in_a_terminal_and_on_a_page():
    table = Table("Counts", ("way", "error"), (("ours", "1.0 %"), ("others | all", "20.0 %")), "A note.")
    assert table.as_text().splitlines()[2:] == [
        "way            error", "ours           1.0 %", "others | all  20.0 %", "A note.",
    ]  # fmt: skip
    assert "| others \\| all | 20.0 % |" in table.as_markdown()
    assert table.as_markdown().startswith("### Counts\n\n| way | error |\n|---|---:|\n")


def test_a_row_that_is_not_as_wide_as_the_head_is_refused():
    with pytest.raises(ValueError, match="2 cells wide"):
        Table("Counts", ("way", "error"), (("ours",),))


@pytest.mark.parametrize(
    ("share", "signed", "text"),
    [
        (0.01234, False, "1.23 %"),
        (0.1234, True, "+12.3 %"),
        (-0.005, True, "−0.50 %"),
        (1.5, False, "150 %"),
        (float("nan"), False, "–"),
    ],
)
def test_percentages_have_the_decimals_they_deserve(share, signed, text):
    assert percent(share, signed=signed) == text


def test_a_rate_that_is_not_known_is_a_dash():
    assert (rate(0.5), rate(float("nan"))) == ("0.500", "–")


@pytest.mark.parametrize(
    ("value", "name"),
    [(5, "≤ 20 px"), (20, "≤ 20 px"), (33, "20–40 px"), (81, "> 80 px"), (float("nan"), "no plants")],
)
def test_sizes_fall_into_stretches(value, name):
    with translation.override("en"):
        assert stretch_of(value, (20, 40, 80), " px") == name


def test_groups_by_size_ascend_by_size():
    records = [record(plant_px=90.0), record(plant_px=10.0), record(plant_px=30.0)]
    table = groups_table(
        "t", "size", records, lambda one: stretch_of(one.plant_px, (20, 40, 80), " px"), [90.0, 10.0, 30.0]
    )
    assert [row[0] for row in table.rows] == ["≤ 20 px", "20–40 px", "> 80 px"]


def test_each_way_has_a_row_and_sahi_only_where_it_counted():
    assert len(ways_table([record()]).rows) == 3
    assert len(ways_table([record(sahi=90)]).rows) == 4


def test_tables_of_what_no_truth_tells_are_left_out():
    bare = [record()]
    full = [record(interval=(90, 110), containers=(ContainerRecord("box", 0.9),))]
    assert len(evaluation_tables(full)) == len(evaluation_tables(bare)) + 2


def test_the_report_stands_alone_and_runs_nothing():
    records = [record(sahi=80, kind="a<b>"), record(true=0, ours=1)]
    page = render_report(records, evaluation_tables(records), kept([("a.jpg", 2, 1)]), FACTS)
    parsed = Page(page)
    assert parsed.foreign == []
    assert parsed.scripts == 0
    assert "url(" not in page
    assert "@import" not in page
    assert page.count("<svg") == 3
    assert "data:image/jpeg;base64," in page
    assert "prefers-color-scheme: dark" in page


def test_charts_have_the_colours_of_the_page_and_tell_which_photo_a_dot_is():
    with translation.override("en"):
        page = render_report([record(file="<i>.jpg", true=100, ours=90, sahi=80)], [], [], FACTS)
    assert "var(--ours)" in page
    assert "var(--sahi)" in page
    assert re.search("#0101[0-9]{2}", page) is None
    assert "<title>&lt;i&gt;.jpg: 90 / 100 (ours)</title>" in page
    assert "<title>&lt;i&gt;.jpg: 80 / 100 (SAHI)</title>" in page
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))


def test_what_stands_in_file_names_and_reasons_is_text_and_not_markup():
    records = [record(kind="a<b>", file="<i>.jpg")]
    page = render_report(records, evaluation_tables(records), [], FACTS)
    assert "<b>" not in re.sub(r"<b>[^<]*(<small>[^<]*</small>)?</b>", "", page)
    assert "&lt;broken&gt;" in page
    assert "&lt;i&gt;.jpg" in page


def test_the_report_says_what_was_counted_and_with_what():
    with translation.override("en"):
        page = render_report([record(), record()], [], [], FACTS)
    assert "2 photos of scenes, counted beside their truth." in page
    assert "a machine" in page
    assert "SHA-256 abc" in page


def test_the_worst_photos_are_kept_the_worst_first_and_right_ones_never():
    ranked = kept([("a.jpg", 100, 90), ("b.jpg", 100, 50), ("c.jpg", 100, 100), ("d.jpg", 100, 70)])
    assert [photo.file for photo in ranked] == ["b.jpg", "d.jpg"]


def test_on_a_bare_photo_a_plant_imagined_weighs_as_one_of_twenty():
    assert kept([("a.jpg", 100, 90), ("b.jpg", 0, 3)])[0].file == "b.jpg"
