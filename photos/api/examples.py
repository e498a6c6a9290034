"""What the API's description shows of photos, uploads and counts."""

from __future__ import annotations

from typing import Any, Final

_IMAGE_ID: Final = "7f3f8f0a-2f0a-4c3e-8a0e-6a1f1a0b9c1d"
_SESSION_ID: Final = "0d4ad1a4-8f0d-4a5e-9a5c-0b3c4b6c5f6e"
_JOB_ID: Final = "b1f6f6a4-5f0e-4c66-9d0c-3a7d2c1f8e11"
_UPLOAD_ID: Final = "5c0a1d9e-33f1-4b5e-8a8e-9d2b7c6f4a20"
_SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_BEGAN_AT: Final = "2026-04-01T09:12:00-03:00"
_ENDED_AT: Final = "2026-04-01T09:13:10-03:00"
_PLACE: Final = {"storage_location_id": 7, "storage_location_name": "Nave 1, Cantero Norte, claro 7"}
_COUNT: Final = {"session_id": _SESSION_ID, "total_detected": 812, "total_estimated": 31, "total": 843}
_SUMS: Final = {"detected": 813, "estimated": 31, "dead": 5, "empty": 12, "total": 844, "living": 839}
_POLL_URL: Final = f"https://demeter.example/api/v1/photos/jobs/status?upload_session_id={_UPLOAD_ID}"


def _link(folder: str, ending: str) -> str:
    return f"https://demeter.example/files/default/…/{folder}/2026/04/01/{_IMAGE_ID}{ending}"


