"""Widgets over REST, and the business that begins with one."""

import json
import math
from typing import Any
from uuid import UUID

from django.conf import settings
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing.api import BusinessOutput, business_payload
from auth_signing.errors import AlreadyInBusiness
from pingback.api import Boolean, Items, StrictSerializer, Text, example
from pingback.api_view import AccountApi, TeamApi, caller_of, valid
from pingback.errors import NotFound
from pingback.paging import OldestFirst
from widgets.config import APPEARANCE, public_config
from widgets.domains import domain_normalise
from widgets.errors import WidgetExists
from widgets.models import Ask, BackgroundShape, ChatIcon, Widget, hex_colour, web_address
from widgets.services import business_open, default_widget_update, widget_create, widget_delete, widget_update

CONFIG_BYTES = 8_192
MOST_LEVELS = 20
MOST_DOMAINS = 100
ASKED = "Of anonymous visitors, before their first message."
DOMAIN = "Where it may run: this host, `www.` and its subdomains. One widget for each."


@example(name="Bell & Co", website="https://example.com")
class BusinessInput(StrictSerializer):
    name = Text(max_length=150)
    website = Text(max_length=500, required=False, allow_blank=True)
    industry = Text(max_length=100, required=False, allow_blank=True)
    team_size = Text(max_length=50, required=False, allow_blank=True)
    goal = Text(max_length=500, required=False, allow_blank=True)


class Domain(Text):
    """Scheme, port, path and case may be there and do not count."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=500, **options)

    def to_internal_value(self, data: Any) -> str:
        try:
            return domain_normalise(super().to_internal_value(data))
        except ValueError:
            raise serializers.ValidationError("Send a domain, such as example.com.") from None


class Domains(Items):
    def __init__(self, **options: Any) -> None:
        super().__init__(child=Domain(), max_length=MOST_DOMAINS, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(super().to_internal_value(data)))


class FreeObject(serializers.JSONField):
    """The integrator's own object."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Send an object.")
        if not can_be_kept(data, MOST_LEVELS):
            raise serializers.ValidationError(
                f"It can't contain NUL, half of a surrogate pair, endless numbers, or more than {MOST_LEVELS} levels."
            )
        if len(json.dumps(data, ensure_ascii=False).encode()) > CONFIG_BYTES:
            raise serializers.ValidationError("An object of at most 8 KB.")
        return data


def can_be_kept(value: Any, levels: int) -> bool:
    match value:
        case dict():
            return levels > 0 and all(can_be_kept(part, levels - 1) for part in (*value, *value.values()))
        case list():
            return levels > 0 and all(can_be_kept(part, levels - 1) for part in value)
        case str():
            return "\x00" not in value and value == value.encode(errors="replace").decode()
        case float():
            return math.isfinite(value)
    return True


@example(primary_color="#1a73e8", chat_icon="send-1", background_shape="rounded")
class WebChatChanges(StrictSerializer):
    initial_message = Text(max_length=500, required=False, allow_null=True)
    primary_color = Text(required=False, validators=[hex_colour])
    secondary_color = Text(required=False, validators=[hex_colour])
    chat_icon = serializers.ChoiceField(choices=ChatIcon.choices, required=False)
    background_shape = serializers.ChoiceField(choices=BackgroundShape.choices, required=False)
    show_help_prompt = Boolean(required=False)


@example(primary_color="#5B3FCC", welcome_heading="How can we help?")
class WidgetChanges(WebChatChanges):
    name = Text(max_length=100, required=False)
    domain = Domain(required=False, help_text=DOMAIN)
    allowed_domains = Domains(required=False, help_text="More hosts where it may run.")
    welcome_heading = Text(max_length=100, required=False)
    welcome_tagline = Text(max_length=200, required=False, allow_blank=True)
    logo_url = Text(max_length=500, required=False, allow_null=True, validators=[web_address])
    show_online_badge = Boolean(required=False)
    ask_name = serializers.ChoiceField(choices=Ask.choices, required=False, help_text=ASKED)
    ask_email = serializers.ChoiceField(choices=Ask.choices, required=False, help_text=ASKED)
    config = FreeObject(required=False, help_text="Your own settings, at most 8 KB, returned as they are.")


@example(domain="https://example.com", name="Support Widget", welcome_tagline="Ask us anything.")
class WidgetInput(WidgetChanges):
    domain = Domain(help_text=DOMAIN)


class WidgetOutput(serializers.ModelSerializer[Widget]):
    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    allowed_domains = serializers.ListField(child=serializers.CharField())
    config = serializers.DictField()

    class Meta:
        model = Widget
        fields = ["id", "business_id", "is_default", "name", "domain", "allowed_domains", *APPEARANCE]
        fields += ["ask_name", "ask_email", "created_at"]


class PreChatOutput(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=Ask.choices)
    email = serializers.ChoiceField(choices=Ask.choices)


