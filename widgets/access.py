"""Where a widget may run."""

from collections.abc import Iterable
from urllib.parse import urlsplit
from uuid import UUID

from pingback.errors import AccountInactive, NotFound, OriginRefused
from widgets.models import Widget

LOCAL_HOSTS = {"localhost", "127.0.0.1"}


def widget_for_page(public_id: UUID, *, page_host: str) -> Widget:
    """The live widget behind a public id, if pages of this host may show it. "" is no browser, and passes."""
    widget = Widget.objects.public(public_id).first()
    if widget is None:
        raise NotFound
    if not widget.business.is_active:
        raise AccountInactive
    if page_host and not is_allowed(page_host, widget.domains):
        raise OriginRefused("This widget may not run on this site.")
    return widget


def widgets_on_page(business_id: UUID, *, page_host: str) -> list[UUID]:
    """The business's widgets that pages of this host may show. Deleted ones too: their conversations go on."""
    widgets = Widget.objects.filter(business_id=business_id).only("domain", "allowed_domains")
    return [widget.pk for widget in widgets if is_allowed(page_host, widget.domains)]


def host_of_page(origin: str) -> str:
    """Host and port of an `Origin` header; "" without one; "null" (a sandboxed page) is a host like no other."""
    try:
        return urlsplit(origin).netloc or origin
    except ValueError:
        return origin


def is_allowed(page_host: str, domains: Iterable[str]) -> bool:
    """A domain stands for itself, `www.` and its subdomains; without a port, for every port. None: any page."""
    domains = list(domains)
    if not domains:
        return True
    host, port = _split(page_host)
    return host in LOCAL_HOSTS or any(_covers(domain, host, port) for domain in domains)


def _covers(domain: str, host: str, port: int | None) -> bool:
    allowed_host, allowed_port = _split(domain)
    if allowed_port not in {None, port}:
        return False
    return host == allowed_host or host.endswith(f".{allowed_host}")


def _split(host: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").rstrip(".").removeprefix("www."), parts.port
    except ValueError:
        return "", None
