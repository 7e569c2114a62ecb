"""The demo business: made once, so that a fresh clone has something to look at. Its passwords stay in a file."""

import json
import secrets
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from auth_signing.callers import caller_for_agent
from auth_signing.identity import identity_rotate, identity_secrets, identity_settings
from auth_signing.keys import key_create
from auth_signing.models import Agent, Business, SigningKey, User
from auth_signing.roles import Role
from auth_signing.tokens import token_issue
from pingback.secret_file import write_once
from widgets.models import Widget

BUSINESS_ID = UUID("d3300000-0000-4000-8000-000000000001")
PEOPLE = {
    "owner": ("owner@demo.example", "Olive Owner", Role.OWNER),
    "agent": ("agent@demo.example", "Adam Agent", Role.AGENT),
}


def demo_widget() -> Widget | None:
    return Widget.objects.public(BUSINESS_ID).first()


def demo_ensure() -> dict[str, Any]:
    """Create what is missing and say how to sign in: business_id, widget_id, base_url, owner and agent."""
    passwords = _passwords()
    with transaction.atomic():
        business, _ = Business.objects.get_or_create(id=BUSINESS_ID, defaults={"name": "Demo"})
        widget, _ = Widget.objects.live().get_or_create(business=business, is_default=True)
        people = {name: _person(business, name, passwords[name]) for name in PEOPLE}
    return {
        "business_id": str(business.pk),
        "widget_id": str(widget.pk),
        "base_url": settings.PUBLIC_URL,
        **people,
    }


def demo_token() -> str:
    """A new bearer token of the owner."""
    return token_issue(User.objects.get(email=PEOPLE["owner"][0]))


def demo_keys() -> dict[str, str]:
    """public_key, private_key and identity_secret of the business, kept in a file; others when they are not good."""
    file: Path = settings.DATA_DIR / "demo_keys.json"
    before: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    keys = dict(before)
    caller = caller_for_agent(Agent.objects.with_account().get(user__email=PEOPLE["owner"][0]))
    if not SigningKey.objects.filter(public_key=keys.get("public_key"), revoked_at=None).exists():
        new = key_create(caller=caller, name="Demo backend")
        keys |= {"public_key": new.key.public_key, "private_key": new.private_key}
    if keys.get("identity_secret") not in identity_secrets(identity_settings(BUSINESS_ID)):
        keys["identity_secret"] = identity_rotate(caller=caller)
    if keys != before:
        file.unlink(missing_ok=True)
        write_once(file, json.dumps(keys))
    return keys


def _passwords() -> dict[str, str]:
    file: Path = settings.DATA_DIR / "demo.json"
    if not file.exists():
        write_once(file, json.dumps({name: secrets.token_urlsafe(12) for name in PEOPLE}))
    passwords: dict[str, str] = json.loads(file.read_text())
    return passwords


def _person(business: Business, name: str, password: str) -> dict[str, str]:
    email, full_name, role = PEOPLE[name]
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, password, full_name=full_name)
    if not user.check_password(password):  # the data folder is new, the database is not
        user.set_password(password)
        user.save(update_fields=["password"])
    Agent.objects.get_or_create(user=user, defaults={"business": business, "role": role})
    return {"email": email, "password": password}
