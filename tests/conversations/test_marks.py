"""Read and delivered marks on their way into the database."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from django.db import OperationalError

from auth_signing.callers import newcomer
from conversations.realtime import marks
from conversations.services import Mark


def test_a_mark_that_can_never_be_stored_is_dropped_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[int] = []

    def conversations_mark(batch: Sequence[Mark]) -> None:
        if 2 in {mark.conversation_id for mark in batch}:
            raise ValueError("never")
        stored.extend(mark.conversation_id for mark in batch)

    monkeypatch.setattr(marks, "conversations_mark", conversations_mark)
    caller = newcomer(uuid4())
    marks.store([Mark(caller, pk, "read", 1) for pk in (1, 2, 3)])
    assert stored == [1, 3]


def test_without_a_database_all_marks_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    def conversations_mark(batch: Sequence[Mark]) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(marks, "conversations_mark", conversations_mark)
    with pytest.raises(OperationalError):
        marks.store([Mark(newcomer(uuid4()), 1, "read", 1)])
