"""Which line of the ledger the plants of a count came by: their rows know it, though nobody asks it to book."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, Value
from django.db.models.functions import Coalesce, NullIf

from inventory.choices import PHOTO_CATEGORIES, BinCategory, MovementType
from inventory.models import StockMovement
from photos.models import Detection, Estimation, PhotoContainer, ProcessingSession


def note_movements(session_uuids: Collection[UUID]) -> None:
    """Tell the living plants of these counts by which movement they were booked. Repeating it writes nothing.

    That is the newest `foto` movement of the count on a batch of their kind of container. It is none where the count
    changed nothing in the stock, and where its movements on that batch cancel out because it was withdrawn.
    """
    movements = _movements_by_category(session_uuids)
    sessions = dict(
        ProcessingSession.objects.filter(uuid__in=session_uuids).order_by("pk").values_list("pk", "uuid")
    )
    for session_id, containers in _containers_by_category(sessions).items():
        for category, container_ids in containers.items():
            _note(session_id, container_ids, movements.get((sessions[session_id], category)))


def _movements_by_category(
    session_uuids: Collection[UUID],
) -> dict[tuple[UUID | None, BinCategory], int]:
    rows = (
        StockMovement.objects.filter(session_uuid__in=session_uuids, movement_type=MovementType.PHOTO)
        .annotate(
            stands_in=Coalesce(
                "destination_bin__storage_bin_type__category", "source_bin__storage_bin_type__category"
            )
        )
        .exclude(stands_in=None)
        .order_by("pk")
        .values_list("pk", "session_uuid", "batch_id", "quantity", "stands_in")
    )
    nets: dict[tuple[UUID | None, int], int] = defaultdict(int)
    for _pk, session, batch, quantity, _category in rows:
        nets[session, batch] += quantity
    return {
        (session, PHOTO_CATEGORIES[BinCategory(category)]): pk
        for pk, session, batch, _quantity, category in rows
        if nets[session, batch]
    }


def _containers_by_category(session_ids: Collection[int]) -> dict[int, dict[BinCategory, list[int]]]:
    rows = (
        PhotoContainer.objects.filter(session__in=session_ids)
        .annotate(stands_as=Coalesce(NullIf("human_type", Value("")), "type"))
        .order_by("pk")
        .values_list("session_id", "stands_as", "pk")
    )
    containers: dict[int, dict[BinCategory, list[int]]] = defaultdict(lambda: defaultdict(list))
    for session_id, stands_as, pk in rows:
        containers[session_id][BinCategory(stands_as)].append(pk)
    return containers


def _note(session_id: int, container_ids: Collection[int], movement_id: int | None) -> None:
    """Write it where the row says otherwise: rows of detections are many, and each write leaves a dead one behind."""
    known = Q(stock_movement=movement_id) if movement_id else Q(stock_movement=None)
    for rows in (Detection.objects.filter(is_alive=True), Estimation.objects.all()):
        rows.filter(session=session_id, container__in=container_ids).exclude(known).update(
            stock_movement=movement_id
        )
