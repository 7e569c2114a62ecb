"""Refusals: what a service raises when a rule says no. Every door turns them into its own error shape."""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refusal(Exception):
    """`code` is stable and for programs, `detail` is for people, `status` is what HTTP says."""

    code: ClassVar[str]
    status: ClassVar[int]
    detail: str

    def __init__(self, detail: str = "") -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)

    def body(self) -> dict[str, Any]:
        """The one error shape of the API."""
        return {"code": self.code, "detail": self.detail, "error": self.detail}

    def headers(self) -> dict[str, str]:
        return {}


class Invalid(Refusal):
    code = "VALIDATION_ERROR"
    status = 422
    detail = "Some fields are not right."

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = errors
        super().__init__(" ".join(f"{field}: {text}" for field, texts in errors.items() for text in texts))

    def body(self) -> dict[str, Any]:
        return super().body() | {"errors": self.errors}


class BadRequest(Refusal):
    code = "BAD_REQUEST"
    status = 400
    detail = "This request can't be understood here."


class NotFound(Refusal):
    code = "NOT_FOUND"
    status = 404
    detail = "There is nothing here, or it is not yours."


class Forbidden(Refusal):
    code = "FORBIDDEN"
    status = 403
    detail = "Your role does not allow this."


class InvalidToken(Refusal):
    code = "INVALID_TOKEN"
    status = 401
    detail = "This token is not valid."


class AccountInactive(Refusal):
    code = "ACCOUNT_INACTIVE"
    status = 403
    detail = "This business is not active."


class OriginRefused(Refusal):
    code = "ORIGIN_REFUSED"
    status = 403
    detail = "This page may not do that."


class BodyTooLarge(Refusal):
    code = "BODY_TOO_LARGE"
    status = 413
    detail = "The request body is too large."


class Busy(Refusal):
    code = "BUSY"
    status = 503
    detail = "Too much is waiting right now. Try again in a moment."


class RateLimited(Refusal):
    code = "RATE_LIMITED"
    status = 429

    def __init__(self, retry_after: int) -> None:
        """`retry_after` in seconds."""
        self.retry_after = retry_after
        super().__init__(f"Too many requests. Try again in {retry_after} s.")

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class ServerFault(Refusal):
    code = "INTERNAL_ERROR"
    status = 500
    detail = "Something went wrong on our side. Try again."


class StoreUnavailable(Refusal):
    code = "STORE_UNAVAILABLE"
    status = 503
    detail = "The database can't be reached. Nothing was stored; try again in a moment."


class SlowBody(Refusal):
    code = "REQUEST_TIMEOUT"
    status = 408
    detail = "The body of the request took too long to arrive."
