"""Maps as SVG, made here: outlines in metres, north up. They need no tiles, no script and no other host.

A script adds moving and zooming (static/inventory/js/map.js). The list beside a map says the same in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from django.urls import reverse

from inventory.geometry import LocalPlane, plane_at
from inventory.services.place_overview import AreaSummary, LocationSummary, WarehouseSummary

Place = WarehouseSummary | AreaSummary | LocationSummary


class HasOutline(Protocol):
    """What can be drawn: a GeoJSON Polygon in degrees."""

    @property
    def polygon(self) -> Mapping[str, Any]: ...


MARGIN_SHARE: Final = 0.03  # of the longer side, on each side of the map
QUANTITY_STEPS: Final = 4  # of colour, from few plants to many
MAX_LABEL_LENGTH: Final = 4
_SCALE_BARS_M: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A place on the map: `path` is SVG's path data in metres; the label stands at `x`, `y`, `size` metres high."""

    place: Place
    url: str
    path: str
    label: str
    x: float
    y: float
    size: float
    step: int = 0  # 0: no plants, to QUANTITY_STEPS
    lines: str = ""  # outlines of what it contains
    stocked: str = ""  # outlines of its locations that hold plants
    due: list[tuple[float, float, float]] = field(default_factory=list)  # a photo is due: x, y, radius


@dataclass(frozen=True, kw_only=True)
class MapDrawing:
    """A map: `width` and `height` in metres. `steps`: upper bounds of the colours, in plants."""

    width: float
    height: float
    shapes: list[Shape]
    outlines: str = ""  # of what is drawn around the shapes
    unit: float  # a hundredth of the longer side
    bar_m: int = 0
    steps: list[int] = field(default_factory=list)

    @property
    def view_box(self) -> str:
        return f"0 0 {self.width} {self.height}"

    @property
    def bar_path(self) -> str:
        """A bar as long as `bar_m`, at the lower left."""
        x, y = self.unit * 2, self.height - self.unit * 2
        return f"M{x:.2f} {y - self.unit:.2f}V{y:.2f}H{x + self.bar_m:.2f}V{y - self.unit:.2f}"

    @property
    def bar_label(self) -> tuple[float, float, float]:
        """Where its length is written: x, y and height of the letters."""
        size = max(self.unit, self.width / 100) * 2.5
        return self.unit * 3 + self.bar_m, self.height - self.unit * 2, size


def draw_nursery(warehouses: list[WarehouseSummary]) -> MapDrawing | None:
    """All warehouses, with the outlines of what they contain; None without any."""
    if not warehouses:
        return None
    frame = MapFrame.around(warehouses)
    return MapDrawing(
        width=frame.width,
        height=frame.height,
        unit=frame.unit,
        bar_m=frame.bar_m,
        shapes=[_warehouse(house, frame) for house in warehouses],
    )


def draw_warehouse(warehouse: WarehouseSummary) -> MapDrawing:
    """One warehouse: each location in the colour of how much it holds."""
    frame = MapFrame.around([warehouse])
    locations = [location for area in warehouse.areas for location in area.locations]
    most = max((location.quantity for location in locations), default=0)
    steps = _steps(most)
    return MapDrawing(
        width=frame.width,
        height=frame.height,
        unit=frame.unit,
        bar_m=frame.bar_m,
        outlines=frame.path(warehouse) + "".join(frame.path(area) for area in warehouse.areas),
        shapes=[_location(location, frame, steps) for location in locations],
        steps=steps,
    )


