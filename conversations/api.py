"""The widget's REST calls, open to integrators too."""

from typing import Any
from uuid import uuid4

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_signing import limits
from auth_signing.authentication import VisitorTokenAuthentication
from auth_signing.callers import Caller, newcomer
from conversations import events
from conversations.models import Conversation, Sender
from conversations.services import MessageDraft, message_post
from pingback.api import MissingCredentials, StrictSerializer, Text, Uuid, caller_of
from pingback.errors import InvalidToken, NotFound, OriginRefused
from widgets.access import host_of_page, is_allowed, widget_for_page


class MessageInput(StrictSerializer):
    content = Text(help_text="1 to 10,000 characters.")
    client_id = Uuid(required=False, help_text="Made by the sender; sending it again returns the first message.")


class FirstMessageInput(MessageInput):
    widget_id = Uuid(help_text="A widget's id, or a business's id for its default widget.")


class Author(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


class MessageOutput(serializers.Serializer[Any]):
    """The message as the socket sends it (`docs/realtime.md`)."""

    id = serializers.IntegerField()
    conversation_id = serializers.IntegerField()
    kind = serializers.CharField()
    seq = serializers.IntegerField()
    rev = serializers.IntegerField()
    client_id = serializers.UUIDField(allow_null=True)
    sender_type = serializers.CharField()
    author = Author()
    content = serializers.CharField()
    created_at = serializers.DateTimeField()
    token = serializers.CharField(required=False, help_text="For a new visitor: keep it for `Authorization: Visitor`.")


class VisitorApi(APIView):
    authentication_classes = [VisitorTokenAuthentication]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        limits.spend_visitor_address(request.META["REMOTE_ADDR"])
        super().initial(request, *args, **kwargs)

    def post_message(self, request: Request, caller: Caller, **where: Any) -> Response:
        limits.spend_visitor(caller)
        where.setdefault("client_id", uuid4())
        posted = message_post(MessageDraft(caller=caller, **where))
        token = {"token": posted.token} if posted.token else {}
        return Response(
            events.message_payload(posted.message, viewer=Sender.CUSTOMER) | token,
            status=200 if posted.repeated else 201,
        )


class VisitorConversationsApi(VisitorApi):
    @extend_schema(request=FirstMessageInput, responses={201: MessageOutput, 200: MessageOutput})
    def post(self, request: Request) -> Response:
        """Start a conversation with its first message. Without a token the visitor is new, and gets one."""
        data = FirstMessageInput(data=request.data)
        data.is_valid(raise_exception=True)
        values = data.validated_data
        widget = widget_for_page(values.pop("widget_id"), page_host=page_host(request))
        caller = caller_of(request) if request.auth else newcomer(widget.business_id)
        if caller.business_id != widget.business_id:
            raise InvalidToken
        return self.post_message(request, caller, widget_id=widget.pk, **values)


class VisitorMessagesApi(VisitorApi):
    @extend_schema(request=MessageInput, responses={201: MessageOutput, 200: MessageOutput})
    def post(self, request: Request, conversation_id: int) -> Response:
        """Add a message. After the conversation was closed it starts the next one, named in the answer."""
        if not request.auth:
            raise MissingCredentials
        caller = caller_of(request)
        data = MessageInput(data=request.data)
        data.is_valid(raise_exception=True)
        conversation = (
            Conversation.objects.visible_to(caller).filter(pk=conversation_id).select_related("widget").first()
        )
        if conversation is None:
            raise NotFound
        host = page_host(request)
        if host and not is_allowed(host, conversation.widget.domains):
            raise OriginRefused
        return self.post_message(request, caller, conversation_id=conversation_id, **data.validated_data)


def page_host(request: Request) -> str:
    return host_of_page(request.headers.get("Origin", ""))
