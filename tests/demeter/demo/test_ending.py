"""`manage.py demo --exit`: what its exit status says of the photos. The server and its workers are none here."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.utils import translation

from demeter.demo.report_table import LARGEST_ERROR_PERCENT, Row
from demeter.management.commands import demo
from tests.support.servers import free_port

pytestmark = pytest.mark.django_db

GOOD = Row("bed.jpg", detected=90, estimated=10, total=100, dead=1, true=100, error_percent=0.0, booked=99)
REFUSED = Row("letter.jpg")
FAR_OFF = Row("far.jpg", total=120, true=100, error_percent=2 * LARGEST_ERROR_PERCENT, booked=120)
UNBOOKED = Row("nowhere.jpg", total=100)


def run(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path, rows: list[Row]) -> None:
    settings.DATA_HOME = tmp_path / "demo"
    photo = tmp_path / "bed.jpg"
    photo.write_bytes(b"")
    monkeypatch.setattr(demo.Command, "_prepare", lambda self: None)
    serving = SimpleNamespace(wait_until_ready=lambda client: None)
    monkeypatch.setattr(demo, "Serving", lambda **options: nullcontext(serving))
    monkeypatch.setattr(demo, "count_photos", lambda client, photos, say: rows)
    demo.Command()._run(port=free_port(), ends=True, photos=tmp_path, json_file=None)


def test_it_ends_well_when_every_photo_was_counted_and_booked_near_its_truth(
    monkeypatch, settings, tmp_path, capsys
):
    run(monkeypatch, settings, tmp_path, [GOOD, GOOD])
    assert "admin@example.com" in capsys.readouterr().out


@pytest.mark.parametrize("bad", [REFUSED, FAR_OFF, UNBOOKED], ids=lambda row: row.file)
def test_one_photo_that_went_wrong_is_told_by_the_exit_status(monkeypatch, settings, tmp_path, capsys, bad):
    with translation.override("en"), pytest.raises(CommandError, match="Not every photo was counted"):
        run(monkeypatch, settings, tmp_path, [GOOD, bad])
    assert bad.file in capsys.readouterr().out
