"""Contacts, their companies, and segments of them, for the team."""

import json
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing.models import Company, Contact, ContactType, Segment
from auth_signing.people_filter import PeopleFilter
from auth_signing.roles import Permission
from conversations import events
from conversations.api.identify import Attributes, Phone, UnixTime
from conversations.api.shapes import Moment
from conversations.errors import EmailProven
from conversations.models import Sender
from conversations.services import contact_block, contact_delete, contact_export, contact_update
from pingback.api import Boolean, Email, StrictSerializer, Text, Uuid, example, query_uuid
from pingback.api_view import TeamApi, caller_of, valid
from pingback.errors import Invalid, NotFound
from pingback.paging import NewestFirst, OldestFirst

FILTERS = [
    OpenApiParameter("type", enum=ContactType.values),
    OpenApiParameter("verified", bool, description="Whether a signature has ever proven who they are."),
    OpenApiParameter("blocked", bool),
    OpenApiParameter("attribute", description="`name:value`; a value that is JSON is taken as such: `seats:3`."),
    OpenApiParameter("company_id", UUID),
    OpenApiParameter("seen_after", description="ISO 8601."),
    OpenApiParameter("seen_before", description="ISO 8601."),
    OpenApiParameter("segment", UUID, description="In this segment."),
]


class ConditionsInput(StrictSerializer):
    type = serializers.ChoiceField(choices=ContactType.choices, required=False)
    verified = Boolean(required=False)
    blocked = Boolean(required=False)
    attributes = Attributes(required=False, help_text="All equal.")
    company_id = Uuid(required=False)
    seen_after = Moment(required=False)
    seen_before = Moment(required=False)


@example(name="Pro", conditions={"attributes": {"plan": "pro"}})
class SegmentInput(StrictSerializer):
    name = Text(max_length=100)
    conditions = ConditionsInput()


class SegmentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    conditions = serializers.DictField()
    count = serializers.IntegerField(help_text="Contacts in it now.")
    created_at = serializers.DateTimeField()


class CompanyOutput(serializers.ModelSerializer[Company]):
    created_at = UnixTime(source="signed_up_at", allow_null=True, help_text="Unix seconds, as the site says.")
    attributes = serializers.DictField()

    class Meta:
        model = Company
        fields = [
            "id",
            "external_id",
            "name",
            "website",
            "created_at",
            "plan",
            "monthly_spend",
            "industry",
            "size",
            "address",
            "postal_code",
            "city",
            "state",
            "country",
            "attributes",
        ]


@example(name="Paulo Castellano", attributes={"plan": "pro"})
class ContactChanges(StrictSerializer):
    name = Text(max_length=255, required=False, allow_blank=True)
    email = Email(max_length=254, required=False, allow_blank=True)
    phone = Phone(required=False, allow_blank=True)
    attributes = Attributes(required=False, help_text="They join those that are known; null takes one away.")


class ContactOutput(serializers.ModelSerializer[Contact]):
    name = serializers.CharField(source="display_name")
    verified = serializers.BooleanField(source="was_verified", help_text="Whether a signature ever proved who it is.")
    id_is_proven = serializers.BooleanField(help_text="It was of `external_id`; all else is a claim.")
    email_is_proven = serializers.BooleanField(help_text="It was of `email`.")
    attributes = serializers.DictField()
    company = CompanyOutput(allow_null=True)

    class Meta:
        model = Contact
        fields = [
            "id",
            "type",
            "external_id",
            "name",
            "email",
            "phone",
            "phone_is_valid",
            "verified",
            "id_is_proven",
            "email_is_proven",
            "attributes",
            "company",
            "blocked_at",
            "last_seen_at",
            "created_at",
        ]


class ExportOutput(serializers.Serializer[Any]):
    contact = ContactOutput()
    conversations = serializers.ListField(child=serializers.DictField())


class ContactsApi(TeamApi):
    pagination_class = NewestFirst
    refusals = [NotFound]

    @extend_schema(parameters=FILTERS, responses=ContactOutput(many=True))
    def get(self, request: Request) -> Response:
        """The contacts of the business, the newest first."""
        return self.page_of(request, filtered(request), lambda page: ContactOutput(page, many=True).data)


