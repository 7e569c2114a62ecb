"""Who is at the inbox."""

from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from auth_signing.models import Agent


def agents_beat(agent_ids: Collection[UUID]) -> set[UUID]:
    """Their inbox is open at this moment. Returns those who may not have it open any more."""
    if not agent_ids:
        return set()
    welcome = Agent.objects.filter(pk__in=agent_ids, user__is_active=True, business__is_active=True)
    Agent.objects.filter(pk__in=agent_ids).update(seen_at=timezone.now())
    return set(agent_ids) - set(welcome.values_list("pk", flat=True))
