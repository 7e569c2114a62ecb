"""What agents do with contacts: change, block, delete with everything, hand out."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from auth_signing.answers import answers_forget
from auth_signing.callers import Caller
from auth_signing.contacts import is_phone_number, joined
from auth_signing.models import Contact
from auth_signing.roles import Permission
from conversations import events
from conversations.errors import EmailProven
from conversations.models import Conversation
from pingback.errors import NotFound


@transaction.atomic
def contact_update(*, caller: Caller, contact_id: UUID, **changes: Any) -> Contact:
    """`changes`: name, email, phone, attributes (which join those that are known; null takes one away)."""
    contact, conversations = _locked(caller, contact_id, Permission.CONTACTS_MANAGE)
    if contact.email_is_proven and changes.get("email", contact.email) != contact.email:
        raise EmailProven
    if "attributes" in changes:
        new = changes["attributes"]
        kept = {name: value for name, value in contact.attributes.items() if name not in new}
        added = {name: value for name, value in new.items() if value is not None}
        changes["attributes"] = joined(kept, added, field="attributes")
    for name, value in changes.items():
        setattr(contact, name, value)
    contact.phone_is_valid = is_phone_number(contact.phone)
    contact.save()
    name = contact.display_name
    renamed = [conversation for conversation in conversations if conversation.contact_name != name]
    conversations_change_contact(renamed, {"contact_name": name})
    return contact


@transaction.atomic
def contact_block(*, caller: Caller, contact_id: UUID, is_blocked: bool) -> Contact:
    """From now on, or not any more: they can read, and not write."""
    contact, _ = _locked(caller, contact_id, Permission.CONTACTS_MANAGE)
    if (contact.blocked_at is not None) != is_blocked:
        contact.blocked_at = timezone.now() if is_blocked else None
        contact.save(update_fields=["blocked_at"])
        for session_id in contact.sessions.values_list("pk", flat=True):
            events.publish_on_commit(events.visitor_changed(session_id))
    return contact


@transaction.atomic
def contact_delete(*, caller: Caller, contact_id: UUID) -> None:
    """With everything they sent, and what was answered: for good."""
    contact, _ = _locked(caller, contact_id, Permission.CONTACTS_DELETE)
    for session_id in contact.sessions.values_list("pk", flat=True):
        events.publish_on_commit(events.visitor_signed_out(session_id))
    events.publish_on_commit(events.agents_refetch(caller.business_id))
    company = contact.company
    answers_forget(caller.business_id, about=contact.pk)
    contact.delete()
    if company and not company.contacts.exists():
        company.delete()


def contact_export(*, caller: Caller, contact_id: UUID) -> tuple[Contact, list[Conversation]]:
    """The person, and their conversations with all that was said in them."""
    caller.require(Permission.CONTACTS_DELETE)
    own = Contact.objects.select_related("company").filter(business_id=caller.business_id)
    contact = own.filter(pk=contact_id).first()
    if contact is None:
        raise NotFound
    return contact, list(contact.conversations.for_agents().order_by("pk"))


def conversations_change_contact(conversations: list[Conversation], values: Mapping[str, Any]) -> None:
    """Of locked conversations; everybody hears of it."""
    for conversation in conversations:
        for name, value in values.items():
            setattr(conversation, name, value)
        conversation.rev += 1
        conversation.save(update_fields=[*values, "rev"])
        changed = Conversation.objects.for_agents().get(pk=conversation.pk)
        events.publish_on_commit(events.conversation_updated(changed))


def _locked(caller: Caller, contact_id: UUID, permission: Permission) -> tuple[Contact, list[Conversation]]:
    """Their conversations first, as a message does: it locks its conversation, and its contact when it commits.

    Those that come to the contact meanwhile wait for it, and find what has changed.
    """
    caller.require(permission)
    own = Contact.objects.filter(business_id=caller.business_id, pk=contact_id)
    ids = Conversation.objects.filter(contact__in=own).values_list("pk", flat=True)
    conversations = Conversation.objects.locked(ids)
    contact = own.select_for_update(no_key=True).first()
    if contact is None:
        raise NotFound
    return contact, conversations
