"""Labels of places that a photo shows: which place they name, and what contradicts that.

One label names the place, before the position does, since phones err by more metres than a claro is wide. Several
labels name none: neighbouring ones come into view together. What a person said stays; a label that contradicts it is a
warning that waits (`photos.services.booking.count_warnings`).
"""

from collections.abc import Collection

from django.db import transaction

from inventory.models import StorageLocation
from inventory.services.configs import ConfigTimeline
from photos.choices import LocationSource
from photos.models import Image, ProcessingStep
from photos.services.booking.stock_evidence import lock_photos, settle_places
from photos.services.context import configuration
from photos.services.context.classification import update_for_place
from photos.services.context.configuration import name_place
from photos.services.steps.claims import Claim, lock_claim

_NAMED_BY_PEOPLE = (LocationSource.UPLOADER, LocationSource.PERSON)


@transaction.atomic
def note_labels(claim: Claim, texts: Collection[str]) -> None:
    """Write of which places the photo of a step shows labels, and name its place where they tell one.

    `texts` are those of all codes in the picture: what is no place in use is left out. May run twice.
    Raises StepLost.
    """
    image_id = ProcessingStep.objects.values_list("image_id", flat=True).get(pk=claim.step_id)
    labelled = list(StorageLocation.objects.in_use().labelled(texts).order_by("pk"))
    # The former one too: it loses a photo, whether anything is booked there or not.
    places = lock_photos([image_id], *labelled)
    lock_claim(claim)
    image = Image.objects.get(pk=image_id)
    ids = [location.pk for location in labelled]
    if not image.with_inventory or (not ids and not image.label_location_ids):
        return
    image.label_location_ids = ids
    image.save(update_fields=["label_location_ids"])
    if len(labelled) == 1:
        _name_place_of(image, labelled[0])
    settle_places(places)


def _name_place_of(image: Image, location: StorageLocation) -> None:
    """Name the place of the counts of a photo for which no person has named one. The places are locked."""
    timeline = ConfigTimeline(location)
    sessions = image.sessions.select_related("image", "storage_location")
    for session in sessions.exclude(location_source__in=_NAMED_BY_PEOPLE):
        if session.storage_location_id == location.pk and session.location_source == LocationSource.LABEL:
            continue
        name_place(session, location, LocationSource.LABEL, timeline)
        session.save(update_fields=[*configuration.FIELDS, "location_source", "gps_distance_m"])
        update_for_place(session)
