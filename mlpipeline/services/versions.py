"""Noting which weights have counted here."""

from mlpipeline.detectors import ModelInfo
from mlpipeline.models import ModelVersion


def register(info: ModelInfo) -> dict[str, str]:
    """Note weights on their first use. Returns what a count keeps of them: {name, sha256, engine}."""
    ModelVersion.objects.get_or_create(sha256=info.sha256, defaults={"kind": info.kind, "name": info.name})
    return {"name": info.name, "sha256": info.sha256, "engine": info.engine}
