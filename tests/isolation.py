"""The environment of a test run: none of the developer's settings, and a data folder of its own."""

import os
import re
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def setting_names() -> set[str]:
    """Every variable the product reads through `pingback.env`, found in its source: importing it would read them."""
    source = "\n".join(file.read_text() for file in sorted((ROOT / "pingback").rglob("*.py")))
    return set(re.findall(r"""env\.\w+\(\s*["']([A-Z][A-Z0-9_]*)["']""", source))


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment of a child process that is to see only the given settings."""
    ours = setting_names()
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return {
        **inherited,
        "PYTHONUNBUFFERED": "1",
        "PINGBACK_DATA_DIR": str(data_dir),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ENCRYPTION_KEY": secrets.token_urlsafe(64),
        **settings,
    }
