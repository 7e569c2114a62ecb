"""Pages of one's account: change and reset a password."""

import re
import threading
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client, override_settings
from knox.models import AuthToken

from auth_signing.models import User
from auth_signing.tokens import token_issue
from tests.cast import PASSWORD, Cast
from tests.rest import forget_limits

NEW = "another long one"


def mails() -> list[EmailMessage]:
    """Those that were sent, also beside the answers."""
    for thread in threading.enumerate():
        if thread.name == "password reset":
            thread.join()
    return mail.outbox


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    forget_limits()


def test_changing_a_password_ends_tokens_and_other_sessions(cast: Cast) -> None:
    token_issue(cast.alice.user)
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        assert client.login(username=cast.alice.user.email, password=PASSWORD)
    assert "Change your password" in here.get("/password/").content.decode()
    answer = here.post("/password/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    assert answer["Location"] == "/password/changed/"
    assert here.get("/inbox/").status_code == 200
    assert elsewhere.get("/inbox/").status_code == 302
    assert not AuthToken.objects.exists()
    assert User.objects.get(pk=cast.alice.user_id).check_password(NEW)


@pytest.mark.parametrize(
    ("old", "new", "again"), [("wrong", NEW, NEW), (PASSWORD, "short", "short"), (PASSWORD, NEW, "something else")]
)
def test_a_wrong_change_is_said_and_changes_nothing(cast: Cast, old: str, new: str, again: str) -> None:
    token_issue(cast.alice.user)
    client = Client()
    client.force_login(cast.alice.user)
    answer = client.post("/password/", {"old_password": old, "new_password1": new, "new_password2": again})
    assert 'class="complaint"' in answer.content.decode()
    assert User.objects.get(pk=cast.alice.user_id).check_password(PASSWORD)
    assert AuthToken.objects.exists()


def test_the_password_page_needs_a_sign_in(db: None) -> None:
    assert Client().get("/password/")["Location"] == "/sign-in/?next=/password/"


def test_a_link_by_mail_chooses_a_new_password_once(cast: Cast) -> None:
    token_issue(cast.alice.user)
    client = Client()
    answer = client.post("/password/reset/", {"email": cast.alice.user.email.upper()})
    assert answer["Location"] == "/password/reset/sent/"
    (sent,) = mails()
    link = re.search(r"http://127\.0\.0\.1:8000/\S+", str(sent.body))  # PUBLIC_URL, whatever Host was asked
    assert link
    page = client.get(urlsplit(link[0]).path, follow=True)
    assert "Choose a new password" in page.content.decode()
    path = page.redirect_chain[-1][0]
    assert client.post(path, {"new_password1": NEW, "new_password2": NEW})["Location"] == "/sign-in/"
    assert User.objects.get(pk=cast.alice.user_id).check_password(NEW)
    assert not AuthToken.objects.exists()
    assert "not good any more" in client.get(urlsplit(link[0]).path, follow=True).content.decode()


def test_nobody_learns_whether_there_is_an_account(cast: Cast) -> None:
    answer = Client().post("/password/reset/", {"email": "nobody@example.com"})
    assert answer["Location"] == "/password/reset/sent/"
    assert mails() == []


@override_settings(LIMIT_LOGIN_PER_ACCOUNT="2/15 minutes")
def test_links_are_limited(cast: Cast) -> None:
    for _ in range(3):
        answer = Client().post("/password/reset/", {"email": cast.alice.user.email})
    assert "Too many" in answer.content.decode()
    assert len(mails()) == 2
    assert Client().login(username=cast.alice.user.email, password=PASSWORD)
    signed_in = Client().post("/sign-in/", {"username": cast.alice.user.email, "password": PASSWORD})
    assert signed_in.status_code == 302  # whoever asks for links locks nobody out


def test_a_password_that_is_changed_in_the_admin_ends_tokens(cast: Cast) -> None:
    token_issue(cast.alice.user)
    User.objects.filter(pk=cast.alice.user_id).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(cast.alice.user)
    passwords = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/admin/password_change/", passwords).status_code == 302
    assert not AuthToken.objects.exists()


def test_signing_in_ends_no_token(cast: Cast) -> None:
    token_issue(cast.alice.user)
    User.objects.get(pk=cast.alice.user_id).save()
    assert Client().login(username=cast.alice.user.email, password=PASSWORD)
    assert AuthToken.objects.exists()


def test_the_admin_has_the_same_limits(cast: Cast) -> None:
    with override_settings(LIMIT_LOGIN_PER_ACCOUNT="1/15 minutes"):
        for _ in range(2):
            answer = Client().post("/admin/login/", {"username": cast.alice.user.email, "password": "wrong"})
    assert "Too many" in answer.content.decode()
