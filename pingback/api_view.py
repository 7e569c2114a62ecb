"""What all REST views share. Not in `api.py`: Django REST framework imports that to make its views."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.http import HttpRequest
from knox.models import AuthToken
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_signing.authentication import BearerAuthentication
from auth_signing.callers import Caller, caller_for_user
from pingback.api import MissingCredentials, StrictSerializer
from pingback.errors import Refusal


class Api(APIView):
    """A call whose answer no cache keeps. `refusals` names those that only this call makes, for the schema."""

    refusals: ClassVar[Sequence[type[Refusal]]] = []

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        response.setdefault("Cache-Control", "no-store")
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)


class AccountApi(Api):
    """For a person, with a business or without: `request.auth` is the bearer token."""

    authentication_classes = [BearerAuthentication]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not request.auth:
            raise MissingCredentials


class TeamApi(Api):
    """For somebody who belongs to a business: `caller_of(request)` says who."""

    authentication_classes = [BearerAuthentication]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        caller_of(request)


def caller_of(request: Request) -> Caller:
    """Who asks. A person's token stands for their place in a business."""
    if not request.auth:
        raise MissingCredentials
    if isinstance(request.auth, AuthToken):
        request.auth = caller_for_user(request.auth.user)
    return cast(Caller, request.auth)


def valid(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The body, if it is right."""
    data = serializer(data=request.data)
    data.is_valid(raise_exception=True)
    return dict(data.validated_data)
