"""The stylesheets and scripts under names that change with their contents."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Renames what JavaScript modules import as well: after an update no page runs new modules beside old ones."""

    support_js_module_import_aggregation = True
