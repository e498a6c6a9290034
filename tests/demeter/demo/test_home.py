"""The demo keeps to a folder of its own."""

from pathlib import Path

import pytest

from demeter.demo.data_dir import DemoRunning, demo_environment, own_home


def test_each_run_begins_empty_but_keeps_the_rendered_photos_and_the_key(tmp_path: Path) -> None:
    kept = [tmp_path / "photos" / "claro_1.jpg", tmp_path / "secret_key"]
    old = [
        tmp_path / "demeter.sqlite3",
        tmp_path / "broker" / "queue" / "1.msg",
        tmp_path / "logs" / "web.log",
    ]
    for path in [*kept, *old]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    with own_home(tmp_path):
        assert [path.exists() for path in kept] == [True, True]
        assert [path.exists() for path in old] == [False, False, False]
        assert (tmp_path / "broker" / "queue").is_dir()


def test_a_second_demo_on_the_same_folder_is_refused_and_deletes_nothing(tmp_path: Path) -> None:
    database = tmp_path / "demeter.sqlite3"
    with own_home(tmp_path):
        database.write_text("in use")
        with pytest.raises(DemoRunning, match=str(tmp_path)), own_home(tmp_path):
            pytest.fail("The folder was handed out twice.")
        assert database.read_text() == "in use"


def test_the_folder_is_free_again_after_the_run(tmp_path: Path) -> None:
    with own_home(tmp_path):
        pass
    with own_home(tmp_path):
        assert (tmp_path / ".lock").exists()


def test_no_setting_of_a_real_nursery_reaches_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = {
        "DATABASE_URL": "postgres://nursery@db/demeter",
        "CELERY_BROKER_URL": "redis://broker",
        "CACHE_URL": "rediscache://broker",
        "S3_BUCKET": "nursery",
        "DEMETER_PRODUCTION": "true",
        "DJANGO_SECRET_KEY": "of the nursery",
    }
    for name, value in real.items():
        monkeypatch.setenv(name, value)
    environment = demo_environment(tmp_path)
    assert [name for name, value in real.items() if environment[name] == value] == []
    assert environment["DEMETER_DATA_HOME"] == str(tmp_path / "demo")
    assert environment["DATABASE_URL"] == f"sqlite:///{tmp_path}/demo/demeter.sqlite3"
