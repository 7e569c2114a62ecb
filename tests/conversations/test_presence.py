"""Who is at the inbox: heartbeats, what people say of themselves, and who hears of it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from auth_signing.models import Agent
from auth_signing.presence import GOODBYE_LIFE, agents_beat, agents_lapse, agents_left
from auth_signing.querysets import HEARTBEAT_LIFE
from conversations.realtime import inbox
from conversations.realtime.frames import AgentHello
from pingback.errors import InvalidToken
from tests.cast import Cast
from tests.clients import Peer, demo_agent, new_visitor
from tests.conftest import MakeServer


def seen(agent: Agent, ago: timedelta | None) -> None:
    agent.seen_at = None if ago is None else timezone.now() - ago
    agent.save()


@pytest.mark.parametrize(
    ("ago", "said", "presence"),
    [
        (None, "live", "offline"),
        (timedelta(), "live", "live"),
        (timedelta(), "away", "away"),
        (HEARTBEAT_LIFE, "live", "offline"),
        (HEARTBEAT_LIFE, "away", "offline"),
    ],
)
def test_presence_is_what_one_says_while_the_heart_beats(
    cast: Cast, ago: timedelta | None, said: str, presence: str
) -> None:
    cast.bob.status = said
    seen(cast.bob, ago)
    assert cast.bob.presence == presence
    assert Agent.objects.online(cast.business.pk).exists() == (presence == "live")


def test_a_beat_tells_who_came_and_leaves_out_who_may_not_come(cast: Cast) -> None:
    seen(cast.alice, timedelta(seconds=20))
    cast.charlie.user.is_active = False
    cast.charlie.user.save()
    assert agents_beat([cast.alice.pk, cast.bob.pk, cast.charlie.pk]) == [cast.bob]
    assert agents_beat([cast.bob.pk]) == []
    assert not Agent.objects.get(pk=cast.charlie.pk).is_present


def test_who_stops_beating_lapses_once(cast: Cast) -> None:
    seen(cast.alice, HEARTBEAT_LIFE)
    seen(cast.bob, HEARTBEAT_LIFE - timedelta(seconds=5))
    assert agents_lapse() == [cast.alice]
    assert agents_lapse() == []


def test_a_goodbye_shortens_what_another_process_may_renew(cast: Cast) -> None:
    seen(cast.bob, timedelta())
    agents_left([cast.bob.pk])
    bob = Agent.objects.get(pk=cast.bob.pk)
    assert bob.is_present
    assert bob.seen_at is not None
    assert bob.seen_at + HEARTBEAT_LIFE <= timezone.now() + GOODBYE_LIFE
    agents_beat([bob.pk])
    assert not Agent.objects.filter(pk=bob.pk, seen_at__lt=timezone.now() - timedelta(seconds=5)).exists()


@pytest.mark.parametrize(("status", "code"), [("away", 204), ("live", 204), ("offline", 404), ("", 404)])
def test_an_agent_says_live_or_away(cast: Cast, status: str, code: int) -> None:
    client = Client()
    client.force_login(cast.bob.user)
    answer = client.post("/inbox/presence/", {"status": status}, headers={"HX-Request": "true"})
    assert answer.status_code == code
    assert Agent.objects.get(pk=cast.bob.pk).status == (status if code == 204 else "live")


def test_the_team_is_ones_own(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.bob.user)
    seen(cast.alice, timedelta())
    html = client.get("/inbox/team/").content.decode()
    assert f'data-agent="{cast.alice.pk}" data-presence="live"' in html
    assert f'data-agent="{cast.bob.pk}" data-presence="live"' in html  # who asks is there
    seen(cast.alice, timedelta(days=1))
    html = client.get("/inbox/team/").content.decode()
    assert f'data-agent="{cast.alice.pk}" data-presence="offline"' in html
    assert str(cast.charlie.pk) not in html


def presences(peer: Peer) -> list[Any]:
    return [frame.get("online", frame.get("status")) for frame in peer.seen if frame["type"] == "presence"]


def test_visitors_and_colleagues_hear_who_comes_and_who_is_away(make_server: MakeServer) -> None:
    server = make_server()
    visitor, agent = new_visitor(server), demo_agent(server)
    with visitor.connect() as page:
        assert page.expect("presence") == {"type": "presence", "online": False}
        with agent.connect() as desk:
            assert page.expect("presence")["online"] is True
            assert desk.expect("presence")["status"] == "live"
            agent.post("/inbox/presence/", status="away")
            assert desk.expect("presence")["status"] == "away"
            assert page.expect("presence")["online"] is False
            with visitor.connect() as another:
                assert another.expect("presence")["online"] is False
            agent.post("/inbox/presence/", status="live")
            assert page.expect("presence")["online"] is True
    assert presences(page) == [False, True, False, True]


def test_a_socket_that_was_refused_was_never_there(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or it would take away the one who really is."""

    async def here(work: Callable[[], Any]) -> Any:
        return cast.caller(cast.bob)

    monkeypatch.setattr(inbox, "in_thread", here)
    socket = inbox.InboxSocket({"headers": []}, AsyncMock(), AsyncMock())
    with pytest.raises(InvalidToken):
        asyncio.run(socket.admit(AgentHello(token="good", agent=uuid4())))
    socket.left()  # has nobody to take away
    assert not hasattr(socket, "caller")