class ContactApi(TeamApi):
    refusals = [EmailProven]

    @extend_schema(responses=ContactOutput)
    def get(self, request: Request, contact_id: UUID) -> Response:
        """One contact."""
        return Response(ContactOutput(get_object_or_404(own_contacts(request), pk=contact_id)).data)

    @extend_schema(request=ContactChanges, responses=ContactOutput)
    def patch(self, request: Request, contact_id: UUID) -> Response:
        """Change a contact; what is left out stays."""
        changes = valid(ContactChanges, request)
        return Response(ContactOutput(contact_update(caller=caller_of(request), contact_id=contact_id, **changes)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, contact_id: UUID) -> Response:
        """Delete a person with everything they sent, and what was answered. For good."""
        contact_delete(caller=caller_of(request), contact_id=contact_id)
        return Response(status=204)


class BlockApi(TeamApi):
    @extend_schema(request=None, responses=ContactOutput)
    def put(self, request: Request, contact_id: UUID) -> Response:
        """They can write no more."""
        blocked = contact_block(caller=caller_of(request), contact_id=contact_id, is_blocked=True)
        return Response(ContactOutput(blocked).data)

    @extend_schema(responses={200: ContactOutput})
    def delete(self, request: Request, contact_id: UUID) -> Response:
        """They can write again."""
        unblocked = contact_block(caller=caller_of(request), contact_id=contact_id, is_blocked=False)
        return Response(ContactOutput(unblocked).data)


class ExportApi(TeamApi):
    @extend_schema(responses=ExportOutput)
    def get(self, request: Request, contact_id: UUID) -> Response:
        """All that is known of a person, and all that was said. Files are named by their ids."""
        contact, conversations = contact_export(caller=caller_of(request), contact_id=contact_id)
        told = []
        for conversation in conversations:
            messages = conversation.messages.with_files().order_by("pk")
            payloads = [events.message_payload(message, viewer=Sender.AGENT) for message in messages]
            told.append(events.conversation_payload(conversation, viewer=Sender.AGENT) | {"messages": payloads})
        return Response({"contact": ContactOutput(contact).data, "conversations": told})


class CompaniesApi(TeamApi):
    pagination_class = OldestFirst

    @extend_schema(responses=CompanyOutput(many=True))
    def get(self, request: Request) -> Response:
        """The companies that contacts work for."""
        return self.page_of(request, own_companies(request), lambda page: CompanyOutput(page, many=True).data)


class CompanyApi(TeamApi):
    @extend_schema(responses=CompanyOutput)
    def get(self, request: Request, company_id: UUID) -> Response:
        """One company."""
        return Response(CompanyOutput(get_object_or_404(own_companies(request), pk=company_id)).data)


class SegmentsApi(TeamApi):
    pagination_class = OldestFirst

    @extend_schema(responses=SegmentOutput(many=True))
    def get(self, request: Request) -> Response:
        """The segments of the business, with how many are in each now."""
        return self.page_of(request, own_segments(request), lambda page: segment_payloads(request, page))

    @extend_schema(request=SegmentInput, responses={201: SegmentOutput})
    def post(self, request: Request) -> Response:
        """Save conditions under a name."""
        caller_of(request).require(Permission.CONTACTS_MANAGE)
        values = valid(SegmentInput, request)
        sent: dict[str, Any] = request.data  # type: ignore[assignment]  # an object, by now
        conditions = sent["conditions"]  # as they were sent: they are read again each time
        try:
            with transaction.atomic():
                segment = Segment.objects.create(
                    business_id=caller_of(request).business_id, name=values["name"], conditions=conditions
                )
        except IntegrityError:
            raise Invalid({"name": ["There is a segment of this name."]}) from None
        return Response(segment_payloads(request, [segment])[0], status=201)


class SegmentApi(TeamApi):
    @extend_schema(responses=SegmentOutput)
    def get(self, request: Request, segment_id: UUID) -> Response:
        """One segment."""
        segment = get_object_or_404(own_segments(request), pk=segment_id)
        return Response(segment_payloads(request, [segment])[0])

    @extend_schema(responses={204: None})
    def delete(self, request: Request, segment_id: UUID) -> Response:
        """Delete a segment. Its contacts stay."""
        caller_of(request).require(Permission.CONTACTS_MANAGE)
        if not own_segments(request).filter(pk=segment_id).delete()[0]:
            raise NotFound
        return Response(status=204)


def own_contacts(request: Request) -> Any:
    return Contact.objects.filter(business_id=caller_of(request).business_id).select_related("company")


def own_companies(request: Request) -> Any:
    return Company.objects.filter(business_id=caller_of(request).business_id)


def own_segments(request: Request) -> Any:
    return Segment.objects.filter(business_id=caller_of(request).business_id)


def filtered(request: Request) -> Any:
    """By the query string, which is read as a segment's conditions are."""
    known = ConditionsInput().fields
    given: dict[str, Any] = {name: value for name, value in request.query_params.items() if name in known}
    for name in ("verified", "blocked"):
        if name in given:
            given[name] = {"true": True, "false": False}.get(given[name], given[name])
    if attribute := request.query_params.get("attribute"):
        name, _, value = attribute.partition(":")
        given["attributes"] = {name: json_or_text(value)}
    found = conditions_of(given).of(own_contacts(request))
    return in_segment(request, found)


def in_segment(request: Request, contacts: Any) -> Any:
    """`?segment=` of the request, if there is one."""
    segment_id = query_uuid(request, "segment")
    if segment_id is None:
        return contacts
    return conditions_of(get_object_or_404(own_segments(request), pk=segment_id).conditions).of(contacts)


def conditions_of(given: Any) -> PeopleFilter:
    conditions = ConditionsInput(data=given)
    conditions.is_valid(raise_exception=True)
    return PeopleFilter(**conditions.validated_data)


def json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def segment_payloads(request: Request, segments: list[Segment]) -> list[dict[str, Any]]:
    """With their counts, asked for at once."""
    counts = {
        f"in_{number}": Count("pk", filter=conditions_of(one.conditions).condition)
        for number, one in enumerate(segments)
    }
    found = Contact.objects.filter(business_id=caller_of(request).business_id).aggregate(**counts) if counts else {}
    return [
        {
            "id": segment.pk,
            "name": segment.name,
            "conditions": segment.conditions,
            "count": found[f"in_{number}"],
            "created_at": segment.created_at,
        }
        for number, segment in enumerate(segments)
    ]
