"""The agents' inbox over HTTP: who sees what, and what a page is made of."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from auth_signing.models import Agent, User
from conversations.inbox import views
from conversations.models import Conversation, Status
from tests.cast import PASSWORD, Cast

HTMX = {"HX-Request": "true"}
NASTY = """<img src=x onerror="alert('hi')"> & </template>"""
ESCAPED = "&lt;img src=x onerror=&quot;alert(&#x27;hi&#x27;)&quot;&gt; &amp; &lt;/template&gt;"


def signed_in(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent.user)
    return client


def page(client: Client, name: str = "inbox", *args: object, **headers: str) -> str:
    response = client.get(reverse(name, args=args), headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def shown(html: str) -> list[int]:
    """Ids of the list's rows, in their order."""
    return [int(pk) for pk in re.findall(r'<li class="row[^"]*" data-id="(\d+)"', html)]


def bubbles(html: str) -> list[str]:
    return [text for text in re.findall(r'class="bubble-text" dir="auto">(.*?)</p>', html, re.DOTALL) if text]


def queries(client: Client, name: str, *args: object) -> int:
    with CaptureQueriesContext(connection) as captured:
        page(client, name, *args)
    return len(captured)


def status_of(conversation: Conversation) -> str:
    conversation.refresh_from_db()
    return conversation.status


# Who may come in


@pytest.mark.parametrize("name", ["inbox", "inbox_list", "inbox_unread", "inbox_team", "inbox_thread"])
def test_nobody_reads_the_inbox_without_signing_in(cast: Cast, name: str) -> None:
    args = [cast.conversation().pk] if name == "inbox_thread" else []
    path = reverse(name, args=args)
    response = Client().get(path)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={path}")
    assert Client().get(path, headers=HTMX).status_code == 401  # a redirect would replace what is being written


@pytest.mark.parametrize("name", ["inbox_resolve", "inbox_reopen"])
def test_nobody_changes_a_conversation_without_signing_in(cast: Cast, name: str) -> None:
    path = reverse(name, args=[cast.conversation().pk])
    response = Client().post(path)
    assert (response.status_code, response["Location"]) == (302, "/sign-in/?next=/inbox/")
    assert Client().post(path, headers=HTMX).status_code == 401


def test_a_person_without_a_team_is_told_so_and_may_sign_out(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("dora@example.com", full_name="Dora"))
    response = client.get("/inbox/")
    assert response.status_code == 403
    assert "does not belong to a team yet" in response.content.decode()
    assert 'action="/sign-out/"' in response.content.decode()


def test_the_inbox_of_an_inactive_business_is_closed(cast: Cast) -> None:
    client = signed_in(cast.alice)
    cast.business.is_active = False
    cast.business.save()
    response = client.get("/inbox/")
    assert response.status_code == 403
    assert "This business is not active." in response.content.decode()


@pytest.mark.parametrize("name", ["inbox", "inbox_list"])
def test_charlie_sees_no_conversation_of_another_business(cast: Cast, name: str) -> None:
    ours = cast.conversation()
    theirs = cast.conversation(cast.visitor(cast.foreign_widget))
    assert shown(page(signed_in(cast.charlie), name)) == [theirs.pk]
    assert shown(page(signed_in(cast.alice), name)) == [ours.pk]


def test_charlie_cannot_open_a_conversation_of_another_business(cast: Cast) -> None:
    path = reverse("inbox_thread", args=[cast.conversation().pk])
    charlie = signed_in(cast.charlie)
    assert charlie.get(path).status_code == 404
    assert charlie.get(path, headers=HTMX).status_code == 404


@pytest.mark.parametrize(("name", "status"), [("inbox_resolve", Status.OPEN), ("inbox_reopen", Status.RESOLVED)])
def test_charlie_cannot_change_a_conversation_of_another_business(cast: Cast, name: str, status: Status) -> None:
    conversation = cast.conversation()
    Conversation.objects.filter(pk=conversation.pk).update(status=status)
    path = reverse(name, args=[conversation.pk])
    assert signed_in(cast.charlie).post(path).status_code == 404
    assert signed_in(cast.charlie).post(path, headers=HTMX).status_code == 404
    assert status_of(conversation) == status


