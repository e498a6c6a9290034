"""The manifest of weights and the system check that guards them."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from mlpipeline import checks
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.manifest import (
    KINDS,
    WEIGHTS_FOLDER,
    Weights,
    file_sha256,
    read_manifest,
    require_weights,
    write_manifest,
)
from mlpipeline.vision.results import CLASS_NAMES, CONTAINER_TYPES
from tests.mlpipeline.vision.count_options import OF_KIND


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of weights with both kinds in order, which the check looks at."""
    entries = {}
    for kind, classes in (("segmentation", CONTAINER_TYPES), ("detection", CLASS_NAMES)):
        path = tmp_path / f"{kind}.pt"
        path.write_bytes(kind.encode())
        entries[kind] = Weights(
            kind=kind,
            name=f"{kind}-1",
            file=path.name,
            sha256=file_sha256(path),
            architecture="yolo11n.yaml",
            classes=classes,
            tile_px=512,
            trained_plant_px=(14.0, 120.0) if kind == "detection" else None,
            confidence=0.3,
            class_gains=(0.0, 1.5, 0.0),
            licence="AGPL-3.0",
            card=f"{kind}.md",
            **OF_KIND[kind],
            folder=tmp_path,
        )
    write_manifest(entries, tmp_path)
    monkeypatch.setattr(checks, "WEIGHTS_FOLDER", tmp_path)
    return tmp_path


def ids():
    return [message.id for message in checks.check_weights()]


def test_a_manifest_reads_back_as_it_was_written(folder):
    found = read_manifest(folder)
    assert list(found) == ["segmentation", "detection"]
    assert found["detection"].trained_plant_px == (14.0, 120.0)
    assert found["segmentation"].trained_plant_px is None
    write_manifest({kind: replace(weights) for kind, weights in found.items()}, folder)
    assert read_manifest(folder) == found


def test_weights_in_order_pass_the_check(folder):
    assert ids() == []
    assert require_weights("detection", folder).path == folder / "detection.pt"


def test_a_missing_manifest_is_told(folder):
    (folder / "manifest.json").unlink()
    assert ids() == ["mlpipeline.E001"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("[]", id="a list"),
        pytest.param('{"weights": [{"kind": "detection"}]}', id="an entry without its fields"),
    ],
)
def test_a_broken_manifest_is_told(folder, text):
    (folder / "manifest.json").write_text(text)
    assert ids() == ["mlpipeline.E001"]


@pytest.mark.parametrize(
    ("part", "change", "told"),
    [
        pytest.param("thresholds", {"min_probe_score": None}, "min_probe_score", id="a missing threshold"),
        pytest.param("thresholds", {"min_look_score": 0.2}, "min_look_score", id="an unknown threshold"),
        pytest.param("thresholds", {"min_probe_score": 1.2}, "between 0 and 1", id="a score above 1"),
        pytest.param("thresholds", {"crowd_log_odds": "low"}, "crowd_log_odds", id="a word for a number"),
        pytest.param(
            "thresholds", {"crowd_log_odds": True}, "crowd_log_odds", id="a truth value for a number"
        ),
        pytest.param("postprocessing", {"nms_iou": None}, "nms_iou", id="a missing setting"),
        pytest.param("postprocessing", {"nms_iou": 0}, "nms_iou", id="an overlap of nothing"),
    ],
)
def test_a_wrong_number_is_told_with_its_name(folder, part, change, told):
    entries = json.loads((folder / "manifest.json").read_text())
    numbers = entries["weights"][1][part] | change
    entries["weights"][1][part] = {name: value for name, value in numbers.items() if value is not None}
    (folder / "manifest.json").write_text(json.dumps(entries))
    with pytest.raises(ModelUnavailable, match=f"detection.*{told}"):
        read_manifest(folder)
    assert ids() == ["mlpipeline.E001"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("confidence", 17, id="a score in per cent"),
        pytest.param("confidence", "high", id="a word for a score"),
        pytest.param("tile_px", 500, id="a side that no network takes"),
        pytest.param("tile_px", 0, id="no side"),
        pytest.param("trained_plant_px", [140, 12], id="sizes the wrong way round"),
        pytest.param("trained_plant_px", [0, 12], id="plants of no size"),
    ],
)
def test_weights_with_a_number_out_of_its_range_are_refused(folder, name, value):
    entries = json.loads((folder / "manifest.json").read_text())
    entries["weights"][1][name] = value
    (folder / "manifest.json").write_text(json.dumps(entries))
    with pytest.raises(ModelUnavailable):
        read_manifest(folder)
    assert ids() == ["mlpipeline.E001"]


def test_a_kind_without_an_entry_is_told(folder):
    entries = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({"weights": entries["weights"][:1]}))
    assert ids() == ["mlpipeline.E002"]
    with pytest.raises(ModelUnavailable, match="detection"):
        require_weights("detection", folder)


def test_a_missing_file_is_told(folder):
    (folder / "detection.pt").unlink()
    assert ids() == ["mlpipeline.E003"]
    with pytest.raises(ModelUnavailable, match="missing"):
        require_weights("detection", folder)


def test_an_altered_file_is_told(folder):
    (folder / "segmentation.pt").write_bytes(b"something else")
    assert ids() == ["mlpipeline.E003"]
    with pytest.raises(ModelUnavailable, match="altered"):
        require_weights("segmentation", folder)


def test_the_shipped_weights_are_in_order_and_have_their_cards():
    assert [message.id for message in checks.check_weights()] == []
    shipped = read_manifest()
    assert set(shipped) == set(KINDS)
    for weights in shipped.values():
        assert (WEIGHTS_FOLDER / weights.card).is_file()
        assert weights.licence == "AGPL-3.0"


def test_the_check_loads_no_model_library():
    code = (
        "import sys, django; django.setup(); import mlpipeline.checks as c; c.check_weights(); "
        "print([n for n in ('torch', 'ultralytics', 'sahi', 'cv2') if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