def _steps(most: int) -> list[int]:
    """Upper bounds of the colours; fewer of them where few plants stand."""
    return sorted({-(-most * step // QUANTITY_STEPS) for step in range(1, QUANTITY_STEPS + 1)} - {0})


def _warehouse(house: WarehouseSummary, frame: MapFrame) -> Shape:
    locations = [location for area in house.areas for location in area.locations]
    x, y, width, height = frame.box(house)
    return Shape(
        place=house,
        url=reverse("place-warehouse", args=[house.id]),
        path=frame.path(house),
        label=house.code,
        x=x,
        y=y,
        size=round(min(height * 0.4, width / max(3, len(house.code))), 2),
        lines="".join(frame.path(area) for area in house.areas),
        stocked="".join(frame.path(location) for location in locations if location.quantity),
        due=[frame.mark(location) for location in locations if location.is_photo_due],
    )


def _location(location: LocationSummary, frame: MapFrame, steps: list[int]) -> Shape:
    x, y, width, height = frame.box(location)
    label = location.code.rpartition("-")[2]
    return Shape(
        place=location,
        url=reverse("place", args=[location.id]),
        path=frame.path(location),
        label=label if len(label) <= MAX_LABEL_LENGTH else "",
        x=x,
        y=y,
        size=round(min(height * 0.3, width / max(2.5, len(label))), 2),
        step=sum(location.quantity > bound for bound in steps) + 1 if location.quantity else 0,
        due=[frame.mark(location)] if location.is_photo_due else [],
    )


@dataclass(frozen=True)
class MapFrame:
    """From degrees to metres right of and below the map's upper left corner."""

    plane: LocalPlane
    west_m: float
    north_m: float
    width: float
    height: float

    @classmethod
    def around(cls, places: Iterable[HasOutline]) -> MapFrame:
        positions = [position for place in places for position in _ring(place.polygon)]
        lons, lats = [position[0] for position in positions], [position[1] for position in positions]
        plane = plane_at((min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2)
        width_m = (max(lons) - min(lons)) * plane.m_per_lon
        height_m = (max(lats) - min(lats)) * plane.m_per_lat
        margin_m = MARGIN_SHARE * max(width_m, height_m)
        below_m = 2 * margin_m  # for the scale bar
        return cls(
            plane,
            -width_m / 2 - margin_m,
            height_m / 2 + margin_m,
            round(width_m + 2 * margin_m, 2),
            round(height_m + margin_m + below_m, 2),
        )

    @property
    def unit(self) -> float:
        return round(max(self.width, self.height) / 100, 3)

    @property
    def bar_m(self) -> int:
        """The length of the scale bar: a round number of metres, at most a fourth of the map's width."""
        return max((bar for bar in _SCALE_BARS_M if bar <= self.width / 4), default=1)

    def path(self, place: HasOutline) -> str:
        """The outline as SVG's path data, holes included."""
        rings = place.polygon["coordinates"]
        return "".join(
            "M" + "L".join(f"{x} {y}" for x, y in map(self.point, ring[:-1])) + "Z" for ring in rings
        )

    def box(self, place: HasOutline) -> tuple[float, float, float, float]:
        """The middle of a place's bounding box, its width and its height."""
        points = [self.point(position) for position in _ring(place.polygon)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        width, height = max(xs) - min(xs), max(ys) - min(ys)
        return round(min(xs) + width / 2, 2), round(min(ys) + height / 2, 2), width, height

    def mark(self, place: HasOutline) -> tuple[float, float, float]:
        """A round mark in the upper part of a place: its middle and radius."""
        x, y, width, height = self.box(place)
        return x, round(y - height * 0.3, 2), round(min(width, height) * 0.16, 2)

    def point(self, position: list[float]) -> tuple[float, float]:
        """A position (longitude, latitude) in metres right of and below the corner."""
        east_m = (position[0] - self.plane.lon) * self.plane.m_per_lon
        north_m = (position[1] - self.plane.lat) * self.plane.m_per_lat
        return round(east_m - self.west_m, 2), round(self.north_m - north_m, 2)


def _ring(polygon: Mapping[str, Any]) -> list[list[float]]:
    """The outer ring of a GeoJSON Polygon."""
    ring: list[list[float]] = polygon["coordinates"][0]
    return ring
