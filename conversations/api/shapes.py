"""What REST calls take and answer. The answers are made by `events.py`; here they are described."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from auth_signing.models import IdentityMark
from conversations.models import Kind, Priority, Sender, Status
from pingback.api import Email, Integer, Items, StrictSerializer, Text, Uuid, example


@example(content="We do, within five days.")
class MessageInput(StrictSerializer):
    content = Text(help_text="1 to 10,000 characters.")
    client_id = Uuid(required=False, help_text="Made by the sender; sending it again returns the first message.")


class UploadInput(StrictSerializer):
    file = serializers.FileField(allow_empty_file=False, max_length=None)
    content = Text(required=False, help_text="What goes with it; without it, the file's name.")
    client_id = Uuid(required=False, help_text="Made by the sender; sending it again returns the first message.")


@example(widget_id="0b5f0f2e-4a51-4d5c-9a3c-0d4f9a4b6c01", content="Do you ship to Norway?")
class FirstMessageInput(MessageInput):
    widget_id = Uuid(help_text="A widget's id, or a business's id for its default widget.")
    name = Text(required=False, help_text="Of an anonymous visitor: 1 to 255 characters.")
    email = Text(required=False, help_text="Of an anonymous visitor: an e-mail address.")


@example(seq=4)
class ReadInput(StrictSerializer):
    seq = Integer(min_value=0, help_text="Everything up to here has been seen.")


class TagName(Text):
    def __init__(self) -> None:
        super().__init__(max_length=50, trim_whitespace=True)


class Moment(serializers.DateTimeField):
    """ISO 8601 with an offset or `Z`, as a JSON string."""

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not data.isascii():
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        return super().to_internal_value(data)


@example(email="ada@example.com", name="Ada Bell", content="Your table is on its way.")
class ConversationInput(StrictSerializer):
    """With whom: a contact, or somebody by e-mail."""

    contact_id = Uuid(required=False, help_text="Of a contact that is known.")
    email = Email(required=False, max_length=254, help_text="Of the contact with this e-mail, or of a new lead.")
    name = Text(required=False, max_length=255, help_text="Of a new lead.")
    widget_id = Uuid(required=False, help_text="Without it, the default widget.")
    content = Text(help_text="The first message: 1 to 10,000 characters.")
    client_id = Uuid(required=False, help_text="Made by the sender; sending it again returns the first message.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("contact_id" in attrs) == ("email" in attrs):
            raise serializers.ValidationError({"contact_id": ["Send either contact_id or email."]})
        return attrs


@example(priority="high", tags=["shipping"])
class ConversationChanges(StrictSerializer):
    status = serializers.ChoiceField(choices=Status.choices, required=False)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    tags = Items(child=TagName(), max_length=20, required=False, help_text="All of them.")
    snoozed_until = Moment(required=False, allow_null=True, help_text="Off the lists until then; null wakes it.")
    assignee_id = Uuid(required=False, allow_null=True, help_text="An agent's id; null for nobody.")


class Person(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class Author(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


class AttachmentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="For `/files/{id}`, or a visitor's `/visitor/files/{id}`.")
    name = serializers.CharField()
    content_type = serializers.CharField(help_text="By its content: a safe image, or application/octet-stream.")
    size = serializers.IntegerField(help_text="In bytes.")


class MessageOutput(serializers.Serializer[Any]):
    """The message as the socket sends it (`docs/realtime.md`)."""

    id = serializers.IntegerField()
    conversation_id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    seq = serializers.IntegerField()
    rev = serializers.IntegerField()
    client_id = serializers.UUIDField(allow_null=True, help_text="Only of the visitor's own messages.")
    sender_type = serializers.ChoiceField(choices=Sender.choices)
    author = Author()
    content = serializers.CharField()
    attachments = AttachmentOutput(many=True)
    created_at = serializers.DateTimeField()


class PostedMessageOutput(MessageOutput):
    token = serializers.CharField(required=False, help_text="For a new visitor: keep it for `Authorization: Visitor`.")


class LastMessage(serializers.Serializer[Any]):
    text = serializers.CharField(help_text="Its first 160 characters, in one line.")
    sender_type = serializers.ChoiceField(choices=Sender.choices)
    created_at = serializers.DateTimeField()


class VisitorConversationOutput(serializers.Serializer[Any]):
    """The conversation as the visitor's socket sends it. Unread: `last_seq - visitor_read_seq`."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Status.choices)
    last_seq = serializers.IntegerField(help_text="The newest message's number; they have no gaps.")
    rev = serializers.IntegerField()
    agent_read_seq = serializers.IntegerField()
    visitor_read_seq = serializers.IntegerField()
    visitor_delivered_seq = serializers.IntegerField()
    assignee = Person(allow_null=True)
    last_message = LastMessage()


class ConversationOutput(VisitorConversationOutput):
    """The conversation as the inbox's socket sends it."""

    contact = Person()
    mark = serializers.ChoiceField(choices=IdentityMark.choices, help_text="How far it is known that it is they.")
    unread = serializers.BooleanField(help_text="Whether no agent has read what the customer wrote last.")
    waiting_since = serializers.DateTimeField(allow_null=True, help_text="The first message without an answer.")
    widget_id = serializers.UUIDField()
    priority = serializers.ChoiceField(choices=Priority.choices)
    tags = serializers.ListField(child=serializers.CharField())
    snoozed_until = serializers.DateTimeField(allow_null=True)


class ChangedConversationOutput(ConversationOutput):
    detail = serializers.CharField(help_text="What happened, or that it was so already.")


class StartedConversationOutput(ConversationOutput):
    message = MessageOutput()
