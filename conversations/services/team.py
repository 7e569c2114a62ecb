"""What leaving a team does to its conversations and sockets."""

from uuid import UUID

from django.db import transaction

from auth_signing.callers import Caller
from auth_signing.errors import OwnerStays
from auth_signing.models import Agent
from auth_signing.roles import Permission, Role
from auth_signing.tokens import tokens_revoke
from conversations import events
from conversations.models import Conversation
from conversations.services.changes import ENDED, conversation_change
from conversations.services.presence import agents_announce
from pingback.errors import NotFound


@transaction.atomic
def agent_remove(*, agent_id: UUID, caller: Caller) -> None:
    """The account stays, without a business; its tokens and sockets end, its conversations are nobody's."""
    caller.require(Permission.TEAM_MANAGE)
    own = Agent.objects.with_account().filter(business_id=caller.business_id, pk=agent_id)
    agent = own.select_for_update(of=("self",), no_key=True).first()  # nothing is assigned to them from now on
    if agent is None:
        raise NotFound
    if agent.role == Role.OWNER:
        raise OwnerStays
    for conversation in Conversation.objects.locked(agent.conversations.values_list("pk", flat=True)):
        if conversation.status not in ENDED:
            conversation_change(conversation_id=conversation.pk, caller=caller, assignee_id=None)
    tokens_revoke(agent.user)
    gone = Agent(pk=agent.pk, business_id=agent.business_id)
    agent.delete()
    agents_announce([gone])
    events.publish_on_commit(events.agent_signed_out(gone.pk))
