"""Drawing a count on its photo: on the cpu queue, after the stock is booked, so that nothing waits for it."""

from celery import shared_task
from django.conf import settings
from django.utils import translation

from mlpipeline.services.image_cache import load_original
from mlpipeline.services.row_mapping import photo_count
from mlpipeline.vision.drawing import LegendTexts, draw_count
from mlpipeline.vision.errors import VisionError
from photos import image_files, queue
from photos.decoding.renderings import THUMBNAIL_PX, THUMBNAIL_QUALITY
from photos.services.execution.annotation_data import drawing_data, stage_drawing
from photos.services.execution.step_runner import run_step
from photos.services.steps.claims import Claim

LONGEST_PX = 2560  # contract, storage: the longest side of an annotated picture
QUALITY = 60  # about half the size of JPEG 85


@shared_task(name="draw_photo")
def draw_photo(step_id: int) -> None:
    """Draw a count and leave the picture in staging for the io queue."""
    run_step(step_id, _draw, photo_faults=(VisionError,))


def _draw(claim: Claim) -> None:
    data = drawing_data(claim)
    image = load_original(data.session.image)
    drawn = draw_count(image, photo_count(data), drawing_legend(), LONGEST_PX)
    picture = image_files.from_rgb(drawn)
    upload = stage_drawing(
        claim,
        data.session,
        drawing=image_files.encode_avif(picture, quality=QUALITY),
        thumbnail=image_files.encode_avif(
            image_files.thumbnail(picture, THUMBNAIL_PX), quality=THUMBNAIL_QUALITY
        ),
    )
    queue.send_steps([upload])


def drawing_legend() -> LegendTexts:
    """The legend in the language of the installation: everybody who sees the picture sees the same one."""
    with translation.override(settings.LANGUAGE_CODE):
        return LegendTexts(
            detected=translation.gettext("detected"),
            estimated=translation.gettext("estimated"),
            confidence=translation.gettext("mean confidence"),
            dead=translation.pgettext("plants", "dead"),
            empty=translation.pgettext("pots", "empty"),
        )
