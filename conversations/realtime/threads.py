"""Database work of the sockets, in threads of their own: a slow query stalls neither loop nor requests.

Two, as more bring nothing: they share one interpreter, and while thousands of visitors come back at once, four made an
agent wait several times as long for a page (`benchmarks/reconnect.py`).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync

P = ParamSpec("P")
R = TypeVar("R")

THREADS = ThreadPoolExecutor(2, thread_name_prefix="socket-database")


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `work`, which may use the ORM; its connection is given back afterwards."""
    result: R = await run_in_thread(work, *args, **kwargs)
    return result


def call(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return work(*args, **kwargs)


run_in_thread = DatabaseSyncToAsync(call, thread_sensitive=False, executor=THREADS)