def test_a_page_that_was_drawn_for_somebody_else_is_answered_nothing(cast: Cast) -> None:
    client = signed_in(cast.bob)
    path = reverse("inbox_list")
    for agent, status in ((cast.alice, 401), (cast.bob, 200)):
        assert client.get(path, headers={**HTMX, "X-Agent-Id": str(agent.pk)}).status_code == status


@pytest.mark.parametrize("name", ["inbox_resolve", "inbox_reopen"])
def test_a_closed_conversation_stays_closed(cast: Cast, name: str) -> None:
    conversation = cast.conversation()
    Conversation.objects.filter(pk=conversation.pk).update(status=Status.CLOSED)
    assert signed_in(cast.alice).post(reverse(name, args=[conversation.pk])).status_code == 403
    assert status_of(conversation) == Status.CLOSED


@pytest.mark.parametrize("name", ["inbox_thread", "inbox_resolve", "inbox_reopen"])
@pytest.mark.parametrize("number", [0, 10**30])
def test_a_conversation_that_never_was_is_not_found(cast: Cast, name: str, number: int) -> None:
    client = signed_in(cast.alice)
    ask = client.get if name == "inbox_thread" else client.post
    assert ask(reverse(name, args=[number])).status_code == 404


# The list


def test_the_list_holds_the_open_conversations_newest_first(cast: Cast) -> None:
    first, second, resolved = (cast.conversation(content=text) for text in ("first", "second", "resolved"))
    Conversation.objects.filter(pk=resolved.pk).update(status=Status.RESOLVED)
    client = signed_in(cast.bob)
    assert shown(page(client)) == [second.pk, first.pk]
    cast.post(cast.caller(cast.alice), "an answer", conversation_id=first.pk)
    assert shown(page(client, "inbox_list")) == [first.pk, second.pk]


