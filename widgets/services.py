"""What is done to widgets. `widget_changed` is sent after each commit, so that nobody goes on with an old config."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils import timezone

from auth_signing.callers import Caller, caller_for_agent
from auth_signing.keys import NewPair, key_create
from auth_signing.models import Business, User
from auth_signing.roles import Permission
from auth_signing.services import business_create
from pingback.errors import NotFound
from widgets.errors import WidgetExists
from widgets.models import Widget

widget_changed = Signal()  # sender: the class; widget


@transaction.atomic
def business_open(*, owner: User, name: str, **about: str) -> tuple[Business, NewPair]:
    """A business with its owner, one default widget, which works on any site, and one pair of signing keys."""
    agent = business_create(owner=owner, name=name, **about)
    Widget.objects.create(business=agent.business, is_default=True)
    return agent.business, key_create(caller=caller_for_agent(agent))


@transaction.atomic
def widget_create(*, caller: Caller, **fields: Any) -> Widget:
    """The first call adopts the business's default widget, which keeps what is not said; later calls make new ones."""
    caller.require(Permission.WIDGETS_MANAGE)
    Business.objects.select_for_update(no_key=True).get(pk=caller.business_id)  # of several at once one adopts
    own = Widget.objects.live().filter(business_id=caller.business_id).select_for_update()
    widget = own.filter(is_default=True, domain="").first() or Widget(business_id=caller.business_id)
    return _save(widget, fields)


@transaction.atomic
def widget_update(*, caller: Caller, widget_id: UUID, **fields: Any) -> Widget:
    """What is not said stays as it is."""
    return _save(_locked(caller, pk=widget_id), fields)


@transaction.atomic
def default_widget_update(*, caller: Caller, **fields: Any) -> Widget:
    """The same, of the one that a business's id stands for."""
    return _save(_locked(caller, is_default=True), fields)


@transaction.atomic
def widget_delete(*, caller: Caller, widget_id: UUID) -> None:
    """Frees the domain. The place of the default widget is taken by a new one without a domain."""
    widget = _locked(caller, pk=widget_id)
    was_default = widget.is_default
    _save(widget, {"deleted_at": timezone.now(), "is_default": False})
    if was_default:
        _save(Widget(business_id=caller.business_id, is_default=True), {})


def _locked(caller: Caller, **which: Any) -> Widget:
    caller.require(Permission.WIDGETS_MANAGE)
    own = Widget.objects.live().filter(business_id=caller.business_id)
    widget = own.select_for_update().filter(**which).first()
    if widget is None:
        raise NotFound
    return widget


def _save(widget: Widget, fields: dict[str, Any]) -> Widget:
    for name, value in fields.items():
        setattr(widget, name, value)
    try:
        with transaction.atomic():
            widget.save()
    except IntegrityError as error:
        if Widget.objects.live().filter(business=widget.business_id, domain=widget.domain).exists():
            raise WidgetExists from error
        raise
    transaction.on_commit(lambda: widget_changed.send(Widget, widget=widget), robust=True)
    return widget
