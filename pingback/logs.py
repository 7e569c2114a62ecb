"""What the log says of every line: which request or socket it belongs to. Texts of messages never reach it."""

import logging
import traceback
from contextvars import ContextVar
from uuid import uuid4

request_id: ContextVar[str] = ContextVar("request_id", default="-")


def name_request() -> str:
    """A new id for the request or the socket that this task answers; its threads inherit it."""
    name = uuid4().hex
    request_id.set(name)
    return name


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class NoRowsFilter(logging.Filter):
    """Leaves out of tracebacks what PostgreSQL quotes of the row that it refused."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and (error := record.exc_info[1]):
            record.exc_text = without_rows("".join(traceback.format_exception(error)).rstrip(), error)
            record.exc_info = None
        return True


def without_rows(text: str, error: BaseException | None) -> str:
    while error:
        diagnostic = getattr(error, "diag", None)
        for quoted in (getattr(diagnostic, "message_detail", None), getattr(diagnostic, "context", None)):
            if quoted:
                text = text.replace(quoted, "(left out)")
        error = error.__cause__ or error.__context__
    return text
