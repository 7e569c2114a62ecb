"""What the log says of every line: which request or socket it belongs to. Texts of messages never reach it."""

import logging
import re
import traceback
from collections.abc import Iterator
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
    """Leaves out of errors what PostgreSQL quotes of the row that it refused."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and (error := record.exc_info[1]):
            record.msg, record.args = without_rows(record.getMessage(), error), ()
            record.exc_text = without_rows("".join(traceback.format_exception(error)).rstrip(), error)
            record.exc_info = None
        return True


def without_rows(text: str, error: BaseException) -> str:
    for one in with_causes(error):
        text = text.replace(repr(one), type(one).__name__)  # asyncio quotes an error that nobody waited for
        diagnostic = getattr(one, "diag", None)
        for quoted in (getattr(diagnostic, "message_detail", None), getattr(diagnostic, "context", None)):
            if quoted:
                lines = (re.escape(line) for line in quoted.split("\n"))
                text = re.sub(r"\n[ |]*".join(lines), "(left out)", text)  # in a group each line is indented
    return text


def with_causes(error: BaseException) -> Iterator[BaseException]:
    yield error
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for other in (*members, error.__cause__ or error.__context__):
        if other:
            yield from with_causes(other)
