"""Static files in production: named by their contents, the imports between our script modules included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]  # it has no types


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # its base has no types
    """Adds the rewriting of ``import`` lines, so that a new release never mixes old and new modules."""

    support_js_module_import_aggregation = True
