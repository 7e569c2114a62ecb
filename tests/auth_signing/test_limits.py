"""What is counted in the process, and for how long it is remembered."""

import time
from uuid import uuid4

import pytest

from auth_signing import limits
from pingback.errors import RateLimited


def test_an_address_whose_window_has_passed_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = limits.in_process.storage
    assert isinstance(storage, limits.PatientStorage)
    storage.reset()
    rule, stays = "2/minute", str(uuid4())
    for _ in range(100):
        limits.spend_here(rule, str(uuid4()))
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    limits.spend_here(rule, stays)
    storage._MemoryStorage__expire_events()
    assert (len(storage.events), len(storage.locks)) == (1, 1)
    limits.spend_here(rule, stays)
    with pytest.raises(RateLimited):
        limits.spend_here(rule, stays)
