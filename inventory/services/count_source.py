"""The interface through which the settlement reads counts of photos; the app that counts registers itself here.

Imports point from that app to this one, never back.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from inventory.models import StorageLocation
    from inventory.services.settlement import Settlement
    from inventory.services.statement import Count


class CountSource(Protocol):
    """What counts photos. Its rows are the truth; nothing of them is copied into the inventory."""

    def counts_at(self, location: StorageLocation) -> list[Count]:
        """The finished counts of the photos that show a place, those that wait for a person included."""

    def photos_of(self, session_uuids: Collection[UUID]) -> dict[UUID, UUID]:
        """The photo of each session, by session: the key of its counts."""

    def settled(self, location: StorageLocation, settlement: Settlement) -> None:
        """Note in its own rows which counts decide, in the transaction that has settled the stock."""


class NoPhotos:
    """An inventory that is counted by hand alone."""

    def counts_at(self, location: StorageLocation) -> list[Count]:
        """No photo is counted: none."""
        return []

    def photos_of(self, session_uuids: Collection[UUID]) -> dict[UUID, UUID]:
        """No photo is counted: none."""
        return {}

    def settled(self, location: StorageLocation, settlement: Settlement) -> None:
        """There are no rows to note it in."""
        return


_source: CountSource = NoPhotos()


def use_counts_of(source: CountSource) -> None:
    """Take the counts of this source from now on. Called once, when Django starts."""
    global _source  # noqa: PLW0603 - one source a process, set by the app that has it
    _source = source


def count_source() -> CountSource:
    """The source in use."""
    return _source
