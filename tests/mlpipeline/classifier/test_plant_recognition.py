"""Some plants of a photo are shown to the nursery's own classifier."""

import numpy as np
import pytest

from mlpipeline.classifier.models import ProductSampleImage
from mlpipeline.classifier.networks.protocols import Answer
from mlpipeline.classifier.services import plant_recognition
from mlpipeline.classifier.services.pictures import keep_picture
from mlpipeline.classifier.services.plant_recognition import (
    PLANTS_A_STEP,
    PlantAnswers,
    recognise_plants,
    recognition_of,
)
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.vision.results import DEAD, PLANT, Detections
from photos.services.context.recognition import SeenProduct
from tests.inventory.factories import ProductFactory
from tests.mlpipeline.classifier.conftest import Brightness, encoded, upload


@pytest.fixture
def own(monkeypatch):
    model = Brightness()
    model.labels = ("light", "dark_one")
    monkeypatch.setattr(plant_recognition, "load_own_classifier", lambda: model)
    return model


def plants(boxes, scores, classes=None):
    return Detections(
        np.array(boxes, dtype=np.float64),
        np.array(scores, dtype=np.float32),
        np.array(classes or [PLANT] * len(boxes), dtype=np.int16),
    )


def photo():
    """The left half white, the right half black."""
    image = np.zeros((100, 200, 3), dtype=np.uint8)
    image[:, :100] = 255
    return image


def test_each_plant_is_seen_by_itself_at_its_place(own):
    detected = {0: plants([[10, 10, 40, 40], [150, 20, 190, 60]], [0.9, 0.8])}
    found = recognise_plants(photo(), detected)
    assert found == PlantAnswers(
        "brightness " + "b" * 12,
        ("light", "dark_one"),
        {0: {0: Answer("light", 1.0), 1: Answer("dark_one", 1.0)}},
    )


def test_the_surest_living_plants_are_chosen_and_every_container_has_its_share(own):
    many = plants([[10, 10, 20, 20]] * 30, [0.5] * 29 + [0.99])
    dead_first = plants([[10, 10, 20, 20], [30, 30, 40, 40]], [0.99, 0.4], [DEAD, PLANT])
    found = recognise_plants(photo(), {3: many, 5: dead_first})
    assert own.batches == [PLANTS_A_STEP // 2 + 1]
    assert set(found.answers[5]) == {1}
    assert 29 in found.answers[3]


def test_plants_at_the_edge_are_cut_where_the_photo_ends(own):
    found = recognise_plants(photo(), {0: plants([[0, 0, 8, 100], [199, 99, 200, 100]], [0.9, 0.9])})
    assert {index: answer.label for index, answer in found.answers[0].items()} == {0: "light", 1: "dark_one"}


@pytest.mark.parametrize(
    "detected",
    [
        pytest.param({}, id="no container"),
        pytest.param({0: plants([[1, 1, 2, 2]], [0.9], [DEAD])}, id="no plant"),
    ],
)
def test_where_nothing_lives_nobody_is_asked(own, detected):
    assert recognise_plants(photo(), detected) is None
    assert own.batches == []


def test_without_an_own_classifier_nothing_is_recognised(monkeypatch, settings, tmp_path):
    settings.CLASSIFIER_HEAD_FILE = tmp_path / "none.pt"
    assert recognise_plants(photo(), {0: plants([[10, 10, 40, 40]], [0.9])}) is None


@pytest.mark.parametrize(
    "error",
    [
        ModelUnavailable("broken"),
        RuntimeError("size mismatch"),
        MemoryError(),
        OSError("gone"),
        ImportError("no torch"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("where", ["read", "run"])
def test_a_classifier_that_cannot_be_read_or_run_stops_no_count(own, monkeypatch, caplog, where, error):
    def broken(*args):
        raise error

    if where == "read":
        monkeypatch.setattr(plant_recognition, "load_own_classifier", broken)
    else:
        own.classify = broken
    assert recognise_plants(photo(), {0: plants([[10, 10, 40, 40]], [0.9])}) is None
    assert [record.exc_info[0] for record in caplog.records] == [type(error)], (
        "it is logged with its traceback"
    )


@pytest.mark.django_db
def test_labels_become_the_products_of_the_samples(worker):
    light, dark = ProductFactory(common_name="light"), ProductFactory(common_name="dark_one")
    for seed, product in enumerate((light, dark)):
        picture = keep_picture(upload(encoded(seed=seed)))
        ProductSampleImage.objects.create(product=product, picture=picture, created_by=worker)
    ProductFactory(common_name="never sampled")
    answers = {2: {0: Answer("light", 0.834), 4: Answer("a genus", 0.9)}}
    found = recognition_of(PlantAnswers("nursery 1", ("light", "dark_one", "a genus"), answers))
    assert found.known == (light.pk, dark.pk)
    assert found.seen == {2: {0: SeenProduct(light.pk, 83)}}
    assert found.model_version == "nursery 1"
