"""Who the visitor is, as the page says: the messenger's one call, and its end."""

import math
import re
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing.contacts import MOST_ATTRIBUTES, Claim, is_text
from auth_signing.errors import IdentityInvalid, IdentityRequired
from auth_signing.models import IdentityMark
from auth_signing.visitors import visitor_token
from conversations.api.visitors import VisitorApi, page_host
from conversations.services import visitor_forget, visitor_identify
from pingback.api import Integer, StrictSerializer, Text, Uuid, example
from pingback.api_view import caller_of, valid
from pingback.errors import InvalidToken, NotFound, OriginRefused
from widgets.access import widget_for_page

LONGEST_NAME, LONGEST_VALUE = 64, 1_024
LARGEST = 2**63 - 1


class TextOrNumber(Text):
    """A JSON string, or a whole number that becomes its text."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(str(data) if type(data) is int else data)


class Phone(TextOrNumber):
    """Digits; what stands between them does not count."""

    def to_internal_value(self, data: Any) -> str:
        digits = re.sub(r"[\s().+-]", "", super().to_internal_value(data))
        if not re.fullmatch("[0-9]{0,32}", digits):
            raise serializers.ValidationError("Send the digits of a phone number, at most 32.")
        return digits


class UnixTime(Integer):
    """Seconds."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return datetime.fromtimestamp(super().to_internal_value(data), UTC)
        except (ValueError, OverflowError, OSError):
            raise serializers.ValidationError("Send Unix time, in seconds.") from None

    def to_representation(self, value: Any) -> int:
        return int(value.timestamp())


class Attributes(serializers.JSONField):
    """A flat object of strings, numbers, booleans and null."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Send an object.")
        if len(data) > MOST_ATTRIBUTES:
            raise serializers.ValidationError(f"Send at most {MOST_ATTRIBUTES} attributes.")
        for name, value in data.items():
            if not is_text(name, LONGEST_NAME):
                raise serializers.ValidationError(f"A name has 1 to {LONGEST_NAME} characters.")
            if not (value == "" or is_attribute(value)):
                raise serializers.ValidationError(
                    f"A value is a string of at most {LONGEST_VALUE} characters, a number, true, false or null."
                )
        return data


def is_attribute(value: Any) -> bool:
    match value:
        case None | bool():
            return True
        case int():
            return abs(value) <= LARGEST
        case float():
            return math.isfinite(value) and abs(value) <= LARGEST
        case str():
            return is_text(value, LONGEST_VALUE)
    return False


class CompanyInput(StrictSerializer):
    id = TextOrNumber(max_length=255)
    name = Text(max_length=255)
    website = Text(max_length=500, required=False, allow_blank=True)
    created_at = UnixTime(required=False, allow_null=True, source="signed_up_at", help_text="Unix seconds.")
    plan = Text(max_length=255, required=False, allow_blank=True)
    monthly_spend = Integer(required=False, allow_null=True, min_value=-LARGEST, max_value=LARGEST)
    industry = Text(max_length=255, required=False, allow_blank=True)
    size = TextOrNumber(max_length=255, required=False, allow_blank=True)
    address = Text(max_length=500, required=False, allow_blank=True)
    postal_code = TextOrNumber(max_length=50, required=False, allow_blank=True)
    city = Text(max_length=255, required=False, allow_blank=True)
    state = Text(max_length=255, required=False, allow_blank=True)
    country = Text(max_length=255, required=False, allow_blank=True)
    attributes = Attributes(required=False)


class UserInput(StrictSerializer):
    """An id or an e-mail, at least. What is left out stays."""

    id = TextOrNumber(max_length=255, required=False)
    email = Text(max_length=254, required=False)
    signature = Text(max_length=1_024, required=False, help_text="HMAC-SHA256 of the e-mail or of the id, in hex.")
    name = Text(max_length=255, required=False, allow_blank=True)
    phone = Phone(required=False, allow_blank=True)
    attributes = Attributes(required=False)
    company = CompanyInput(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not ("id" in attrs or "email" in attrs):
            raise serializers.ValidationError({"id": ["Send an id or an e-mail."]})
        return attrs


@example(widget_id="0b5f0f2e-4a51-4d5c-9a3c-0d4f9a4b6c01", user={"id": "9f7618a2", "email": "paulo@example.com"})
class IdentifyInput(StrictSerializer):
    widget_id = Uuid(help_text="A widget's id, or a business's id for its default widget.")
    user = UserInput()


class IdentifiedOutput(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="From now on the visitor's: keep it for `Authorization: Visitor`.")
    mark = serializers.ChoiceField(choices=IdentityMark.choices, help_text="Claimed, or verified.")


class IdentifyApi(VisitorApi):
    refusals = [NotFound, OriginRefused, IdentityInvalid, IdentityRequired]

    @extend_schema(request=IdentifyInput, responses=IdentifiedOutput)
    def post(self, request: Request) -> Response:
        """Say who the visitor is. With a visitor's token, what that browser said before goes to the same person."""
        values = valid(IdentifyInput, request)
        widget = widget_for_page(values["widget_id"], page_host=page_host(request))
        caller = caller_of(request) if request.auth else None
        if caller and caller.business_id != widget.business_id:
            raise InvalidToken
        about = dict(values["user"])
        claim = Claim(about.pop("id", ""), about.pop("email", ""), about.pop("signature", None), about)
        session = visitor_identify(claim=claim, business_id=widget.business_id, caller=caller)
        return Response({"token": visitor_token(session.pk), "mark": session.mark})


class SessionApi(VisitorApi):
    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Forget this browser: its token is good no more."""
        if session_id := caller_of(request).session_id:
            visitor_forget(session_id=session_id)
        return Response(status=204)
