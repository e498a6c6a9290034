"""`manage.py write_client`: the API's types for TypeScript, from its OpenAPI description."""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

from demeter.npm import run_npm

TYPES: Final = Path("clients/typescript/api.d.ts")
_TEXTS: Final = {"description", "example", "examples", "x-spec-enum-id"}
_HOLDING_NAMES: Final = {"properties", "schemas", "paths", "parameters", "responses"}
_HEAD: Final = """\
// Types of the DemeterAI API. Made by `make client`: do not edit.
// Description-SHA256: {checksum}
"""


class Command(BaseCommand):
    """Writes the types by the openapi-typescript of the lock file, and checks the pages' scripts that use them."""

    help = "Write clients/typescript/api.d.ts from the API's description."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        file = Path(settings.BASE_DIR) / TYPES
        description = api_description()
        run_npm("ci", "--no-progress", folder=file.parent)
        with tempfile.TemporaryDirectory(prefix="demeter-client-") as folder:
            source, made = Path(folder) / "schema.json", Path(folder) / "api.d.ts"
            source.write_text(description)
            run_npm(
                "exec", "--", "openapi-typescript", str(source), "--output", str(made), folder=file.parent
            )
            file.write_text(_HEAD.format(checksum=checksum_of(description)) + made.read_text())
        check_scripts()
        self.stdout.write(f"{TYPES}: {len(file.read_text().splitlines())} lines")


def check_scripts() -> None:
    """Check the pages' scripts that begin with `// @ts-check` against the types. Raises CommandError for a mistake."""
    folder = (Path(settings.BASE_DIR) / TYPES).parent
    run_npm("exec", "--", "tsc", "--project", ".", folder=folder)


def api_description() -> str:
    """The description in English as JSON, the same on every machine."""
    with translation.override("en"):
        schema = SchemaGenerator().get_schema(request=None, public=True)
        return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False, default=str)


def checksum_of(description: str) -> str:
    """By which a file of types says which description it was made from: all but its texts and examples."""
    structure = json.dumps(_without_texts(json.loads(description)), sort_keys=True)
    return hashlib.sha256(structure.encode()).hexdigest()


def _without_texts(node: Any, *, is_names: bool = False) -> Any:
    """`is_names`: the keys are names of fields or components, and may be any word."""
    if isinstance(node, list):
        return [_without_texts(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_texts(value, is_names=key in _HOLDING_NAMES and not is_names)
        for key, value in node.items()
        if is_names or key not in _TEXTS
    }
