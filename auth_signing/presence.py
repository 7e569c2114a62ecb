"""Who is at the inbox."""

from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from auth_signing.models import Agent


def agents_beat(agent_ids: Collection[UUID]) -> None:
    """Their inbox is open at this moment."""
    if agent_ids:
        Agent.objects.filter(pk__in=agent_ids).update(seen_at=timezone.now())
