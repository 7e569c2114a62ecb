"""The one write path: `messages_post`."""

import threading
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from auth_signing.models import Contact, VisitorSession
from auth_signing.visitors import visitor_authenticate
from conversations import events
from conversations.errors import ConversationClosed
from conversations.models import Conversation, Message, Status
from conversations.services import Posted, conversation_resolve, message_post, messages_post
from conversations.services import messages as messages_service
from pingback.errors import Invalid, NotFound, Refusal
from tests.cast import Cast, new_cast
from tests.recorder import Recorder


def stored(conversation_id: int) -> list[tuple[int | None, int, str]]:
    messages = Message.objects.filter(conversation_id=conversation_id).order_by("rev")
    return [(message.seq, message.rev, message.content) for message in messages]


def test_messages_are_numbered_in_their_order_without_gaps(cast: Cast) -> None:
    visitor = cast.visitor()
    conversation = cast.conversation(visitor, "one")
    alice = cast.caller(cast.alice)
    messages_post(
        [
            cast.draft(alice, "two", conversation_id=conversation.pk),
            cast.draft(visitor, "three", conversation_id=conversation.pk),
            cast.draft(alice, "four", conversation_id=conversation.pk),
        ]
    )
    assert stored(conversation.pk) == [(1, 1, "one"), (2, 2, "two"), (3, 3, "three"), (4, 4, "four")]


def test_the_list_row_follows_the_last_message(cast: Cast) -> None:
    visitor = cast.visitor()
    conversation = cast.conversation(visitor, "  Where is\nmy order?  ")
    conversation.refresh_from_db()
    assert (conversation.last_message_text, conversation.last_message_sender) == ("Where is my order?", "customer")
    assert (conversation.unread, conversation.waiting_since is None) == (True, False)

    cast.post(cast.caller(cast.alice), "x" * 500, conversation_id=conversation.pk)
    conversation.refresh_from_db()
    assert conversation.last_message_text == "x" * 160
    assert (conversation.unread, conversation.waiting_since is None) == (False, True)


def test_repeated_client_id_returns_the_first_message(cast: Cast) -> None:
    visitor = cast.visitor()
    draft = cast.draft(visitor, "once")
    first = message_post(draft)
    again = message_post(replace(draft, content="other words"))
    assert (again.message.pk, again.message.content, again.repeated) == (first.message.pk, "once", True)
    assert Conversation.objects.count() == 1


def test_repeated_client_id_in_one_batch_is_stored_once(cast: Cast) -> None:
    draft = cast.draft(cast.visitor())
    first, again = messages_post([draft, draft])
    assert isinstance(first, Posted)
    assert isinstance(again, Posted)
    assert first.message.pk == again.message.pk
    assert Message.objects.count() == 1


def test_the_same_client_id_of_two_senders_is_two_messages(cast: Cast) -> None:
    client_id = uuid4()
    first, second = messages_post([cast.draft(cast.visitor(), client_id=client_id) for _ in range(2)])
    assert isinstance(first, Posted)
    assert isinstance(second, Posted)
    assert first.message.pk != second.message.pk


def test_newcomer_becomes_a_visitor_with_a_token(cast: Cast) -> None:
    posted = cast.post(cast.newcomer())
    assert posted.token
    assert visitor_authenticate(posted.token) == posted.caller
    assert posted.message.author_name == posted.caller.name
    assert posted.token not in VisitorSession.objects.values_list("token_hash", flat=True)


def test_retry_of_a_newcomers_first_message_finds_the_same_session(cast: Cast) -> None:
    draft = cast.draft(cast.newcomer())
    first, again = message_post(draft), message_post(draft)
    assert (again.message.pk, again.token, again.repeated) == (first.message.pk, first.token, True)
    assert Contact.objects.count() == 1


