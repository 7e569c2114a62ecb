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
    select: Callable[[ConversationQuerySet, Caller], ConversationQuerySet]

    @property
    def path(self) -> str:
        return reverse("inbox") if self is OPEN else reverse("inbox", args=[self])


OPEN = Listing(
    "open",
    "Open",
    "No open conversations. New ones appear here by themselves.",
    lambda conversations, caller: conversations.open(),
)
MINE = Listing(
    "mine",
    "Mine",
    "Nothing is assigned to you. Take a conversation in its header.",
    lambda conversations, caller: conversations.open().assigned_to(caller.agent_id),
)
UNASSIGNED = Listing(
    "unassigned",
    "Unassigned",
    "Every open conversation has somebody who looks after it.",
    lambda conversations, caller: conversations.open().assigned_to(None),
)
RESOLVED = Listing(
    "resolved",
    "Resolved",
    "Conversations that you resolve are kept here.",
    lambda conversations, caller: conversations.resolved(),
)
LISTINGS = {listing.name: listing for listing in (OPEN, MINE, UNASSIGNED, RESOLVED)}


class ListingConverter:
    """Of a URL: every list but the open one, which is the inbox itself."""

    regex = "mine|unassigned|resolved"

    def to_python(self, value: str) -> Listing:
        return LISTINGS[value]

    def to_url(self, value: Listing) -> str:
        return value.name
