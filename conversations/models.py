"""WHAT is said: conversations and their messages."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from auth_signing.models import Agent, Business, Contact, IdentityMark, VisitorSession
from conversations.querysets import AttachmentQuerySet, ConversationQuerySet, MessageQuerySet
from widgets.models import Widget

PREVIEW_LENGTH = 160
SAFE_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class Status(models.TextChoices):
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Priority(models.TextChoices):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Sender(models.TextChoices):
    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class Kind(models.TextChoices):
    MESSAGE = "message"
    NOTE = "note"
    ACTIVITY = "activity"


class Tag(models.Model):
    """A word that a business sorts its conversations by. `key` is what makes two names the same."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=50)
    key = models.CharField(max_length=450, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "key"], name="tag_key_unique")]

    def __str__(self) -> str:
        return self.name


class Conversation(models.Model):
    """A thread between one contact and a business, with the list row kept on it (no joins to draw a list).

    `last_seq` counts what the visitor may see, without gaps; `rev` grows with every change. The read pointers are seqs.
    """

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="conversations")
    widget = models.ForeignKey(Widget, on_delete=models.RESTRICT, related_name="conversations")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations")
    session = models.ForeignKey(VisitorSession, on_delete=models.SET_NULL, null=True, related_name="conversations")
    assignee = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="conversations")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    priority = models.CharField(max_length=6, choices=Priority.choices, default=Priority.NORMAL)
    tags = models.ManyToManyField(Tag, blank=True, related_name="conversations")
    snoozed_until = models.DateTimeField(null=True, blank=True, help_text="Not on the lists until then.")
    mark = models.CharField(
        max_length=9,
        choices=IdentityMark.choices,
        default=IdentityMark.ANONYMOUS,
        help_text="Of the visitor who began it.",
    )
    continued_in = models.OneToOneField(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        help_text="What the visitor began after this closed.",
    )

    last_seq = models.PositiveIntegerField(default=0)
    rev = models.PositiveIntegerField(default=0)
    agent_read_seq = models.PositiveIntegerField(default=0)
    visitor_read_seq = models.PositiveIntegerField(default=0)
    visitor_delivered_seq = models.PositiveIntegerField(default=0)

    contact_name = models.CharField(max_length=255)
    last_message_text = models.CharField(max_length=PREVIEW_LENGTH, blank=True)
    last_message_sender = models.CharField(max_length=8, choices=Sender.choices, default=Sender.CUSTOMER)
    last_message_at = models.DateTimeField(default=timezone.now)
    last_customer_seq = models.PositiveIntegerField(default=0)
    waiting_since = models.DateTimeField(null=True, help_text="The customer's first message without an answer.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="conversation_status_known"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="conversation_priority_known"),
            models.CheckConstraint(condition=Q(mark__in=IdentityMark.values), name="conversation_mark_known"),
            models.CheckConstraint(
                condition=Q(agent_read_seq__lte=F("last_seq"))
                & Q(visitor_read_seq__lte=F("visitor_delivered_seq"))
                & Q(visitor_delivered_seq__lte=F("last_seq")),
                name="conversation_read_pointers_in_range",
            ),
        ]
        indexes = [
            models.Index(fields=["business", "status", "-last_message_at", "-id"], name="conversation_inbox"),
            models.Index(fields=["session", "-id"], name="conversation_by_session"),
        ]

    def __str__(self) -> str:
        return f"conversation {self.pk}"

    @property
    def unread(self) -> bool:
        return self.last_customer_seq > self.agent_read_seq

    @property
    def is_aside(self) -> bool:
        """Nobody works on it, until the visitor writes again."""
        return self.status in {Status.PENDING, Status.RESOLVED} or self.snoozed_until is not None

    def append(self, message: "Message", now: datetime) -> None:
        """Number a message that the visitor may see and bring the list row up to date. Needs the row's lock."""
        self.last_seq += 1
        self.rev += 1
        message.seq, message.rev = self.last_seq, self.rev
        self.last_message_text = " ".join(message.content[: 2 * PREVIEW_LENGTH].split())[:PREVIEW_LENGTH]
        self.last_message_sender = message.sender
        self.last_message_at = now
        if message.sender == Sender.CUSTOMER:
            self.last_customer_seq = self.visitor_delivered_seq = self.visitor_read_seq = message.seq
            self.waiting_since = self.waiting_since or now
            self.status = Status.OPEN
        else:
            self.agent_read_seq = message.seq
            self.waiting_since = None


class Attachment(models.Model):
    """A file that came with a message. `type` is what its content says; `key` is where the storage keeps it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey("Message", on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=255, help_text="As the sender called it.")
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="In bytes.")
    key = models.CharField(max_length=100, unique=True)

    objects = AttachmentQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        """One that browsers draw safely."""
        return self.content_type in SAFE_IMAGES


EXACTLY_ONE_AUTHOR = (
    Q(sender=Sender.CUSTOMER, contact__isnull=False, agent__isnull=True)
    | Q(sender=Sender.AGENT, contact__isnull=True)  # without an agent: a signing key, or a colleague who left
    | Q(sender=Sender.SYSTEM, contact__isnull=True, agent__isnull=True)
)


class Message(models.Model):
    """One entry of a conversation. `sender_key` is the id of the visitor session, agent or key that sent it.

    Every index here is paid for by every message: reads go through a conversation, whose constraint serves them. Only
    taking somebody off a team reads the whole table, once.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.MESSAGE)
    seq = models.PositiveIntegerField(null=True, help_text="Null when the visitor may not see it.")
    rev = models.PositiveIntegerField()
    sender = models.CharField(max_length=8, choices=Sender.choices)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="messages", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="messages", db_index=False)
    author_name = models.CharField(max_length=255, help_text="As it was when this was written.")
    sender_key = models.UUIDField(null=True)
    client_id = models.UUIDField(null=True)
    content = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MessageQuerySet.as_manager()

    loaded_files: list[Attachment]  # by `with_files`

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq_unique"),
            models.UniqueConstraint(fields=["client_id", "sender_key"], name="message_client_id_unique"),
            models.CheckConstraint(condition=EXACTLY_ONE_AUTHOR, name="message_one_author"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="message_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=Kind.MESSAGE, seq__isnull=False) | ~Q(kind=Kind.MESSAGE), name="message_has_seq"
            ),
        ]
        indexes = [models.Index(fields=["conversation", "rev"], name="message_by_rev")]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def files(self) -> Sequence[Attachment]:
        """Its attachments, where they were read or made with it."""
        return getattr(self, "loaded_files", ())
