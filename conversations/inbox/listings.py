"""The inbox's lists: what each is called, where it is, and which conversations it holds."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from auth_signing.callers import Caller
from conversations.querysets import ConversationQuerySet


@dataclass(frozen=True)
class Listing:
    """`name` stands in the address; `static/js/inbox/list.js` keeps a list of that name up to date."""

    name: str
    title: str
    empty: str
    icon: str  # the path of a drawing, 20 by 20
    select: Callable[[ConversationQuerySet, Caller], ConversationQuerySet]
    next_name: str = ""

    @property
    def path(self) -> str:
        return reverse("inbox") if self is OPEN else reverse("inbox", args=[self])

    @property
    def next(self) -> "Listing | None":
        """Where to go when this one is empty."""
        return LISTINGS.get(self.next_name)


OPEN = Listing(
    "open",
    "Open",
    "No open conversations. New ones appear here by themselves.",
    "M3 11.5 5.2 4h9.6L17 11.5V16H3zm0 0h4l1 2h4l1-2h4",
    lambda conversations, caller: conversations.open(),
)
MINE = Listing(
    "mine",
    "Mine",
    "Nothing is assigned to you. Open a conversation to take it.",
    "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.8 16.5a6.2 4.5 0 0 1 12.4 0",
    lambda conversations, caller: conversations.open().assigned_to(caller.agent_id),
    next_name="unassigned",
)
UNASSIGNED = Listing(
    "unassigned",
    "Unassigned",
    "Every open conversation has somebody who looks after it.",
    "M8.5 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM2.5 16.5a6 4.5 0 0 1 8.5-4.2M15 11.5v5M12.5 14h5",
    lambda conversations, caller: conversations.open().assigned_to(None),
    next_name="open",
)
RESOLVED = Listing(
    "resolved",
    "Resolved",
    "Conversations that you resolve are kept here.",
    "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM7 10.2l2.2 2.2L13.2 8",
    lambda conversations, caller: conversations.resolved(),
    next_name="open",
)
LISTINGS = {listing.name: listing for listing in (OPEN, MINE, UNASSIGNED, RESOLVED)}


class ListingConverter:
    """Of a URL: every list but the open one, which is the inbox itself."""

    regex = "mine|unassigned|resolved"

    def to_python(self, value: str) -> Listing:
        return LISTINGS[value]

    def to_url(self, value: Listing) -> str:
        return value.name
