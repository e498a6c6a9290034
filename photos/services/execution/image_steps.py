"""The work of the io queue: bytes between staging and the store, thumbnails, drawings.

Each function closes its database connection before it talks to the store, so that fifty of them do not hold fifty.
"""

from django.db import transaction

from demeter.connections import release_connection
from photos import storage
from photos.decoding.renderings import PREVIEW_PX, render, render_full_size
from photos.models import Image, ProcessingSession, ProcessingStep
from photos.services.execution.annotation_data import draw_again, drawing_id_of
from photos.services.steps import jobs
from photos.services.steps.claims import Claim, complete_step, has_ended, lock_claim
from photos.store_breaker import STORE_BREAKER


def store_original(claim: Claim) -> None:
    """Copy the original to the store, note it, then clear the staged copy."""
    STORE_BREAKER.refuse_while_open()  # before bytes are read in vain
    image = _image(claim)
    staging_key = image.staging_key
    release_connection()
    if staging_key:
        storage.move_original_to_store(image)
    with transaction.atomic():
        step = lock_claim(claim)
        Image.objects.filter(pk=image.pk).update(
            is_stored=True, staging_key="", bucket=storage.bucket_of(storage.DEFAULT)
        )
        complete_step(step)
    if staging_key:  # last: until the row says "stored", staging holds the only safe copy
        storage.staging_discard([staging_key])


def store_thumbnail(claim: Claim) -> None:
    """Write the thumbnail, and an upright JPEG of what is large or what browsers do not show. Neither carries GPS.

    Thumbnails are cleared and made again; the JPEG is kept, and so made once.
    """
    STORE_BREAKER.refuse_while_open()  # before the photo is decoded in vain
    image = _image(claim)
    release_connection()
    with storage.open_original(image) as path:
        made = render(path, with_preview=_gets_preview(image) and not image.preview_key)
    day = image.uploaded_at
    thumbnail_key = storage.thumbnail_key(image.pk, day)
    store, metadata = storage.StorageService(), storage.metadata_of(image)
    store.upload_file(made.thumbnail, thumbnail_key, metadata=metadata)
    preview_key = image.preview_key
    if made.preview is not None:
        preview_key = storage.preview_key(image.pk, day)
        store.upload_file(made.preview, preview_key, metadata=metadata)
    with transaction.atomic():
        step = lock_claim(claim)
        Image.objects.filter(pk=image.pk).update(thumbnail_key=thumbnail_key, preview_key=preview_key)
        complete_step(step)


def store_full_picture(claim: Claim) -> None:
    """Write the JPEG in full size of what browsers do not show upright. It carries no GPS."""
    STORE_BREAKER.refuse_while_open()  # before the photo is decoded in vain
    image = _image(claim)
    release_connection()
    with storage.open_original(image) as path:
        content = render_full_size(path)
    key = storage.full_picture_key(image.pk, image.uploaded_at)
    storage.StorageService().upload_file(content, key, metadata=storage.metadata_of(image))
    with transaction.atomic():
        step = lock_claim(claim)
        Image.objects.filter(pk=image.pk).update(full_picture_key=key)
        complete_step(step)


def store_annotated(claim: Claim) -> list[ProcessingStep]:
    """Move the drawing of a count and its thumbnail from staging to the store, and end the job.

    A drawing that staging has lost is made anew: returns the steps to send for that.
    """
    STORE_BREAKER.refuse_while_open()
    image = _image(claim)
    session = ProcessingSession.objects.get(steps=claim.step_id)
    drawing_id, day = drawing_id_of(session), image.uploaded_at
    release_connection()
    store = storage.StorageService(storage.drawings_alias(image))
    metadata = storage.metadata_of(image)
    keys = storage.annotated_key(drawing_id, day), storage.annotated_thumbnail_key(drawing_id, day)
    staged = storage.staged_drawing_keys(claim.step_id)
    try:
        for key, staged_key in zip(keys, staged, strict=True):
            store.upload_file(storage.staging_read(staged_key), key, metadata=metadata)
    except FileNotFoundError:
        return draw_again(claim)
    with transaction.atomic():
        step = lock_claim(claim)
        ProcessingSession.objects.filter(pk=session.pk).update(processed_image_id=drawing_id)
        complete_step(step)
        jobs.finish_jobs(step.own_session)
    if has_ended(claim):  # else a newer drawing was staged meanwhile, under the same names
        storage.staging_discard(staged)
    return []


def _image(claim: Claim) -> Image:
    return Image.objects.select_related("uploaded_by").get(steps=claim.step_id)


def _gets_preview(image: Image) -> bool:
    """Whether pages show a preview first: where they must, and where the original is larger than one."""
    return image.needs_preview or max(image.width_px, image.height_px) > PREVIEW_PX
