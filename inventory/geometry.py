"""The plane geometry of places: GeoJSON polygons in WGS 84, measured in metres.

Everything is measured on a local plane: degrees times the length of a degree at one reference latitude
(equirectangular projection on the WGS 84 ellipsoid). The east-west scale drifts by tan(latitude) × Δlatitude
away from it: at 45° and 10 km, the largest side accepted, a length is off by at most 0.16 %; over one nursery
(200 m) by 0.003 %.
Source: WGS 84 (a = 6 378 137 m, f = 1/298.257223563); radii of curvature M and N after Snyder, Map
Projections: A Working Manual (1987), equations 4-18 and 4-20.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from shapely import Point, Polygon
from shapely.affinity import affine_transform
from shapely.geometry import shape
from shapely.validation import explain_validity

from inventory.errors import InvalidPolygon

GeoJson = Mapping[str, Any]
Bounds = tuple[float, float, float, float]  # degrees: west, south, east, north

EQUATOR_RADIUS_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)

# Neighbouring rectangles share edges, and their corners were rounded separately: 1 cm forgives that.
SLACK_M = 0.01
MAX_SIDE_M = 10_000.0  # a nursery's place is smaller; beyond, the local plane would no longer be exact


@dataclass(frozen=True)
class LocalPlane:
    """Metres east and north of a point: `lon`, `lat` in degrees, scales in metres a degree."""

    lon: float
    lat: float
    m_per_lon: float
    m_per_lat: float

    def project(self, polygon: Polygon) -> Polygon:
        """A polygon in degrees as one in metres."""
        return affine_transform(
            polygon,
            [self.m_per_lon, 0, 0, self.m_per_lat, -self.lon * self.m_per_lon, -self.lat * self.m_per_lat],
        )

    def rectangle(self, west_m: float, south_m: float, width_m: float, height_m: float) -> dict[str, Any]:
        """A rectangle given in metres on this plane as a GeoJSON Polygon, to a millimetre (8 decimals)."""
        west, east = (self.lon + x / self.m_per_lon for x in (west_m, west_m + width_m))
        south, north = (self.lat + y / self.m_per_lat for y in (south_m, south_m + height_m))
        corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        ring = [[round(lon, 8), round(lat, 8)] for lon, lat in corners]
        return {"type": "Polygon", "coordinates": [ring]}


@dataclass(frozen=True)
class Measures:
    """What is stored beside a polygon: bounding box and centroid in degrees, area in m²."""

    bbox_min_lon: float
    bbox_min_lat: float
    bbox_max_lon: float
    bbox_max_lat: float
    centroid_lon: float
    centroid_lat: float
    area_m2: float


def plane_at(lon: float, lat: float) -> LocalPlane:
    """The local plane around a point given in degrees."""
    phi = math.radians(lat)
    flat = 1 - ECCENTRICITY_2 * math.sin(phi) ** 2
    meridian_m = EQUATOR_RADIUS_M * (1 - ECCENTRICITY_2) / flat**1.5
    normal_m = EQUATOR_RADIUS_M / math.sqrt(flat)
    return LocalPlane(
        lon=lon,
        lat=lat,
        m_per_lon=math.radians(1) * normal_m * math.cos(phi),
        m_per_lat=math.radians(1) * meridian_m,
    )


def read_polygon(polygon: object) -> Polygon:
    """A GeoJSON Polygon (longitude first, rings closed) as shapely's, in degrees.

    Raises: InvalidPolygon for another type, open or crossing rings, no area, positions outside the globe,
    or a side above 10 km.
    """
    if not isinstance(polygon, Mapping) or polygon.get("type") != "Polygon":
        raise InvalidPolygon(_("A GeoJSON object of the type Polygon is needed."))
    rings = polygon.get("coordinates")
    _check_rings(rings)
    outline = shape({"type": "Polygon", "coordinates": rings})
    if not outline.is_valid:
        raise InvalidPolygon(_("The outline is not valid: %(why)s.") % {"why": explain_validity(outline)})
    west, south, east, north = outline.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise InvalidPolygon(
            _("Longitudes must lie between -180 and 180 and latitudes between -90 and 90, longitude first.")
        )
    plane = plane_at((west + east) / 2, (south + north) / 2)
    if (east - west) * plane.m_per_lon > MAX_SIDE_M or (north - south) * plane.m_per_lat > MAX_SIDE_M:
        raise InvalidPolygon(_("The outline is more than 10 km wide: are its coordinates in degrees?"))
    return outline


def _check_rings(rings: object) -> None:
    """Refuse what shapely would close or ignore without a word."""
    if not isinstance(rings, list | tuple) or not rings:
        raise InvalidPolygon(_("The polygon has no coordinates."))
    for ring in rings:
        if not isinstance(ring, list | tuple) or len(ring) < 4:
            raise InvalidPolygon(_("A ring needs at least four positions, the last equal to the first."))
        for position in ring:
            if not _is_position(position):
                raise InvalidPolygon(_("Each position is a pair of numbers: longitude, latitude."))
        if list(ring[0]) != list(ring[-1]):
            raise InvalidPolygon(_("The ring is not closed: its last position must equal its first."))


def _is_position(position: object) -> bool:
    return (
        isinstance(position, list | tuple)
        and len(position) == 2
        and all(
            isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
            for number in position
        )
    )


def measure(polygon: GeoJson) -> Measures:
    """Bounding box, centroid and area of a polygon. Raises InvalidPolygon."""
    outline = read_polygon(polygon)
    west, south, east, north = outline.bounds
    plane = plane_at((west + east) / 2, (south + north) / 2)
    flat = plane.project(outline)
    return Measures(
        bbox_min_lon=west,
        bbox_min_lat=south,
        bbox_max_lon=east,
        bbox_max_lat=north,
        centroid_lon=plane.lon + flat.centroid.x / plane.m_per_lon,
        centroid_lat=plane.lat + flat.centroid.y / plane.m_per_lat,
        area_m2=flat.area,
    )


def distance_m(lon: float, lat: float, polygon: GeoJson) -> float:
    """Metres from a point to a polygon, 0 inside it or on its edge. It was checked when it was stored (`measure`)."""
    return float(plane_at(lon, lat).project(shape(polygon)).distance(Point(0, 0)))


def box_distance_m(lon: float, lat: float, bounds: Bounds) -> float:
    """Metres from a point to a bounding box: no point of what lies in it is nearer, by `distance_m`."""
    west, south, east, north = bounds
    plane = plane_at(lon, lat)
    return math.hypot(
        max(west - lon, 0.0, lon - east) * plane.m_per_lon,
        max(south - lat, 0.0, lat - north) * plane.m_per_lat,
    )


def lies_within(inner: GeoJson, outer: GeoJson) -> bool:
    """Whether one polygon lies within another, give or take 1 cm. Raises InvalidPolygon."""
    outline = read_polygon(outer)
    west, south, east, north = outline.bounds
    plane = plane_at((west + east) / 2, (south + north) / 2)
    # Mitred corners: a rounded buffer would refuse a child that is 1 cm off in both directions.
    allowed = plane.project(outline).buffer(SLACK_M, join_style="mitre")
    return bool(allowed.covers(plane.project(read_polygon(inner))))


def degrees_around(lat: float, radius_m: float) -> tuple[float, float]:
    """How far a radius reaches in degrees of (longitude, latitude); `lat` not at a pole."""
    plane = plane_at(0.0, lat)
    return radius_m / plane.m_per_lon, radius_m / plane.m_per_lat
