"""`manage.py demo` as a person starts it: with photos of their own, and where it cannot run."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.http import Browser
from tests.support.local_stack import ROOT
from tests.support.nursery_photos import render_small
from tests.support.servers import free_port
from tests.support.waiting import processes_with

KEYS = [
    "file",
    "detected",
    "estimated",
    "total",
    "dead",
    "true",
    "error_percent",
    "seconds",
    "location",
    "booked",
]


def demo(data_home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A demo that cannot begin."""
    return subprocess.run(
        [sys.executable, "manage.py", "demo", "--exit", *options],
        cwd=ROOT,
        env=environment(data_home),
        text=True,
        capture_output=True,
        timeout=400,
        check=False,
    )


def environment(data_home: Path) -> dict[str, str]:
    return {**os.environ, "DEMETER_DATA_HOME": str(data_home), "DJANGO_LANGUAGE_CODE": "en"}


def test_a_persons_photos_are_counted_and_booked_and_it_serves_until_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    render_small(folder, "bed")
    (folder / "bed.json").unlink()
    render_small(folder, "crates", kind="boxes").with_suffix(".txt").unlink()
    (folder / "letter.jpg").write_text("Dear nursery, this is not a photo.")
    port, table = free_port(), tmp_path / "table.json"
    options = ["--port", str(port), "--photos", str(folder), "--json", str(table)]
    run = subprocess.Popen(
        [sys.executable, "manage.py", "demo", *options],
        cwd=ROOT,
        env=environment(tmp_path),
        text=True,
        stdout=subprocess.PIPE,
    )
    assert run.stdout is not None
    with run, run.stdout:
        said = []
        for line in run.stdout:
            said.append(line)
            if "viewer@example.com" in line:
                break  # the last line before it only serves
        assert "viewer@example.com" in "".join(said[-1:]), "".join(said)
        assert Browser("127.0.0.1", port).get("/sign-in/").status == 200
        ours = processes_with("DEMETER_DEMO_HOME", str(tmp_path / "demo"))
        assert len(ours) >= 9, "the demo, the web server and its four, four workers, beat"
        run.send_signal(signal.SIGINT)
    assert run.returncode == 0
    assert processes_with("DEMETER_DEMO_HOME", str(tmp_path / "demo")) == []

    rows = json.loads(table.read_text())
    assert [list(row) for row in rows] == [KEYS] * 3
    bed, crates, letter = rows
    assert [row["file"] for row in rows] == ["bed.jpg", "crates.jpg", "letter.jpg"]
    assert bed["total"] == bed["detected"] + bed["estimated"]
    assert bed["true"] == len((folder / "bed.txt").read_text().splitlines())
    assert bed["error_percent"] == round(100 * abs(bed["total"] - bed["true"]) / bed["true"], 1)
    assert (bed["booked"], crates["booked"]) == (bed["total"] - bed["dead"], crates["total"] - crates["dead"])
    assert bed["location"] != crates["location"]
    assert (crates["true"], crates["error_percent"]) == (None, None)
    assert {key for key, value in letter.items() if value is not None} == {"file"}
    text = "".join(said)
    assert "letter.jpg: not counted" in text
    assert "admin@example.com" in text


def test_a_busy_port_is_a_clear_message_and_touches_nothing(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        run = demo(tmp_path, "--port", str(port))
    assert run.returncode == 1
    assert (
        f"Port {port} is in use by another program. Choose another one, for example PORT={port + 1}."
        in run.stderr
    )
    assert not (tmp_path / "demo" / "demeter.sqlite3").exists()


def test_a_folder_without_photos_is_a_clear_message(tmp_path: Path) -> None:
    run = demo(tmp_path, "--port", str(free_port()), "--photos", str(tmp_path))
    assert run.returncode == 1
    assert f"No photos in {tmp_path}" in run.stderr
