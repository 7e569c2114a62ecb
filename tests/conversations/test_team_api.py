"""The team over REST, and the links that bring people into it."""

import re
from datetime import timedelta
from smtplib import SMTPException
from typing import Any
from unittest.mock import Mock
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone
from knox.models import AuthToken

from auth_signing.models import Agent, Business, Invitation, User
from auth_signing.tokens import token_issue
from conversations.models import Conversation
from pingback.errors import NotFound
from tests.cast import PASSWORD, Cast
from tests.clients import Visitor, new_owner
from tests.conftest import MakeServer
from tests.rest import Rest, forget_limits

NEW = {"full_name": "Dora Drew", "password": "correct horse"}


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    forget_limits()


@pytest.fixture
def rest(cast: Cast) -> Rest:
    return Rest(token_issue(cast.alice.user))


def invite(rest: Rest, email: str = "Dora@Example.com", role: str = "agent") -> str:
    """The path of the link in the mail."""
    status, invitation = rest("POST", "team/invite", {"email": email, "role": role})
    assert status == 201, invitation
    assert (invitation["email"], invitation["role"]) == (email.lower(), role)
    sent = mail.outbox[-1]
    assert sent.to == [email.lower()]
    link = re.search(r"http\S+", str(sent.body))
    assert link
    return urlsplit(link[0]).path


def test_members_are_told_with_role_and_status(cast: Cast, rest: Rest) -> None:
    status, page = rest("GET", "team/members")
    assert status == 200
    alice, bob = page["results"]
    assert alice["user"] == {"id": str(cast.alice.user_id), "email": cast.alice.user.email, "full_name": "Alice"}
    assert (alice["role"], bob["role"], bob["status"]) == ("owner", "agent", "offline")


def test_what_one_says_is_told(cast: Cast, rest: Rest) -> None:
    for status in ("away", "live", "offline"):
        assert rest("PATCH", "team/status", {"status": status}) == (
            200,
            {"agent_id": str(cast.alice.pk), "status": status},
        )
    assert rest("PATCH", "team/status", {"status": "busy"})[0] == 422


def test_a_link_makes_an_account_and_a_member_once(cast: Cast, rest: Rest) -> None:
    path = invite(rest, role="admin")
    assert "Alice invites you to answer the customers of Northwind" in mail.outbox[0].body
    client = Client()
    assert "Join Northwind" in client.get(path).content.decode()
    answer = client.post(path, NEW)
    assert (answer.status_code, answer["Location"]) == (302, "/inbox/")
    dora = Agent.objects.get(user__email="dora@example.com")
    assert (dora.business, dora.role) == (cast.business, "admin")
    assert client.get("/inbox/").status_code == 200
    again = Client().post(path, NEW)
    assert again.status_code == 404
    assert "not good any more" in again.content.decode()


@pytest.mark.parametrize("wrong", [{"password": "short"}, {"full_name": ""}, {"password": "dora@example.com"}])
def test_a_wrong_account_is_named_and_the_link_stays_good(rest: Rest, wrong: dict[str, str]) -> None:
    path = invite(rest)
    assert Client().post(path, {**NEW, **wrong}).status_code == 422
    assert not User.objects.filter(email="dora@example.com").exists()
    assert Client().post(path, NEW).status_code == 302


def test_a_link_ends_after_a_week_and_with_the_next_one(rest: Rest) -> None:
    first = invite(rest)
    second = invite(rest)
    assert Client().get(first).status_code == 404
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(second).status_code == 404
    assert Client().post(second, NEW).status_code == 404
    assert Client().get("/join/nonsense/").status_code == 404


def test_whoever_has_the_account_signs_in_to_join(cast: Cast, rest: Rest) -> None:
    dora = User.objects.create_user("dora@example.com", PASSWORD, full_name="Dora")
    path = invite(rest)
    stranger = Client()
    assert "Sign in with it to join" in stranger.get(path).content.decode()
    assert stranger.post(path, NEW).status_code == 200
    stranger.force_login(cast.charlie.user)
    assert "You are signed in as" in stranger.get(path).content.decode()
    assert stranger.post(path).status_code == 200
    assert not Agent.objects.filter(user=dora).exists()
    client = Client()
    client.force_login(dora)
    assert client.post(path)["Location"] == "/inbox/"
    assert Agent.objects.get(user=dora).business == cast.business


def test_members_of_a_business_join_no_other(cast: Cast, rest: Rest) -> None:
    assert rest("POST", "team/invite", {"email": cast.bob.user.email})[1]["code"] == "ALREADY_MEMBER"
    path = invite(rest, cast.charlie.user.email)
    client = Client()
    client.force_login(cast.charlie.user)
    assert "belongs to a business already" in client.get(path).content.decode()
    client.post(path)
    assert Agent.objects.get(pk=cast.charlie.pk).business != cast.business


@pytest.mark.parametrize("body", [{}, {"email": "dora"}, {"email": "d@example.com", "role": "owner"}, {"email": 7}])
def test_a_wrong_invitation_is_refused(rest: Rest, body: dict[str, Any]) -> None:
    assert rest("POST", "team/invite", body)[0] == 422
    assert mail.outbox == []


