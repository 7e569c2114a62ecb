"""Static files with hashed names. Our own are minified, compressed, and import each other by their hashed names."""

from pathlib import PurePath
from typing import Any

import minify
from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.base import ContentFile, File
from servestatic.compress import Compressor
from servestatic.storage import CompressedManifestStaticFilesStorage

_, MODULE_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]  # not stubbed
MINIFIED = {("js", ".js"): "application/javascript", ("css", ".css"): "text/css"}
COMPRESSED = ("js/", "css/", "django_htmx/")  # what visitors and agents load; the rest would take half a minute


class OwnFilesCompressor(Compressor):  # type: ignore[misc]  # untyped base
    def should_compress(self, path: str) -> bool:
        return path.startswith(COMPRESSED) and bool(super().should_compress(path))


class HashedStaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped base
    patterns = (HashedFilesMixin.patterns[0], ("js/*.js", MODULE_IMPORTS))

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Minified before it is compressed, so that every encoding is of the same bytes. Names hash the source."""
        path = PurePath(name)
        if kind := MINIFIED.get((path.parts[0], path.suffix)):
            content.seek(0)
            content = ContentFile(minify.string(kind, content.read().decode()).encode())
        return str(super()._save(name, content))

    def create_compressor(self, **options: Any) -> Compressor:
        return OwnFilesCompressor(**options)
