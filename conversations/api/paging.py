"""Pages of conversations and of their messages."""

from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from conversations.models import Message
from conversations.querysets import MessageQuerySet
from pingback.api import query_number
from pingback.paging import CursorPages, PageShape, query_parameter

MOST_PAGES = 10_000


class SeqPages(PageShape, BasePagination):
    """`?after=<seq>`: what follows it, in order. There are no gaps, so that a page may begin anywhere."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        messages: MessageQuerySet = queryset
        limit = self.limit_of(request)
        found = list(messages.after_seq(query_number(request, "after", default=0))[: limit + 1])
        self.page: list[Message] = found[:limit]
        self.has_next = len(found) > limit
        self.url = request.build_absolute_uri()
        return self.page

    def get_next_link(self) -> str | None:
        return replace_query_param(self.url, "after", self.page[-1].seq) if self.has_next else None

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        after = query_parameter("after", "The seq that the page follows.", type="integer", minimum=0, default=0)
        return [after, self.limit_parameter]


class ConversationPages(CursorPages):
    """The last written in first, by `?cursor=`; or by number, `?page=`, which the vendor's clients know."""

    ordering = ("-last_message_at", "-id")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.number = query_number(request, "page", default=0, minimum=1, maximum=MOST_PAGES)
        if not self.number:
            return super().paginate_queryset(queryset, request, view)
        limit = self.limit_of(request)
        start = (self.number - 1) * limit
        found = list(queryset.order_by(*self.ordering)[start : start + limit + 1])
        self.url = request.build_absolute_uri()
        self.has_another = len(found) > limit
        return found[:limit]

    def get_next_link(self) -> str | None:
        if not self.number:
            return super().get_next_link()
        return replace_query_param(self.url, "page", self.number + 1) if self.has_another else None

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        number = query_parameter("page", "Instead of a cursor.", type="integer", minimum=1, maximum=MOST_PAGES)
        return [*super().get_schema_operation_parameters(view), number]
