"""Database work of the sockets, in threads of their own: a slow query stalls neither loop nor requests.

Two, as more bring nothing: they share one interpreter, and while thousands of visitors come back at once, four made an
agent wait several times as long for a page (`benchmarks/reconnect.py`).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection

P = ParamSpec("P")
R = TypeVar("R")

THREADS = ThreadPoolExecutor(2, thread_name_prefix="socket-database")


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `work`, which may use the ORM.

    On SQLite the thread keeps its connection, as opening one takes longer than most questions. (`CONN_MAX_AGE` would
    keep those of the requests, too, whose threads end with them.) On PostgreSQL it goes back into the pool.
    """
    result: R = await run_in_thread(work, *args, **kwargs)
    return result


def call(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return work(*args, **kwargs)
    finally:
        if connection.vendor != "sqlite":
            close_old_connections()


run_in_thread = sync_to_async(call, thread_sensitive=False, executor=THREADS)
