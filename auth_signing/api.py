"""Accounts: register, log in, log out, and who am I."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing import limits
from auth_signing.errors import BadCredentials, RegistrationClosed
from auth_signing.models import Agent, Business, User
from auth_signing.services import user_authenticate, user_register
from auth_signing.tokens import token_issue
from pingback.api import Email, StrictSerializer, Text, example
from pingback.api_view import AccountApi, Api, valid


@example(email="ada@example.com", full_name="Ada Bell", password="a long enough one")
class RegisterInput(StrictSerializer):
    email = Email(max_length=254)
    full_name = Text(max_length=150)
    password = Text(max_length=4096, help_text="At least 8 characters; not too common, not too like the name.")


@example(email="ada@example.com", password="a long enough one")
class LoginInput(StrictSerializer):
    email = Text(max_length=254)
    password = Text(max_length=4096)


class UserOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    full_name = serializers.CharField()


class TokenOutput(serializers.Serializer[Any]):
    access_token = serializers.CharField(help_text="Goes into `Authorization: Bearer`. It is shown this once.")
    token_type = serializers.CharField()


class RegisteredOutput(TokenOutput):
    user = UserOutput()


class BusinessOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    website = serializers.CharField()
    industry = serializers.CharField()
    team_size = serializers.CharField()
    goal = serializers.CharField()
    created_at = serializers.DateTimeField()


class MeOutput(serializers.Serializer[Any]):
    user = UserOutput()
    business = BusinessOutput(allow_null=True)
    team_role = serializers.ChoiceField(choices=["owner", "admin", "agent"], allow_null=True)
    onboarding_complete = serializers.BooleanField(help_text="Whether there is a business.")


class RegisterApi(Api):
    @extend_schema(request=RegisterInput, responses={201: RegisteredOutput})
    def post(self, request: Request) -> Response:
        """Make an account, and a first token for it."""
        if not settings.REGISTRATION_OPEN:
            raise RegistrationClosed
        limits.spend_registration(address=request.META["REMOTE_ADDR"])
        user = user_register(**valid(RegisterInput, request))
        return Response(token_payload(user) | {"user": user_payload(user)}, status=201)


class LoginApi(Api):
    refusals = [BadCredentials]

    @extend_schema(request=LoginInput, responses=TokenOutput)
    def post(self, request: Request) -> Response:
        """A new token. Each login makes one; earlier ones stay good."""
        user = user_authenticate(**valid(LoginInput, request), address=request.META["REMOTE_ADDR"])
        return Response(token_payload(user))


class LogoutApi(AccountApi):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Revoke the token of this call. Sockets that came with it end within a minute."""
        request.auth.delete()
        return Response(status=204)


class MeApi(AccountApi):
    @extend_schema(responses=MeOutput)
    def get(self, request: Request) -> Response:
        """Who the token belongs to."""
        user = request.auth.user
        agent = Agent.objects.with_account().filter(user=user).first()
        return Response(
            {
                "user": user_payload(user),
                "business": business_payload(agent.business) if agent else None,
                "team_role": agent.role if agent else None,
                "onboarding_complete": agent is not None,
            }
        )


def token_payload(user: User) -> dict[str, Any]:
    return {"access_token": token_issue(user), "token_type": "bearer"}


def user_payload(user: User) -> dict[str, Any]:
    return dict(UserOutput(user).data)


def business_payload(business: Business) -> dict[str, Any]:
    return dict(BusinessOutput(business).data)
