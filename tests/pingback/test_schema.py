"""The OpenAPI schema."""

from pathlib import Path

from django.core.management import call_command


def test_the_schema_is_valid_and_built_without_warnings(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))
