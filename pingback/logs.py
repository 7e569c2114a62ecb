"""What the log says of every line: which request or socket it belongs to. Texts of messages never reach it."""

import logging
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