def test_the_list_brings_its_newest_50_and_more_when_it_is_asked(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = cast.visitor()
    newest_first = [cast.conversation(visitor).pk for _ in range(51)][::-1]
    client = signed_in(cast.alice)
    path = reverse("inbox_list")
    for asked in ("", "?rows=", "?rows=1", "?rows=-60", "?rows=x", f"?rows={'9' * 30}"):
        html = client.get(path + asked).content.decode()
        assert shown(html) == newest_first[:50]
        assert 'data-longer="100"' in html
    html = client.get(f"{path}?rows=100").content.decode()
    assert shown(html) == newest_first
    assert "Loading more" not in html
    monkeypatch.setattr(views, "LIST_LONGEST", 50)
    html = client.get(f"{path}?rows=100").content.decode()
    assert shown(html) == newest_first[:50]
    assert "These are the newest 50." in html


def test_a_row_is_unread_until_an_agent_has_read_or_answered(cast: Cast) -> None:
    conversation = cast.conversation()
    client = signed_in(cast.alice)
    assert "row-unread" in page(client, "inbox_list")
    cast.post(cast.caller(cast.bob), conversation_id=conversation.pk)
    assert "row-unread" not in page(client, "inbox_list")


def test_unread_conversations_are_counted_by_list(cast: Cast) -> None:
    mine, bobs, nobodys, resolved, read = (cast.conversation().pk for _ in range(5))
    for pk, change in (
        (mine, {"assignee": cast.alice}),
        (bobs, {"assignee": cast.bob}),
        (resolved, {"status": Status.RESOLVED}),
        (read, {"agent_read_seq": 1}),
    ):
        Conversation.objects.filter(pk=pk).update(**change)
    cast.conversation(cast.visitor(cast.foreign_widget))
    counted = signed_in(cast.alice).get(reverse("inbox_unread")).json()
    assert counted == {"open": 3, "mine": 1, "unassigned": 1}
    assert nobodys


def test_the_number_of_queries_does_not_grow(cast: Cast) -> None:
    conversation = cast.conversation()
    client = signed_in(cast.alice)
    before = [queries(client, "inbox"), queries(client, "inbox_list"), queries(client, "inbox_thread", conversation.pk)]
    Conversation.objects.update(assignee=cast.bob)
    for _ in range(5):
        Conversation.objects.filter(pk=cast.conversation().pk).update(assignee=cast.alice)
        cast.post(cast.caller(cast.alice), conversation_id=conversation.pk)
    after = [queries(client, "inbox"), queries(client, "inbox_list"), queries(client, "inbox_thread", conversation.pk)]
    assert after == before == [5, 4, 8]  # session, user, agent; rows, the team; thread, messages and their files


def test_each_list_holds_what_it_says(cast: Cast) -> None:
    mine, bobs, nobodys, resolved, closed = (cast.conversation().pk for _ in range(5))
    for pk, change in (
        (mine, {"assignee": cast.alice}),
        (bobs, {"assignee": cast.bob}),
        (resolved, {"status": Status.RESOLVED, "assignee": cast.alice}),
        (closed, {"status": Status.CLOSED}),
    ):
        Conversation.objects.filter(pk=pk).update(**change)
    client = signed_in(cast.alice)
    holds = {"": [nobodys, bobs, mine], "mine/": [mine], "unassigned/": [nobodys], "resolved/": [resolved]}
    for path, held in holds.items():
        for html in (client.get(f"/inbox/{path}").content.decode(), client.get(f"/inbox/{path}list/").content.decode()):
            assert shown(html) == held
            assert re.findall(r'class="row-link"[^>]* href="([^"]+)"', html)[: len(held)] == [
                f"/inbox/{path}{pk}/" for pk in held
            ]
    assert client.get("/inbox/closed/").status_code == 404
    assert shown(signed_in(cast.charlie).get("/inbox/resolved/").content.decode()) == []


def test_a_thread_stands_beside_the_list_it_was_chosen_in(cast: Cast) -> None:
    conversation = cast.conversation()
    html = signed_in(cast.alice).get(f"/inbox/unassigned/{conversation.pk}/").content.decode()
    assert re.findall(r'id="listing-(\w+)"[^>]* aria-current', html) == ["unassigned"]
    assert re.search(r'class="icon-button back" href="/inbox/unassigned/"', html)


def test_choosing_a_list_changes_list_navigation_title_and_thread(cast: Cast) -> None:
    html = signed_in(cast.alice).get("/inbox/mine/", headers={**HTMX, "HX-Target": "list"}).content.decode()
    assert "<title>Mine · PingBack</title>" in html
    assert 'data-name="mine"' in html
    assert re.search(r'id="listings"[^>]* hx-swap-oob="true"', html)
    assert re.search(r'id="thread" hx-swap-oob="innerHTML"', html)
    assert "<html" not in html


# The thread


def test_the_thread_shows_messages_in_their_order(cast: Cast) -> None:
    visitor = cast.visitor()
    conversation = cast.conversation(visitor, "Do you ship to Norway?")
    cast.post(cast.caller(cast.bob), "We do.", conversation_id=conversation.pk)
    cast.post(visitor, "Lovely", conversation_id=conversation.pk)
    html = page(signed_in(cast.alice), "inbox_thread", conversation.pk)
    assert bubbles(html) == ["Do you ship to Norway?", "We do.", "Lovely"]
    assert (
        f'<a class="row-link" id="row-{conversation.pk}" href="/inbox/{conversation.pk}/" aria-current="true">' in html
    )
    assert html.count('aria-current="true"') == 2  # that row and the view


def test_the_thread_shows_the_newest_100_messages(cast: Cast) -> None:
    visitor = cast.visitor()
    conversation = cast.conversation(visitor, "message 1")
    for number in range(2, 103):
        cast.post(visitor, f"message {number}", conversation_id=conversation.pk)
    client = signed_in(cast.alice)
    html = page(client, "inbox_thread", conversation.pk)
    assert bubbles(html) == [f"message {number}" for number in range(3, 103)]
    earlier = re.search(r'class="thread-older" hx-get="([^"]+)"', html)
    assert earlier
    html = client.get(earlier[1]).content.decode()
    assert bubbles(html) == ["message 1", "message 2"]
    assert "thread-older" not in html


@pytest.mark.parametrize("before", ["", "x", "-1", "1e3", "9" * 30])
def test_a_page_of_earlier_messages_begins_at_a_seq(cast: Cast, before: str) -> None:
    path = reverse("inbox_messages", args=[cast.conversation().pk])
    assert signed_in(cast.alice).get(path, {"before": before}).status_code == 404


def test_charlie_reads_no_earlier_messages_of_another_business(cast: Cast) -> None:
    path = reverse("inbox_messages", args=[cast.conversation().pk])
    assert signed_in(cast.alice).get(path, {"before": 9}).status_code == 200
    assert signed_in(cast.charlie).get(path, {"before": 9}).status_code == 404


def test_messages_of_one_author_in_one_minute_share_a_heading(cast: Cast) -> None:
    visitor = cast.visitor()
    conversation = cast.conversation(visitor, "one")
    cast.post(visitor, "two", conversation_id=conversation.pk)
    cast.post(cast.caller(cast.alice), "three", conversation_id=conversation.pk)
    cast.post(cast.caller(cast.bob), "four", conversation_id=conversation.pk)
    conversation.messages.update(created_at=conversation.created_at)
    html = page(signed_in(cast.alice), "inbox_thread", conversation.pk, **HTMX)
    assert re.findall(r'<li class="bubble( bubble-continues)?"', html) == ["", " bubble-continues", "", ""]


def test_names_and_messages_are_shown_as_text(cast: Cast) -> None:
    conversation = cast.conversation(content=NASTY)
    Conversation.objects.filter(pk=conversation.pk).update(contact_name=NASTY)
    conversation.messages.update(author_name=NASTY)
    User.objects.filter(pk=cast.alice.user_id).update(full_name=NASTY)
    client = signed_in(cast.alice)
    for html in (page(client, "inbox_thread", conversation.pk), page(client, "inbox_list")):
        assert NASTY not in html
        assert "<img src=x" not in html
        assert ESCAPED in html


def test_htmx_is_given_fragments_and_everybody_else_pages(cast: Cast) -> None:
    conversation = cast.conversation()
    client = signed_in(cast.alice)
    for name, args in (("inbox", []), ("inbox_thread", [conversation.pk])):
        whole, part = page(client, name, *args), page(client, name, *args, **HTMX)
        assert (whole.count("<title>"), part.count("<title>")) == (1, 1)
        assert "<html" in whole
        assert "<html" not in part
    assert "no-store" in client.get("/inbox/")["Cache-Control"]


def test_pages_need_no_inline_script_or_style(cast: Cast) -> None:
    conversation = cast.conversation()
    client = signed_in(cast.alice)
    for html in (page(client, "inbox_thread", conversation.pk), page(Client(), "sign_in")):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|hx-on|javascript:", html)


# Resolve and reopen


def test_an_agent_resolves_and_undoes_it(cast: Cast) -> None:
    conversation = cast.conversation()
    client = signed_in(cast.bob)
    resolved = client.post(reverse("inbox_resolve", args=[conversation.pk]), headers=HTMX).content.decode()
    assert status_of(conversation) == Status.RESOLVED
    assert 'data-status="resolved"' in resolved
    undo = re.search(r'hx-post="([^"]+)"[^>]*><button[^>]*>Undo', resolved)
    assert undo
    reopened = client.post(undo[1], headers=HTMX).content.decode()
    assert status_of(conversation) == Status.OPEN
    assert 'data-status="open"' in reopened
    assert "Undo" not in reopened


@pytest.mark.parametrize("name", ["inbox_resolve", "inbox_reopen", "inbox_assign"])
def test_without_htmx_a_change_leads_back_to_the_thread(cast: Cast, name: str) -> None:
    conversation = cast.conversation()
    response = signed_in(cast.alice).post(reverse(name, args=[conversation.pk]))
    assert (response.status_code, response["Location"]) == (302, f"/inbox/{conversation.pk}/")


@pytest.mark.parametrize("name", ["inbox_resolve", "inbox_reopen", "inbox_assign"])
def test_a_change_needs_a_post_with_its_csrf_token(cast: Cast, name: str) -> None:
    conversation = cast.conversation()
    path = reverse(name, args=[conversation.pk])
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice.user)
    assert client.get(path).status_code == 405
    refused = client.post(path)
    assert refused.status_code == 403
    assert "This page was out of date" in refused.content.decode()
    page(client)
    token = client.cookies["csrftoken"].value
    assert client.post(path, headers={"X-CSRFToken": token, **HTMX}).status_code == 200


