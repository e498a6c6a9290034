"""How a serializer gets the example that the API's description shows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

_SUCCESS: Final = ["200", "201", "202", "207"]


def answer_example(value: Mapping[str, Any], name: str = "Example") -> Callable[[Any], Any]:
    """Decorate a serializer with one of its answers; where a list is answered, with one of its rows."""
    example = OpenApiExample(name, response_only=True, status_codes=_SUCCESS, value=value)
    return extend_schema_serializer(examples=[example])
