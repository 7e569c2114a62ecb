"""The team over REST: members, invitations, status."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing.api import UserOutput
from auth_signing.errors import AlreadyMember, MailUnavailable, OwnerStays
from auth_signing.invitations import agent_invite
from auth_signing.models import INVITED_ROLES, TEAM_ROLES, Agent, Invitation, Presence
from conversations.services import agent_remove, agent_set_status
from pingback.api import Email, StrictSerializer, example
from pingback.api_view import PeoplesOnlyApi, TeamApi, caller_of, valid
from pingback.paging import OldestFirst


@example(email="bob@example.com", role="agent")
class InvitationInput(StrictSerializer):
    email = Email(max_length=254)
    role = serializers.ChoiceField(choices=list(INVITED_ROLES), default="agent")


class InvitationOutput(serializers.ModelSerializer[Invitation]):
    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "expires_at"]


@example(status="away")
class StatusInput(StrictSerializer):
    status = serializers.ChoiceField(choices=Presence.choices)


class StatusOutput(serializers.Serializer[Any]):
    agent_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Presence.choices, help_text="What the person says.")


class MemberOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="The agent's: `assignee_id` and `agent_id` elsewhere.")
    user = UserOutput()
    role = serializers.ChoiceField(choices=list(TEAM_ROLES))
    status = serializers.ChoiceField(
        choices=Presence.choices, source="presence", help_text="What the person says, while an inbox of theirs is open."
    )
    created_at = serializers.DateTimeField()


class MembersApi(TeamApi):
    pagination_class = OldestFirst

    @extend_schema(responses=MemberOutput(many=True))
    def get(self, request: Request) -> Response:
        """Everybody on the team."""
        return self.page_of(
            request, Agent.objects.team(caller_of(request).business_id), lambda page: MemberOutput(page, many=True).data
        )


class MemberApi(TeamApi):
    refusals = [OwnerStays]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, agent_id: UUID) -> Response:
        """Take somebody off the team. Their account stays; their tokens and sockets end."""
        agent_remove(agent_id=agent_id, caller=caller_of(request))
        return Response(status=204)


class InviteApi(TeamApi):
    refusals = [AlreadyMember, MailUnavailable]

    @extend_schema(request=InvitationInput, responses={201: InvitationOutput})
    def post(self, request: Request) -> Response:
        """Send somebody a link that is good once, for seven days, and for their e-mail alone."""
        about = valid(InvitationInput, request)
        invitation = agent_invite(caller=caller_of(request), address=request.META["REMOTE_ADDR"], **about)
        return Response(InvitationOutput(invitation).data, status=201)


class StatusApi(PeoplesOnlyApi):
    @extend_schema(request=StatusInput, responses=StatusOutput)
    def patch(self, request: Request) -> Response:
        """Say that one is live, away or offline."""
        agent = get_object_or_404(Agent, pk=caller_of(request).agent_id)
        agent_set_status(agent, valid(StatusInput, request)["status"])
        return Response({"agent_id": agent.pk, "status": agent.status})