# Assign


def assign(client: Client, conversation: Conversation, agent_id: object) -> int:
    answer = client.post(reverse("inbox_assign", args=[conversation.pk]), {"agent_id": agent_id}, headers=HTMX)
    conversation.refresh_from_db()
    return answer.status_code


def test_an_agent_takes_a_conversation_gives_it_to_a_colleague_and_lets_it_go(cast: Cast) -> None:
    conversation = cast.conversation()
    client = signed_in(cast.alice)
    revs = [conversation.rev]
    for agent, chosen in ((cast.alice, cast.alice.pk), (cast.bob, cast.bob.pk), (None, ""), (None, "")):
        assert assign(client, conversation, chosen) == 200
        assert conversation.assignee == agent
        revs.append(conversation.rev)
    assert revs == [revs[0] + step for step in (0, 1, 2, 3, 3)]  # the last one changed nothing


def test_the_head_offers_the_team_and_nobody_else(cast: Cast) -> None:
    conversation = cast.conversation()
    html = page(signed_in(cast.bob), "inbox_thread", conversation.pk)
    select = re.search(r'<select class="select assignee".*?</select>', html, re.DOTALL)
    assert select
    assert re.findall(r"<option[^>]*>([^<]+)", select[0]) == ["Unassigned", "Bob (you)", "Alice"]


