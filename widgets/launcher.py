"""The script that site owners paste: the launcher, with the hashed addresses of its modules written in."""

import re
from pathlib import Path

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured

LAUNCHER = "js/widget/launcher.js"
# Chromium then compiles all of it off the main thread while it downloads, not function by function as they are called.
COMPILE_HINT = b"//# allFunctionsCalledOnLoad\n"
PLACEHOLDER = re.compile(r"\{\{static ([\w./-]+)\}\}")


def launcher_script() -> bytes:
    file = Path(staticfiles_storage.path(LAUNCHER))
    if not file.exists():
        raise ImproperlyConfigured("Static files are missing: run `manage.py collectstatic` first.")
    return COMPILE_HINT + PLACEHOLDER.sub(address, file.read_text()).encode()


def address(placeholder: re.Match[str]) -> str:
    name = placeholder[1]
    if not staticfiles_storage.exists(name):
        raise ImproperlyConfigured(f"{LAUNCHER} names {name}, but there is no such static file.")
    return staticfiles_storage.url(name)
