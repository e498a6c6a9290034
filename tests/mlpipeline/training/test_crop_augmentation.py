import pytest
import torch

from mlpipeline.training.crop_augmentation import augmented


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(3)


def test_crops_come_out_at_their_size_with_values_from_0_to_1():
    crops = augmented(torch.rand(9, 3, 80, 80), 64)
    assert crops.shape == (9, 3, 64, 64)
    assert 0 <= float(crops.min()) < float(crops.max()) <= 1


def test_the_plant_stays_in_the_middle():
    crops = torch.zeros(64, 3, 80, 80)
    crops[:, :, 32:48, 32:48] = 0.8  # a fifth of the stored side
    for _ in range(5):
        light = augmented(crops, 64).mean(1)
        assert (light[:, 24:40, 24:40].mean((1, 2)) > 2 * light[:, :8].mean((1, 2))).all()


def test_no_two_are_alike():
    crops = augmented(torch.full((8, 3, 80, 80), 0.5), 64)
    assert len({round(float(one.mean()), 5) for one in crops}) == 8
