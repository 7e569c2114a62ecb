"""Files over REST: sent into a conversation, and handed out to whoever may read it."""

from typing import Any, ClassVar
from uuid import UUID, uuid4

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing.callers import Caller
from conversations import events
from conversations.api.agents import own_conversation as conversation_of_the_team
from conversations.api.shapes import MessageOutput, UploadInput
from conversations.api.visitors import VisitorApi, check_page
from conversations.api.visitors import own_conversation as conversation_of_the_visitor
from conversations.errors import BadForm, ConversationClosed, NotMultipart
from conversations.files import file_response
from conversations.models import Attachment, Sender
from conversations.services import message_post_file
from pingback.api_view import Api, PeoplesOnlyApi, TeamApi, caller_of, valid
from pingback.errors import NotFound

EVERY_FILE = {(200, "application/octet-stream"): OpenApiTypes.BINARY, (200, "image/*"): OpenApiTypes.BINARY}


class UploadApi(Api):
    """Takes multipart/form-data: what both kinds of people share."""

    parser_classes = [MultiPartParser]
    refusals = [BadForm, ConversationClosed, NotMultipart]
    viewer: ClassVar[Sender]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if (request.content_type or "").partition(";")[0].strip().lower() != "multipart/form-data":
            raise NotMultipart

    def upload(self, request: Request, conversation_id: int) -> Response:
        try:
            values = valid(UploadInput, request)
        except ParseError as error:
            raise BadForm from error
        values = {"client_id": uuid4(), "content": "", **values}
        who = {"caller": caller_of(request), "address": request.META["REMOTE_ADDR"]}
        posted = message_post_file(**who, conversation_id=conversation_id, **values)
        payload = events.message_payload(posted.message, viewer=self.viewer)
        return Response(payload, status=200 if posted.repeated else 201)


class TeamUploadApi(UploadApi, PeoplesOnlyApi):
    viewer = Sender.AGENT

    @extend_schema(request={"multipart/form-data": UploadInput}, responses={201: MessageOutput, 200: MessageOutput})
    def post(self, request: Request, conversation_id: int) -> Response:
        """Answer with a file of at most 10 MB."""
        conversation_of_the_team(request, conversation_id)
        return self.upload(request, conversation_id)


class VisitorUploadApi(UploadApi, VisitorApi):
    viewer = Sender.CUSTOMER

    @extend_schema(request={"multipart/form-data": UploadInput}, responses={201: MessageOutput, 200: MessageOutput})
    def post(self, request: Request, conversation_id: int) -> Response:
        """Send a file of at most 10 MB."""
        conversation_of_the_visitor(request, conversation_id)
        return self.upload(request, conversation_id)


class FileApi(Api):
    """Hands out a file whatever kind of answer is asked for."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)


class TeamFileApi(FileApi, TeamApi):
    @extend_schema(responses=EVERY_FILE)
    def get(self, request: Request, file_id: UUID) -> HttpResponse:
        """A file that came with a message of the business."""
        return file_response(readable_file(caller_of(request), file_id))


class VisitorFileApi(FileApi, VisitorApi):
    @extend_schema(responses=EVERY_FILE)
    def get(self, request: Request, file_id: UUID) -> HttpResponse:
        """A file of one of the visitor's conversations."""
        found = readable_file(caller_of(request), file_id)
        check_page(request, found.message.conversation)
        return file_response(found)


def readable_file(caller: Caller, file_id: UUID) -> Attachment:
    found = Attachment.objects.visible_to(caller).select_related("message__conversation__widget").filter(pk=file_id)
    if (file := found.first()) is None:
        raise NotFound
    return file
