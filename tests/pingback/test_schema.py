"""The OpenAPI schema."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("schema") / "schema.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))
    found: dict[str, Any] = yaml.safe_load(Path(file).read_text())
    return found


def test_the_schema_is_valid_and_built_without_warnings(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")


def test_every_operation_is_described_with_its_errors_credentials_and_an_example(schema: dict[str, Any]) -> None:
    missing = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            name = f"{method.upper()} {path}"
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            errors = [status for status in operation["responses"] if status >= "400"]
            if not operation.get("description") or len(errors) < 3:
                missing.append(name)
            if body is not None and not body.get("examples"):
                missing.append(f"{name}: example")
            if operation.get("security") and "401" not in errors:
                missing.append(f"{name}: 401")
    assert missing == []
