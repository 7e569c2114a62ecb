"""The OpenAPI schema: what drf-spectacular finds, and the refusals of each call."""

from collections import defaultdict
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import SAFE_METHODS

from auth_signing.errors import InvalidSignature, RequestExpired, RequestInProgress, UserRequired
from auth_signing.signed_requests import SignatureAuthentication
from pingback.api import BadJson, MissingCredentials, NotJson
from pingback.errors import (
    AccountInactive,
    BadRequest,
    BodyTooLarge,
    Busy,
    Forbidden,
    Invalid,
    InvalidToken,
    NotFound,
    RateLimited,
    Refusal,
    StoreUnavailable,
)

EVERYWHERE: list[type[Refusal]] = [RateLimited, Busy, StoreUnavailable]
WITH_CREDENTIALS: list[type[Refusal]] = [MissingCredentials, InvalidToken, Forbidden, AccountInactive]
WITH_A_SIGNATURE: list[type[Refusal]] = [InvalidSignature, RequestExpired]
WITH_A_BODY: list[type[Refusal]] = [BadJson, BodyTooLarge, NotJson, Invalid]


ERROR = {
    "type": "object",
    "description": "The one shape of every refusal.",
    "required": ["code", "detail", "error"],
    "properties": {
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "For people."},
        "error": {"type": "string", "description": "The same as `detail`."},
        "errors": {
            "type": "object",
            "description": "By field; validation only.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


def add_error(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular."""
    result["components"]["schemas"]["Error"] = ERROR
    return result


class Schema(AutoSchema):
    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        by_status: dict[int, list[type[Refusal]]] = defaultdict(list)
        for refusal in self._refusals():
            by_status[refusal.status].append(refusal)
        errors = {str(status): response(refusals) for status, refusals in sorted(by_status.items())}
        return dict(super()._get_response_bodies(direction)) | errors

    def _refusals(self) -> list[type[Refusal]]:
        found = [*EVERYWHERE, *getattr(self.view, "refusals", [])]
        if self.view.authentication_classes:
            found += WITH_CREDENTIALS
        if SignatureAuthentication in self.view.authentication_classes:
            found += [*WITH_A_SIGNATURE, *self._of_signed_calls()]
        if "{" in self.path:
            found += [NotFound]
        if self.method in {"POST", "PUT", "PATCH"} and self.get_request_serializer():
            found += WITH_A_BODY
        elif self.get_override_parameters() or getattr(self.view, "pagination_class", None):
            found += [Invalid]
        return list(dict.fromkeys(found))

    def _of_signed_calls(self) -> list[type[Refusal]]:
        if not getattr(self.view, "takes_signatures", False):
            return [UserRequired]
        return [] if self.method in SAFE_METHODS else [RequestInProgress, BadRequest]


def response(refusals: list[type[Refusal]]) -> dict[str, Any]:
    examples = {refusal.code: {"value": example(refusal).body()} for refusal in refusals}
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "examples": examples}
    return {"description": ", ".join(f"`{code}`" for code in examples), "content": {"application/json": content}}


def example(refusal: type[Refusal]) -> Refusal:
    if issubclass(refusal, Invalid):
        return refusal({"name": ["This field is required."]})
    return refusal(retry_after=7) if issubclass(refusal, RateLimited) else refusal()
