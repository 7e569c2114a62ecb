"""The public config: what the script asks on every page view. No secrets, no internal names."""

from typing import Any
from uuid import UUID

from auth_signing.models import Agent
from widgets.models import Widget

APPEARANCE = [
    "welcome_heading",
    "welcome_tagline",
    "primary_color",
    "secondary_color",
    "show_online_badge",
    "logo_url",
    "initial_message",
    "chat_icon",
    "background_shape",
    "show_help_prompt",
    "config",
]


def public_config(public_id: UUID) -> dict[str, Any] | None:
    """`public_id` is a widget's id, or a business's id for its default widget. None: there is no such live widget."""
    widget = Widget.objects.public(public_id).first()
    if widget is None or not widget.business.is_active:
        return None
    return config_payload(widget, online=Agent.objects.online(widget.business_id).exists())


def config_payload(widget: Widget, *, online: bool) -> dict[str, Any]:
    return {
        "id": str(widget.pk),
        "business_id": str(widget.business_id),
        **{name: getattr(widget, name) for name in APPEARANCE},
        "domains": widget.domains,
        "online": online,
        "features": {"pre_chat": widget.pre_chat},
    }
