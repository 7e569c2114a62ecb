"""WHERE people meet: a widget's appearance and where it may run."""

import uuid

from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from auth_signing.models import Business
from widgets.querysets import WidgetQuerySet

web_address = URLValidator(schemes=["http", "https"])
hex_colour = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", "A colour is written #rrggbb.")


class ChatIcon(models.TextChoices):
    RECEPTIONIST = "receptionist"
    SEND_1 = "send-1"
    SEND_2 = "send-2"
    SEND_3 = "send-3"


class BackgroundShape(models.TextChoices):
    CIRCLE = "circle"
    ROUNDED = "rounded"
    SQUARE = "square"


class Ask(models.TextChoices):
    """Whether a visitor is asked for something before the first message."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Widget(models.Model):
    """A launcher for the sites of a business. Deleted softly, so that its conversations keep their origin."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="widgets")
    name = models.CharField(max_length=100, default="PingBack Support")
    is_default = models.BooleanField(default=False, help_text="The one that a business's id stands for.")

    domain = models.CharField(max_length=260, blank=True, help_text="Normalised host; empty = any site.")
    allowed_domains = models.JSONField(default=list, blank=True)

    welcome_heading = models.CharField(max_length=100, default="Hi there!")
    welcome_tagline = models.CharField(max_length=200, default="We make it simple to connect with us...")
    initial_message = models.CharField(max_length=500, null=True, blank=True)  # noqa: DJ001 (null = none, by contract)
    logo_url = models.CharField(max_length=500, null=True, blank=True, validators=[web_address])  # noqa: DJ001 (null = none, by contract)
    show_online_badge = models.BooleanField(default=True)
    show_help_prompt = models.BooleanField(default=False)
    primary_color = models.CharField(max_length=7, default="#7650FF", validators=[hex_colour])
    secondary_color = models.CharField(max_length=7, default="#FFFFFF", validators=[hex_colour])
    chat_icon = models.CharField(max_length=12, choices=ChatIcon.choices, default=ChatIcon.RECEPTIONIST)
    background_shape = models.CharField(max_length=8, choices=BackgroundShape.choices, default=BackgroundShape.CIRCLE)
    ask_name = models.CharField(max_length=8, choices=Ask.choices, default=Ask.OFF)
    ask_email = models.CharField(max_length=8, choices=Ask.choices, default=Ask.OFF)
    config = models.JSONField(default=dict, blank=True, help_text="The integrator's own object, returned as it is.")

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WidgetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business", "domain"],
                condition=Q(deleted_at=None) & ~Q(domain=""),
                name="widget_one_per_domain",
            ),
            models.UniqueConstraint(
                fields=["business"], condition=Q(deleted_at=None, is_default=True), name="widget_one_default"
            ),
            models.CheckConstraint(condition=Q(chat_icon__in=ChatIcon.values), name="widget_chat_icon_known"),
            models.CheckConstraint(
                condition=Q(background_shape__in=BackgroundShape.values), name="widget_background_shape_known"
            ),
            models.CheckConstraint(condition=Q(ask_name__in=Ask.values), name="widget_ask_name_known"),
            models.CheckConstraint(condition=Q(ask_email__in=Ask.values), name="widget_ask_email_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def domains(self) -> list[str]:
        """The hosts whose pages may show this widget; empty = any."""
        return [self.domain, *self.allowed_domains] if self.domain else []

    @property
    def pre_chat(self) -> dict[str, str]:
        """What an anonymous visitor is asked for before the first message."""
        return {"name": self.ask_name, "email": self.ask_email}

    @property
    def pre_chat_required(self) -> list[str]:
        """What nobody may leave out of it."""
        return [field for field, ask in self.pre_chat.items() if ask == Ask.REQUIRED]
