"""What REST calls take and answer. The answers are made by `events.py`; here they are described."""

from typing import Any

from rest_framework import serializers

from conversations.models import Kind, Sender, Status
from pingback.api import Integer, StrictSerializer, Text, Uuid


class MessageInput(StrictSerializer):
    content = Text(help_text="1 to 10,000 characters.")
    client_id = Uuid(required=False, help_text="Made by the sender; sending it again returns the first message.")


class FirstMessageInput(MessageInput):
    widget_id = Uuid(help_text="A widget's id, or a business's id for its default widget.")


class ReadInput(StrictSerializer):
    seq = Integer(min_value=0, help_text="Everything up to here has been seen.")


class Person(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class Author(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


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
