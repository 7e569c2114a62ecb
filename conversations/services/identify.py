"""A browser says who its visitor is: its session, and what was said in it, go to that contact."""

from uuid import UUID, uuid4

from django.db import transaction

from auth_signing.callers import Caller
from auth_signing.contacts import Claim, contact_for, proof_of
from auth_signing.identity import identity_settings
from auth_signing.models import Contact, IdentityMark, VisitorSession
from auth_signing.visitors import token_hash, visitor_token
from conversations import events
from conversations.models import Conversation, Message
from conversations.services.contacts import conversations_change_contact
from pingback.errors import InvalidToken


@transaction.atomic
def visitor_identify(*, claim: Claim, business_id: UUID, caller: Caller | None) -> VisitorSession:
    """`caller`: whose token the browser sends, if it has one.

    An anonymous session, with its conversations, becomes this person's. One that is somebody else's stays theirs, and
    the browser is given another. A session that was verified once stays so. Whoever is verified gets another token:
    the one before may be known to who sat there before.
    """
    proof = proof_of(claim, business_id)
    known = _locked_session(caller)
    contact = contact_for(claim, proof, business_id)
    session = _session(known, contact, proof.mark)
    before = (session.contact_id, session.mark)
    session.contact = contact
    session.opening_id = None  # or it would be a key to the token
    if session.mark != IdentityMark.VERIFIED:
        session.mark = proof.mark
    session.sees_history = session.mark == IdentityMark.VERIFIED or (
        not contact.was_verified and identity_settings(business_id).trust_unsigned
    )
    session.save()
    if known and known.pk != session.pk and _is_theirs(known, contact):
        known.conversations.update(session=session)
        visitor_forget(session_id=known.pk)
    if proof.mark == IdentityMark.VERIFIED:
        _shut_out(contact)
    if before != (contact.pk, session.mark):
        events.publish_on_commit(events.visitor_changed(session.pk))
    _hand_over(session)
    return session


def _shut_out(contact: Contact) -> None:
    """Who only claimed to be this person reads their own browser from now on, whatever the business trusts in."""
    trusted = contact.sessions.filter(mark=IdentityMark.CLAIMED, sees_history=True)
    for session_id in trusted.values_list("pk", flat=True):
        events.publish_on_commit(events.visitor_changed(session_id))
    trusted.update(sees_history=False)


@transaction.atomic
def visitor_forget(*, session_id: UUID) -> None:
    """The token is good no more, and its sockets end. What was said stays with the contact."""
    for session in VisitorSession.objects.select_for_update(no_key=True).filter(pk=session_id):
        Conversation.objects.locked(session.conversations.values_list("pk", flat=True))
        session.delete()
    events.publish_on_commit(events.visitor_signed_out(session_id))


def _locked_session(caller: Caller | None) -> VisitorSession | None:
    """With its conversations, and before the contact: a message locks its conversation first, too."""
    if caller is None or caller.session_id is None:
        return None
    session = VisitorSession.objects.select_for_update(no_key=True).filter(pk=caller.session_id).first()
    if session is None:
        raise InvalidToken
    Conversation.objects.locked(session.conversations.values_list("pk", flat=True))
    return session


def _is_theirs(session: VisitorSession, contact: Contact) -> bool:
    return session.contact_id == contact.pk or session.mark == IdentityMark.ANONYMOUS


def _session(known: VisitorSession | None, contact: Contact, mark: str) -> VisitorSession:
    if known and _is_theirs(known, contact) and (mark != IdentityMark.VERIFIED or known.mark == IdentityMark.VERIFIED):
        return known
    session_id = uuid4()
    token = token_hash(visitor_token(session_id))
    return VisitorSession(id=session_id, business_id=contact.business_id, contact=contact, token_hash=token)


def _hand_over(session: VisitorSession) -> None:
    """The session's conversations to its contact; the nameless one before is gone when nothing is left of it."""
    contact, mark = session.contact, session.mark
    name = contact.display_name
    ids = session.conversations.values_list("pk", flat=True)
    before: set[UUID] = set()
    for conversation in Conversation.objects.locked(ids):
        if (conversation.contact_id, conversation.contact_name, conversation.mark) == (contact.pk, name, mark):
            continue
        before.add(conversation.contact_id)
        Message.objects.filter(conversation=conversation, contact_id=conversation.contact_id).update(contact=contact)
        conversations_change_contact([conversation], {"contact": contact, "contact_name": name, "mark": mark})
    nameless = Contact.objects.filter(pk__in=before - {contact.pk}, type="visitor", sessions=None, conversations=None)
    nameless.delete()
