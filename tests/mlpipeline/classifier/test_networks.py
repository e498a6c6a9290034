"""The real networks: names as older clients know them, batches that change nothing, files that run no code."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
import ultralytics
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from PIL import Image

from mlpipeline.classifier.models import ProductSampleImage
from mlpipeline.classifier.networks import choosing
from mlpipeline.classifier.networks.choosing import load_classifier
from mlpipeline.classifier.networks.features import feature_network
from mlpipeline.classifier.networks.general import GeneralClassifier
from mlpipeline.classifier.networks.head import Head, load_head, save_head
from mlpipeline.classifier.networks.nursery import NurseryClassifier
from mlpipeline.classifier.picture_files import INPUT_PX, middle
from mlpipeline.classifier.services.pictures import keep_picture
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.training.classifier_head import VIEWS, Sample, fit_head, views_of
from mlpipeline.training.scenes.species.catalogue import SPECIES
from mlpipeline.training.species_samples import GENUS, render_samples
from tests.inventory.factories import ProductFactory

ASSETS = Path(ultralytics.__file__).parent / "assets"


@pytest.fixture(autouse=True)
def _nothing_loaded(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(choosing, "_loaded", {})
    settings.CLASSIFIER_HEAD_FILE = tmp_path / "models" / "classifier.pt"
    settings.CLASSIFIER = "auto"


def texture(kind: str, seed: int) -> np.ndarray:
    """Stripes, spots or noise, in colours of their own each time."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:INPUT_PX, :INPUT_PX]
    step = rng.integers(10, 24)
    shapes = {
        "stripes": (x + rng.integers(0, step)) // step % 2,
        "spots": ((x % (2 * step) - step) ** 2 + (y % (2 * step) - step) ** 2) < (step * 0.7) ** 2,
        "noise": rng.integers(0, 2, (INPUT_PX, INPUT_PX)),
    }
    colours = rng.integers(0, 255, (2, 3))
    return colours[shapes[kind].astype(int)].astype(np.uint8)


def samples(number: int, *kinds: str) -> list[Sample]:
    return [
        Sample(kind, texture(kind, 100 * place + n))
        for place, kind in enumerate(kinds)
        for n in range(number)
    ]


def test_the_general_names_are_those_of_imagenet_with_underscores():
    labels = GeneralClassifier().labels
    assert len(set(labels)) == len(labels) == 1000
    assert {"Eskimo_dog", "Siberian_husky", "great_white_shark", "jack-o'-lantern"} <= set(labels)


def test_a_bus_is_a_bus_alone_and_in_company():
    classifier = GeneralClassifier()
    bus = middle(Image.open(ASSETS / "bus.jpg").convert("RGB"))
    others = [texture("noise", seed) for seed in range(7)]

    [alone] = classifier.classify(bus[None])
    together = classifier.classify(np.stack([*others, bus]))[-1]

    assert alone.label in {"minibus", "trolleybus"}
    assert together.label == alone.label
    assert together.score == pytest.approx(alone.score, abs=1e-4)


def test_views_are_repeated_by_their_seed_and_begin_with_the_picture():
    picture = texture("spots", 1)
    views = views_of(picture, 7)
    assert views.shape == (VIEWS, INPUT_PX, INPUT_PX, 3)
    assert np.array_equal(views[0], picture)
    assert np.array_equal(views, views_of(picture, 7))
    assert not np.array_equal(views, views_of(picture, 8))


