from dataclasses import replace

import numpy as np
import pytest
import torch

from mlpipeline.detectors import engines
from mlpipeline.detectors.engines import shipped_weights, tuned_options
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.rescoring_network import (
    CONTEXTS,
    CROP_PX,
    HINTS,
    NEIGHBOUR_HINTS,
    SECOND_STAGE,
    build_network,
    hints_of,
    load_tensors,
)
from mlpipeline.detectors.torch_rescorer import BATCH_CROPS, TorchRescorer, read_network
from mlpipeline.vision.rescoring.neighbourhoods import neighbourhoods
from mlpipeline.vision.results import DEAD, EMPTY, PLANT, Detections

NEIGHBOUR_FEATURES = HINTS - NEIGHBOUR_HINTS


@pytest.fixture(scope="module")
def rescorer() -> TorchRescorer:
    torch.manual_seed(0)
    return TorchRescorer(build_network("yolo11n.yaml"))


def many(count):
    rng = np.random.default_rng(count)
    corner = rng.uniform(0, 500, (count, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 60, (count, 2))], axis=1)
    seen = Detections(boxes, rng.uniform(0, 1, count), rng.integers(0, 3, count))
    crops = rng.integers(0, 255, (count, len(CONTEXTS), CROP_PX, CROP_PX, 3)).astype(np.uint8)
    return crops, seen, neighbourhoods(seen, 0.1)


def test_hints_are_the_class_the_score_and_the_shape():
    seen = Detections(
        np.array([[0, 0, 20, 20], [0, 0, 40, 20], [0, 0, 10, 20]]), [0.5, 0.9, 1.0], [PLANT, EMPTY, DEAD]
    )
    around = np.arange(3 * NEIGHBOUR_FEATURES, dtype=np.float32).reshape(3, -1)
    hints = hints_of(seen, around)
    assert hints.shape == (3, HINTS)
    np.testing.assert_array_equal(hints[:, :3], [[1, 0, 0], [0, 0, 1], [0, 1, 0]])
    np.testing.assert_allclose(hints[:, 3], [0, np.log(9) / 2, np.log(199) / 2], atol=1e-4)
    np.testing.assert_allclose(hints[:, 4], [0, np.log(2), -np.log(2)], atol=1e-6)
    np.testing.assert_array_equal(hints[:, NEIGHBOUR_HINTS:], around)


def test_every_crop_gets_four_probabilities(rescorer):
    answer = rescorer.classify(*many(BATCH_CROPS + 5))
    assert answer.shape == (BATCH_CROPS + 5, 4)
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-5)


def test_the_answer_for_one_does_not_depend_on_the_others(rescorer):
    crops, seen, around = many(2 * BATCH_CROPS + 9)
    together = rescorer.classify(crops, seen, around)
    for part in (np.arange(3), np.arange(50, 130), np.array([len(seen) - 1])):
        alone = rescorer.classify(crops[part], seen.select(part), around[part])
        np.testing.assert_array_equal(alone, together[part])


def test_a_training_begins_with_the_second_stage_or_with_the_first_layers_of_the_detector():
    detector = shipped_weights()["detection"]
    stored = torch.load(detector.path, weights_only=True)
    network = build_network(detector.architecture)
    second = stored.pop(SECOND_STAGE)
    load_tensors(network, stored)
    torch.testing.assert_close(
        network.backbone[0].conv.weight, stored["weights"]["model.0.conv.weight"].float()
    )
    load_tensors(network, {**stored, SECOND_STAGE: second})
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(tensor, second[name].to(tensor.dtype))


def test_what_a_second_stage_has_not_been_told_has_no_say_at_first():
    detector = shipped_weights()["detection"]
    second = torch.load(detector.path, weights_only=True)[SECOND_STAGE]
    narrow = {**second, "hidden.weight": second["hidden.weight"][:, :-3]}
    network = build_network(detector.architecture)
    load_tensors(network, {SECOND_STAGE: narrow})
    torch.testing.assert_close(network.hidden.weight[:, :-3], narrow["hidden.weight"].float())
    assert not network.hidden.weight[:, -3:].any()


def test_a_second_stage_that_was_told_more_is_another_network():
    detector = shipped_weights()["detection"]
    second = torch.load(detector.path, weights_only=True)[SECOND_STAGE]
    wide = {**second, "hidden.weight": torch.cat([second["hidden.weight"]] * 2, dim=1)}
    with pytest.raises(RuntimeError, match="size mismatch"):
        load_tensors(build_network(detector.architecture), {SECOND_STAGE: wide})


def test_each_window_has_a_say():
    shipped = TorchRescorer(read_network(shipped_weights()["detection"]))
    crops, seen, around = many(8)
    before = shipped.classify(crops, seen, around)
    for view in range(len(CONTEXTS)):
        other = crops.copy()
        other[:, view] = (40, 160, 60)
        assert np.abs(shipped.classify(other, seen, around) - before).max() > 0.05


def test_weights_of_one_stage_have_no_second(tmp_path):
    detector = shipped_weights()["detection"]
    stored = torch.load(detector.path, weights_only=True)
    stored.pop(SECOND_STAGE, None)
    torch.save(stored, tmp_path / detector.file)
    assert read_network(replace(detector, folder=tmp_path)) is None


@pytest.fixture
def unfit(tmp_path):
    """The shipped weights, but that the second stage is of another network."""
    detector = shipped_weights()["detection"]
    stored = torch.load(detector.path, weights_only=True)
    torch.save({**stored, SECOND_STAGE: {"out.weight": torch.zeros(2, 2)}}, tmp_path / detector.file)
    return {**shipped_weights(), "detection": replace(detector, folder=tmp_path)}


def test_a_second_stage_that_does_not_fit_is_no_model(unfit):
    with pytest.raises(ModelUnavailable, match=unfit["detection"].file):
        read_network(unfit["detection"])


def test_examples_for_another_second_stage_are_gathered_before_it_is_trained(unfit, monkeypatch):
    monkeypatch.setattr(engines, "shipped_weights", lambda: unfit)
    engine = engines.load_first_stage.__wrapped__()
    assert engine.rescorer is None
    assert engine.tile_detector(tuned_options(engine)).min_score < unfit["detection"].confidence
