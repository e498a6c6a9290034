"""Whether an answer is what the API's description says of it."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator


def check_answer(path: str, response: Any, *, verb: str = "get") -> None:
    """Check the status and the body of an answer against the description of this path (as it is written there).

    Raises: AssertionError for a status that is not described, a field too many, one too few, or one of another type.
    """
    description = _description()
    responses = description["paths"][path][verb]["responses"]
    status = str(response.status_code)
    assert status in responses, f"{verb} {path} is not described to answer {status}"
    schema = responses[status]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": description["components"]})
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(response.json())] == []


@cache
def _description() -> Any:
    return _as_json_schema(SchemaGenerator().get_schema(request=None, public=True))


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