@pytest.mark.parametrize("chosen", ["stranger", "nobody", "no-uuid", "\x00"])
def test_only_colleagues_are_given_conversations(cast: Cast, chosen: str) -> None:
    conversation = cast.conversation()
    value = {"stranger": cast.charlie.pk, "nobody": cast.business.pk}.get(chosen, chosen)
    assert assign(signed_in(cast.alice), conversation, value) == 404
    assert conversation.assignee is None


def test_charlie_cannot_assign_a_conversation_of_another_business(cast: Cast) -> None:
    conversation = cast.conversation()
    assert assign(signed_in(cast.charlie), conversation, cast.charlie.pk) == 404
    assert conversation.assignee is None


# Signing in


def test_alice_signs_in_with_her_e_mail_in_any_case(cast: Cast) -> None:
    credentials = {"username": cast.alice.user.email.upper(), "password": PASSWORD}
    response = Client().post("/sign-in/", credentials)
    assert (response.status_code, response["Location"]) == (302, "/inbox/")


def test_a_wrong_password_keeps_the_e_mail_and_says_what_to_do(cast: Cast) -> None:
    response = Client().post("/sign-in/", {"username": '"><b>@example.com', "password": "wrong"})
    html = response.content.decode()
    assert "That e-mail and password do not match. Check both and try again." in html
    assert 'value="&quot;&gt;&lt;b&gt;@example.com"' in html
    assert "wrong" not in html
