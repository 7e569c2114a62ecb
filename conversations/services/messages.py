"""Storing messages: the one write path, whatever door they came by."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from auth_signing.roles import Permission
from conversations.errors import ContactBlocked
from conversations.services.batch import MessageDraft, Moved, Posted, post_batch
from pingback.errors import Invalid, NotFound, Refusal, ServerFault, StoreUnavailable

logger = logging.getLogger(__name__)

CONTENT_LENGTH = 10_000  # Unicode code points


def message_post(draft: MessageDraft) -> Posted:
    """A batch of one; a refusal is raised."""
    (outcome,) = messages_post([draft])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def messages_post(drafts: Sequence[MessageDraft]) -> list[Posted | Refusal]:
    """Store messages in their order, each once: a repeated client_id is answered with the first message.

    One outcome for each draft: a refused one does not touch the others.
    """
    refused = [refusal_of(draft) for draft in drafts]
    outcomes = iter(_post_all([draft for draft, refusal in zip(drafts, refused, strict=True) if not refusal]))
    return [refusal or next(outcomes) for refusal in refused]


def refusal_of(draft: MessageDraft) -> Refusal | None:
    """What can be refused without a look into the database."""
    if draft.caller.is_newcomer and draft.conversation_id is not None:
        return NotFound()
    if draft.conversation_id is not None and draft.introduction:
        return Invalid({"name" if draft.introduction.name else "email": ["Only a first message takes this."]})
    try:
        check_content(draft.content)
        draft.caller.require(Permission.CONVERSATIONS_ANSWER)
        if draft.caller.is_blocked:
            raise ContactBlocked
    except Refusal as refusal:
        return refusal
    return None


def _post_all(drafts: Sequence[MessageDraft]) -> list[Posted | Refusal]:
    """Follows those whose conversation went on in another one, step by step."""
    settled: dict[int, Posted | Refusal] = {}
    left = dict(enumerate(drafts))
    while left:
        outcomes = dict(zip(left, _post_safely(list(left.values())), strict=True))
        moved = {i: outcome.to for i, outcome in outcomes.items() if isinstance(outcome, Moved)}
        settled |= {i: outcome for i, outcome in outcomes.items() if not isinstance(outcome, Moved)}
        left = {i: replace(left[i], conversation_id=to, is_moved=True) for i, to in moved.items()}
    return [settled[i] for i in range(len(drafts))]


def _post_safely(drafts: Sequence[MessageDraft]) -> Sequence[Posted | Refusal | Moved]:
    try:
        return _post_or_reconnect(drafts)
    except (OperationalError, InterfaceError):
        logger.exception("database unreachable, %d messages refused", len(drafts))
        return [StoreUnavailable() for _ in drafts]
    except DatabaseError:  # one by one: either a draft is bad, or another process stored the same client_id meanwhile
        return [_post_alone(draft) for draft in drafts]


def _post_or_reconnect(drafts: Sequence[MessageDraft]) -> list[Posted | Refusal | Moved]:
    try:
        return post_batch(drafts)
    except (OperationalError, InterfaceError):  # the server restarted, or two transactions met: try once more
        if connection.in_atomic_block:
            raise
        connection.close()
        return post_batch(drafts)


def _post_alone(draft: MessageDraft) -> Posted | Refusal | Moved:
    for attempt in ("first", "second"):  # the second look finds what made the first one collide
        try:
            return post_batch([draft])[0]
        except DatabaseError:
            logger.warning("a message could not be stored, %s attempt", attempt, exc_info=True)
    return ServerFault()


def check_content(content: str) -> None:
    if not 1 <= len(content) <= CONTENT_LENGTH:
        raise Invalid({"content": [f"A message has 1 to {CONTENT_LENGTH:,} characters."]})
    if "\x00" in content or not _is_unicode(content):
        raise Invalid({"content": ["A message can't contain NUL or half of a surrogate pair."]})


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
