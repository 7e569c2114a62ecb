"""Walks over every URL there is: what the owner of one business can reach of another one, and what each role may do.

A new URL needs a row in `CALLS` or in `NO_BUSINESS`.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from auth_signing.identity import identity_rotate
from auth_signing.keys import NewPair, key_create
from auth_signing.models import Company, Segment, SigningKey
from auth_signing.roles import ROLE_TABLE, Permission, Role
from auth_signing.signing import sign
from auth_signing.tokens import token_issue
from conversations.models import Attachment, Conversation
from conversations.services import message_post_file
from tests.cast import Cast, new_agent

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
SECRET = "only for Northwind's eyes"
CLIENT_ID = "5f0c1c7e-8a2b-4a57-9d0e-1f2a3b4c5d6e"

# Pages and calls that know no business: what they answer is the same for everybody, or about oneself.
NO_BUSINESS = {
    "",
    "sign-in/",
    "sign-out/",
    "join/<str:token>/",
    "password/",
    "password/changed/",
    "password/reset/",
    "password/reset/sent/",
    "password/reset/<uidb64>/<token>/",
    "demo/",
    "demo/app/",
    "demo/app/<slug:route>/",
    "demo/strict/",
    "demo/tags/",
    "demo/rtl/",
    "api/schema",
    "api/docs",
    "api/<path:rest>",
    "api/v1/auth/register",
    "api/v1/auth/login",
    "api/v1/auth/logout",
    "api/v1/auth/me",
    "api/v1/auth/business/create",
    # of a visitor, by its own token: tests/conversations/test_visitor_*.py
    "api/v1/visitor/identify",
    "api/v1/visitor/session",
    "api/v1/visitor/conversations",
    "api/v1/visitor/conversations/<int:conversation_id>/messages",
    "api/v1/visitor/conversations/<int:conversation_id>/read",
    "api/v1/visitor/conversations/<int:conversation_id>/upload",
    "api/v1/visitor/files/<uuid:file_id>",
}
# Django's admin is for superusers until operators get theirs.
SUPERUSERS_ONLY = "admin/"


@dataclass
class World:
    """A business, and what can be named of it."""

    cast: Cast
    conversation: Conversation

    @property
    def contact_id(self) -> str:
        return str(self.conversation.contact_id)

    @property
    def ids(self) -> dict[str, Any]:
        return {
            "conversation_id": self.conversation.pk,
            "agent_id": self.cast.bob.pk,
            "widget_id": self.cast.widget.pk,
            "contact_id": self.contact_id,
            "company_id": Company.objects.get(business=self.cast.business).pk,
            "segment_id": Segment.objects.get(business=self.cast.business).pk,
            "listing": "mine",
            "key_id": SigningKey.objects.filter(business=self.cast.business).earliest("created_at").pk,
            "file_id": Attachment.objects.get(message__conversation=self.conversation).pk,
        }


@dataclass
class Call:
    method: str
    route: str
    permission: Permission | None = None
    body: Callable[[World], dict[str, Any]] | None = None
    query: str = ""
    has_file: bool = False
    names: bool = True  # an id of the business: in its path or its body

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    def path(self, world: World) -> str:
        path = "/" + self.route
        for name, value in world.ids.items():
            for kind in ("int", "uuid", "listing"):
                path = path.replace(f"<{kind}:{name}>", str(value))
        assert "<" not in path
        return path + self.query

    def make(self, client: Client, world: World, token: str) -> Any:
        path, body = self.path(world), self.body(world) if self.body else {}
        headers = {"Authorization": f"Bearer {token}"} if self.is_api else {}
        if self.has_file:
            return client.post(path, {"file": SimpleUploadedFile("a.txt", b"a"), **body}, headers=headers)
        if self.is_api:
            return client.generic(self.method, path, json.dumps(body), "application/json", headers=headers)
        return client.get(path) if self.method == "GET" else client.post(path, body)

    def make_signed(self, client: Client, world: World, pair: NewPair) -> Any:
        path, body = self.path(world), json.dumps(self.body(world) if self.body else {})
        now = str(int(time.time()))
        headers = {"X-Public-Key": pair.key.public_key, "X-Timestamp": now}
        headers["X-Signature"] = sign(pair.private_key, now, self.method, path, body.encode())
        return client.generic(self.method, path, body, "application/json", headers=headers)


READ, START, ANSWER, MANAGE = None, *list(Permission)[:3]
WIDGETS, TEAM, KEYS = Permission.WIDGETS_MANAGE, Permission.TEAM_MANAGE, Permission.KEYS_MANAGE
API = "api/v1/"
CONTACTS = Permission.CONTACTS_MANAGE
CONTACT = f"{API}contacts/<uuid:contact_id>"
CONVERSATION = f"{API}conversations/<int:conversation_id>"
CALLS = [
    Call("GET", f"{API}conversations", READ, names=False),
    Call(
        "POST", f"{API}conversations", START, lambda w: {"contact_id": str(w.conversation.contact_id), "content": "Hi"}
    ),
    Call("GET", CONVERSATION),
    Call("PATCH", CONVERSATION, MANAGE, lambda w: {"priority": "low"}),
    Call("GET", f"{CONVERSATION}/messages"),
    Call("POST", f"{CONVERSATION}/messages", ANSWER, lambda w: {"content": "Hi", "client_id": CLIENT_ID}),
    Call("POST", f"{CONVERSATION}/upload", ANSWER, has_file=True),
    Call("GET", f"{API}files/<uuid:file_id>"),
    Call("PUT", f"{CONVERSATION}/resolve", MANAGE),
    Call("PUT", f"{CONVERSATION}/close", MANAGE),
    Call("PUT", f"{CONVERSATION}/reopen", MANAGE),
    Call("PUT", f"{CONVERSATION}/assign/<uuid:agent_id>", MANAGE),
    Call("GET", f"{API}contacts", names=False),
    Call("GET", CONTACT),
    Call("PATCH", CONTACT, CONTACTS, lambda w: {"name": "x"}),
    Call("DELETE", CONTACT, Permission.CONTACTS_DELETE),
    Call("PUT", f"{CONTACT}/block", CONTACTS),
    Call("DELETE", f"{CONTACT}/block", CONTACTS),
    Call("GET", f"{CONTACT}/export", Permission.CONTACTS_DELETE),
    Call("GET", f"{API}companies", names=False),
    Call("GET", f"{API}companies/<uuid:company_id>"),
    Call("GET", f"{API}segments", names=False),
    Call("POST", f"{API}segments", CONTACTS, lambda w: {"name": "x", "conditions": {}}, names=False),
    Call("GET", f"{API}segments/<uuid:segment_id>"),
    Call("DELETE", f"{API}segments/<uuid:segment_id>", CONTACTS),
    Call("GET", f"{API}team/members", names=False),
    Call("DELETE", f"{API}team/members/<uuid:agent_id>", TEAM),
    Call("POST", f"{API}team/invite", TEAM, lambda w: {"email": "new@example.com"}, names=False),
    Call("PATCH", f"{API}team/status", READ, lambda w: {"status": "away"}, names=False),
    Call("GET", f"{API}signing-keys", KEYS, names=False),
    Call("POST", f"{API}signing-keys", KEYS, names=False),
    Call("DELETE", f"{API}signing-keys/<uuid:key_id>", KEYS),
    Call("POST", f"{API}signing-keys/<uuid:key_id>/rotate", KEYS),
    Call("GET", f"{API}audit-log", KEYS, names=False),
    Call("GET", f"{API}identity", KEYS, names=False),
    Call("PATCH", f"{API}identity", KEYS, lambda w: {"require_signed": True}, names=False),
    Call("POST", f"{API}identity/rotate", KEYS, names=False),
    Call("DELETE", f"{API}identity/previous", KEYS, names=False),
    Call("GET", f"{API}web-chat-settings", names=False),
    Call("PATCH", f"{API}web-chat-settings", WIDGETS, lambda w: {"chat_icon": "send-1"}, names=False),
    Call("GET", f"{API}widget", names=False),
    Call("POST", f"{API}widget/create", WIDGETS, lambda w: {"domain": "example.com"}, names=False),
    Call("PUT", f"{API}widget/update/<uuid:widget_id>", WIDGETS, lambda w: {"name": "x"}),
    Call("DELETE", f"{API}widget/<uuid:widget_id>", WIDGETS),
    Call("GET", f"{API}widget/<uuid:widget_id>/snippet"),
    Call("GET", "inbox/", names=False),
    Call("GET", "inbox/list/", names=False),
    Call("GET", "inbox/unread/", names=False),
    Call("GET", "inbox/team/", names=False),
    Call("POST", "inbox/presence/", body=lambda w: {"status": "away"}, names=False),
    Call("GET", "inbox/<listing:listing>/", names=False),
    Call("GET", "inbox/<listing:listing>/list/", names=False),
    Call("GET", "inbox/<int:conversation_id>/"),
    Call("GET", "inbox/<listing:listing>/<int:conversation_id>/"),
    Call("GET", "inbox/<int:conversation_id>/messages/", query="?before=9"),
    Call("GET", "inbox/files/<uuid:file_id>/"),
    Call("POST", "inbox/<int:conversation_id>/upload/", ANSWER, lambda w: {"client_id": CLIENT_ID}, has_file=True),
    Call("POST", "inbox/<int:conversation_id>/resolve/", MANAGE),
    Call("POST", "inbox/<int:conversation_id>/reopen/", MANAGE),
    Call("POST", "inbox/<int:conversation_id>/assign/", MANAGE, lambda w: {"agent_id": w.cast.bob.pk}),
]
FOR_PEOPLE = {  # no signature will do
    f"{CONVERSATION}/upload",
    f"{API}team/status",
    f"{API}signing-keys",
    f"{API}signing-keys/<uuid:key_id>",
    f"{API}signing-keys/<uuid:key_id>/rotate",
    f"{API}audit-log",
    f"{API}identity",
    f"{API}identity/rotate",
    f"{API}identity/previous",
}
PUBLIC = {("GET", f"{API}widget/<uuid:widget_id>")}  # the config that the script asks for


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.callback
        elif not route.startswith(SUPERUSERS_ONLY):
            yield from routes(entry, route)


def operations() -> set[tuple[str, str]]:
    """Method and route. A page that is no class is known by its route alone: its row says the method."""
    known = {call.route: call.method for call in CALLS}
    found = set()
    for route, view in routes():
        if route in NO_BUSINESS:
            continue
        methods = [
            name for name in ("get", "post", "put", "patch", "delete") if hasattr(getattr(view, "cls", None), name)
        ]
        found |= {(name.upper(), route) for name in methods or [known.get(route, "?").lower()]}
    return found


def test_every_operation_has_its_row() -> None:
    assert operations() == {(call.method, call.route) for call in CALLS} | PUBLIC
    assert {route for route, _ in routes()} >= NO_BUSINESS


def world_of(cast: Cast) -> World:
    conversation = cast.conversation(content=SECRET)
    file = SimpleUploadedFile("a.txt", SECRET.encode())
    caller = cast.caller(cast.alice)
    message_post_file(
        caller=caller,
        address="127.0.0.1",
        conversation_id=conversation.pk,
        file=file,
        content=SECRET,
        client_id=uuid4(),
    )
    key_create(caller=caller, name="Northwind's backend")
    Company.objects.create(business=cast.business, external_id="1", name=SECRET)
    Segment.objects.create(business=cast.business, name=SECRET)
    for owner in (cast.alice, cast.charlie):
        for _ in ("first", "second"):
            identity_rotate(caller=cast.caller(owner))
    return World(cast, conversation)


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def snapshot() -> dict[Any, Any]:
    """Every row there is, of every table of ours."""
    models = [
        model
        for name in ("auth_signing", "widgets", "conversations")
        for model in apps.get_app_config(name).get_models()
    ]
    return {(model, row["pk"]): row for model in models for row in model._default_manager.values("pk", *columns(model))}


def columns(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.route}")
def test_the_owner_of_another_business_reaches_nothing(cast: Cast, call: Call) -> None:
    world = world_of(cast)
    client = Client()
    client.force_login(cast.charlie.user)
    token = token_issue(cast.charlie.user)
    before = snapshot()
    reached_nothing(cast, call, call.make(client, world, token), before)


@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.is_api], ids=lambda call: f"{call.method} {call.route}"
)
def test_the_backend_of_another_business_reaches_nothing(cast: Cast, call: Call) -> None:
    world = world_of(cast)
    pair = key_create(caller=cast.caller(cast.charlie), name="Charlie's backend")
    before = snapshot()
    answer = call.make_signed(Client(), world, pair)
    if call.route in FOR_PEOPLE:
        assert (answer.status_code, answer.json()["code"]) == (403, "USER_REQUIRED")
    else:
        reached_nothing(cast, call, answer, before)


OWN = [call for call in CALLS if call.is_api and call.route not in FOR_PEOPLE]


@pytest.mark.parametrize("call", OWN, ids=lambda call: f"{call.method} {call.route}")
def test_the_own_backend_may_what_an_owner_may(cast: Cast, call: Call) -> None:
    world = world_of(cast)
    pair = key_create(caller=cast.caller(cast.alice), name="Another one")
    assert call.make_signed(Client(), world, pair).status_code < 400


def reached_nothing(cast: Cast, call: Call, answer: Any, before: dict[Any, Any]) -> None:
    after = snapshot()
    others = {key: row for key, row in before.items() if row.get("business_id") != cast.charlie.business_id}
    assert {key: after.get(key) for key in others} == others
    if call.names:
        assert answer.status_code == 404
    else:
        assert answer.status_code < 400
    text = answer.content.decode()
    for foreign in (SECRET, "Northwind", "Alice", "Bob", str(cast.business.pk), str(cast.alice.pk)):
        assert foreign not in text


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN, Role.OWNER])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.route}")
def test_each_role_may_what_the_table_says(cast: Cast, call: Call, role: Role) -> None:
    world = world_of(cast)
    agent = new_agent(cast.business, "Dora", role)
    client = Client()
    client.force_login(agent.user)
    before = snapshot()
    status = call.make(client, world, token_issue(agent.user)).status_code
    if call.permission is None or call.permission in ROLE_TABLE[role]:
        assert status < 400
    else:
        assert status == 403
        after = snapshot()
        assert {key: after.get(key) for key in before} == before
