"""What a visitor's hello brings, and which conversations a page may not show."""

import json
from uuid import uuid4

from conversations.realtime.frames import Position
from conversations.realtime.reads import CONVERSATIONS, hidden_on_page, missed_by_visitor
from tests.cast import Cast
from tests.clients import new_visitor
from tests.server import Server
from widgets.models import Widget

MOVED_ELSEWHERE = """
from widgets.models import Widget
from conversations.models import Conversation
conversation = Conversation.objects.get(pk={id})
conversation.widget = Widget.objects.create(business=conversation.business, domain="shop.example")
conversation.save()
"""


def test_a_hello_brings_the_newest_conversations_and_those_that_it_names(cast: Cast) -> None:
    visitor = cast.visitor()
    ids = [cast.conversation(visitor).pk for _ in range(CONVERSATIONS + 2)]
    strangers = cast.conversation().pk

    def brought(*named: int) -> list[int]:
        after = {pk: Position(seq=0, rev=0) for pk in named}
        frames = [json.loads(frame) for frame in missed_by_visitor(visitor, after)]
        assert [frame["content"] for frame in frames if frame["type"] == "message"]
        return [frame["id"] for frame in frames if frame["type"] == "conversation"]

    assert brought() == ids[2:]
    assert brought(ids[0], ids[5], strangers) == [ids[0], *ids[2:]]


def test_a_page_hides_the_conversations_of_widgets_that_may_not_run_there(cast: Cast) -> None:
    visitor = cast.visitor()
    anywhere = cast.conversation(visitor).pk
    shop = Widget.objects.create(business=cast.business, domain="shop.example")
    in_the_shop = cast.post(visitor, widget_id=shop.pk).message.conversation_id
    cast.conversation()
    for page_host, hidden in {"": set(), "www.shop.example": set(), "evil.example": {in_the_shop}}.items():
        assert hidden_on_page(visitor, page_host=page_host) == hidden
    assert hidden_on_page(cast.newcomer(), page_host="evil.example") == set()
    frames = [json.loads(frame) for frame in missed_by_visitor(visitor, {}, hidden={in_the_shop})]
    assert {frame.get("conversation_id", frame["id"]) for frame in frames} == {anywhere}


def test_frames_about_a_hidden_conversation_are_refused(server: Server) -> None:
    visitor = new_visitor(server)
    conversation = visitor.write_first()["conversation_id"]
    server.site.manage("shell", "--no-imports", "-c", MOVED_ELSEWHERE.format(id=conversation))
    with visitor.connect(origin="https://evil.example") as page:
        assert page.seen == [{"type": "ready"}]
        for frame in (
            {"type_": "send", "client_id": str(uuid4()), "content": "x"},
            {"type_": "typing", "is_typing": True},
            {"type_": "read", "seq": 1},
            {"type_": "delivered", "seq": 1},
        ):
            page.send(conversation_id=conversation, **frame)
            assert page.expect("error")["code"] == "ORIGIN_REFUSED"
        assert page.post("a new conversation")["conversation_id"] != conversation
        with visitor.connect(origin="https://www.shop.example") as home:
            assert home.post("at home", conversation_id=conversation)["seq"] == 2
        page.post("nothing came of that", conversation_id=page.seen[-1]["conversation_id"])
        assert "at home" not in str(page.seen)
