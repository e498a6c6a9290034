"""A page that shows the API to people, made from the same description that programs read."""

from functools import lru_cache
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

_VERBS: Final = ("get", "post", "put", "patch", "delete")


@login_not_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Every endpoint with its parameters, fields and answers. Needs no script and nothing from elsewhere."""
    return render(request, "demeter/api_docs.html", {"operations": _operations()})


@lru_cache(maxsize=1)
def _operations() -> list[dict[str, Any]]:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    components = schema["components"]["schemas"]
    return [
        {
            "id": operation["operationId"],
            "verb": verb.upper(),
            "path": path,
            "description": operation.get("description", ""),
            "needs_token": bool(operation.get("security")),
            "parameters": operation.get("parameters", []),
            "media_types": sorted(operation.get("requestBody", {}).get("content", {})),
            "fields": _fields(operation.get("requestBody", {}), components),
            "answers": [
                {
                    "status": status,
                    "text": answer.get("description", ""),
                    "fields": _fields(answer, components),
                }
                for status, answer in operation["responses"].items()
            ],
        }
        for path, item in schema["paths"].items()
        for verb, operation in item.items()
        if verb in _VERBS
    ]


def _fields(body: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a request or answer, one level deep; the description's own names lead further."""
    for content in body.get("content", {}).values():
        shape = _resolve(content.get("schema", {}), components)
        shape = _resolve(shape.get("items", {}), components) or shape
        required = shape.get("required", [])
        return [
            {
                "name": name,
                "type": _type_of(field),
                "required": name in required,
                "text": field.get("description", ""),
            }
            for name, field in shape.get("properties", {}).items()
        ]
    return []


def _resolve(shape: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    reference = shape.get("$ref")
    resolved: dict[str, Any] = components[reference.rpartition("/")[2]] if reference else shape
    return resolved


def _type_of(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"].rpartition("/")[2])
    if "items" in field:
        return f"[{_type_of(field['items'])}]"
    return str(field.get("format") or field.get("type") or "")
