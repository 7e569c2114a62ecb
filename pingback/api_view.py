"""What all REST views share. Not in `api.py`: Django REST framework imports that to make its views."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, ClassVar, cast

from django.http import HttpRequest
from knox.models import AuthToken
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_signing import limits
from auth_signing.authentication import BearerAuthentication
from auth_signing.callers import Caller, caller_for_user
from auth_signing.errors import UserRequired
from auth_signing.signed_requests import SIGNED, SignatureAuthentication, check_form, done_once, note_use
from pingback.api import MissingCredentials, StrictSerializer, refusal_of
from pingback.errors import RateLimited, Refusal


class Api(APIView):
    """A call whose answer no cache keeps. `refusals` names those that only this call makes, for the schema."""

    refusals: ClassVar[Sequence[type[Refusal]]] = []
    pagination_class: ClassVar[Any] = None

    def page_of(self, request: Request, rows: Any, shape: Callable[[list[Any]], Any]) -> Response:
        """One page of a list, as `pagination_class` cuts it."""
        pages = self.pagination_class()
        return cast(Response, pages.get_paginated_response(shape(pages.paginate_queryset(rows, request))))

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        response.setdefault("Cache-Control", "no-store")
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)


class AccountApi(Api):
    """For a person, with a business or without: `request.auth` is the bearer token."""

    authentication_classes = [BearerAuthentication, SignatureAuthentication]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not request.auth:
            raise MissingCredentials
        if isinstance(request.auth, Caller):
            raise UserRequired


class TeamApi(Api):
    """For somebody who belongs to a business, or a signing key of it: `caller_of(request)` says who."""

    authentication_classes = [BearerAuthentication, SignatureAuthentication]
    takes_signatures: ClassVar[bool] = True
    public_methods: ClassVar[Collection[str]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in self.public_methods:
            return
        if not caller_of(request).key_id:
            return
        if not self.takes_signatures:
            raise UserRequired
        check_form(request)
        if request.method in SAFE_METHODS:
            note_use(request.META[SIGNED].key)
        elif request.method in self.allowed_methods:  # others are refused in a moment
            verb = request.method.lower()
            act = getattr(self, verb)
            setattr(self, verb, lambda request, **ids: done_once(request, partial(act, request, **ids)))

    def handle_exception(self, exc: Exception) -> Response:
        """Calls with nothing good to show are few, from one address."""
        if self.takes_signatures and getattr(refusal_of(exc), "status", 0) == 401:
            try:
                limits.spend_unsigned(address=self.request.META["REMOTE_ADDR"])
            except RateLimited as limited:
                exc = limited
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, *args, **kwargs)
        if signed := request.META.get(SIGNED):
            for name, value in signed.quota.headers().items():
                response[name] = value
        return response


class PeoplesOnlyApi(TeamApi):
    """For a member of the team, in person: no signature will do."""

    takes_signatures = False


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
