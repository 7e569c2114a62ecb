"""Make businesses, each with a widget and a signed-in agent, for the load generator: `python -m benchmarks.pairs 50`.

Each pair has a business of its own, because an agent's socket hears every conversation of its business.
"""

import json
import os
import sys

import django
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingback.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from auth_signing.models import Agent, Business, User  # noqa: E402
from auth_signing.roles import Role  # noqa: E402
from widgets.models import Widget  # noqa: E402


def make_pair(number: int) -> dict[str, str]:
    business = Business.objects.create(name=f"Business {number}")
    widget = Widget.objects.create(business=business, is_default=True)
    user = User.objects.create_user(f"agent{number}@example.com", full_name=f"Agent {number}")
    Agent.objects.create(user=user, business=business, role=Role.OWNER.value)
    return {"widget": str(widget.id), "cookie": f"{settings.SESSION_COOKIE_NAME}={sign_in(user)}"}


def sign_in(user: User) -> str:
    """A session as Django's own login makes it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    print(json.dumps([make_pair(number) for number in range(int(sys.argv[1]))]))
