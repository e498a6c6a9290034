"""The photos that the demo counts."""

from collections import Counter
from pathlib import Path

import pytest

from demeter.demo.demo_scenes import SHOTS, SIZE_PX, Shot
from demeter.demo.photos import NoPhotos, RenderingFailed, own_photos, render_photos
from demeter.demo.report_table import true_count
from inventory.demo import load_demo_nursery
from inventory.models import StorageLocation, StorageLocationConfig
from mlpipeline.training.seed_ranges import DEMO_SEEDS
from photos.image_files import detect_format, read_exif
from photos.services.context.location_matching import match_location

SMALL_PX = (640, 480)


@pytest.mark.django_db
def test_a_rendered_photo_lies_at_its_place_has_its_truth_beside_it_and_is_made_once(tmp_path: Path) -> None:
    load_demo_nursery()
    shots = [Shot("easy", 900_000, "N1-S-02"), Shot("easy", 900_001, "N2-N-01")]
    paths = render_photos(tmp_path, shots, SMALL_PX)
    assert [path.name for path in paths] == ["easy_900000.jpg", "easy_900001.jpg"]
    with paths[0].open("rb") as file:
        info = detect_format(file)
    assert (info.width_px, info.height_px) == SMALL_PX
    assert (true_count(paths[0]) or 0) > 0
    made = [path.stat().st_mtime_ns for path in paths]
    assert [path.stat().st_mtime_ns for path in render_photos(tmp_path, shots, SMALL_PX)] == made


@pytest.mark.django_db
def test_a_position_in_a_rendered_photo_names_its_place(tmp_path: Path) -> None:
    load_demo_nursery()
    [path] = render_photos(tmp_path, [Shot("easy", 900_000, "N1-S-02")], SMALL_PX)
    with path.open("rb") as file:
        exif = read_exif(file)
    finding = match_location({"lat": exif.latitude, "lon": exif.longitude, "accuracy": exif.accuracy_m})
    assert finding.location == StorageLocation.objects.get(code="N1-S-02")


@pytest.mark.django_db
def test_a_scene_that_cannot_be_rendered_is_said_with_its_reason(tmp_path: Path) -> None:
    load_demo_nursery()
    with pytest.raises(RenderingFailed, match="no such kind"):
        render_photos(tmp_path, [Shot("no such kind", 900_000, "N1-S-02")], SMALL_PX)


@pytest.mark.django_db
def test_each_demo_photo_has_a_seed_that_no_training_uses_and_a_configured_place_of_its_own() -> None:
    load_demo_nursery()
    assert {shot.seed for shot in SHOTS} <= DEMO_SEEDS
    assert Counter(shot.location for shot in SHOTS).most_common(1)[0][1] == 1
    configured = StorageLocationConfig.objects.running().values_list("storage_location__code", flat=True)
    assert {shot.location for shot in SHOTS} <= set(configured)
    assert len(SHOTS) >= 4
    assert SIZE_PX[0] * SIZE_PX[1] >= 12_000_000


def test_own_photos_are_the_pictures_of_a_folder_by_name(tmp_path: Path) -> None:
    for name in ["b.JPG", "a.heic", "b.txt", "notes.pdf"]:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "album.jpg").mkdir()
    assert [path.name for path in own_photos(tmp_path)] == ["a.heic", "b.JPG"]


def test_a_folder_without_photos_is_said_by_name(tmp_path: Path) -> None:
    with pytest.raises(NoPhotos, match=str(tmp_path)):
        own_photos(tmp_path)