_THUMBNAILS: Final = {
    "thumbnail_url": _link("thumbnails", ".avif"),
    "annotated_thumbnail_url": _link("thumbnails", "_annotated.avif"),
}
ACCEPTED_JOB: Final[dict[str, Any]] = {
    "job_id": _JOB_ID, "image_id": _IMAGE_ID, "filename": "claro 7.jpg", "status": "pending"
}  # fmt: skip
UPLOAD_ANSWER: Final[dict[str, Any]] = {
    "status": "accepted",
    "upload_session_id": _UPLOAD_ID,
    "jobs": [
        ACCEPTED_JOB,
        {
            "job_id": "c2c1b0a9-0d57-4b0c-9a57-3f6f0f2f7a10",
            "image_id": None,
            "filename": "notes.txt",
            "status": "rejected",
            "code": "invalid_file_type",
            "error": "This is no photo that can be read. Send JPEG, PNG, WebP, HEIC or AVIF.",
        },
    ],
    "total_files": 2,
    "estimated_completion_time_minutes": 0.6,
    "poll_url": _POLL_URL,
}
PHOTO_ANSWER: Final[dict[str, Any]] = {
    "task_id": _JOB_ID,
    "session_id": _SESSION_ID,
    "upload_session_id": _UPLOAD_ID,
    "status": "pending",
    "message": "The photo is being counted.",
    "poll_url": f"https://demeter.example/api/v1/stock/tasks/{_JOB_ID}",
    "jobs": [ACCEPTED_JOB],
}
JOB: Final[dict[str, Any]] = {
    "job_id": _JOB_ID,
    "image_id": _IMAGE_ID,
    "filename": "claro 7.jpg",
    "status": "completed",
    "stage": "done",
    "progress_percent": 100,
    "started_at": _BEGAN_AT,
    "completed_at": _ENDED_AT,
    "processing_time_seconds": 70.0,
    "warnings": [],
    "result": {**_COUNT, "storage_location_id": 7},
}
SUMMARY: Final[dict[str, Any]] = {
    "total_jobs": 1, "completed": 1, "processing": 0, "pending": 0, "failed": 0, "overall_progress_percent": 100.0
}  # fmt: skip
UPLOAD_STATUS: Final[dict[str, Any]] = {
    "upload_session_id": _UPLOAD_ID, "jobs": [JOB], "summary": SUMMARY, "last_updated": _ENDED_AT
}  # fmt: skip
UPLOAD_LIST: Final[dict[str, Any]] = {
    "upload_session_id": _UPLOAD_ID, "created_at": _BEGAN_AT, "notes": "", "total_files": 1, "summary": SUMMARY
}  # fmt: skip
STOCK_TASK: Final[dict[str, Any]] = {
    "task_id": _JOB_ID,
    "status": "completed",
    "progress_percent": 100,
    "result": {
        "session_id": _SESSION_ID,
        "total_detected": 812,
        "total_estimated": 31,
        "avg_confidence": 0.83,
        "batch_ids": [118],
        "processed_image_url": _link("annotated", ".avif"),
    },
    "error": None,
}
STOCK_TASKS: Final[dict[str, Any]] = {"tasks": [STOCK_TASK], "not_found": []}
ANALYSIS_STARTED: Final[dict[str, Any]] = {"task_id": _JOB_ID, "status": "processing"}
ANALYSIS: Final[dict[str, Any]] = {
    "task_id": _JOB_ID,
    "status": "COMPLETED",
    "result_url": f"https://demeter.example/files/processed/…/{_IMAGE_ID}.avif",
    "result": {
        **_COUNT,
        "interval": [815, 871],
        "interval_reasons": ["much_estimated"],
        "avg_confidence": 0.83,
        "category_counts": {"plant": 807, "dead": 5, "empty": 12},
        "warnings": [],
    },
    "error": None,
}
REPROCESS_ANSWER: Final[dict[str, Any]] = {
    "status": "accepted",
    "image_id": _IMAGE_ID,
    "new_job_id": _JOB_ID,
    "message": "The photo is being counted again.",
    "poll_url": f"https://demeter.example/api/v1/photos/jobs/{_JOB_ID}/status",
}
CARD: Final[dict[str, Any]] = {
    "image_id": _IMAGE_ID,
    **_THUMBNAILS,
    "original_url": _link("originals", ".jpg"),
    "status": "failed",
    "uploaded_at": _BEGAN_AT,
    "warehouse_name": "Nave 1",
    "error_details": "needs_review: The count does not fit the stock",
    "warnings": ["needs_review"],
    "processing_session": {**_COUNT, **_PLACE},
}
PHOTO: Final[dict[str, Any]] = {
    "image_id": _IMAGE_ID,
    "original_url": _link("originals", ".jpg"),
    "preview_url": _link("previews", ".jpg"),
    **_THUMBNAILS,
    "annotated_url": _link("annotated", ".avif"),
    "status": "ready",
    "error_details": None,
    "metadata": {
        "file_size_bytes": 4_623_120,
        "width_px": 4032,
        "height_px": 3024,
        "content_type": "image/jpeg",
        "sha256": _SHA256,
        "gps_coordinates": {"lat": -33.0414, "lon": -68.7043, "altitude": 742.0, "accuracy": 4.7},
        "exif": {
            "camera_make": "samsung",
            "camera_model": "SM-A546E",
            "datetime_original": "2026:04:01 09:00:00",
            "gps_latitude": -33.0414,
            "gps_longitude": -68.7043,
        },
    },
    "processing_session": {
        **_COUNT,
        **_PLACE,
        "status": "completed",
        "warnings": [],
        "location_candidates": [{"id": 7, "name": "Nave 1, Cantero Norte, claro 7", "distance_m": 0.0}],
        "interval": [815, 871],
        "total_empty_containers": 12,
        "avg_confidence": 0.83,
        "category_counts": {"plant": 807, "dead": 5, "empty": 12},
        "model_versions": {"segmentation": "containers-yolo11n-seg", "detection": "plants-yolo11n"},
        "validated": False,
        "validated_by": None,
        "validation_date": None,
        "manual_adjustments": {},
        "timings": {"segment": 1.2, "detect": 9.8, "aggregate": 0.9},
    },
    "storage_location_history": [
        {
            "timestamp": "2026-04-01T09:00:00-03:00",
            "event": "counted",
            "total_plants": 838,
            "session_id": _SESSION_ID,
        }
    ],
}
DELETED: Final[dict[str, Any]] = {"deleted_count": 1, "deleted_image_ids": [_IMAGE_ID]}
RESTORED: Final[dict[str, Any]] = {"restored_count": 1, "restored_image_ids": [_IMAGE_ID]}
CORRECTION_ANSWER: Final[dict[str, Any]] = {"version": 2, "added_ids": [-1], "sums": _SUMS}
DETECTIONS: Final[dict[str, Any]] = {
    "session_id": _SESSION_ID,
    "version": 2,
    "id": [-1, 5011],
    "center_x": [812.5, 1204.0],
    "center_y": [440.0, 512.3],
    "width_px": [38.0, 41.2],
    "height_px": [36.0, 40.1],
    "confidence": [1.0, 0.871],
    "class_name": ["plant", "empty"],
    "is_empty_container": [False, True],
    "is_alive": [True, False],
    "container_id": [301, 301],
    "hand_counts": [],
    "model_sums": {"detected": 812, "estimated": 31, "dead": 5, "empty": 12},
    "sums": _SUMS,
}
CONTAINERS: Final[dict[str, Any]] = {
    "session_id": _SESSION_ID,
    "version": 2,
    "id": [301],
    "type": ["segment"],
    "polygon": [[[120.0, 80.0], [3900.0, 96.0], [3880.0, 2950.0], [110.0, 2930.0]]],
    "capacity": [None],
    "detected": [813],
    "estimated": [31],
    "empty": [12],
    "dead": [5],
    "model_type": ["segment"],
    "model_detected": [812],
    "model_estimated": [31],
    "model_empty": [12],
    "model_dead": [5],
    "boxes_living": [807],
    "boxes_dead": [5],
    "boxes_empty": [12],
}
ESTIMATIONS: Final[dict[str, Any]] = {
    "session_id": _SESSION_ID,
    "container_id": [301],
    "container_type": ["segment"],
    "band_number": [1],
    "band_y_start": [80.0],
    "band_y_end": [790.0],
    "estimated_count": [8.4],
    "residual_area_px": [93_000.0],
    "processed_area_px": [12_600.0],
    "avg_plant_area_px": [1_500.0],
    "vegetation_polygon": [[[[130.0, 90.0], [260.0, 90.0], [260.0, 190.0], [130.0, 190.0]]]],
    "calculation_method": ["band_based"],
    "confidence": [0.7],
}
VALIDATE_ANSWER: Final[dict[str, Any]] = {
    "validated": True,
    "validated_by": "Ana Pereyra",
    "validation_date": "2026-04-01T11:30:00-03:00",
    "manual_adjustments": {"note": "", "missing": 0, "kept": 1},
    "movement_ids": ["f3f0a2c6-8a0e-4f0f-9d4c-0b6f5d3c2a19"],
    "booking_state": "booked",
    "booked_quantity": 839,
}
RESUMABLE_UPLOAD: Final[dict[str, Any]] = {
    "upload_id": "3e0c5f8a-9d16-4a3f-b1a2-7a9e6f5d4c3b",
    "upload_session_id": _UPLOAD_ID,
    "filename": "claro 7.jpg",
    "size_bytes": 4_623_120,
    "offset_bytes": 1_048_576,
    "expires_at": "2026-04-02T09:12:00-03:00",
    "job": None,
}
KNOWN_PHOTOS: Final[dict[str, Any]] = {
    "known": [{"sha256": _SHA256, "image_id": _IMAGE_ID, "uploaded_at": _BEGAN_AT}]
}
