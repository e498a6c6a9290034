"""The description of what monitoring asks (demeter.health, demeter.metrics)."""

from __future__ import annotations

from typing import Any, Final

NOT_MODIFIED: Final = "The answer is still the one whose ETag If-None-Match names."
_CHECKS: Final = ("database", "broker", "storage", "workers", "beat", "breakers")


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(name: str, description: str, example: Any = None) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": _ref(name)}
    if example is not None:
        media["example"] = example
    return {"description": description, "content": {"application/json": media}}


def _operation(operation_id: str, description: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    faults = {
        "400": _json("Error", "The address cannot be read."),
        "500": _json("Error", "A fault of ours. The log tells more under `request_id`."),
    }
    if "application/json" in responses["200"]["content"]:
        responses = {**responses, "304": {"description": NOT_MODIFIED}}
    return {
        "get": {
            "operationId": operation_id,
            "description": description,
            "tags": ["monitoring"],
            "responses": dict(sorted({**responses, **faults}.items())),
            **more,
        }
    }


def _readiness(status: str, **trouble: str) -> dict[str, Any]:
    return {"status": status, "checks": {**dict.fromkeys(_CHECKS, "ok"), **trouble}}


def _object(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


_TEXT: Final = {"type": "string"}
_VERSION: Final = {
    "name": "DemeterAI",
    "version": "1.0.0",
    "commit": "",
    "weights": {"plants": {"name": "plants-yolo11n", "sha256": "9f86d081884c7d65"}},
}
HEALTH_COMPONENTS: Final[dict[str, Any]] = {
    "Health": _object("The process answers.", {"status": {"type": "string", "enum": ["ok"]}}),
    "Readiness": _object(
        "Whether photos can be taken and counted.",
        {
            "status": {"type": "string", "enum": ["ok", "unavailable"]},
            "checks": _object("“ok”, or what is wrong.", dict.fromkeys(_CHECKS, _TEXT)),
        },
    ),
    "Weights": _object("One file of weights.", {"name": _TEXT, "sha256": _TEXT}),
    "Version": _object(
        "What runs here.",
        {
            "name": _TEXT,
            "version": _TEXT,
            "commit": {"type": "string", "description": "Empty where it is not known."},
            "weights": {
                "type": "object",
                "description": "By kind: plants, containers.",
                "additionalProperties": _ref("Weights"),
            },
        },
    ),
}
HEALTH_PATHS: Final[dict[str, Any]] = {
    "/healthz": _operation(
        "healthz",
        "This process answers. Nothing else is asked, so that a slow database restarts no web server.",
        {"200": _json("Health", "It answers.", {"status": "ok"})},
    ),
    "/readyz": _operation(
        "readyz",
        "Whether photos can be taken and counted: database, broker, storage, a worker for each queue, the beat, no "
        "open circuit breaker. Answers within 2 seconds.",
        {
            "200": _json("Readiness", "All is there.", _readiness("ok")),
            "503": _json(
                "Readiness",
                "Something is away.",
                _readiness("unavailable", workers="no worker for gpu_queue"),
            ),
        },
    ),
    "/version": _operation(
        "version",
        "The version, the commit it was built from, and the weights that count.",
        {"200": _json("Version", "What runs here.", _VERSION)},
    ),
    "/metrics": _operation(
        "metrics",
        "Metrics for Prometheus, in its text format. With METRICS_TOKEN set, and on production always, for who sends "
        "that token alone.",
        {
            "200": {"description": "The metrics.", "content": {"text/plain": {"schema": _TEXT}}},
            "401": _json("Error", "The token of the metrics is missing or wrong."),
        },
        security=[{}, {"metrics": []}],
    ),
}
METRICS_SECURITY: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "METRICS_TOKEN of the installation.",
}
