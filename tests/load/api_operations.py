"""Every operation of the API's description, asked with what schemathesis makes of it, against a real web server.

`python -m tests.load.api_operations --examples 200` asks each operation that often, with values that are right and
values that are not. It fails for an answer of 5xx and for one that is not as described, and shows the request.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demeter.settings")
django.setup()  # the demo's accounts name roles of a model

from demeter.demo.accounts import ADMIN  # noqa: E402
from demeter.demo.data_dir import demo_environment  # noqa: E402
from tests.support.local_stack import ROOT  # noqa: E402
from tests.support.web import running_web  # noqa: E402

SEED: Final = 20_261_129
_CHECKS: Final = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)  # fmt: skip
_ASKING_WORKERS: Final = ("GET /readyz", "POST /model/predict", "POST /api/v1/model/predict")
# A photo with a count and one without, an upload in chunks, an analysis: so that not every key is unknown.
_ROWS: Final = """
import json
from django.utils import timezone
from demeter.accounts.models import User
from inventory.models import StorageLocation
from photos.choices import JobPurpose, JobStatus
from photos.models import ResumableUpload, UploadJob
from tests.photos.count_builders import count_photo, store_photo
owner = User.objects.get(email="admin@example.com")
place = StorageLocation.objects.first()
counted = store_photo(owner)
session = count_photo(counted, place)
bare = store_photo(owner)
resumable = ResumableUpload.objects.create(
    user=owner, upload_session_uuid=bare.upload_session_id, filename="claro.jpg", size_bytes=1000,
    expires_at=timezone.now() + timezone.timedelta(days=1),
)
analysis = UploadJob.objects.create(
    upload_session=counted.upload_session, image=counted, session=session, filename="claro.jpg",
    status=JobStatus.COMPLETED, purpose=JobPurpose.ANALYZE,
)
print(json.dumps({
    "image_id": [str(counted.pk), str(bare.pk)],
    "session_id": [str(session.uuid)],
    "job_id": [str(counted.jobs.first().pk)],
    "task_id": [str(counted.jobs.first().pk), str(analysis.pk)],
    "upload_id": [str(resumable.pk)],
    "upload_session_id": [str(counted.upload_session_id)],
    "id": [place.pk],
    "warehouse_id": [place.storage_area.warehouse_id],
    "area_id": [place.storage_area_id],
}))
"""


def check_operations(
    folder: Path, *, examples: int, seed: int = SEED, phases: str = "coverage,fuzzing"
) -> int:
    """Start a web server with some rows and ask it; the exit status of schemathesis, 0 where all is as described."""
    settings = {"ACCESS_TOKEN_MINUTES": "600", "THROTTLE_REGISTRATION": "1000000/hour"}
    with running_web(folder, settings) as web:
        told = subprocess.run(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", _ROWS],
            cwd=ROOT, env=demo_environment(folder), check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        keys: dict[str, list[str | int]] = json.loads(told.stdout.splitlines()[-1])
        config = folder / "schemathesis.toml"
        config.write_text(_config(keys))
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run",
            f"http://127.0.0.1:{web.port}/api/v1/schema?format=json",
            "--header", f"Authorization: Bearer {web.token(ADMIN)}",
            "--checks", ",".join(_CHECKS), "--phases", phases, "--max-examples", str(examples), "--seed", str(seed),
            "--workers", "2", "--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "60",
            "--output-sanitize", "false",
        ]  # fmt: skip
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks",
        }
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def _config(keys: dict[str, list[str | int]]) -> str:
    """Keys of rows that there are, for half of the requests; and where 503 is right, as no worker runs here."""
    lines = ["[parameters]"]
    for name in keys:
        place = "query" if name == "upload_session_id" else "path"
        lines.append(f'"{place}.{name}" = {{ dictionary = "{name}", probability = 0.5 }}')
    for name, values in keys.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    for operation in _ASKING_WORKERS:
        lines += ["[[operations]]", f'include-name = "{operation}"']
        lines.append('checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]')
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="requests for each operation (100)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="demeter-api-") as folder:
        return check_operations(Path(folder), examples=given.examples, seed=given.seed, phases=given.phases)


if __name__ == "__main__":
    raise SystemExit(main())