def test_without_mail_nothing_is_stored(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_signing.invitations.send_mail", Mock(side_effect=SMTPException))
    status, refused = rest("POST", "team/invite", {"email": "dora@example.com"})
    assert (status, refused["code"]) == (503, "MAIL_UNAVAILABLE")
    assert not Invitation.objects.exists()


def test_without_mail_an_earlier_link_stays_good(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    path = invite(rest)
    monkeypatch.setattr("auth_signing.invitations.send_mail", Mock(side_effect=SMTPException))
    assert rest("POST", "team/invite", {"email": "dora@example.com", "role": "admin"})[0] == 503
    assert Client().post(path, NEW)["Location"] == "/inbox/"
    assert Agent.objects.get(user__email="dora@example.com").role == "agent"


@pytest.mark.parametrize("email", [f"a@{'ü' * 63}.com", "a@\xad.com", "a@x\uffff.com"])
def test_an_address_that_no_mail_can_have_is_refused(rest: Rest, email: str) -> None:
    status, refused = rest("POST", "team/invite", {"email": email})
    assert (status, list(refused["errors"])) == (422, ["email"])
    assert not Invitation.objects.exists()


def test_a_business_of_two_lines_can_invite(cast: Cast, rest: Rest) -> None:
    Business.objects.filter(pk=cast.business.pk).update(name="Bell\r\nBcc: all@example.com")
    invite(rest)
    assert mail.outbox[-1].subject == "Join Bell Bcc: all@example.com on PingBack"


def test_invitations_end_with_the_place_of_whoever_sent_them(cast: Cast, rest: Rest) -> None:
    Agent.objects.filter(pk=cast.bob.pk).update(role="admin")
    path = invite(Rest(token_issue(cast.bob.user)))
    rest("DELETE", f"team/members/{cast.bob.pk}")
    assert Client().post(path, NEW).status_code == 404
    assert not User.objects.filter(email="dora@example.com").exists()


def test_a_link_that_is_used_a_moment_before_makes_no_account(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    path = invite(rest)
    monkeypatch.setattr("auth_signing.invitations.invitation_accept", Mock(side_effect=NotFound))
    assert Client().post(path, NEW).status_code == 404
    assert not User.objects.filter(email="dora@example.com").exists()


@override_settings(LIMIT_INVITATIONS_PER_EMAIL="2/day")
def test_nobody_is_sent_many_invitations(cast: Cast, rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("auth_signing.invitations.send_mail", Mock(side_effect=SMTPException))
        assert {rest("POST", "team/invite", {"email": "dora@example.com"})[0] for _ in range(3)} == {503}
    statuses = [rest("POST", "team/invite", {"email": "dora@example.com"})[0] for _ in range(3)]
    assert statuses == [201, 201, 429]
    charlie = Rest(token_issue(cast.charlie.user))
    assert charlie("POST", "team/invite", {"email": "dora@example.com"})[0] == 201  # a stranger uses up nothing of it


@override_settings(LIMIT_INVITATIONS="2/hour")
def test_invitations_are_limited(rest: Rest) -> None:
    statuses = [rest("POST", "team/invite", {"email": f"{n}@example.com"})[0] for n in range(3)]
    assert statuses == [201, 201, 429]


def test_who_is_removed_loses_tokens_and_conversations(cast: Cast, rest: Rest) -> None:
    opened, ended = cast.conversation(), cast.conversation()
    for conversation in (opened, ended):
        rest("PUT", f"conversations/{conversation.pk}/assign/{cast.bob.pk}")
    rest("PUT", f"conversations/{ended.pk}/resolve")
    before = Conversation.objects.get(pk=opened.pk).rev
    bobs = Rest(token_issue(cast.bob.user))
    assert rest("DELETE", f"team/members/{cast.bob.pk}") == (204, None)
    assert bobs("GET", "conversations")[0] == 401
    assert not AuthToken.objects.filter(user=cast.bob.user).exists()
    assert list(Conversation.objects.values_list("assignee", flat=True)) == [None, None]
    assert Conversation.objects.get(pk=opened.pk).rev == before + 1  # the others hear of it
    assert User.objects.filter(pk=cast.bob.user_id).exists()
    assert rest("DELETE", f"team/members/{cast.bob.pk}")[0] == 404


def test_an_owner_stays(cast: Cast, rest: Rest) -> None:
    assert rest("DELETE", f"team/members/{cast.alice.pk}")[1]["code"] == "OWNER_STAYS"
    assert rest("DELETE", f"team/members/{uuid4()}")[0] == 404


def test_the_sockets_of_a_removed_member_end(make_server: MakeServer) -> None:
    server = make_server({"SOCKET_CHECK_SECONDS": "60"})
    owner = new_owner(server)
    server.site.manage("shell", "--no-imports", "-c", ADD_DORA)
    login = owner.call("POST", "auth/login", {"email": "dora@example.com", "password": "correct horse"})
    dora = type(owner)(server, login.json()["access_token"])
    page = Visitor(server, owner.call("GET", "auth/me").json()["business"]["id"])
    with dora.connect() as peer, page.connect() as browser:
        peer.expect("ready")
        while not browser.expect("presence")["online"]:
            pass
        (member,) = [m for m in owner.call("GET", "team/members").json()["results"] if m["role"] == "agent"]
        assert owner.call("DELETE", f"team/members/{member['id']}").status_code == 204
        assert peer.expect_close() == 4000
        while browser.expect("presence")["online"]:  # until it hears that nobody is left
            pass
    with dora.connect() as peer:
        assert peer.expect_close() == 4401


ADD_DORA = """
from auth_signing.models import Agent, Business, User
business = Business.objects.latest("created_at")
user = User.objects.create_user("dora@example.com", "correct horse", full_name="Dora")
Agent.objects.create(user=user, business=business, role="agent")
"""
