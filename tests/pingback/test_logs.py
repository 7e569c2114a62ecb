"""Tracebacks in the log, as the settings have it."""

import json
import logging
from logging.config import DictConfigurator
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from conversations.models import Message
from tests.cast import new_cast

SECRET = "my\nsecret"


def handler(log_format: str) -> logging.Handler:
    """The console's, with what it needs."""
    config = DictConfigurator(settings.LOGGING)
    parts: dict[str, Any] = config.config["handlers"]["console"]
    made: logging.Handler = logging.StreamHandler()
    made.setFormatter(config.configure_formatter(config.config["formatters"][log_format]))
    for name in parts["filters"]:
        made.addFilter(config.configure_filter(config.config["filters"][name]))
    return made


def logged(log_format: str, error: BaseException, text: str = "it failed") -> str:
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, text, None, (type(error), error, None))
    console = handler(log_format)
    assert console.filter(record)
    return console.format(record)


@pytest.mark.django_db
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_traceback_does_not_quote_the_row_that_the_database_refused(log_format: str) -> None:
    cast = new_cast()
    message = Message.objects.get(pk=cast.post(cast.visitor(), SECRET).message.pk)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Message.objects.filter(pk=message.pk).update(kind="nonsense")
    said = logged(log_format, refused.value)
    assert "message_kind_known" in said
    assert "secret" not in said
    if connection.vendor == "postgresql":
        assert "secret" in str(refused.value)  # so that there was something to leave out
    if log_format == "json":
        assert json.loads(said)["exc_info"].startswith("Traceback")


class Diagnostic:
    message_detail = f"Failing row contains (1, {SECRET})."
    context = None


class Refused(Exception):
    """As psycopg tells what PostgreSQL refused."""

    diag = Diagnostic()


def test_what_is_quoted_inside_a_group_is_left_out_too() -> None:
    said = logged("text", ExceptionGroup("several", [Refused(f"no\nDETAIL: {Diagnostic.message_detail}")]))
    assert "Refused" in said
    assert "secret" not in said


def test_an_error_that_nobody_waited_for_is_named_and_not_quoted() -> None:
    error = Refused(f"no\nDETAIL: {Diagnostic.message_detail}")
    said = logged("text", error, f"Task exception was never retrieved\nfuture: <Task exception={error!r}>")
    assert "<Task exception=Refused>" in said
    assert "secret" not in said
