"""Static files with hashed names. Our own are compressed beforehand, and import each other by their hashed names."""

from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from servestatic.compress import Compressor
from servestatic.storage import CompressedManifestStaticFilesStorage

_, MODULE_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]  # not stubbed
COMPRESSED = ("js/", "css/", "django_htmx/")  # what visitors and agents load; the rest would take half a minute


class OwnFilesCompressor(Compressor):  # type: ignore[misc]  # untyped base
    def should_compress(self, path: str) -> bool:
        return path.startswith(COMPRESSED) and bool(super().should_compress(path))


class HashedStaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped base
    patterns = (HashedFilesMixin.patterns[0], ("js/*.js", MODULE_IMPORTS))

    def create_compressor(self, **options: Any) -> Compressor:
        return OwnFilesCompressor(**options)
