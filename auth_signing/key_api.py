"""Signing keys and identity over REST, and the log of what was done with them. For people only: a key makes no keys."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing.identity import identity_change, identity_revoke_previous, identity_rotate, identity_settings
from auth_signing.keys import LONGEST_OVERLAP, NewPair, key_create, key_revoke, key_rotate
from auth_signing.models import AuditEntry, IdentitySettings, SigningKey
from auth_signing.roles import Permission
from pingback.api import Boolean, Integer, StrictSerializer, Text, example
from pingback.api_view import TeamApi, caller_of, valid
from pingback.errors import NotFound
from pingback.paging import CursorPages, OldestFirst


@example(name="our shop's backend")
class KeyInput(StrictSerializer):
    name = Text(max_length=100, required=False, allow_blank=True, help_text="The author of messages that it signs.")


@example(overlap_seconds=86400)
class RotationInput(StrictSerializer):
    overlap_seconds = Integer(
        min_value=0,
        max_value=int(LONGEST_OVERLAP.total_seconds()),
        required=False,
        help_text="How long the old private key stays good; a day without it.",
    )


class KeyOutput(serializers.ModelSerializer[SigningKey]):
    class Meta:
        model = SigningKey
        fields = [
            "id",
            "name",
            "public_key",
            "last_four",
            "previous_until",
            "created_by",
            "created_at",
            "last_used_at",
            "revoked_at",
        ]


class NewKeyOutput(KeyOutput):
    private_key = serializers.CharField(help_text="It is shown this once.")

    class Meta(KeyOutput.Meta):
        fields = [*KeyOutput.Meta.fields, "private_key"]


class AuditOutput(serializers.ModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = ["id", "act", "subject", "agent_id", "agent_name", "created_at"]


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


class PeoplesApi(TeamApi):
    takes_signatures = False


class IdentityApi(PeoplesApi):
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


class IdentityRotationApi(PeoplesApi):
    @extend_schema(request=None, responses={201: IdentitySecretOutput})
    def post(self, request: Request) -> Response:
        """A new identity secret, or the first one. The one before stays good until it is revoked."""
        return Response({"secret": identity_rotate(caller=caller_of(request))}, status=201)


class PreviousIdentityApi(PeoplesApi):
    refusals = [NotFound]

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Revoke the identity secret before the last rotation."""
        identity_revoke_previous(caller=caller_of(request))
        return Response(status=204)


class KeysApi(PeoplesApi):
    pagination_class = OldestFirst

    @extend_schema(responses=KeyOutput(many=True))
    def get(self, request: Request) -> Response:
        """The signing keys of the business, revoked ones too, without their private parts."""
        caller_of(request).require(Permission.KEYS_MANAGE)
        return self.page_of(
            request,
            SigningKey.objects.filter(business_id=caller_of(request).business_id),
            lambda page: KeyOutput(page, many=True).data,
        )

    @extend_schema(request=KeyInput, responses={201: NewKeyOutput})
    def post(self, request: Request) -> Response:
        """Make a pair. There may be several."""
        return Response(payload(key_create(caller=caller_of(request), **valid(KeyInput, request))), status=201)


class KeyApi(PeoplesApi):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke a pair, for good and at once."""
        key_revoke(caller=caller_of(request), key_id=key_id)
        return Response(status=204)


class KeyRotationApi(PeoplesApi):
    @extend_schema(request=RotationInput, responses=NewKeyOutput)
    def post(self, request: Request, key_id: UUID) -> Response:
        """A new private key for the same public one; the old one stays good for a while."""
        seconds = valid(RotationInput, request).get("overlap_seconds", 86_400)
        new = key_rotate(caller=caller_of(request), key_id=key_id, overlap=timedelta(seconds=seconds))
        return Response(payload(new))


class AuditApi(PeoplesApi):
    pagination_class = CursorPages

    @extend_schema(responses=AuditOutput(many=True))
    def get(self, request: Request) -> Response:
        """Who made, rotated and revoked keys, the newest first."""
        caller_of(request).require(Permission.KEYS_MANAGE)
        return self.page_of(
            request,
            AuditEntry.objects.filter(business_id=caller_of(request).business_id),
            lambda page: AuditOutput(page, many=True).data,
        )


def payload(new: NewPair) -> dict[str, Any]:
    return dict(KeyOutput(new.key).data) | {"private_key": new.private_key}
