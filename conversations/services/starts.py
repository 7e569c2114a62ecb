"""How agents begin a conversation with somebody."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from auth_signing.callers import Caller
from auth_signing.models import Contact, ContactType, IdentityMark, VisitorSession
from auth_signing.roles import Permission
from conversations import events
from conversations.models import Conversation
from conversations.services.batch import MessageDraft, Posted
from conversations.services.messages import message_post
from pingback.errors import NotFound
from widgets.models import Widget


@dataclass(frozen=True)
class Lead:
    """Somebody who is known by e-mail: a contact of the business, or a new one."""

    email: str
    name: str = ""


@transaction.atomic
def conversation_start(
    *, caller: Caller, whom: UUID | Lead, widget_id: UUID | None, content: str, client_id: UUID
) -> Posted:
    """The first message is the agent's. The contact sees it in the browser they used last; without one, nowhere yet.

    An e-mail alone leads only to browsers where it was verified: anybody may have typed it in the others.

    `whom`: a contact's id, or a lead. `widget_id` None: the default widget. A repeated `client_id` is answered with the
    first message.
    """
    caller.require(Permission.CONVERSATIONS_START)
    contact = _contact(caller, whom)
    widgets = Widget.objects.live().filter(business_id=caller.business_id)
    widget = (widgets.filter(pk=widget_id) if widget_id else widgets.filter(is_default=True)).first()
    if contact is None or widget is None:
        raise NotFound
    browser = _browser(contact, is_chosen_by_email=isinstance(whom, Lead))
    conversation = Conversation.objects.create(
        business_id=caller.business_id,
        widget=widget,
        contact=contact,
        session=browser,
        mark=browser.mark if browser else IdentityMark.ANONYMOUS,
        contact_name=contact.display_name,
    )
    draft = MessageDraft(caller=caller, content=content, client_id=client_id, conversation_id=conversation.pk)
    posted = message_post(draft)
    if posted.repeated:
        transaction.set_rollback(True)  # the conversation of the first call is there
    else:
        events.publish_on_commit(events.conversation_updated(Conversation.objects.for_agents().get(pk=conversation.pk)))
    return posted


def _browser(contact: Contact, *, is_chosen_by_email: bool) -> VisitorSession | None:
    """The one that was used last. Of several that only claim to be this person, none: any may be somebody else's."""
    verified = contact.sessions.filter(mark=IdentityMark.VERIFIED).order_by("-created_at").first()
    others = list(contact.sessions.all()[:2])
    is_sure = len(others) == 1 and not contact.was_verified and not is_chosen_by_email
    return verified or (others[0] if is_sure else None)


def _contact(caller: Caller, whom: UUID | Lead) -> Contact | None:
    own = Contact.objects.filter(business_id=caller.business_id).select_for_update(no_key=True)  # so that it stays
    if isinstance(whom, UUID):
        return own.filter(pk=whom).first()
    of_another = Q(id_is_proven=True, email_is_proven=False)  # the e-mail was only claimed there
    same_email = own.filter(email__iexact=whom.email).exclude(of_another)
    known = same_email.order_by("-email_is_proven", "created_at").first()
    new = {"business_id": caller.business_id, "email": whom.email, "name": whom.name, "type": ContactType.LEAD}
    return known or Contact.objects.create(**new)
