from mlpipeline.vision.filtering.empty_pots import occupied_pots
from mlpipeline.vision.results import Detections
from tests.mlpipeline.vision.synthetic_images import detections_of


def kept_of(found):
    return found.select(~occupied_pots(found))


def test_a_pot_is_not_empty_if_a_plant_stands_in_it():
    plant = detections_of([(50, 50, 20)])
    pots = Detections.concat([detections_of([(52, 50, 26)], 2), detections_of([(120, 50, 26)], 2)])
    kept = kept_of(Detections.concat([plant, pots]))
    assert len(kept.plants) == 1
    assert kept.empties.boxes[:, 0].tolist() == [94]


def test_a_plant_that_leans_over_an_empty_pot_does_not_fill_it():
    leaning = Detections.concat([detections_of([(50, 50, 30)]), detections_of([(95, 50, 24)], 2)])
    assert len(kept_of(leaning).empties) == 1
