"""Database work of the sockets, in a few threads of their own: a slow query stalls neither loop nor requests."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync

P = ParamSpec("P")
R = TypeVar("R")

THREADS = ThreadPoolExecutor(4, thread_name_prefix="socket-database")


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `work`, which may use the ORM; its connection is given back afterwards."""

    @wraps(work)
    def run() -> R:
        return work(*args, **kwargs)

    result: R = await DatabaseSyncToAsync(run, thread_sensitive=False, executor=THREADS)()
    return result
