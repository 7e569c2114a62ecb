"""What all REST endpoints share: the error shape and strict input. See also `api_view.py` (views), `paging.py`."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import exceptions, serializers
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from pingback import errors
from pingback.addresses import email_address
from pingback.errors import Invalid, Refusal

LONGEST_QUERY = 200


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


def example(**body: Any) -> Callable[[type[StrictSerializer]], type[StrictSerializer]]:
    """What the schema shows as a body of this kind."""
    return extend_schema_serializer(examples=[OpenApiExample("Example", body, request_only=True)])


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
    """An e-mail address as a JSON string, in lower case from here on: that may be longer."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return email_address(super().to_internal_value(data))


class Uuid(serializers.UUIDField):
    """A UUID as a JSON string."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Items(serializers.ListField):
    """A list whose length is looked at before what is in it."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            raise serializers.ValidationError(f"Send at most {self.max_length} of them.")
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


def query_text(request: Request, name: str) -> str:
    """Text of the query string, "" without it."""
    text = request.query_params.get(name, "")
    if "\x00" in text or len(text) > LONGEST_QUERY:
        raise Invalid({name: [f"Send at most {LONGEST_QUERY} characters, without NUL."]})
    return text


def query_choice(request: Request, name: str, choices: Collection[str]) -> str:
    text = query_text(request, name)
    if text and text not in choices:
        raise Invalid({name: [f"Send one of: {', '.join(choices)}."]})
    return text


def query_uuid(request: Request, name: str) -> UUID | None:
    text = query_text(request, name)
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid({name: ["Send a UUID."]}) from None
