"""The identity secret and its switches over REST, for people only."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing.identity import identity_change, identity_revoke_previous, identity_rotate, identity_settings
from auth_signing.models import IdentitySettings
from auth_signing.roles import Permission
from pingback.api import Boolean, StrictSerializer, example
from pingback.api_view import PeoplesOnlyApi, caller_of, valid
from pingback.errors import NotFound


@example(require_signed=True)
class IdentityChanges(StrictSerializer):
    require_signed = Boolean(required=False, help_text="Claims without a signature are refused.")
    trust_unsigned = Boolean(
        required=False,
        help_text="Who claims to be somebody sees that person's conversations, unless the person was ever verified.",
    )


class IdentityOutput(serializers.ModelSerializer[IdentitySettings]):
    last_four = serializers.CharField(allow_blank=True, help_text="Of the secret; empty: there is none yet.")
    has_previous = serializers.BooleanField(help_text="Whether the secret before the last rotation is still good.")

    class Meta:
        model = IdentitySettings
        fields = ["last_four", "has_previous", "require_signed", "trust_unsigned"]


class IdentitySecretOutput(serializers.Serializer[Any]):
    secret = serializers.CharField(help_text="It is shown this once.")


class IdentityApi(PeoplesOnlyApi):
    @extend_schema(responses=IdentityOutput)
    def get(self, request: Request) -> Response:
        """How visitors are told apart: switches, and what there is of the secret to be seen."""
        caller_of(request).require(Permission.KEYS_MANAGE)
        return Response(IdentityOutput(identity_settings(caller_of(request).business_id)).data)

    @extend_schema(request=IdentityChanges, responses=IdentityOutput)
    def patch(self, request: Request) -> Response:
        """Turn the switches."""
        changes = valid(IdentityChanges, request)
        return Response(IdentityOutput(identity_change(caller=caller_of(request), **changes)).data)


class IdentityRotationApi(PeoplesOnlyApi):
    @extend_schema(request=None, responses={201: IdentitySecretOutput})
    def post(self, request: Request) -> Response:
        """A new identity secret, or the first one. The one before stays good until it is revoked."""
        return Response({"secret": identity_rotate(caller=caller_of(request))}, status=201)


class PreviousIdentityApi(PeoplesOnlyApi):
    refusals = [NotFound]

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Revoke the identity secret before the last rotation."""
        identity_revoke_previous(caller=caller_of(request))
        return Response(status=204)
