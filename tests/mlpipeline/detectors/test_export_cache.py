"""Exported networks: kept by what they were made of, made anew where they cannot be trusted."""

import json
from dataclasses import replace

import pytest

from mlpipeline.detectors.export_cache import (
    CONSTANTS_NAME,
    GRAPH_NAME,
    RECORD_NAME,
    ExportKey,
    cached_export,
)

KEY = ExportKey("a" * 64, "detection", "openvino 1", "a processor", "bf16")


@pytest.fixture
def cache(tmp_path):
    """A folder for exports that does not exist yet."""
    return tmp_path / "models"


class Maker:
    """Writes an export, and counts how often it was asked to."""

    def __init__(self, difference=0.004):
        self.made = 0
        self.difference = difference

    def __call__(self, folder):
        self.made += 1
        (folder / GRAPH_NAME).write_text("graph")
        (folder / CONSTANTS_NAME).write_bytes(b"constants")
        return self.difference


def test_an_export_is_made_once_and_kept_with_its_difference(cache):
    make = Maker(0.004)
    first = cached_export(cache, KEY, make)
    second = cached_export(cache, KEY, make)
    assert make.made == 1
    assert first == second
    assert second.difference == 0.004
    assert second.graph.read_text() == "graph"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(KEY, weights_sha256="b" * 64), id="other weights"),
        pytest.param(replace(KEY, library="openvino 2"), id="another version of the library"),
        pytest.param(replace(KEY, processor="another"), id="another processor, which was not compared on"),
        pytest.param(replace(KEY, precision="f32"), id="another number format"),
        pytest.param(replace(KEY, form=KEY.form + 1), id="another form of the graph"),
    ],
)
def test_another_key_is_another_export(cache, other):
    cached_export(cache, KEY, Maker())
    make = Maker()
    assert cached_export(cache, other, make).folder != cached_export(cache, KEY, Maker()).folder
    assert make.made == 1


def spoil_graph(folder):
    (folder / GRAPH_NAME).write_text("altered")


def cut_constants(folder):
    (folder / CONSTANTS_NAME).write_bytes(b"const")


def lose_constants(folder):
    (folder / CONSTANTS_NAME).unlink()


def break_record(folder):
    (folder / RECORD_NAME).write_text("{")


def put_foreign_record(folder):
    record = json.loads((folder / RECORD_NAME).read_text())
    record["key"]["weights_sha256"] = "c" * 64
    (folder / RECORD_NAME).write_text(json.dumps(record))


def put_a_file_in_its_place(folder):
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("no folder")


@pytest.mark.parametrize(
    "spoil",
    [spoil_graph, cut_constants, lose_constants, break_record, put_foreign_record, put_a_file_in_its_place],
)
def test_a_broken_or_foreign_export_is_made_anew(cache, spoil, caplog):
    spoil(cached_export(cache, KEY, Maker()).folder)
    make = Maker()
    export = cached_export(cache, KEY, make)
    assert make.made == 1
    assert export.graph.read_text() == "graph"
    assert "was broken" in caplog.text
    assert [path.name for path in cache.iterdir()] == [KEY.folder_name], "nothing is left lying about"


def test_of_two_processes_that_export_at_once_the_first_one_stays(cache):
    class Slow(Maker):
        """While it works, another process finishes."""

        def __call__(self, folder):
            cached_export(cache, KEY, Maker(0.001))
            return super().__call__(folder)

    assert cached_export(cache, KEY, Slow(0.002)).difference == 0.001
    assert [path.name for path in cache.iterdir()] == [KEY.folder_name]


def test_a_failed_export_leaves_nothing_behind(cache):
    def fail(folder):
        (folder / GRAPH_NAME).write_text("half")
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        cached_export(cache, KEY, fail)
    assert list(cache.iterdir()) == []
