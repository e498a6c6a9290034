import pytest
import torch

from mlpipeline.training.crop_augmentation import augmented


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(3)


def test_crops_come_out_at_their_size_with_values_from_0_to_1():
    crops = augmented(torch.rand(9, 2, 3, 80, 80), 64)
    assert crops.shape == (9, 2, 3, 64, 64)
    assert 0 <= float(crops.min()) < float(crops.max()) <= 1


def test_the_plant_stays_in_the_middle():
    crops = torch.zeros(32, 2, 3, 80, 80)
    crops[..., 32:48, 32:48] = 0.8  # a fifth of the stored side
    for _ in range(5):
        light = augmented(crops, 64).mean(2).flatten(0, 1)
        assert (light[:, 24:40, 24:40].mean((1, 2)) > 2 * light[:, :8].mean((1, 2))).all()


def test_no_two_are_alike():
    crops = augmented(torch.full((8, 1, 3, 80, 80), 0.5), 64)
    assert len({round(float(one.mean()), 5) for one in crops}) == 8


def test_the_windows_of_one_detection_are_moved_and_lit_alike():
    windows = torch.rand(12, 1, 3, 80, 80).expand(-1, 3, -1, -1, -1)
    _narrow, wide, widest = augmented(windows, 64).unbind(1)
    torch.testing.assert_close(wide, widest, atol=0.3, rtol=0)  # noise is of each its own
    apart = (wide - widest).abs().mean()
    assert apart < 0.04 < (wide - wide.flip(0)).abs().mean()
