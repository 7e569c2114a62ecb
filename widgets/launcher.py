"""The script that site owners paste: the launcher, with the hashed addresses of its modules written in."""

import re
from pathlib import Path

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured

LAUNCHER = "js/widget/launcher.js"
PLACEHOLDER = re.compile(r"\{\{static ([\w./-]+)\}\}")


def launcher_script() -> bytes:
    file = Path(staticfiles_storage.path(LAUNCHER))
    if not file.exists():
        raise ImproperlyConfigured("Static files are missing: run `manage.py collectstatic` first.")
    return PLACEHOLDER.sub(lambda match: staticfiles_storage.url(match[1]), file.read_text()).encode()
