"""Which contacts a list or a segment holds: one set of conditions, from a query string or from what was saved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform

from auth_signing.models import Contact


@dataclass(frozen=True)
class PeopleFilter:
    """None: it does not matter. `attributes` must all be equal, numbers as numbers."""

    type: str | None = None
    verified: bool | None = None
    blocked: bool | None = None
    attributes: dict[str, Any] | None = None
    company_id: UUID | None = None
    seen_after: datetime | None = None
    seen_before: datetime | None = None

    def of(self, contacts: QuerySet[Contact]) -> QuerySet[Contact]:
        exact: dict[str, Any] = {"type": self.type, "company_id": self.company_id}
        exact |= {"last_seen_at__gte": self.seen_after, "last_seen_at__lt": self.seen_before}
        found = contacts.filter(**{name: value for name, value in exact.items() if value is not None})
        proven = Q(id_is_proven=True) | Q(email_is_proven=True)
        if self.verified is not None:
            found = found.filter(proven if self.verified else ~proven)
        if self.blocked is not None:
            found = found.filter(blocked_at__isnull=not self.blocked)
        for number, (name, value) in enumerate((self.attributes or {}).items()):
            found = found.alias(**{f"attribute_{number}": KeyTransform(name, "attributes")})
            found = found.filter(**{f"attribute_{number}": value})
        return found
