"""How REST calls say who they are."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from auth_signing import limits
from auth_signing.callers import Caller
from auth_signing.models import User
from auth_signing.tokens import token_find
from auth_signing.visitors import visitor_authenticate
from pingback.errors import InvalidToken


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]  # untyped base
    """`Authorization: Bearer <token>`: a person. `request.auth` is the token."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, AuthToken]:
        found = token_find(token.decode("latin-1"))
        limits.spend_bearer(found.digest)
        return found.user, found


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "The `access_token` of register or login."}


class VisitorTokenAuthentication(BaseAuthentication):
    """`Authorization: Visitor <token>`; without the header the request is nobody's yet."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if not scheme:
            return None
        if scheme.lower() != b"visitor":
            raise InvalidToken
        return AnonymousUser(), visitor_authenticate(token.decode("latin-1").strip())

    def authenticate_header(self, request: Request) -> str:
        return "Visitor"


class VisitorTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    target_class = VisitorTokenAuthentication
    name = "visitorToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Visitor <token>`: the token that the first message of a visitor was answered with.",
        }
