"""Reads of widgets."""

from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from widgets.models import Widget  # noqa: F401


class WidgetQuerySet(models.QuerySet["Widget"]):
    def live(self) -> Self:
        return self.filter(deleted_at=None)

    def public(self, public_id: UUID) -> Self:
        """The widget with this id, or the default widget of the business with this id."""
        return (
            self.live().filter(Q(id=public_id) | Q(business_id=public_id, is_default=True)).select_related("business")
        )
