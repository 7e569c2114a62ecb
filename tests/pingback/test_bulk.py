"""`bulk` writes what the ORM would have written."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from conversations.models import Conversation, Message
from pingback.bulk import insert_rows, update_rows
from tests.cast import new_cast


@pytest.fixture
def conversation(db: None) -> Conversation:
    return new_cast().conversation(content="first")


def message(conversation: Conversation, number: int) -> Message:
    return Message(
        conversation=conversation,
        seq=number,
        rev=number,
        sender="customer",
        contact_id=conversation.contact_id,
        author_name="Zoë 'quoted'",
        sender_key=uuid4(),
        client_id=uuid4(),
        content='100 % \\ "text" {with} $everything 😀',
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )


def test_inserted_rows_read_back_as_they_were_in_their_order(conversation: Conversation) -> None:
    messages = [message(conversation, number) for number in range(2, 152)]
    insert_rows(messages)
    assert [m.pk for m in messages] == sorted(m.pk for m in messages)
    stored = {m.pk: m for m in Message.objects.all()}
    for one in messages:
        for field in Message._meta.concrete_fields:
            assert getattr(stored[one.pk], field.attname) == getattr(one, field.attname)


def test_updated_rows_change_in_the_named_fields_alone(conversation: Conversation) -> None:
    conversation.status = "pending"
    conversation.contact_name = "not named"
    conversation.waiting_since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    update_rows([conversation], ["status", "waiting_since"])
    stored = Conversation.objects.get()
    assert (stored.status, stored.waiting_since) == ("pending", conversation.waiting_since)
    assert stored.contact_name != "not named"
    conversation.waiting_since = None
    update_rows([conversation], ["waiting_since"])
    assert Conversation.objects.get().waiting_since is None


def test_no_rows_are_no_statement() -> None:
    insert_rows([])
    update_rows([], ["status"])


def test_constraints_hold(conversation: Conversation) -> None:
    twice = message(conversation, 2)
    again = message(conversation, 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([twice, again])
    authorless = message(conversation, 3)
    authorless.contact_id = None
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([authorless])
