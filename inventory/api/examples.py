"""What the API's description shows of places."""

from __future__ import annotations

from typing import Any, Final

_SQUARE: Final = {
    "type": "Polygon",
    "coordinates": [
        [
            [-68.7045, -33.0415],
            [-68.7041, -33.0415],
            [-68.7041, -33.0412],
            [-68.7045, -33.0412],
            [-68.7045, -33.0415],
        ]
    ],
}
_MEASURED: Final = {
    "is_active": True,
    "polygon": _SQUARE,
    "centroid": {"lat": -33.04135, "lon": -68.7043},
    "area_m2": 1243.5,
}
_LAST_PHOTO_AT: Final = "2026-04-01T09:00:00-03:00"
_WAREHOUSE: Final = {"id": 1, "code": "N1", "name": "Nave 1"}
_AREA: Final = {"id": 1, "code": "N1-N", "name": "Cantero Norte"}
_LOCATION: Final = {"id": 1, "code": "N1-N-01", "name": "Nave 1, Cantero Norte, claro 1"}
_PRODUCT: Final = {"id": 1, "sku": "ECH-ELEGANS", "name": "Rosa de alabastro"}
_THUMBNAIL: Final = (
    "https://demeter.example/files/default/…/7f3f8f0a-2f0a-4c3e-8a0e-6a1f1a0b9c1d_annotated.avif"
)
_IMAGE_ID: Final = "7f3f8f0a-2f0a-4c3e-8a0e-6a1f1a0b9c1d"
_ON_MAP: Final = {"polygon": _SQUARE, "quantity": 9500, "change": -500, "last_photo_at": _LAST_PHOTO_AT}

WAREHOUSE: Final[dict[str, Any]] = {
    **_WAREHOUSE,
    **_MEASURED,
    "quantity": 9500,
    "last_photo_at": _LAST_PHOTO_AT,
    "type": "greenhouse",
    "area_count": 2,
    "location_count": 46,
}
AREA: Final[dict[str, Any]] = {
    **_AREA,
    **_MEASURED,
    "quantity": 9500,
    "last_photo_at": _LAST_PHOTO_AT,
    "warehouse": _WAREHOUSE,
    "position": "N",
    "location_count": 23,
}
LOCATION: Final[dict[str, Any]] = {
    **_LOCATION,
    **_MEASURED,
    "quantity": 9500,
    "last_photo_at": _LAST_PHOTO_AT,
    "qr_code": "CLARO-N1-N-01",
    "area": _AREA,
    "warehouse": _WAREHOUSE,
    "product": _PRODUCT,
}
LOCATION_DETAIL: Final[dict[str, Any]] = {
    **LOCATION,
    "description": "",
    "configuration": {
        "id": 1,
        "product": _PRODUCT,
        "packaging": {"id": 1, "sku": "POT-R8-TERRACOTA", "name": "Maceta R8 terracota"},
        "expected_state": {"id": 5, "code": "ADULT", "name": "Adulta"},
        "area_cm2": None,
        "started_at": "2026-01-10T08:00:00-03:00",
        "notes": "",
    },
    "stock": [{"product": _PRODUCT, "quantity": 9500}],
    "last_photo": {"image_id": _IMAGE_ID, "taken_at": _LAST_PHOTO_AT, "thumbnail_url": _THUMBNAIL},
}
PERIOD: Final[dict[str, Any]] = {
    "started_at": "2026-03-01T09:00:00-03:00",
    "ended_at": _LAST_PHOTO_AT,
    "opened_by": "photo",
    "opening": 10000,
    "planted": 500,
    "dead": 200,
    "transplanted": 300,
    "transplanted_in": 0,
    "transplanted_out": 300,
    "sold": 0,
    "adjusted": 0,
    "difference": -500,
    "closing": 9500,
    "net_change": -500,
    "session_id": "0d4ad1a4-8f0d-4a5e-9a5c-0b3c4b6c5f6e",
    "image_id": _IMAGE_ID,
    "thumbnail_url": _THUMBNAIL,
}
LOOKUP: Final[dict[str, Any]] = {
    "accuracy_m": 5.0,
    "location_id": None,
    "candidates": [
        {
            "location": {**_LOCATION, "qr_code": "CLARO-N1-N-01", "area": _AREA, "warehouse": _WAREHOUSE},
            "distance_m": 0.0,
        },
        {
            "location": {
                "id": 2,
                "code": "N1-N-02",
                "name": "Nave 1, Cantero Norte, claro 2",
                "qr_code": "CLARO-N1-N-02",
                "area": _AREA,
                "warehouse": _WAREHOUSE,
            },
            "distance_m": 1.8,
        },
    ],
}
MAP: Final[dict[str, Any]] = {
    "change_since": "2026-03-05T00:00:00-03:00",
    "warehouses": [
        {
            **_WAREHOUSE,
            "type": "greenhouse",
            **_ON_MAP,
            "areas": [{**_AREA, "position": "N", **_ON_MAP, "locations": [{**_LOCATION, **_ON_MAP}]}],
        }
    ],
}
