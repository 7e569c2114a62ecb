"""Secrets of the embedded default: made once, kept in the data folder, readable by its owner alone."""

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

MINIMUM_LENGTH = 50


def secret_from(name: str, value: str, *, file: Path, may_generate: bool) -> str:
    """The secret from the environment (`name`), else from `file`, which the first start writes."""
    if value:
        if len(value) < MINIMUM_LENGTH:
            raise ImproperlyConfigured(f"{name} must have at least {MINIMUM_LENGTH} characters.")
        return value
    if not may_generate:
        raise ImproperlyConfigured(
            f"{name} must be set when DATABASE_URL or REDIS_URL is: several processes have to share it."
        )
    if not file.exists():
        write_once(file, secrets.token_urlsafe(64))
    return file.read_text().strip()


def write_once(file: Path, content: str) -> None:
    """Write `file` with mode 600, whole or not at all; if another process was first, its content stays."""
    handle, draft = tempfile.mkstemp(dir=file.parent)  # mkstemp makes it 600
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(content)
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
