"""Static files with hashed names. Our own are compressed beforehand, and import each other by their hashed names."""

from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from servestatic.compress import Compressor
from servestatic.storage import CompressedManifestStaticFilesStorage

_, MODULE_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns
COMPRESSED = ("js/", "css/", "django_htmx/")  # what visitors and agents load; the rest would take half a minute


class OwnFilesCompressor(Compressor):
    def should_compress(self, path: str) -> bool:
        return path.startswith(COMPRESSED) and super().should_compress(path)


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    patterns = (HashedFilesMixin.patterns[0], ("js/*.js", MODULE_IMPORTS))

    def create_compressor(self, **options: Any) -> Compressor:
        return OwnFilesCompressor(**options)
