"""Thousands of mangled files, each of which must be a picture or a clear refusal, in bounded time and memory.

DEMETER_FUZZ_FILES sets their number (a longer run: 100000), DEMETER_FUZZ_FIRST the number of the first.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from photos.image_files import open_picture
from tests.photos.corrupt_images import SIZE, whole_files

ROOT = Path(__file__).parents[2]
FILES = int(os.environ.get("DEMETER_FUZZ_FILES", "4000"))
FIRST = int(os.environ.get("DEMETER_FUZZ_FIRST", "0"))
MEMORY_MIB = (
    2500  # a header may promise 60 megapixels: 240 MiB as Pillow holds them, twice, and a decoder's own
)
CPU_S_PER_FILE = 0.1  # 3 ms is usual
SLOWEST_S = 15.0  # 60 megapixels of a progressive JPEG take 3 s on one core of a laptop
REFUSALS = {"invalid_file_type", "unreadable_image", "image_too_large"}


@pytest.fixture(scope="module")
def run():
    """The process that opens all files."""
    cpu_s = round(60 + FILES * CPU_S_PER_FILE)
    command = [sys.executable, "-m", "tests.photos.fuzzing", *map(str, (FIRST, FILES, MEMORY_MIB, cpu_s))]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600 + FILES)


@pytest.fixture(scope="module")
def lines(run):
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_no_mangled_file_crashes_hangs_or_takes_the_memory(run, lines):
    assert run.returncode == 0, f"ended after {lines[-1:]}: {run.stderr[-2000:]}"
    assert len(lines) == FILES + 1
    assert run.stderr == "", "a worker's log is not for what a broken file looks like inside"
    assert lines[-1]["peak_mib"] < MEMORY_MIB
    slowest = max(lines[:-1], key=lambda line: line["seconds"])
    assert slowest["seconds"] < SLOWEST_S, slowest


def test_a_mangled_file_is_a_picture_or_refused_by_name(lines):
    faults = [line for line in lines[:-1] if not set(line["answers"]) <= {"read", *REFUSALS}]
    assert faults == []
    answers = Counter(line["answers"][2] for line in lines[:-1])
    assert set(answers) == {"read", *REFUSALS}, "the files are mangled so that every answer is met"
    assert answers["read"] > FILES / 10, "not so badly that none of them can be read"


def test_a_file_that_can_be_opened_can_be_sniffed_and_has_exif(lines):
    opened = [line for line in lines[:-1] if line["answers"][2] == "read"]
    assert len(opened) > 0
    assert {tuple(line["answers"][:2]) for line in opened} == {("read", "read")}


@pytest.mark.parametrize("kind", [kind for kind in whole_files() if kind not in {"gif", "tiff", "bmp"}])
def test_before_it_is_mangled_each_file_is_a_picture(kind, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(whole_files()[kind])
    with path.open("rb") as file:
        assert open_picture(file).size in {SIZE, SIZE[::-1]}