def test_ten_pictures_a_label_are_enough_for_what_differs_and_new_ones_are_told(tmp_path):
    fit = fit_head(samples(10, "noise", "spots", "stripes"), feature_network())
    assert fit.accuracy >= 0.9
    assert fit.per_label.keys() == {"noise", "spots", "stripes"}

    save_head(fit.head, tmp_path / "head.pt")
    classifier = NurseryClassifier(tmp_path / "head.pt")
    unseen = [texture(kind, 9000 + n) for kind in fit.head.labels for n in range(4)]
    answers = classifier.classify(np.stack(unseen))
    right = [answer.label == fit.head.labels[n // 4] for n, answer in enumerate(answers)]
    assert sum(right) >= 11
    assert all(1 / 3 <= answer.score <= 1 for answer in answers)


def test_one_label_is_nothing_to_tell_apart():
    with pytest.raises(ValueError, match="two labels"):
        fit_head(samples(3, "noise"), feature_network())


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────
def head(**fields):
    given = {
        "labels": ("agave", "aloe"),
        "weights": np.eye(2, 1280, dtype=np.float32),
        "bias": np.zeros(2, np.float32),
        "center": np.zeros(1280, np.float32),
        "features_sha256": feature_network().sha256,
    }
    return Head(**{**given, **fields})


def test_a_head_comes_back_from_its_file_as_it_was(tmp_path):
    sha256 = save_head(head(), tmp_path / "deep" / "head.pt")
    again, its_sha256 = load_head(tmp_path / "deep" / "head.pt")
    assert (again.labels, its_sha256) == (("agave", "aloe"), sha256)
    assert np.array_equal(again.weights, head().weights)


class _Trap:
    """Unpickled with a careless loader it would make a file."""

    def __reduce__(self):
        return Path.touch, (Path("/tmp/demeter-trap-was-sprung"),)  # noqa: S108 - is never made


@pytest.mark.parametrize("make", ["missing", "text", "pickle", "checkpoint of a trap", "other shapes"])
def test_another_file_is_refused_and_no_code_of_it_is_run(tmp_path, make):
    path = tmp_path / "head.pt"
    match make:
        case "text":
            path.write_text("no weights")
        case "pickle":
            path.write_bytes(pickle.dumps(_Trap(), protocol=2))
        case "checkpoint of a trap":
            torch.save({"labels": _Trap()}, path)
        case "other shapes":
            save_head(head(weights=np.zeros((3, 1280), np.float32)), path)
    with pytest.raises(ModelUnavailable):
        load_head(path)
    assert not Path("/tmp/demeter-trap-was-sprung").exists()  # noqa: S108 - see _Trap


def test_a_head_of_other_features_is_refused(tmp_path):
    save_head(head(features_sha256="0" * 64), tmp_path / "head.pt")
    with pytest.raises(ModelUnavailable):
        NurseryClassifier(tmp_path / "head.pt")


# ── which one answers ────────────────────────────────────────────────────────────────────────────────
def test_the_nurserys_own_answers_as_soon_as_it_is_trained_and_after_each_training(settings):
    assert load_classifier().name.startswith("general")
    save_head(head(), settings.CLASSIFIER_HEAD_FILE)
    first = load_classifier()
    assert (first.name, load_classifier() is first) == ("nursery", True)
    save_head(head(labels=("sedum", "aloe")), settings.CLASSIFIER_HEAD_FILE)
    assert load_classifier().sha256 != first.sha256


def test_threads_that_ask_at_once_get_one_classifier(monkeypatch):
    loaded, is_second = [], threading.Event()

    class Slow:
        def __init__(self):
            loaded.append(self)
            if len(loaded) > 1:
                is_second.set()
            is_second.wait(0.5)  # time for others to come as far; nobody does

    monkeypatch.setattr(choosing, "GeneralClassifier", Slow)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: load_classifier(), range(8)))
    assert len(loaded) == 1
    assert set(answers) == set(loaded)


def test_the_general_one_can_be_kept(settings):
    save_head(head(), settings.CLASSIFIER_HEAD_FILE)
    settings.CLASSIFIER = "general"
    assert load_classifier().name.startswith("general")


def test_the_nurserys_own_is_missed_where_it_is_asked_for(settings):
    settings.CLASSIFIER = "nursery"
    with pytest.raises(ModelUnavailable):
        load_classifier()


# ── what it learns from ──────────────────────────────────────────────────────────────────────────────
def test_every_species_that_has_a_genus_is_one_of_the_renderer():
    assert set(GENUS) <= set(SPECIES)


def test_plants_are_cut_out_of_scenes_and_equal_seeds_give_equal_samples():
    found, again = (list(render_samples(1, seed=5)) for _time in range(2))
    assert found
    assert {sample.group for sample in found} == {"scene-5"}
    assert {sample.label for sample in found} <= set(GENUS.values())
    assert [sample.picture.tobytes() for sample in found] == [sample.picture.tobytes() for sample in again]
    left_out = found[0].label
    assert left_out not in {sample.label for sample in render_samples(1, seed=5, without={left_out})}


@pytest.fixture
def add_samples(db, admin):
    """Sample images of a product: so many textures of one kind."""

    def add(product, kind, number):
        for n in range(number):
            buffer_path = f"{kind}-{n}.png"
            picture = keep_picture(SimpleUploadedFile(buffer_path, _png(texture(kind, n))))
            ProductSampleImage.objects.create(product=product, picture=picture, created_by=admin)

    return add


def _png(pixels: np.ndarray) -> bytes:
    import io

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_command_trains_from_samples_and_leaves_out_who_has_too_few(add_samples, settings, capsys):
    agave, aloe, sedum = (ProductFactory(common_name=name) for name in ("Agave azul", "Aloe", "Sedum"))
    add_samples(agave, "stripes", 6)
    add_samples(aloe, "spots", 6)
    add_samples(sedum, "noise", 2)

    call_command("train_classifier", "--min-pictures", "5")

    said = capsys.readouterr().out
    assert "Sedum" in said
    assert "Agave azul" in said
    classifier = load_classifier()
    assert isinstance(classifier, NurseryClassifier)
    assert classifier.head.labels == ("Agave azul", "Aloe")
    assert classifier.classify(texture("spots", 3)[None])[0].label == "Aloe"


def test_the_command_says_what_is_missing_and_keeps_the_old_model(add_samples, settings):
    save_head(head(), settings.CLASSIFIER_HEAD_FILE)
    before = settings.CLASSIFIER_HEAD_FILE.read_bytes()
    add_samples(ProductFactory(), "spots", 6)
    with pytest.raises(CommandError):
        call_command("train_classifier")
    assert settings.CLASSIFIER_HEAD_FILE.read_bytes() == before
