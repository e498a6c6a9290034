"""The nursery that the API is measured on: places, photos with counts, the newest of them with detections."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID, uuid4

from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.errors import DemeterError
from inventory.choices import AreaPosition, MovementSource, MovementType, WarehouseType
from inventory.demo import load_demo_nursery
from inventory.geometry import plane_at
from inventory.models import (
    Product,
    ProductState,
    StockBatch,
    StockMovement,
    StorageArea,
    StorageLocation,
    StorageLocationConfig,
    Warehouse,
)
from photos.choices import BookingState, ImageStatus, JobStatus, SessionStatus, Stage, TakenAtSource
from photos.models import Detection, Image, PhotoContainer, ProcessingSession, UploadJob, UploadSession

M = TypeVar("M", bound=models.Model)

AREAS_IN_WAREHOUSE: Final = 2
LOCATIONS_IN_AREA: Final = 23
PHOTOS_IN_UPLOAD: Final = 100
LARGE_PHOTO_BOXES: Final = 5_000
_BATCH_ROWS: Final = 5_000
_COPIED_CONTAINERS: Final = 100  # with their boxes: as many rows as are sorted in memory
_SITE: Final = plane_at(lon=-68.72, lat=-33.06)
_BED_M: Final = (46.0, 18.0)
_CLARO_M: Final = 2.0
_PLANT_PX: Final = 40.0
_WAITING_SHARE: Final = 0.02  # of the photos


class NotEmpty(DemeterError):
    """The database holds photos: made-up ones would mix with them."""

    code, status = "not_empty", 409


@dataclass(frozen=True)
class Sizes:
    """How much is made. `boxes`: fewest and most detections of a photo that carries any."""

    photos: int = 100_000
    with_detections: int = 10_000
    boxes: tuple[int, int] = (500, 800)
    warehouses: int = 28
    seed: int = 1


@dataclass(frozen=True)
class DataSet:
    """What was made, as far as requests name it."""

    supervisor: User
    newest: UUID
    large: UUID
    upload: UUID
    warehouse: int
    location: int
    photos: int
    detections: int


def make_data_set(sizes: Sizes) -> DataSet:
    """Fill an empty database. The photos have no files: their links are signed all the same.

    Raises: NotEmpty where there are photos already.
    """
    if Image.objects.exists():
        raise NotEmpty(_("This database holds photos. Give an empty one by DATABASE_URL."))
    with transaction.atomic():
        return _Maker(sizes).make()


class _Maker:
    """Makes everything from one seed."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.random = random.Random(sizes.seed)
        self.now = timezone.now()
        self.detections = 0

    def make(self) -> DataSet:
        load_demo_nursery()
        self.supervisor, *self.workers = [
            User.objects.create_user(
                f"{role.value}{number}@bench.example",
                None,
                name=f"{role.label} {number}",
                role=role,
                is_approved=True,
            )
            for number, role in enumerate([Role.SUPERVISOR, Role.WORKER, Role.WORKER, Role.WORKER])
        ]
        self.locations = self._places()
        self.batches = self._batches()
        counts = self._photos()
        newest = counts[: self.sizes.with_detections]
        self._findings(newest)
        self._movements(counts)
        StockBatch.objects.bulk_update(self.batches, ["quantity_current"], batch_size=_BATCH_ROWS)
        newest_at: dict[int | None, datetime] = {}
        for count in counts:  # newest first
            newest_at.setdefault(count.storage_location_id, count.image.taken_at)
        for location in self.locations:
            location.last_photo_at = newest_at.get(location.pk)
        StorageLocation.objects.bulk_update(self.locations, ["last_photo_at"], batch_size=500)
        place = self.locations[0]
        return DataSet(
            supervisor=self.supervisor,
            newest=counts[1].image_id,
            large=counts[0].image_id,
            upload=counts[0].image.upload_session_id,
            warehouse=place.storage_area.warehouse_id,
            location=place.pk,
            photos=self.sizes.photos,
            detections=self.detections,
        )

    def _places(self) -> list[StorageLocation]:
        width_m, depth_m = _BED_M
        locations = []
        for number in range(self.sizes.warehouses):
            east_m, north_m = (number % 7) * (width_m + 10), (number // 7) * (2 * depth_m + 12)
            warehouse = Warehouse.objects.create(
                code=f"B{number + 1}",
                name=f"Nave B{number + 1}",
                warehouse_type=WarehouseType.GREENHOUSE,
                polygon=_SITE.rectangle(east_m, north_m, width_m, AREAS_IN_WAREHOUSE * depth_m),
            )
            for bed, position in enumerate([AreaPosition.SOUTH, AreaPosition.NORTH]):
                bed_m = north_m + bed * depth_m
                area = StorageArea.objects.create(
                    warehouse=warehouse,
                    code=f"{warehouse.code}-{position}",
                    name=f"Cantero {position.label}",
                    position=position,
                    polygon=_SITE.rectangle(east_m, bed_m, width_m, depth_m),
                )
                for claro in range(LOCATIONS_IN_AREA):
                    code = f"{area.code}-{claro + 1:02d}"
                    location = StorageLocation(
                        storage_area=area,
                        code=code,
                        qr_code=f"CLARO-{code}",
                        name=f"Nave B{number + 1}, {position.label}, claro {claro + 1}",
                        polygon=_SITE.rectangle(east_m + claro * _CLARO_M, bed_m, _CLARO_M, depth_m),
                    )
                    location.save()
                    locations.append(location)
        return locations

    def _batches(self) -> list[StockBatch]:
        products, state = list(Product.objects.order_by("pk")), ProductState.objects.get(code="ADULT")
        began_at = self.now - timedelta(days=3 * 365)
        growing = [products[index % len(products)] for index in range(len(self.locations))]
        _create(
            StorageLocationConfig,
            (
                StorageLocationConfig(
                    storage_location=location,
                    product=product,
                    expected_product_state=state,
                    started_at=began_at,
                )
                for location, product in zip(self.locations, growing, strict=True)
            ),
        )
        return _create(
            StockBatch,
            (
                StockBatch(
                    batch_code=f"BENCH-{number:06d}",
                    storage_location=location,
                    product=product,
                    product_state=state,
                )
                for number, (location, product) in enumerate(zip(self.locations, growing, strict=True))
            ),
        )

    def _photos(self) -> list[ProcessingSession]:
        """Photos with their counts, newest first: one every 16 minutes."""
        number = self.sizes.photos
        taken = [self.now - timedelta(minutes=16 * index) for index in range(number)]
        uploads = _create(
            UploadSession,
            (
                UploadSession(user=self.workers[index % len(self.workers)])
                for index in range(-(-number // PHOTOS_IN_UPLOAD))
            ),
        )
        images = _create(
            Image, (self._image(uploads[i // PHOTOS_IN_UPLOAD], taken[i], i) for i in range(number))
        )
        Image.objects.update(uploaded_at=F("taken_at"))  # creating has written the time of today
        counts = _create(ProcessingSession, (self._count(image) for image in images))
        _create(
            UploadJob,
            (
                UploadJob(
                    upload_session_id=count.image.upload_session_id,
                    position=index % PHOTOS_IN_UPLOAD,
                    filename=count.image.original_filename,
                    image=count.image,
                    session=count,
                    status=JobStatus.COMPLETED,
                    stage=Stage.DONE,
                    progress_percent=100,
                    started_at=count.image.taken_at,
                    completed_at=count.image.taken_at + timedelta(seconds=70),
                )
                for index, count in enumerate(counts)
            ),
        )
        return counts

    def _image(self, upload: UploadSession, taken_at: datetime, index: int) -> Image:
        image = Image(
            upload_session=upload,
            uploaded_by=upload.user,
            original_filename=f"IMG_{index:06d}.jpg",
            content_type="image/jpeg",
            file_size_bytes=4_600_000,
            sha256=f"{index:064x}",
            width_px=4032,
            height_px=3024,
            taken_at=taken_at,
            taken_at_source=TakenAtSource.EXIF,
            is_stored=True,
            status=ImageStatus.READY,
        )
        folder = f"{taken_at:%Y/%m/%d}"
        image.original_key = f"originals/{folder}/{image.pk}.jpg"
        image.thumbnail_key = f"thumbnails/{folder}/{image.pk}.avif"
        if self.random.random() < _WAITING_SHARE:
            image.status, image.error_details = (
                ImageStatus.FAILED,
                "needs_review: The count does not fit the stock",
            )
        return image

    def _count(self, image: Image) -> ProcessingSession:
        is_waiting = image.status == ImageStatus.FAILED
        living = self.random.randint(*self.sizes.boxes)
        place = self.random.randrange(len(self.locations))
        return ProcessingSession(
            image=image,
            requested_by=image.uploaded_by,
            storage_location=self.locations[place],
            product=self.batches[place].product,
            status=SessionStatus.COMPLETED,
            booking_state=BookingState.WAITING if is_waiting else BookingState.BOOKED,
            booked_quantity=None if is_waiting else living,
            warnings=["needs_review"] if is_waiting else [],
            processed_image_id=uuid4(),
            total_detected=living,
            total_estimated=living // 20,
            avg_confidence=0.8,
            interval_low=living,
            interval_high=living + living // 10,
            category_counts={"plant": living},
            started_at=image.taken_at,
            completed_at=image.taken_at + timedelta(seconds=70),
        )

    def _findings(self, counts: list[ProcessingSession]) -> None:
        """Containers and boxes; the newest photo has LARGE_PHOTO_BOXES."""
        outline = [[20.0, 20.0], [4000.0, 20.0], [4000.0, 3000.0], [20.0, 3000.0]]
        numbers = [count.total_detected for count in counts]
        numbers[0] = LARGE_PHOTO_BOXES
        containers = _create(
            PhotoContainer,
            (
                PhotoContainer(
                    session=count, position=0, type="segment", polygon=outline, confidence=0.9, detected=number,
                    is_counted=True,
                )
                for count, number in zip(counts, numbers, strict=True)
            ),
        )  # fmt: skip
        large, *others = containers
        self.detections = len(_create(Detection, self._boxes(large, numbers[0])))
        self.detections += _copy_boxes(large, others)

    def _boxes(self, container: PhotoContainer, number: int) -> Iterator[Detection]:
        uniform = self.random.uniform
        for _box in range(number):
            yield Detection(
                session_id=container.session_id,
                container=container,
                center_x=uniform(_PLANT_PX, 4032 - _PLANT_PX),
                center_y=uniform(_PLANT_PX, 3024 - _PLANT_PX),
                width_px=uniform(0.7, 1.3) * _PLANT_PX,
                height_px=uniform(0.7, 1.3) * _PLANT_PX,
                confidence=uniform(0.3, 0.98),
                class_name="plant",
            )

    def _movements(self, counts: list[ProcessingSession]) -> None:
        """What each count has booked, oldest first: the difference to the one before it at the same place."""
        batch_at = {batch.storage_location_id: batch for batch in self.batches}

        def movements() -> Iterator[StockMovement]:
            for count in reversed(counts):
                batch = batch_at[count.storage_location_id or 0]
                difference = (count.booked_quantity or batch.quantity_current) - batch.quantity_current
                if not difference:
                    continue
                batch.quantity_current += difference
                yield StockMovement(
                    request_id=uuid4(),
                    batch=batch,
                    movement_type=MovementType.PHOTO,
                    quantity=difference,
                    is_inbound=difference > 0,
                    source=MovementSource.AUTOMATIC,
                    user=count.requested_by,
                    occurred_at=count.image.taken_at,
                    session_uuid=count.uuid,
                )

        _create(StockMovement, movements())


def _copy_boxes(source: PhotoContainer, targets: Sequence[PhotoContainer]) -> int:
    """Give each container as many boxes as it has detected, a stretch of the source's; how many these are.

    The database copies them: rows that Python makes take ten times as long, and a nursery has millions.
    """
    own = ("id", "session_id", "container_id")
    columns = [str(field.column) for field in Detection._meta.concrete_fields if field.column not in own]
    names, values = ", ".join(columns), ", ".join(f"box.{column}" for column in columns)
    statement = f"""
        INSERT INTO detections (session_id, container_id, {names})
        SELECT target.session_id, target.id, {values} FROM photo_containers target
        JOIN (SELECT ROW_NUMBER() OVER (ORDER BY id) AS number, {names} FROM detections WHERE container_id = %s) box
        ON box.number > target.id %% %s AND box.number <= target.id %% %s + target.detected
        WHERE target.id BETWEEN %s AND %s ORDER BY target.id, box.number
    """  # noqa: S608 - names of our own columns
    starts = max(1, source.detected - max((target.detected for target in targets), default=0) + 1)
    copied = 0
    with connection.cursor() as cursor:
        for portion in range(0, len(targets), _COPIED_CONTAINERS):
            ids = [target.pk for target in targets[portion : portion + _COPIED_CONTAINERS]]
            cursor.execute(statement, [source.pk, starts, starts, min(ids), max(ids)])
            copied += cursor.rowcount
    return copied


def _create(model: type[M], rows: Iterable[M]) -> list[M]:
    """Insert rows in portions; all of them come back."""
    made: list[M] = []
    remaining = iter(rows)
    while portion := list(islice(remaining, _BATCH_ROWS)):
        made += model._default_manager.bulk_create(portion, batch_size=1_000)
    return made
