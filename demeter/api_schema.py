"""The API's description: what views cannot say of themselves, and what is true of every one of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema as _AutoSchema
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import FileUploadParser, FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import SAFE_METHODS, AllowAny

from demeter.accounts.permissions import IsSignedIn
from demeter.api_errors import FRAMEWORK_CODES, ErrorSerializer
from demeter.errors import DemeterError
from demeter.health_schema import HEALTH_COMPONENTS, HEALTH_PATHS, METRICS_SECURITY, NOT_MODIFIED
from demeter.serving.views import TakesLargeBody

# Where the refusals that the API answers with are declared; those of commands are none.
_ERROR_MODULES: Final = (
    "demeter.errors", "demeter.serving.errors", "demeter.accounts.errors", "demeter.metrics.views", "inventory.errors",
    "photos.errors", "mlpipeline.classifier.errors", "mlpipeline.labels.errors",
)  # fmt: skip
_BODY_PARSERS: Final = (FileUploadParser, FormParser, JSONParser, MultiPartParser)
_WITH_BODY: Final = {"POST", "PUT", "PATCH"}
_MEANINGS: Final = {
    400: "What was sent is not valid, or the address cannot be read.",
    401: "Nobody is signed in, or the token is no longer good.",
    403: "The caller's role does not allow this.",
    404: "It does not exist, or the caller may not see it.",
    406: "The header Accept allows no form that this answer has.",
    413: "The request is too large.",
    415: "The body is of a type that is not read here.",
    429: "Too many requests; Retry-After says when to come back.",
    500: "A fault of ours. The log tells more under `request_id`.",
    503: "Something that is needed is away; it passes by itself.",
}


class AutoSchema(_AutoSchema):
    """Adds to each operation the errors that follow from how its view is made: sign-in, role, body, throttle."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        responses = operation["responses"]
        for status in self._framework_errors(operation):
            if str(status) not in responses:
                form = getattr(self.view, "error_serializer", ErrorSerializer)
                responses[str(status)] = self._get_response_for_code(form, str(status), ["application/json"])
        if self.method == "GET" and "application/json" in responses.get("200", {}).get("content", {}):
            responses.setdefault("304", {"description": NOT_MODIFIED})
        for status, answer in responses.items():
            if not answer["description"]:
                answer["description"] = _MEANINGS.get(int(status), "")
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def _framework_errors(self, operation: dict[str, Any]) -> set[int]:
        """What views answer of which no line is in them."""
        # 400: an address with a NUL, or with a thousand parameters, whatever the view.
        statuses = {400, 500, 503}
        is_open = not operation.get("security") or {} in operation["security"]
        if not is_open:
            statuses.add(401)
            if self._asks_for_a_role() or self._asks_for_csrf():
                statuses.add(403)
        if self.method in _WITH_BODY and "requestBody" in operation:
            statuses.add(413)
            if any(issubclass(parser, _BODY_PARSERS) for parser in self.view.parser_classes):
                statuses.add(415)
        parameters = operation.get("parameters", [])
        if any(parameter["in"] == "path" or parameter["name"] == "page" for parameter in parameters):
            statuses.add(404)
        if self.view.throttle_classes:
            statuses.add(429)
        if isinstance(self.view, TakesLargeBody) and self.method in _WITH_BODY:
            statuses |= {408, 413, 507}
        if "application/json" in self.map_renderers("media_type"):
            statuses.add(406)
        return statuses

    def _asks_for_a_role(self) -> bool:
        return any(type(asked) not in (AllowAny, IsSignedIn) for asked in self.view.get_permissions())

    def _asks_for_csrf(self) -> bool:
        is_page = any(isinstance(way, SessionAuthentication) for way in self.view.get_authenticators())
        return is_page and self.method not in SAFE_METHODS


def add_health(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what monitoring asks, which is no part of the REST framework."""
    result["paths"].update(HEALTH_PATHS)
    result["components"]["schemas"].update(HEALTH_COMPONENTS)
    result["components"]["securitySchemes"]["metrics"] = METRICS_SECURITY
    return result


def add_error_codes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say which codes an error may have, with their statuses and meanings."""
    codes = error_codes()
    lines = [
        f"* `{code}` ({', '.join(map(str, sorted(known)))}): {text}" for code, (known, text) in codes.items()
    ]
    result["components"]["schemas"]["ErrorCode"] = {
        "type": "string", "enum": list(codes), "description": "\n".join(lines),
    }  # fmt: skip
    error = result["components"]["schemas"]["Error"]
    error["properties"]["code"] = {
        "allOf": [{"$ref": "#/components/schemas/ErrorCode"}],
        "description": error["properties"]["code"]["description"],
    }
    return result


def add_head_of_uploads(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe HEAD of a photo in chunks, the one HEAD that is more than a GET without its body (tus 1.0)."""
    upload = result["paths"]["/api/v1/uploads/{upload_id}"]
    responses = {
        status: {"description": answer["description"]}
        for status, answer in {
            **upload["get"]["responses"],
            "412": upload["delete"]["responses"]["412"],
        }.items()
    }
    upload["head"] = {
        **upload["get"],
        "operationId": "uploads_head",
        "description": "How far a photo that is sent in chunks has come, in the headers of tus.",
        "parameters": upload["delete"]["parameters"],
        "responses": dict(sorted(responses.items())),
    }
    return result


def error_codes() -> dict[str, tuple[set[int], str]]:
    """All codes of errors with the statuses that they come with and what they mean, by code."""
    codes = {code: ({status}, text) for code, (status, text) in FRAMEWORK_CODES.items()}
    for name in _ERROR_MODULES:
        for refusal in vars(import_module(name)).values():
            if isinstance(refusal, type) and issubclass(refusal, DemeterError) and refusal.__module__ == name:
                meaning = (refusal.__doc__ or "").partition("\n")[0]
                known, _meaning = codes.setdefault(refusal.code, (set(), meaning))
                known.add(refusal.status)
    return dict(sorted(codes.items()))
