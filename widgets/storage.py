"""Static files with hashed names. Our own are minified, compressed, and import each other by their hashed names."""

import re
from pathlib import Path, PurePath
from posixpath import dirname, join, normpath
from typing import Any

import minify
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.base import ContentFile, File
from servestatic.compress import Compressor
from servestatic.storage import CompressedManifestStaticFilesStorage

_, MODULE_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]  # not stubbed
MINIFIED = {("js", ".js"): "application/javascript", ("css", ".css"): "text/css"}
BUNDLES = {"js/widget/chat.js"}
HASH = re.compile(r"\.[0-9a-f]{12}(?=\.js$)")
IMPORT = re.compile(r"""^import \{[^}]*\} from ["'](\.[^"']+)["'];\n""", re.MULTILINE)
EXPORT = re.compile(r"^export (?!\{)", re.MULTILINE)
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
            text = content.read().decode()
            if (source := HASH.sub("", name)) in BUNDLES:
                text = bundle(source, text, set())
            content = ContentFile(minify.string(kind, text).encode())
        return str(super()._save(name, content))

    def create_compressor(self, **options: Any) -> Compressor:
        return OwnFilesCompressor(**options)


def bundle(name: str, text: str, seen: set[str]) -> str:
    """A module after those that it imports, each once, all in one scope: only its own exports are left.

    For modules of ours alone: imports by name, a line each; no two top-level names alike (Node refuses those in the
    tests of what is served). Nothing on PyPI bundles modules without Node.
    """
    parts = []
    for address in IMPORT.findall(text):
        part = normpath(join(dirname(name), HASH.sub("", address)))
        if part not in seen:
            seen.add(part)
            source = Path(finders.find(part) or part).read_text()
            parts.append(EXPORT.sub("", bundle(part, source, seen)))
    return "".join([*parts, IMPORT.sub("", text)])
