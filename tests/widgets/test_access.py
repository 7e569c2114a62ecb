"""Where a widget may run."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from auth_signing.models import Business
from pingback.errors import AccountInactive, NotFound, OriginRefused
from widgets.access import host_of_page, is_allowed, widget_for_page
from widgets.config import public_config
from widgets.models import Widget


@pytest.mark.parametrize(
    ("page", "allowed"),
    [
        ("shop.example", True),
        ("www.shop.example", True),
        ("a.b.shop.example", True),
        ("SHOP.EXAMPLE", True),
        ("shop.example.", True),
        ("shop.example:8443", True),
        ("localhost:3000", True),
        ("127.0.0.1", True),
        ("other.example:8080", True),
        ("other.example", False),
        ("other.example:8081", False),
        ("myshop.example", False),
        ("shop.example.evil.example", False),
        ("null", False),
        ("[::1", False),
        ("shop.example:99999999", False),
    ],
)
def test_a_domain_stands_for_itself_and_its_subdomains(page: str, allowed: bool) -> None:
    assert is_allowed(page, ["shop.example", "other.example:8080"]) is allowed


def test_without_domains_every_page_may_show_it() -> None:
    assert is_allowed("anything.example", [])


@pytest.mark.parametrize(
    ("origin", "host"), [("https://shop.example:8443", "shop.example:8443"), ("null", "null"), ("", "")]
)
def test_the_host_of_a_page(origin: str, host: str) -> None:
    assert host_of_page(origin) == host


@pytest.fixture
def widget(db: None) -> Widget:
    return Widget.objects.create(business=Business.objects.create(name="Shop"), is_default=True, domain="shop.example")


def test_a_widget_is_found_by_its_id_and_as_its_businesss_default(widget: Widget) -> None:
    for public_id in (widget.pk, widget.business_id):
        assert widget_for_page(public_id, page_host="shop.example") == widget
    with pytest.raises(NotFound):
        widget_for_page(uuid4(), page_host="")


def test_a_foreign_page_is_refused_and_no_browser_passes(widget: Widget) -> None:
    with pytest.raises(OriginRefused):
        widget_for_page(widget.pk, page_host="evil.example")
    assert widget_for_page(widget.pk, page_host="") == widget


def test_a_deleted_widget_does_not_exist(widget: Widget) -> None:
    widget.deleted_at = timezone.now()
    widget.save()
    assert public_config(widget.pk) is None
    with pytest.raises(NotFound):
        widget_for_page(widget.pk, page_host="")


def test_an_inactive_business_shows_no_widget(widget: Widget) -> None:
    Business.objects.update(is_active=False)
    assert public_config(widget.pk) is None
    with pytest.raises(AccountInactive):
        widget_for_page(widget.pk, page_host="")


def test_one_live_widget_for_a_domain_and_one_default_for_a_business(widget: Widget) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Widget.objects.create(business=widget.business, domain="shop.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        Widget.objects.create(business=widget.business, is_default=True)
    widget.deleted_at = timezone.now()
    widget.save()
    Widget.objects.create(business=widget.business, domain="shop.example", is_default=True)
    Widget.objects.create(business=Business.objects.create(name="Other"), domain="shop.example")
