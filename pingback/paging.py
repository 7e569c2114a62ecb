"""Pages: `?limit=`, answered as `{"results": [...], "next": url or null}`."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import exceptions
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from pingback.api import query_number
from pingback.errors import Invalid

PAGE_LIMIT = 50
LONGEST_PAGE = 100


def query_parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """How the schema describes a parameter that may be left out."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


class PageShape:
    """What all kinds of paging share. The other base says how a page is found."""

    get_next_link: Callable[[], str | None]
    limit_parameter = query_parameter(
        "limit", "How many at most.", type="integer", minimum=1, maximum=LONGEST_PAGE, default=PAGE_LIMIT
    )

    def limit_of(self, request: Request) -> int:
        return query_number(request, "limit", default=PAGE_LIMIT, minimum=1, maximum=LONGEST_PAGE)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        following = {"type": ["string", "null"], "format": "uri", "description": "Null on the last page."}
        return {"type": "object", "required": ["results", "next"], "properties": {"results": schema, "next": following}}


class CursorPages(PageShape, CursorPagination):
    """`?cursor=` as the last `next` has it; newest id first. New rows make it lose or repeat nothing."""

    ordering: str | tuple[str, ...] = "-id"

    def get_page_size(self, request: Request) -> int:
        return self.limit_of(request)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.cursor = None
        try:
            return super().paginate_queryset(queryset, request, view) or []
        except (ValueError, OverflowError, ValidationError) as error:
            raise (bad_cursor() if self.cursor else error) from error  # its position may be of another list

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Only what `get_next_link` made: it is the same when it is made again."""
        try:
            cursor = super().decode_cursor(request)
        except exceptions.NotFound:
            raise bad_cursor() from None
        if cursor is None:
            return None
        asked = replace_query_param(request.build_absolute_uri(), "cursor", request.query_params["cursor"])
        if cursor.reverse or cursor == Cursor(0, False, None) or self.encode_cursor(cursor) != asked:
            raise bad_cursor()
        return cursor

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor = query_parameter("cursor", "Where a page begins: take it from `next`.", type="string")
        return [cursor, self.limit_parameter]


class OldestFirst(CursorPages):
    """For what has a UUID."""

    ordering = ("created_at", "id")


class NewestFirst(CursorPages):
    """The same, the other way round."""

    ordering = ("-created_at", "-id")


def bad_cursor() -> Invalid:
    return Invalid({"cursor": ["Take the cursor from the last page's `next`."]})
