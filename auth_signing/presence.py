"""Who is at the inbox: a heartbeat for each open inbox, and what the person says (live or away)."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from auth_signing.models import Agent
from auth_signing.querysets import HEARTBEAT_LIFE
from pingback.errors import NotFound

GOODBYE_LIFE = timedelta(seconds=25)  # another process may have their inbox open, and beats before that


def agents_beat(agent_ids: Collection[UUID]) -> list[Agent]:
    """Their inbox is open at this moment. Those who were not there before are returned."""
    if not agent_ids:
        return []
    here = Agent.objects.filter(pk__in=agent_ids, user__is_active=True, business__is_active=True)
    came = [agent for agent in here if not agent.is_present]
    now = timezone.now()
    Agent.objects.filter(pk__in=[agent.pk for agent in here]).update(seen_at=now)
    for agent in came:
        agent.seen_at = now
    return came


def agents_left(agent_ids: Collection[UUID]) -> None:
    """Their inbox is not open in this process any more."""
    Agent.objects.filter(pk__in=agent_ids).update(seen_at=timezone.now() - HEARTBEAT_LIFE + GOODBYE_LIFE)


def agents_lapse() -> list[Agent]:
    """Take off those whose heartbeat has ended. Of several who do so at once, one is given each agent."""
    lapsed = Agent.objects.filter(seen_at__lte=timezone.now() - HEARTBEAT_LIFE)
    return [one for one in lapsed if Agent.objects.filter(pk=one.pk, seen_at=one.seen_at).update(seen_at=None)]


def agent_says(agent: Agent, status: str) -> None:
    """`status` is live, away or offline."""
    agent.status = status
    if not Agent.objects.filter(pk=agent.pk).update(status=status):
        raise NotFound  # removed a moment ago
