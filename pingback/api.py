"""What all REST endpoints share: the error shape, strict input, paging. The views' base: `api_view.py`."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, serializers
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from pingback import errors
from pingback.errors import Invalid, Refusal

PAGE_LIMIT = 50
LONGEST_PAGE = 100


class BadJson(Refusal):
    code = "BAD_JSON"
    status = 400
    detail = "The body is not valid JSON."


class NotJson(Refusal):
    code = "NOT_JSON"
    status = 415
    detail = "Send the body as application/json."


class MethodNotAllowed(Refusal):
    code = "METHOD_NOT_ALLOWED"
    status = 405
    detail = "This address does not take that method."


class MissingCredentials(Refusal):
    code = "MISSING_CREDENTIALS"
    status = 401
    detail = "This call needs credentials."


class NotAcceptable(Refusal):
    code = "NOT_ACCEPTABLE"
    status = 406
    detail = "Answers are JSON only."


REFUSAL_OF: list[tuple[type[Exception], type[Refusal]]] = [
    (exceptions.ParseError, BadJson),
    (exceptions.UnsupportedMediaType, NotJson),
    (exceptions.MethodNotAllowed, MethodNotAllowed),
    (exceptions.NotAuthenticated, MissingCredentials),
    (exceptions.AuthenticationFailed, errors.InvalidToken),
    (exceptions.NotAcceptable, NotAcceptable),
    (exceptions.NotFound, errors.NotFound),
    (exceptions.PermissionDenied, errors.Forbidden),
    (Http404, errors.NotFound),
    (PermissionDenied, errors.Forbidden),
    (RequestDataTooBig, errors.BodyTooLarge),
    (OperationalError, errors.StoreUnavailable),
    (InterfaceError, errors.StoreUnavailable),
]


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Every refusal in the one error shape; None lets what is no refusal become a logged 500."""
    refusal = refusal_of(error)
    if refusal is None:
        return None
    headers = refusal.headers()
    if refusal.status == 401 and (scheme := getattr(error, "auth_header", None)):
        headers["WWW-Authenticate"] = scheme
    return Response(refusal.body(), status=refusal.status, headers=headers)


def refusal_of(error: Exception) -> Refusal | None:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, serializers.ValidationError):
        return errors.Invalid(field_errors(error.detail))
    for kind, refusal in REFUSAL_OF:
        if isinstance(error, kind):
            return refusal()
    return None


def field_errors(detail: Any) -> dict[str, list[str]]:
    """DRF's nested details as a flat {field: [texts]}; a fault of the whole body stands under "body"."""
    if not isinstance(detail, Mapping):
        return {"body": [str(text) for text in detail]}
    flat: dict[str, list[str]] = {}
    for field, texts in detail.items():
        name = "body" if field == "non_field_errors" else str(field)
        if isinstance(texts, Mapping):
            flat |= {f"{name}.{inner}": inner_texts for inner, inner_texts in field_errors(texts).items()}
        else:
            flat[name] = [str(text) for text in texts]
    return flat


def refusal_response(refusal: Refusal) -> JsonResponse:
    return JsonResponse(refusal.body(), status=refusal.status, headers=refusal.headers())


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


# Strict input: JSON types as they are, unknown fields named


class StrictJSONParser(JSONParser):
    """UTF-8 whatever the charset says; nesting too deep to read is bad JSON."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, {**(parser_context or {}), "encoding": "utf-8"})
        except RecursionError:
            raise exceptions.ParseError from None


class StrictSerializer(serializers.Serializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        unknown = {
            printable(name): ["This field is unknown."]
            for name in (data if isinstance(data, Mapping) else ())
            if name not in self.fields
        }
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**cast(dict[str, Any], error.detail), **unknown}) from error
        if unknown:
            raise serializers.ValidationError(unknown)
        return values


def printable(name: str) -> str:
    """Without lone surrogates, which JSON may bring and no answer can carry."""
    return name.encode(errors="replace").decode()


class Text(serializers.CharField):
    """A JSON string, kept as it is. NUL and lone surrogates are refused by its base."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **options})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Email(serializers.EmailField):
    """An e-mail address as a JSON string."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Uuid(serializers.UUIDField):
    """A UUID as a JSON string."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Boolean(serializers.BooleanField):
    """JSON's true or false: neither `"yes"` nor 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Integer(serializers.IntegerField):
    """A JSON integer: neither `"3"` nor `3.0` nor `true`."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


def query_number(request: Request, name: str, *, default: int, minimum: int = 0, maximum: int | None = None) -> int:
    """A whole number of the query string, in plain digits."""
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if re.fullmatch("[0-9]{1,100}", text) else -1
    if number < minimum or (maximum is not None and number > maximum):
        span = f"of {minimum} or more" if maximum is None else f"from {minimum} to {maximum}"
        raise Invalid({name: [f"Send a whole number {span}."]})
    return number


# Paging: `?limit=`, and `{"results": [...], "next": url or null}`


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

    ordering = "-id"

    def get_page_size(self, request: Request) -> int:
        return self.limit_of(request)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.cursor = None
        try:
            return super().paginate_queryset(queryset, request, view) or []
        except (ValueError, ModelValidationError) as error:
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


def bad_cursor() -> Invalid:
    return Invalid({"cursor": ["Take the cursor from the last page's `next`."]})
