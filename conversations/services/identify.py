"""A browser says who its visitor is: its session, and what was said in it, go to that contact."""

from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet

from auth_signing.callers import Caller
from auth_signing.contacts import Claim, Proof, contact_for, leads_of, proof_of
from auth_signing.identity import identity_settings
from auth_signing.models import Contact, ContactType, IdentityMark, VisitorSession
from auth_signing.visitors import token_hash, visitor_token
from conversations import events
from conversations.models import Conversation, Message
from conversations.services.contacts import conversations_change_contact
from pingback.errors import InvalidToken

TRUSTED = {"mark": IdentityMark.CLAIMED, "sees_history": True}
MOST_AT_ONCE = 50  # leads, and conversations of theirs, that go into a person with one proof


@transaction.atomic
def visitor_identify(*, claim: Claim, business_id: UUID, caller: Caller | None) -> VisitorSession:
    """`caller`: whose token the browser sends, if it has one.

    An anonymous session, with its conversations, becomes this person's. One that is somebody else's stays theirs, and
    the browser is given another. A session that was verified once stays so. Whoever is verified gets another token:
    the one before may be known to who sat there before. Leads who left an e-mail that is proven go into the person.
    """
    proof = proof_of(claim, business_id)
    leads = _newest(leads_of(proof, business_id).order_by("-created_at"))
    said = _newest(Conversation.objects.filter(contact__in=leads).order_by("-pk"))
    known = _locked(caller, _others(leads, proof, business_id), said)
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
    _merge(leads, said, contact)
    return session


def _shut_out(contact: Contact) -> None:
    """Who only claimed to be this person reads their own browser from now on, whatever the business trusts in."""
    trusted = contact.sessions.filter(**TRUSTED)
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


def _newest(found: QuerySet[Any]) -> list[Any]:
    return list(found.values_list("pk", flat=True)[:MOST_AT_ONCE])


def _others(leads: Collection[UUID], proof: Proof, business_id: UUID) -> set[UUID]:
    """The sessions that change with this one: those of the leads, and those that the proof shuts out."""
    if proof.mark != IdentityMark.VERIFIED:
        return set()
    who = Q(contact__email=proof.email) if proof.email else Q(contact__external_id=proof.external_id)
    claims = VisitorSession.objects.filter(who, **TRUSTED, business_id=business_id)
    changed = VisitorSession.objects.filter(Q(contact__in=leads) | Q(pk__in=claims.values("pk")))
    return set(changed.values_list("pk", flat=True))


def _locked(caller: Caller | None, others: Collection[UUID], said: Collection[int]) -> VisitorSession | None:
    """The browser's session among the others, then their conversations, each by id, and before the contact.

    A message locks its conversation first, too.
    """
    own = caller.session_id if caller else None
    sessions = VisitorSession.objects.filter(pk__in={own, *others}).order_by("pk")
    locked = {session.pk: session for session in sessions.select_for_update(no_key=True)}
    session = locked.get(own) if own else None
    if own and session is None:
        raise InvalidToken
    mine = session.conversations.values_list("pk", flat=True) if session else ()
    Conversation.objects.locked({*mine, *said})
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
    ids = session.conversations.values_list("pk", flat=True)
    before: set[UUID] = set()
    for conversation in Conversation.objects.locked(ids):
        now = (conversation.contact_id, conversation.contact_name, conversation.mark)
        if now != (contact.pk, contact.display_name, mark):
            before.add(conversation.contact_id)
            _give(conversation, contact, mark)
    nameless = Contact.objects.filter(pk__in=before - {contact.pk}, type=ContactType.VISITOR)
    _silent(nameless).filter(sessions=None).delete()


def _merge(leads: Collection[UUID], said: Collection[int], contact: Contact) -> None:
    """What they said goes to the person, and stays marked as it is. What they said of themselves is not believed.

    A lead who begins another conversation at this moment, or had more of them, stays with those, until the next proof.
    """
    for conversation in Conversation.objects.filter(contact__in=leads).locked(said):
        _give(conversation, contact, conversation.mark)
    merged = list(_silent(Contact.objects.filter(pk__in=leads, blocked_at=None)).values_list("pk", flat=True))
    sessions = VisitorSession.objects.filter(contact__in=merged)
    for session_id in sessions.values_list("pk", flat=True):
        events.publish_on_commit(events.visitor_changed(session_id))
    sessions.update(contact=contact)
    Contact.objects.filter(pk__in=merged).delete()


def _give(conversation: Conversation, contact: Contact, mark: str) -> None:
    """To this contact, with what the one before said in it."""
    Message.objects.filter(conversation=conversation, contact_id=conversation.contact_id).update(contact=contact)
    values = {"contact": contact, "contact_name": contact.display_name, "mark": mark}
    conversations_change_contact([conversation], values)


def _silent(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    """Of these contacts those without a conversation, held so that they get none.

    One that is busy is left out: to wait for it, with so much locked, would be a way to a deadlock. Whoever begins a
    conversation with one that goes fails at the commit, and finds the other contact at the second attempt.
    """
    held = contacts.select_for_update(skip_locked=True).values_list("pk", flat=True)
    return Contact.objects.filter(pk__in=list(held), conversations=None)
