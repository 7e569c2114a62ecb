"""Reads of WHO: each is scoped to one business or one credential."""

from datetime import timedelta
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from auth_signing.models import Agent, VisitorSession  # noqa: F401

HEARTBEAT_LIFE = timedelta(seconds=75)  # an open inbox beats every 20 s


class AgentQuerySet(models.QuerySet["Agent"]):
    def with_account(self) -> Self:
        return self.select_related("user", "business")

    def team(self, business_id: UUID) -> Self:
        """Everybody of a business, by name."""
        return self.select_related("user").filter(business_id=business_id).order_by("user__full_name", "pk")

    def online(self, business_id: UUID) -> Self:
        """Agents who say they are live and whose inbox really is open."""
        return self.filter(business_id=business_id, status="live", seen_at__gt=timezone.now() - HEARTBEAT_LIFE)


class VisitorSessionQuerySet(models.QuerySet["VisitorSession"]):
    def with_owner(self) -> Self:
        return self.select_related("contact", "business")

    def claimed(self) -> Self:
        """By pages, of people who have proven nothing."""
        return self.filter(mark="claimed", contact__id_is_proven=False, contact__email_is_proven=False)
