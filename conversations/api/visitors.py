"""The widget's REST calls, open to integrators too."""

from typing import Any
from uuid import uuid4

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing import limits
from auth_signing.authentication import VisitorTokenAuthentication
from auth_signing.callers import Caller, newcomer
from auth_signing.introductions import introduction_of
from conversations import events
from conversations.api.paging import SeqPages
from conversations.api.shapes import (
    FirstMessageInput,
    MessageInput,
    MessageOutput,
    PostedMessageOutput,
    ReadInput,
    VisitorConversationOutput,
)
from conversations.models import Conversation, Message, Sender
from conversations.services import Mark, MessageDraft, conversations_mark, message_post
from pingback.api_view import Api, caller_of, valid
from pingback.errors import InvalidToken, NotFound, OriginRefused
from pingback.paging import CursorPages
from widgets.access import host_of_page, is_allowed, widget_for_page, widgets_on_page


class VisitorApi(Api):
    authentication_classes = [VisitorTokenAuthentication]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        limits.spend_visitor_address(request.META["REMOTE_ADDR"])
        super().initial(request, *args, **kwargs)
        if request.auth:
            limits.spend_visitor(caller_of(request))


class VisitorConversationsApi(VisitorApi):
    pagination_class = CursorPages
    refusals = [NotFound, OriginRefused]

    @extend_schema(responses=VisitorConversationOutput(many=True))
    def get(self, request: Request) -> Response:
        """The visitor's conversations, newest first; on a page, those of the widgets that may run there."""
        caller = caller_of(request)
        conversations = Conversation.objects.visible_to(caller).with_people()
        if host := page_host(request):
            conversations = conversations.filter(widget__in=widgets_on_page(caller.business_id, page_host=host))
        return self.page_of(
            request, conversations, lambda page: [conversation_payload(conversation) for conversation in page]
        )

    @extend_schema(request=FirstMessageInput, responses={201: PostedMessageOutput, 200: PostedMessageOutput})
    def post(self, request: Request) -> Response:
        """Start a conversation with its first message. Without a token the visitor is new, and gets one."""
        values = valid(FirstMessageInput, request)
        widget = widget_for_page(values.pop("widget_id"), page_host=page_host(request))
        caller = caller_of(request) if request.auth else newcomer(widget.business_id)
        if caller.business_id != widget.business_id:
            raise InvalidToken
        said = {field: values.pop(field, None) for field in ("name", "email")}
        introduction = introduction_of(**said, required=widget.pre_chat_required)
        return posted(caller, widget_id=widget.pk, introduction=introduction, **values)


class VisitorMessagesApi(VisitorApi):
    pagination_class = SeqPages

    @extend_schema(responses=MessageOutput(many=True))
    def get(self, request: Request, conversation_id: int) -> Response:
        """The conversation's messages after a `seq`, in order."""
        conversation = own_conversation(request, conversation_id)
        return self.page_of(
            request, conversation.messages.all(), lambda page: [message_payload(message) for message in page]
        )

    @extend_schema(request=MessageInput, responses={201: MessageOutput, 200: MessageOutput})
    def post(self, request: Request, conversation_id: int) -> Response:
        """Add a message. After the conversation was closed it starts the next one, named in the answer."""
        caller = caller_of(request)
        values = valid(MessageInput, request)
        own_conversation(request, conversation_id)
        return posted(caller, conversation_id=conversation_id, **values)


class VisitorReadApi(VisitorApi):
    @extend_schema(request=ReadInput, responses=VisitorConversationOutput)
    def post(self, request: Request, conversation_id: int) -> Response:
        """Tell how far the visitor has read, where no socket can. Never moves back, nor past the last message."""
        caller = caller_of(request)
        values = valid(ReadInput, request)
        own_conversation(request, conversation_id)
        conversations_mark([Mark(caller, conversation_id, "read", values["seq"])])
        return Response(conversation_payload(own_conversation(request, conversation_id)))


# What the calls share


def own_conversation(request: Request, conversation_id: int) -> Conversation:
    """A stranger's conversation does not exist; the visitor's own is closed to pages where its widget may not run."""
    found = Conversation.objects.visible_to(caller_of(request)).filter(pk=conversation_id)
    conversation = found.with_people().select_related("widget").first()
    if conversation is None:
        raise NotFound
    check_page(request, conversation)
    return conversation


def check_page(request: Request, conversation: Conversation) -> None:
    """`conversation` with its widget loaded."""
    host = page_host(request)
    if host and not is_allowed(host, conversation.widget.domains):
        raise OriginRefused


def posted(caller: Caller, **where: Any) -> Response:
    where.setdefault("client_id", uuid4())
    outcome = message_post(MessageDraft(caller=caller, **where))
    token = {"token": outcome.token} if outcome.token else {}
    return Response(message_payload(outcome.message) | token, status=200 if outcome.repeated else 201)


def message_payload(message: Message) -> events.Payload:
    return events.message_payload(message, viewer=Sender.CUSTOMER)


def conversation_payload(conversation: Conversation) -> events.Payload:
    return events.conversation_payload(conversation, viewer=Sender.CUSTOMER)


def page_host(request: Request) -> str:
    return host_of_page(request.headers.get("Origin", ""))
