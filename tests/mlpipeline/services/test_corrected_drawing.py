"""A drawing shows what a person validated: boxes, sums and all."""

import numpy as np

from mlpipeline.services.row_mapping import photo_count
from mlpipeline.vision.drawing import draw_count
from photos.choices import StepKind
from photos.services.execution.annotation_data import drawing_data
from photos.services.review.edits import correct
from photos.services.review.validation import validate
from photos.services.steps.claims import claim_step, create_step
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import count_photo, store_photo


def test_added_boxes_are_drawn_and_counted(worker, supervisor):
    session = count_photo(store_photo(worker), StorageLocationConfigFactory().storage_location)
    added = {"center_x": 35.0, "center_y": 25.0, "width_px": 6.0, "height_px": 6.0, "class_name": "plant"}
    correct(session=session, user=worker, version=1, operations={"add": [added]})
    validate(session=session, user=supervisor)
    step = create_step(image=session.image, session=session, kind=StepKind.DRAW, key=f"{session.uuid}:draw")
    claim = claim_step(step.pk)
    assert claim is not None

    count = photo_count(drawing_data(claim))
    assert sum(part.detected for part in count.containers) == 3
    assert count.detections.plants.boxes.tolist()[-1] == [32, 22, 38, 28]
    bare = np.full((32, 48, 3), 90, dtype=np.uint8)
    drawn = draw_count(bare, count, None, 48)
    assert (drawn[25, 35] != bare[25, 35]).any()
