"""Which contacts a list or a segment holds: one set of conditions, from a query string or from what was saved."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import Func

from auth_signing.models import Contact


class HasAttribute(Func):
    """Whether `attributes` holds this value under this name. Django's own lookups take a number for an index."""

    output_field = BooleanField()

    def __init__(self, name: str, value: Any) -> None:
        super().__init__("attributes")
        self.name, self.value = name, value

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        column, parameters = compiler.compile(self.source_expressions[0])
        return f"({column} @> %s::jsonb)", [*parameters, json.dumps({self.name: self.value})]

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        column, parameters = compiler.compile(self.source_expressions[0])
        return f"EXISTS (SELECT 1 FROM json_each({column}) AS each WHERE each.key = %s AND {self._same()})", [
            *parameters,
            self.name,
            *([] if self.value is None or isinstance(self.value, bool) else [self.value]),
        ]

    def _same(self) -> str:
        match self.value:
            case None | bool():
                return f"each.type = '{json.dumps(self.value)}'"
            case str():
                return "each.type = 'text' AND each.value = %s"
        return "each.type IN ('integer', 'real') AND each.value = %s"


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
        return contacts.filter(self.condition)

    @property
    def condition(self) -> Q:
        exact: dict[str, Any] = {"type": self.type, "company_id": self.company_id}
        exact |= {"last_seen_at__gte": self.seen_after, "last_seen_at__lt": self.seen_before}
        found = Q(**{name: value for name, value in exact.items() if value is not None})
        proven = Q(id_is_proven=True) | Q(email_is_proven=True)
        if self.verified is not None:
            found &= proven if self.verified else ~proven
        if self.blocked is not None:
            found &= Q(blocked_at__isnull=not self.blocked)
        for name, value in (self.attributes or {}).items():
            found &= Q(HasAttribute(name, value))
        return found
