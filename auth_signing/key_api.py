"""Signing keys over REST, and the log of what was done with them. For people only: a key makes no keys."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing.keys import LONGEST_OVERLAP, NewPair, key_create, key_revoke, key_rotate
from auth_signing.models import AuditEntry, SigningKey
from auth_signing.roles import Permission
from pingback.api import Integer, StrictSerializer, Text, example
from pingback.api_view import PeoplesOnlyApi, caller_of, valid
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


class KeysApi(PeoplesOnlyApi):
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


class KeyApi(PeoplesOnlyApi):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke a pair, for good and at once."""
        key_revoke(caller=caller_of(request), key_id=key_id)
        return Response(status=204)


class KeyRotationApi(PeoplesOnlyApi):
    @extend_schema(request=RotationInput, responses=NewKeyOutput)
    def post(self, request: Request, key_id: UUID) -> Response:
        """A new private key for the same public one; the old one stays good for a while."""
        seconds = valid(RotationInput, request).get("overlap_seconds", 86_400)
        new = key_rotate(caller=caller_of(request), key_id=key_id, overlap=timedelta(seconds=seconds))
        return Response(payload(new))


class AuditApi(PeoplesOnlyApi):
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