def test_another_business_cannot_use_a_newcomers_client_id(cast: Cast) -> None:
    first = cast.post(cast.newcomer())
    stranger = replace(cast.newcomer(), business_id=cast.foreign_widget.business_id)
    other = cast.post(stranger, client_id=first.message.client_id)
    assert other.token != first.token
    assert other.message.conversation.business_id == cast.foreign_widget.business_id


def test_one_bad_message_does_not_fail_its_batch(cast: Cast) -> None:
    visitor = cast.visitor()
    conversation = cast.conversation(visitor)
    drafts = [cast.draft(visitor, f"good {i}", conversation_id=conversation.pk) for i in range(50)]
    drafts[17] = replace(drafts[17], content="bad \x00")
    outcomes = messages_post(drafts)
    assert [i for i, outcome in enumerate(outcomes) if isinstance(outcome, Refusal)] == [17]
    assert isinstance(outcomes[17], Invalid)
    assert Message.objects.filter(content__startswith="good").count() == 49


def test_what_only_the_database_refuses_does_not_fail_its_batch(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a rule miss something, the batch falls back to one by one."""
    monkeypatch.setattr(messages_service, "check_content", lambda content: None)
    visitor = cast.visitor()
    conversation = cast.conversation(visitor)
    drafts = [cast.draft(visitor, f"good {i}", conversation_id=conversation.pk) for i in range(50)]
    drafts[17] = replace(drafts[17], content=None)  # type: ignore[arg-type]  # NOT NULL says no on both databases
    monkeypatch.setattr(Conversation, "append", append_tolerant)
    outcomes = messages_post(drafts)
    assert [i for i, outcome in enumerate(outcomes) if isinstance(outcome, Refusal)] == [17]
    assert [seq for seq, _, _ in stored(conversation.pk)] == list(range(1, 51))


real_append = Conversation.append


def append_tolerant(conversation: Conversation, message: Message, now: object) -> None:
    content, message.content = message.content, message.content or ""
    real_append(conversation, message, now)  # type: ignore[arg-type]
    message.content = content


@pytest.mark.parametrize("content", ["", "x" * 10_001, "\x00", "\ud800"])
def test_content_outside_the_rules_is_refused(cast: Cast, content: str) -> None:
    with pytest.raises(Invalid):
        cast.post(cast.visitor(), content)
    assert not Message.objects.exists()
    assert not Conversation.objects.exists()


def test_ten_thousand_emoji_are_one_message(cast: Cast) -> None:
    assert cast.post(cast.visitor(), "😀" * 10_000).message.seq == 1


def test_visitor_cannot_write_into_another_visitors_conversation(cast: Cast) -> None:
    conversation = cast.conversation()
    with pytest.raises(NotFound):
        cast.post(cast.visitor(), conversation_id=conversation.pk)
    with pytest.raises(NotFound):
        cast.post(cast.newcomer(), conversation_id=conversation.pk)
    assert Message.objects.count() == 1


def test_another_business_cannot_write_into_a_conversation(cast: Cast) -> None:
    conversation = cast.conversation()
    for stranger in (cast.caller(cast.charlie), cast.visitor(cast.foreign_widget)):
        with pytest.raises(NotFound):
            cast.post(stranger, conversation_id=conversation.pk)
    assert Message.objects.count() == 1


def test_a_refused_newcomer_leaves_nothing_behind(cast: Cast) -> None:
    with pytest.raises(Invalid):
        cast.post(cast.newcomer(), "")
    with pytest.raises(NotFound):
        cast.post(cast.newcomer(), conversation_id=cast.conversation().pk)
    assert Contact.objects.count() == 1


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESOLVED])
def test_a_visitors_message_reopens(cast: Cast, status: Status) -> None:
    visitor = cast.visitor()
    conversation = cast.conversation(visitor)
    Conversation.objects.update(status=status)
    cast.post(visitor, conversation_id=conversation.pk)
    conversation.refresh_from_db()
    assert conversation.status == Status.OPEN


def test_an_agents_answer_leaves_resolved_as_it_is(cast: Cast) -> None:
    conversation = cast.conversation()
    conversation_resolve(conversation_id=conversation.pk, caller=cast.caller(cast.alice))
    cast.post(cast.caller(cast.alice), conversation_id=conversation.pk)
    conversation.refresh_from_db()
    assert conversation.status == Status.RESOLVED


def test_an_agent_cannot_write_into_a_closed_conversation(cast: Cast) -> None:
    conversation = cast.conversation()
    Conversation.objects.update(status=Status.CLOSED)
    with pytest.raises(ConversationClosed):
        cast.post(cast.caller(cast.alice), conversation_id=conversation.pk)


def test_after_closed_a_visitors_messages_start_one_new_conversation(cast: Cast) -> None:
    visitor = cast.visitor()
    closed = cast.conversation(visitor)
    Conversation.objects.update(status=Status.CLOSED)
    batch = messages_post([cast.draft(visitor, text, conversation_id=closed.pk) for text in ("one", "two")])
    later = cast.post(visitor, "three", conversation_id=closed.pk)
    new = Conversation.objects.exclude(pk=closed.pk).get()
    assert {outcome.message.conversation_id for outcome in [*batch, later] if isinstance(outcome, Posted)} == {new.pk}
    assert [text for _, _, text in stored(new.pk)] == ["one", "two", "three"]


def test_a_batch_costs_a_constant_number_of_queries(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    visitors = [cast.visitor() for _ in range(20)]
    conversations = [cast.conversation(visitor) for visitor in visitors]
    drafts = [cast.draft(v, conversation_id=c.pk) for v, c in zip(visitors, conversations, strict=True)]
    with django_assert_max_num_queries(6):  # a savepoint, the locks, the known, the messages, the rows, the release
        messages_post(drafts)


@pytest.mark.usefixtures("deliver_at_once")
def test_each_side_hears_of_a_message_once_committed(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    visitor = cast.visitor()
    assert visitor.session_id
    agents = Recorder(events.business_group(cast.business.pk))
    strangers = Recorder(events.business_group(cast.foreign_widget.business_id))
    browser = Recorder(events.session_group(visitor.session_id))
    with django_capture_on_commit_callbacks(execute=True):
        cast.conversation(visitor, "Hello")
        assert not agents.frames
    assert [frame["content"] for frame in agents.frames] == ["Hello"]
    assert [frame["content"] for frame in browser.frames] == ["Hello"]
    assert not strangers.frames


@pytest.mark.usefixtures("deliver_at_once")
def test_the_client_id_of_a_visitor_is_not_shown_to_agents(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    agents = Recorder(events.business_group(cast.business.pk))
    with django_capture_on_commit_callbacks(execute=True):
        cast.post(cast.newcomer())
    assert [frame["client_id"] for frame in agents.frames] == [None]


@pytest.mark.django_db(transaction=True)
def test_the_same_first_message_at_once_makes_one_conversation() -> None:
    """Two doors, two processes, one impatient browser: the constraint decides, the loser finds the winner's message."""
    cast = new_cast()
    draft = cast.draft(cast.newcomer())
    together = threading.Barrier(4)
    found: list[int] = []

    def post() -> None:
        together.wait()
        try:
            found.append(message_post(draft).message.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_writers_that_cross_do_not_deadlock() -> None:
    cast = new_cast()
    alice = cast.caller(cast.alice)
    ids = [cast.conversation().pk for _ in range(10)]

    def post(order: list[int]) -> None:
        try:
            for _ in range(10):
                outcomes = messages_post([cast.draft(alice, conversation_id=pk) for pk in order])
                assert all(isinstance(outcome, Posted) for outcome in outcomes)
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=(order,)) for order in (ids, ids[::-1], ids[5:] + ids[:5])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for conversation in Conversation.objects.all():
        assert conversation.last_seq == 31
        assert [seq for seq, _, _ in stored(conversation.pk)] == list(range(1, 32))
