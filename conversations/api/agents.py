"""Conversations over REST, for the team."""

from uuid import UUID, uuid4

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import events
from conversations.api.contacts import in_segment, own_contacts
from conversations.api.paging import ConversationPages, SeqPages
from conversations.api.shapes import (
    ChangedConversationOutput,
    ConversationChanges,
    ConversationInput,
    ConversationOutput,
    MessageInput,
    MessageOutput,
    StartedConversationOutput,
)
from conversations.errors import ConversationClosed
from conversations.models import Conversation, Sender, Status
from conversations.querysets import ConversationQuerySet
from conversations.services import (
    Lead,
    MessageDraft,
    conversation_assign,
    conversation_change,
    conversation_close,
    conversation_reopen,
    conversation_resolve,
    conversation_start,
    message_post,
)
from conversations.services.changes import Change
from pingback.api import query_choice, query_text, query_uuid
from pingback.api_view import TeamApi, caller_of, valid
from pingback.errors import NotFound

NOBODY = "none"
FILTERS = [
    OpenApiParameter("status", enum=Status.values, description="Of this status; all without it."),
    OpenApiParameter("assignee_id", description=f"Of this agent; `{NOBODY}` for those of nobody."),
    OpenApiParameter("widget_id", UUID, description="Begun at this widget."),
    OpenApiParameter("tag", description="With this tag."),
    OpenApiParameter("segment", UUID, description="With a contact in this segment."),
    OpenApiParameter("q", description="In the contact's name and e-mail, and in the last message."),
]


class ConversationsApi(TeamApi):
    pagination_class = ConversationPages
    refusals = [NotFound]

    @extend_schema(parameters=FILTERS, responses=ConversationOutput(many=True))
    def get(self, request: Request) -> Response:
        """The conversations of the business, the last written in first."""
        return self.page_of(request, filtered(request), lambda page: [payload(conversation) for conversation in page])

    @extend_schema(
        request=ConversationInput, responses={201: StartedConversationOutput, 200: StartedConversationOutput}
    )
    def post(self, request: Request) -> Response:
        """Begin a conversation with somebody. They see it in the browser that they used last."""
        values = valid(ConversationInput, request)
        posted = conversation_start(
            caller=caller_of(request),
            whom=values.get("contact_id") or Lead(values["email"], values.get("name", "")),
            widget_id=values.get("widget_id"),
            content=values["content"],
            client_id=values.get("client_id") or uuid4(),
        )
        message = events.message_payload(posted.message, viewer=Sender.AGENT)
        conversation = own_conversation(request, posted.message.conversation_id)
        return Response(payload(conversation) | {"message": message}, status=200 if posted.repeated else 201)


class ConversationApi(TeamApi):
    refusals = [ConversationClosed]

    @extend_schema(responses=ConversationOutput)
    def get(self, request: Request, conversation_id: int) -> Response:
        """One conversation."""
        return Response(payload(own_conversation(request, conversation_id)))

    @extend_schema(request=ConversationChanges, responses=ConversationOutput)
    def patch(self, request: Request, conversation_id: int) -> Response:
        """Change a conversation; what is left out stays. A closed one keeps its status."""
        changes = valid(ConversationChanges, request)
        change = conversation_change(conversation_id=conversation_id, caller=caller_of(request), **changes)
        return Response(payload(change.conversation))


class MessagesApi(TeamApi):
    pagination_class = SeqPages
    refusals = [ConversationClosed]

    @extend_schema(responses=MessageOutput(many=True))
    def get(self, request: Request, conversation_id: int) -> Response:
        """The conversation's messages after a `seq`, in order."""
        return self.page_of(
            request,
            own_conversation(request, conversation_id).messages.all(),
            lambda page: [events.message_payload(one, viewer=Sender.AGENT) for one in page],
        )

    @extend_schema(request=MessageInput, responses={201: MessageOutput, 200: MessageOutput})
    def post(self, request: Request, conversation_id: int) -> Response:
        """Answer."""
        values = {"client_id": uuid4(), **valid(MessageInput, request)}
        posted = message_post(MessageDraft(caller=caller_of(request), conversation_id=conversation_id, **values))
        message = events.message_payload(posted.message, viewer=Sender.AGENT)
        return Response(message, status=200 if posted.repeated else 201)


class ResolveApi(TeamApi):
    refusals = [ConversationClosed]

    @extend_schema(request=None, responses=ChangedConversationOutput)
    def put(self, request: Request, conversation_id: int) -> Response:
        """Resolve. When the visitor writes again, it is open again."""
        change = conversation_resolve(conversation_id=conversation_id, caller=caller_of(request))
        return changed(change, "Resolved", "Already resolved")


class CloseApi(TeamApi):
    @extend_schema(request=None, responses=ChangedConversationOutput)
    def put(self, request: Request, conversation_id: int) -> Response:
        """Close for good. When the visitor writes again, another conversation begins."""
        change = conversation_close(conversation_id=conversation_id, caller=caller_of(request))
        return changed(change, "Closed", "Already closed")


class ReopenApi(TeamApi):
    refusals = [ConversationClosed]

    @extend_schema(request=None, responses=ChangedConversationOutput)
    def put(self, request: Request, conversation_id: int) -> Response:
        """Open again what was pending or resolved."""
        change = conversation_reopen(conversation_id=conversation_id, caller=caller_of(request))
        return changed(change, "Reopened", "Already open")


class AssignApi(TeamApi):
    @extend_schema(request=None, responses=ChangedConversationOutput)
    def put(self, request: Request, conversation_id: int, agent_id: UUID) -> Response:
        """Give it to a colleague."""
        change = conversation_assign(conversation_id=conversation_id, agent_id=agent_id, caller=caller_of(request))
        return changed(change, "Assigned", "Already assigned")


def own_conversation(request: Request, conversation_id: int) -> Conversation:
    found = Conversation.objects.visible_to(caller_of(request)).for_agents().filter(pk=conversation_id).first()
    if found is None:
        raise NotFound
    return found


def filtered(request: Request) -> ConversationQuerySet:
    found = Conversation.objects.visible_to(caller_of(request)).for_agents()
    if status := query_choice(request, "status", Status.values):
        found = found.filter(status=status)
    if request.query_params.get("assignee_id") == NOBODY:
        found = found.assigned_to(None)
    elif agent_id := query_uuid(request, "assignee_id"):
        found = found.assigned_to(agent_id)
    if widget_id := query_uuid(request, "widget_id"):
        found = found.filter(widget_id=widget_id)
    if "segment" in request.query_params:
        found = found.filter(contact__in=in_segment(request, own_contacts(request)))
    if tag := query_text(request, "tag"):
        found = found.tagged(tag)
    if text := query_text(request, "q"):
        found = found.search(text)
    return found


def payload(conversation: Conversation) -> events.Payload:
    return events.conversation_payload(conversation, viewer=Sender.AGENT)


def changed(change: Change, now: str, already: str) -> Response:
    return Response(payload(change.conversation) | {"detail": now if change.happened else already})
