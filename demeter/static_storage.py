"""The stylesheets and scripts under names that change with their contents."""

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Renames what JavaScript modules import as well: after an update no page runs new modules beside old ones."""

    support_js_module_import_aggregation = True

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """Gzip alone: Brotli is there only where a tool of developers has brought it, and it is slow."""
        return Compressor(use_brotli=False, **kwargs)
