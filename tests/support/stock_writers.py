"""Two processes that correct and record at the same two places, in random order, on the database of the environment.

`python -m tests.support.stock_writers SEED OPERATIONS` migrates an empty database, lets two writers work, and then
checks that the stock is what the evidence says. It exits with 1 and says what is wrong if it is not.
"""

import os
import random
import subprocess
import sys
from datetime import datetime, timedelta
from uuid import uuid4

import django

WRITERS = 2
PHOTOS = 4


def main(seed: int, operations: int) -> list[str]:
    """Run the writers and return what is wrong afterwards: nothing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demeter.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    prepare()
    commands = [
        [sys.executable, "-m", "tests.support.stock_writers", str(seed + number), str(operations), "writer"]
        for number in range(WRITERS)
    ]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    reports = [writer.communicate(timeout=600)[0] for writer in writers]
    codes = [writer.returncode for writer in writers]
    wrong = check()
    return [
        *wrong,
        *[
            f"writer ended with {code}:\n{report}"
            for code, report in zip(codes, reports, strict=True)
            if code
        ],
    ]


def prepare() -> None:
    """Two configured places and a few counted photos of the first."""
    from tests.inventory.factories import StorageLocationConfigFactory, UserFactory

    begin = now() - timedelta(hours=50)
    configs = [StorageLocationConfigFactory() for _ in range(2)]
    for config in configs:
        config.started_at = begin
        config.save()
    worker = UserFactory(role="supervisor")
    for number in range(PHOTOS):
        count(make_image(worker, number), configs[0].storage_location, worker, 20 + 10 * number)


def write(seed: int, operations: int) -> int:
    """One writer: so many operations, each in transactions as the product has them. Returns how many were refused."""
    django.setup()
    from demeter.accounts.models import User
    from demeter.errors import DemeterError
    from inventory.choices import MovementType
    from inventory.models import StockBatch, StorageLocation
    from inventory.services.stock import record_movement
    from photos.models import Image
    from photos.services.results.session_lifecycle import assign_location
    from photos.services.review.trash import restore, trash
    from photos.services.review.validation import validate, withdraw_validation

    random_ = random.Random(seed)
    worker = User.objects.get(role="supervisor")
    places = list(StorageLocation.objects.order_by("pk"))

    def record(_image: Image) -> None:
        batch = StockBatch.objects.order_by("?").first()
        kind = random_.choice(["plantar", "muerte"])
        record_movement(
            batch=batch,
            quantity=random_.randint(1, 9) * (1 if kind == "plantar" else -1),
            movement_type=MovementType(kind),
            request_id=uuid4(),
            user=worker,
            occurred_at=now() - timedelta(hours=random_.random() * 40),
        )

    def newest(image: Image):
        return image.sessions.order_by("-attempt")[0]

    def recount(image: Image) -> None:
        count(image, newest(image).storage_location, worker, random_.randint(0, 60))

    def move(image: Image) -> None:
        assign_location(session=newest(image), location=random_.choice(places), user=worker)

    operations_ = [
        record,
        record,
        recount,
        move,
        lambda image: trash(image_ids=[image.pk], user=worker),
        lambda image: restore(image_ids=[image.pk], user=worker),
        lambda image: validate(session=newest(image), user=worker),
        lambda image: withdraw_validation(session=newest(image), user=worker),
    ]
    refused = 0
    for _ in range(operations):
        image = random_.choice(list(Image.objects.order_by("pk")))
        try:
            random_.choice(operations_)(image)
        except DemeterError:
            refused += 1
    return refused


def count(image, place, worker, living: int) -> None:
    """A count in two transactions, as its steps have them: begun, and ended with its numbers."""
    from django.db import transaction

    from photos.models import PhotoContainer
    from photos.services.booking.stock_evidence import lock_photos, settle_session
    from photos.services.results.session_lifecycle import open_session
    from tests.photos.factories import finish_count

    session = open_session(image=image, user=worker, location=place)
    with transaction.atomic():
        places = lock_photos([image.pk])
        PhotoContainer.objects.create(
            session=session,
            position=0,
            type="segment",
            polygon=[],
            confidence=0.9,
            is_counted=True,
            detected=living,
        )
        session.refresh_from_db()  # another writer may have named its place meanwhile
        finish_count(session, detected=living)
        settle_session(session, places)


def make_image(worker, number: int):
    """A photo of so many hours after the beginning."""
    from photos.choices import TakenAtSource
    from photos.models import Image, UploadSession

    return Image.objects.create(
        upload_session=UploadSession.objects.create(user=worker),
        uploaded_by=worker,
        original_filename=f"IMG_{number}.jpg",
        content_type="image/jpeg",
        file_size_bytes=1000,
        sha256=f"{number:064d}",
        width_px=100,
        height_px=100,
        taken_at=now() - timedelta(hours=40 - 8 * number),
        taken_at_source=TakenAtSource.EXIF,
        staging_key=f"temp_uploads/{number}.jpg",
        original_key=f"originals/{number}.jpg",
    )


def check() -> list[str]:
    """What differs from the evidence, in words."""
    from inventory.models import StockBatch, StorageLocation
    from photos.services.booking.stock_evidence import settle_places
    from tests.photos.services.booking.stock_oracle import Oracle

    wrong = [f"out of balance: {batch}" for batch in StockBatch.objects.out_of_balance()]
    for place in StorageLocation.objects.order_by("pk"):
        oracle = Oracle(place)
        for product in oracle.products:
            batches = StockBatch.objects.at_location(place).filter(product=product)
            stock, said = sum(batches.values_list("quantity_current", flat=True)), oracle.holds(product)
            if stock != said and said >= 0:
                wrong.append(f"{place}: {stock} in stock, {said} by the evidence")
    places = StorageLocation.objects.values_list("pk", flat=True)
    again = [movement for settlement in settle_places(places) for movement in settlement.movements]
    return wrong + [f"written by settling again: {movement}" for movement in again]


def now() -> datetime:
    from django.utils import timezone

    return timezone.now()


if __name__ == "__main__":
    if sys.argv[3:] == ["writer"]:
        sys.stdout.write(f"{write(int(sys.argv[1]), int(sys.argv[2]))} refused\n")
    else:
        faults = main(int(sys.argv[1]), int(sys.argv[2]))
        sys.stdout.write("\n".join(faults))
        sys.exit(bool(faults))
