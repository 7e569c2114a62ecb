"""Visitor tokens and the sessions they open."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from auth_signing.callers import Caller, caller_for_visitor
from auth_signing.introductions import Introduction
from auth_signing.models import Contact, VisitorSession
from pingback.errors import AccountInactive, InvalidToken

Opening = tuple[UUID, UUID | None]
OPENING_RETRY = timedelta(days=1)  # how long a newcomer may repeat its first message


def visitor_token(session_id: UUID) -> str:
    """The token of a session: derived, so that the retry of a first message can be answered with it again."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), b"visitor-token:" + session_id.bytes, "sha256")
    return "vt_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def token_hash(token: str) -> str:
    """What the database keeps, so that a copy of it opens nothing, and a new SECRET_KEY signs nobody out."""
    return hashlib.sha256(token.encode()).hexdigest()


def visitor_authenticate(token: str) -> Caller:
    session = VisitorSession.objects.with_owner().filter(token_hash=token_hash(token)).first()
    if session is None:
        raise InvalidToken
    if not session.business.is_active:
        raise AccountInactive
    return caller_for_visitor(session)


def visitors_admit(openings: Mapping[Opening, Introduction]) -> dict[Opening, Caller]:
    """Make a contact and a session for each newcomer; inside the transaction of their first messages.

    An opening is the business and the first message's client_id. One that already made a session finds it again, so a
    retry without a token (its answer was lost) makes no second visitor. Who leaves out what is required is left out.
    """
    if not openings:
        return {}
    sessions = VisitorSession.objects.filter(opening_id__in=[opening_id for _, opening_id in openings])
    sessions.filter(created_at__lt=timezone.now() - OPENING_RETRY).update(opening_id=None)
    known = {_opening(session): session for session in sessions.select_related("contact")}
    found = {opening: session for opening, session in known.items() if opening in openings}
    new = [
        _new_session(opening, introduction)
        for opening, introduction in openings.items()
        if opening not in found and not introduction.refusal_of()
    ]
    Contact.objects.bulk_create([session.contact for session in new])
    VisitorSession.objects.bulk_create(new)
    return {_opening(session): caller_for_visitor(session) for session in (*found.values(), *new)}


def _opening(session: VisitorSession) -> Opening:
    return session.business_id, session.opening_id


def _new_session(opening: Opening, introduction: Introduction) -> VisitorSession:
    business_id, opening_id = opening
    session_id = uuid4()
    contact = Contact(business_id=business_id)
    introduction.add_to(contact)
    return VisitorSession(
        id=session_id,
        business_id=business_id,
        contact=contact,
        token_hash=token_hash(visitor_token(session_id)),
        opening_id=opening_id,
    )