class FeaturesOutput(serializers.Serializer[Any]):
    pre_chat = PreChatOutput(help_text=ASKED)


class PublicConfigOutput(serializers.ModelSerializer[Widget]):
    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    config = serializers.DictField()
    domains = serializers.ListField(child=serializers.CharField(), help_text="Where it may run; empty: anywhere.")
    online = serializers.BooleanField(help_text="Whether an agent is live.")
    features = FeaturesOutput()

    class Meta:
        model = Widget
        fields = ["id", "business_id", *APPEARANCE, "domains", "online", "features"]


class PairOutput(serializers.Serializer[Any]):
    public_key = serializers.CharField()
    private_key = serializers.CharField(help_text="It is shown this once.")


class NewBusinessOutput(BusinessOutput):
    keys = PairOutput()


class SnippetOutput(serializers.Serializer[Any]):
    snippet = serializers.CharField(help_text="Paste it before the closing `</body>` of each page.")


class BusinessCreateApi(AccountApi):
    refusals = [AlreadyInBusiness]

    @extend_schema(request=BusinessInput, responses={201: NewBusinessOutput})
    def post(self, request: Request) -> Response:
        """Make a business. The caller becomes its owner; a default widget and a pair of signing keys come with it."""
        business, new = business_open(owner=request.auth.user, **valid(BusinessInput, request))
        keys = {"public_key": new.key.public_key, "private_key": new.private_key}
        return Response(business_payload(business) | {"keys": keys}, status=201)


class WebChatOutput(serializers.ModelSerializer[Widget]):
    class Meta:
        model = Widget
        fields = list(WebChatChanges().fields)


class WebChatSettingsOutput(serializers.Serializer[Any]):
    web_chat_settings = WebChatOutput()


class WebChatSettingsApi(TeamApi):
    refusals = [NotFound]

    @extend_schema(responses=WebChatSettingsOutput)
    def get(self, request: Request) -> Response:
        """How the business's default widget looks."""
        return web_chat_settings(get_object_or_404(own_widgets(request), is_default=True))

    @extend_schema(request=WebChatChanges, responses=WebChatSettingsOutput)
    def patch(self, request: Request) -> Response:
        """Change how the default widget looks. What is left out stays; null takes away `initial_message`."""
        changes = valid(WebChatChanges, request)
        return web_chat_settings(default_widget_update(caller=caller_of(request), **changes))


class WidgetCreateApi(TeamApi):
    refusals = [WidgetExists]

    @extend_schema(request=WidgetInput, responses={201: WidgetOutput})
    def post(self, request: Request) -> Response:
        """Make a widget. The first call adopts the default widget of the business, with its id."""
        widget = widget_create(caller=caller_of(request), **valid(WidgetInput, request))
        return Response(WidgetOutput(widget).data, status=201)


class WidgetUpdateApi(TeamApi):
    refusals = [WidgetExists]

    @extend_schema(request=WidgetChanges, responses=WidgetOutput)
    def put(self, request: Request, widget_id: UUID) -> Response:
        """Change a widget. What is left out stays as it is; null takes away `logo_url` and `initial_message`."""
        changes = valid(WidgetChanges, request)
        return Response(WidgetOutput(widget_update(caller=caller_of(request), widget_id=widget_id, **changes)).data)


class WidgetsApi(TeamApi):
    pagination_class = OldestFirst

    @extend_schema(responses=WidgetOutput(many=True))
    def get(self, request: Request) -> Response:
        """The widgets of the business."""
        return self.page_of(request, own_widgets(request), lambda page: WidgetOutput(page, many=True).data)


class WidgetApi(TeamApi):
    public_methods = {"GET"}

    @extend_schema(auth=[], responses=PublicConfigOutput)
    def get(self, request: Request, widget_id: UUID) -> Response:
        """What the script asks on each page view: appearance and where it may run. Public; `id` may be a business's."""
        config = public_config(widget_id)
        if config is None:
            raise NotFound
        return Response(config)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, widget_id: UUID) -> Response:
        """Delete a widget and free its domain. Its conversations stay."""
        widget_delete(caller=caller_of(request), widget_id=widget_id)
        return Response(status=204)


class WidgetSnippetApi(TeamApi):
    @extend_schema(responses=SnippetOutput)
    def get(self, request: Request, widget_id: UUID) -> Response:
        """What to paste into the site."""
        widget = own_widgets(request).filter(pk=widget_id).first()
        if widget is None:
            raise NotFound
        return Response({"snippet": snippet(widget)})


def web_chat_settings(widget: Widget) -> Response:
    return Response({"web_chat_settings": WebChatOutput(widget).data})


def own_widgets(request: Request) -> Any:
    return Widget.objects.live().filter(business_id=caller_of(request).business_id)


def snippet(widget: Widget) -> str:
    name = f'<script>window.PingBackWidgetId = "{widget.pk}"</script>'
    return f'{name}<script src="{settings.PUBLIC_URL}/widget.js" async></script>'
