"""Static files with hashed names, compressed beforehand; imports between our own modules get the hashed names too."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from servestatic.storage import CompressedManifestStaticFilesStorage

_, MODULE_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    patterns = (HashedFilesMixin.patterns[0], ("js/*.js", MODULE_IMPORTS))  # other people's files stay as they are
