"""Whatever is uploaded, corrected, moved, trashed and recorded, in any order: the stock is what the evidence says."""

import os
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from demeter.errors import DemeterError
from inventory.choices import MovementType
from inventory.errors import InsufficientStock
from inventory.models import Product, StockBatch, StockMovement, StorageLocation
from inventory.services.configs import ConfigDetails, active_config, count_by_hand, open_cycle
from inventory.services.stock import create_batch, held, record_movement
from photos.choices import BookingState, TakenAtSource
from photos.models import Image, PhotoContainer, ProcessingSession, UploadSession
from photos.services.booking.stock_evidence import settle_places, settle_session
from photos.services.results.session_lifecycle import assign_location, open_session
from photos.services.review.trash import restore, trash
from photos.services.review.validation import answer, validate, withdraw_validation
from tests.inventory.factories import (
    ProductFactory,
    ProductStateFactory,
    StorageLocationConfigFactory,
    UserFactory,
)
from tests.photos.factories import finish_count
from tests.photos.services.booking.stock_oracle import Oracle

PLACES = st.integers(0, 1)
HOURS = st.integers(1, 40)
PLANTS = st.integers(0, 60)
TYPES = st.sampled_from(["segment", "box"])


class StockMachine(RuleBasedStateMachine):
    """Two places, their photos and their books. Each run lives in a transaction that is rolled back."""

    photos = Bundle("photos")

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.worker = UserFactory(role="supervisor")
        configs = [StorageLocationConfigFactory() for _ in range(2)]
        self.begin = timezone.now() - timedelta(hours=50)
        for config in configs:
            config.started_at = self.begin
            config.save()
        self.places = [config.storage_location for config in configs]
        self.expected: dict[tuple[int, int], int] = {}
        self.is_undone = False

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def at(self, hour: int) -> datetime:
        return self.begin + timedelta(hours=hour)

    @rule(
        target=photos,
        place=PLACES,
        hour=HOURS,
        living=PLANTS,
        kind=TYPES,
        partial=st.booleans(),
        dated=st.booleans(),
    )
    def upload(self, place: int, hour: int, living: int, kind: str, partial: bool, dated: bool) -> Image:
        number = Image.objects.count()
        image = Image.objects.create(
            upload_session=UploadSession.objects.create(user=self.worker),
            uploaded_by=self.worker,
            original_filename=f"IMG_{number}.jpg",
            content_type="image/jpeg",
            file_size_bytes=1000,
            sha256=f"{number:064d}",
            width_px=100,
            height_px=100,
            taken_at=self.at(hour),
            taken_at_source=TakenAtSource.EXIF if dated else TakenAtSource.RECEIVED,
            staging_key=f"temp_uploads/{number}.jpg",
            original_key=f"originals/{uuid4()}.jpg",
        )
        self.count(
            open_session(image=image, user=self.worker, location=self.places[place]), living, kind, partial
        )
        return image

    @rule(image=photos, living=PLANTS, kind=TYPES, partial=st.booleans())
    def recount(self, image: Image, living: int, kind: str, partial: bool) -> None:
        place = image.sessions.order_by("-attempt")[0].storage_location
        self.count(open_session(image=image, user=self.worker, location=place), living, kind, partial)

    def count(self, session: ProcessingSession, living: int, kind: str, partial: bool) -> None:
        PhotoContainer.objects.create(
            session=session,
            position=0,
            type=kind,
            polygon=[],
            confidence=0.9,
            is_counted=True,
            detected=living,
        )
        finish_count(session, detected=living, warnings=["partial_count"] if partial else [])
        settle_session(session)

    @rule(image=photos, place=PLACES, attempt=st.integers(0, 2))
    def move(self, image: Image, place: int, attempt: int) -> None:
        sessions = list(image.sessions.order_by("attempt"))
        assign_location(
            session=sessions[attempt % len(sessions)], location=self.places[place], user=self.worker
        )

    @rule(image=photos)
    def throw_away(self, image: Image) -> None:
        trash(image_ids=[image.pk], user=self.worker)

    @rule(image=photos)
    def take_back(self, image: Image) -> None:
        restore(image_ids=[image.pk], user=self.worker)

    @rule(image=photos, newest=st.booleans())
    def accept(self, image: Image, newest: bool) -> None:
        session = image.sessions.order_by("-attempt" if newest else "attempt")[0]
        self.allow(lambda: validate(session=session, user=self.worker))

    @rule(image=photos)
    def undo(self, image: Image) -> None:
        session = image.sessions.filter(validated=True).first()
        if session is not None:
            withdraw_validation(session=session, user=self.worker)
            self.is_undone = True

    @rule(image=photos)
    def answer_about_the_old_product(self, image: Image) -> None:
        answer(session=image.sessions.order_by("-attempt")[0], warning="other_product")

    @rule(
        place=PLACES,
        hour=HOURS,
        quantity=st.integers(1, 40),
        kind=st.sampled_from(["muerte", "ventas", "plantar"]),
    )
    def record(self, place: int, hour: int, quantity: int, kind: str) -> None:
        location = self.places[place]
        batch = StockBatch.objects.at_location(location).newest_first().first()
        if batch is None:
            config = active_config(location)
            batch = create_batch(
                on=timezone.localdate(),
                storage_location=location,
                product=config.product,
                product_state=config.expected_product_state,
            )
        lines = StockMovement.objects.count()
        try:
            record_movement(
                batch=batch,
                quantity=quantity if kind == "plantar" else -quantity,
                movement_type=MovementType(kind),
                request_id=uuid4(),
                user=self.worker,
                occurred_at=self.at(hour),
            )
        except InsufficientStock:
            assert StockMovement.objects.count() == lines

    @rule(place=PLACES, hour=HOURS, quantity=PLANTS, is_old=st.booleans())
    def count_with_the_hands(self, place: int, hour: int, quantity: int, is_old: bool) -> None:
        location = self.places[place]
        products = Product.objects.filter(configs__storage_location=location).distinct().order_by("-pk")[:2]
        product = list(products)[-1 if is_old else 0]
        count_by_hand(
            location=location, product=product, quantity=quantity, at=self.at(hour), user=self.worker
        )

    @rule(place=PLACES, hour=HOURS, remaining=st.none() | st.integers(0, 20), is_replanted=st.booleans())
    def begin_a_cycle(self, place: int, hour: int, remaining: int | None, is_replanted: bool) -> None:
        location = self.places[place]
        config = active_config(location)
        if config.started_at >= self.at(hour):
            return
        details = ConfigDetails(
            product=ProductFactory() if is_replanted else config.product,
            expected_product_state=ProductStateFactory(),
        )
        open_cycle(
            location=location, details=details, at=self.at(hour), remaining=remaining, user=self.worker
        )

    def allow(self, decide: Any) -> None:
        """Refusals are fine here: they must leave everything as it was, which the invariants see."""
        try:
            with transaction.atomic():
                decide()
        except DemeterError:
            return

    @invariant()
    def the_stock_is_what_the_evidence_says(self) -> None:
        for place in self.places:
            oracle = Oracle(place)
            for product in oracle.products | set(
                StockBatch.objects.at_location(place).values_list("product", flat=True)
            ):
                batches = StockBatch.objects.at_location(place).filter(product=product)
                stock = sum(batches.values_list("quantity_current", flat=True))
                said = oracle.holds(product)
                if said >= 0:
                    assert stock == said
                    self.check_the_past(place, oracle, product)
                elif not self.is_undone and (place.pk, product) in self.expected:
                    moved = self.recorded(place, product)
                    assert (
                        stock - moved == self.expected[place.pk, product]
                    )  # kept, but for what people recorded
                self.expected[place.pk, product] = stock - self.recorded(place, product)
        self.is_undone = False

    def recorded(self, place: StorageLocation, product: int) -> int:
        people = StockMovement.objects.filter(
            batch__storage_location=place,
            batch__product=product,
            movement_type__in=["muerte", "ventas", "plantar"],
        )
        return int(people.total())

    def check_the_past(self, place: StorageLocation, oracle: Oracle, product: int) -> None:
        for evidence in oracle.evidence:
            moment = evidence.moment[0]
            row = Product.objects.get(pk=product)
            assert held(place, row, moment) == oracle.holds(product, moment)

    @invariant()
    def one_count_decides_and_the_others_say_so(self) -> None:
        for place in self.places:
            oracle = Oracle(place)
            deciding = {oracle.deciding_session(product) for product in oracle.products} - {None}
            booked = ProcessingSession.objects.filter(
                booking_state=BookingState.BOOKED, image__deleted_at=None, storage_location=place
            )
            assert set(booked) <= deciding
            short = {s for s in deciding if "needs_review" in ProcessingSession.objects.get(pk=s.pk).warnings}
            assert deciding - short == set(booked)
            for session in booked:
                assert "superseded" not in session.warnings

    @invariant()
    def the_books_balance_and_settling_again_writes_nothing(self) -> None:
        assert not StockBatch.objects.out_of_balance().exists()
        written = [m for settlement in settle_places(p.pk for p in self.places) for m in settlement.movements]
        assert written == []


@pytest.mark.django_db
def test_the_stock_follows_the_evidence_whatever_happens_in_whatever_order():
    examples = int(os.environ.get("DEMETER_STOCK_EXAMPLES", "8"))
    # Shrinking takes minutes; the blob that is printed brings a failure back without it.
    run_state_machine_as_test(
        StockMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            print_blob=True,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
