"""Whether answers are what the API's description says of them."""

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

# What no operation describes: what any address answers to a verb that it does not know, or to who may not ask.
_UNDESCRIBED_VERB: Final = {401, 403, 405}


def check_answer(verb: str, path: str, response: HttpResponse) -> None:
    """Check an answer of the server against the description of its operation; pages and files are none of it.

    Raises: AssertionError for a status or content type that is not described, and for a field too many, one too few, or
    one of another type.
    """
    described = description()
    address = described.find(path)
    if address is None:
        if path.startswith("/api/") and not _is_html(response):
            assert response.status_code == 404, f"{verb} {path} answers, and is not described"
            assert response.json().keys() == described.error_fields
        return
    operations = described.paths[address]
    asked = "get" if verb == "HEAD" and "head" not in operations else verb.lower()
    if asked not in operations:
        assert verb == "OPTIONS" or response.status_code in _UNDESCRIBED_VERB, (
            f"{verb} {path} is not described"
        )
        return
    what = f"{verb} {address} → {response.status_code}"
    answers = operations[asked]["responses"]
    status = str(response.status_code)
    assert status in answers, f"{what} is not described: {response.content[:300]!r}"
    contents = answers[status].get("content", {})
    if verb == "HEAD" or not contents:
        assert not response.content, f"{what} is described without a body: {response.content[:300]!r}"
        return
    media_type = response.headers["Content-Type"].partition(";")[0]
    assert media_type in contents, f"{what} is {media_type}, described is {', '.join(contents)}"
    if media_type.endswith("json"):
        validator = described.validator(address, asked, status, media_type)
        faults = [
            f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(_json(response))
        ]
        assert not faults, f"{what} is not as described: {faults}"


@dataclass(frozen=True)
class Description:
    """The OpenAPI description as JSON Schema, with its addresses as patterns."""

    paths: dict[str, Any]
    components: dict[str, Any]
    patterns: tuple[tuple[re.Pattern[str], str], ...]

    @property
    def error_fields(self) -> set[str]:
        return set(self.components["schemas"]["Error"]["properties"])

    def find(self, path: str) -> str | None:
        """The address as it is described, literal ones first; None where none is."""
        return next((address for pattern, address in self.patterns if pattern.fullmatch(path)), None)

    @cache  # noqa: B019 - there is one description in a process
    def validator(self, address: str, verb: str, status: str, media_type: str) -> Draft202012Validator:
        schema = self.paths[address][verb]["responses"][status]["content"][media_type]["schema"]
        return Draft202012Validator(
            {**schema, "components": self.components}, format_checker=Draft202012Validator.FORMAT_CHECKER
        )

    def __hash__(self) -> int:
        return id(self)


@cache
def description() -> Description:
    """What the code says of itself, made once in a process."""
    return description_of(SchemaGenerator().get_schema(request=None, public=True))


def description_of(schema: dict[str, Any]) -> Description:
    """An OpenAPI description as JSON Schema."""
    made = _as_json_schema(schema)
    addresses = sorted(made["paths"], key=lambda address: (address.count("{"), address))
    patterns = tuple(
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", address) + "/?"), address) for address in addresses
    )
    return Description(made["paths"], made["components"], patterns)


def _json(response: HttpResponse) -> Any:
    content = response.content
    if response.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    return json.loads(content)


def _is_html(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema has a type of null; and objects have no fields but those named."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _as_json_schema(value) for key, value in node.items() if key != "nullable"}
    if isinstance(plain.get("properties"), dict) and plain.get("type") == "object":
        plain.setdefault("additionalProperties", False)
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain
