"""Pages of a conversation's messages."""

from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from conversations.models import Message
from conversations.querysets import MessageQuerySet
from pingback.api import PageShape, query_number, query_parameter


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
