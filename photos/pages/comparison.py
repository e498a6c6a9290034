"""A photo beside the previous one of its place, laid over it so that the containers of both cover each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from demeter.accounts.models import User
from photos.image_urls import small_picture_url
from photos.models import PhotoContainer, ProcessingSession
from photos.services.context.newest_counts import previous_count

MAX_SCALE: Final = 2.0  # two photos of one place are taken from about as far
MAX_STRETCH: Final = 1.25  # beyond it, other containers were found, or the phone was turned


class Box(NamedTuple):
    """A rectangle in px."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


class Placing(NamedTuple):
    """How an earlier picture lies on this one: px of this for one of that, and where its corner is."""

    scale: float
    left: float
    top: float


@dataclass(frozen=True)
class Comparison:
    """Two counts of one place. left, top, width: the earlier picture on this one, in % of this one's sides."""

    previous: ProcessingSession
    picture_url: str
    previous_picture_url: str
    difference: int
    is_aligned: bool
    left: float
    top: float
    width: float


def comparison_of(
    session: ProcessingSession, containers: Sequence[PhotoContainer], user: User
) -> Comparison | None:
    """What a count is compared with; None where nothing earlier is to be seen. Two queries."""
    previous = previous_count(session, user)
    if previous is None:
        return None
    urls = small_picture_url(session.image), small_picture_url(previous.image)
    if urls[0] is None or urls[1] is None:
        return None
    placing = align(outlines(containers), outlines(previous.containers.all()))
    image, earlier = session.image, previous.image
    shown = placing or Placing(image.width_px / earlier.width_px, 0.0, 0.0)
    return Comparison(
        previous,
        urls[0],
        urls[1],
        session.total - previous.total,
        placing is not None,
        round(100 * shown.left / image.width_px, 3),
        round(100 * shown.top / image.height_px, 3),
        round(100 * shown.scale * earlier.width_px / image.width_px, 3),
    )


def outlines(containers: Iterable[PhotoContainer]) -> Box | None:
    """The rectangle around all containers that count; None without any."""
    points = [point for row in containers if row.is_counted for point in row.polygon]
    if not points:
        return None
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def align(here: Box | None, earlier: Box | None) -> Placing | None:
    """Lay `earlier` over `here`: middle on middle, as large in the mean of both sides.

    None where the two do not look like the same containers. A turn is not found this way.
    """
    if here is None or earlier is None or min(*_sides(here), *_sides(earlier)) <= 0:
        return None
    across, along = here.width / earlier.width, here.height / earlier.height
    scale = (across * along) ** 0.5
    stretch = max(across, along) / min(across, along)
    if stretch > MAX_STRETCH or not 1 / MAX_SCALE <= scale <= MAX_SCALE:
        return None
    left = (here.left + here.right - scale * (earlier.left + earlier.right)) / 2
    top = (here.top + here.bottom - scale * (earlier.top + earlier.bottom)) / 2
    return Placing(scale, left, top)


def _sides(box: Box) -> tuple[float, float]:
    return box.width, box.height
