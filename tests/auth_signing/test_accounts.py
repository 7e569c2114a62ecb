"""Accounts over REST: register, log in and out, who am I, and the business that comes next."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client, override_settings
from django.utils import timezone
from knox.models import AuthToken

from auth_signing import limits
from auth_signing.models import Agent, User
from auth_signing.signing import sign, verify
from auth_signing.tokens import token_issue
from tests.cast import PASSWORD, Cast
from tests.rest import Rest, forget_limits
from widgets.models import Widget

ADA = {"email": "Ada@Example.com", "full_name": "Ada Bell", "password": "a long enough one"}


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    forget_limits()


def test_registering_answers_a_token_that_says_who_one_is() -> None:
    status, made = Rest()("POST", "auth/register", ADA)
    assert status == 201
    assert set(made) == {"access_token", "token_type", "user"}
    assert made["token_type"] == "bearer"
    assert made["user"] == {"id": made["user"]["id"], "email": "ada@example.com", "full_name": "Ada Bell"}
    status, me = Rest(made["access_token"])("GET", "auth/me")
    assert (status, me) == (
        200,
        {"user": made["user"], "business": None, "team_role": None, "onboarding_complete": False},
    )
    assert made["access_token"] not in str(list(AuthToken.objects.values()))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": None}, "email"),
        ({"email": 7}, "email"),
        ({"full_name": ""}, "full_name"),
        ({"full_name": "x" * 151}, "full_name"),
        ({"full_name": "a\x00b"}, "full_name"),
        ({"password": "short"}, "password"),
        ({"password": "password1"}, "password"),
        ({"password": "77777777777"}, "password"),
        ({"password": "ada@example.com"}, "password"),
        ({"is_superuser": True}, "is_superuser"),
    ],
)
def test_what_is_wrong_with_a_registration_is_named(wrong: dict[str, Any], field: str) -> None:
    status, refused = Rest()("POST", "auth/register", {**ADA, **wrong})
    assert (status, refused["code"], list(refused["errors"])) == (422, "VALIDATION_ERROR", [field])
    assert not User.objects.exists()


def test_an_email_is_registered_once_whatever_its_case() -> None:
    assert Rest()("POST", "auth/register", ADA)[0] == 201
    status, refused = Rest()("POST", "auth/register", {**ADA, "email": "ADA@example.com", "password": "another one 1"})
    assert (status, list(refused["errors"])) == (422, ["email"])
    assert User.objects.get().check_password(ADA["password"])


@override_settings(REGISTRATION_OPEN=False)
def test_registration_can_be_closed() -> None:
    assert Rest()("POST", "auth/register", ADA)[1]["code"] == "REGISTRATION_CLOSED"


def test_each_login_makes_a_token_and_logout_ends_that_one(cast: Cast) -> None:
    login = {"email": cast.alice.user.email.upper(), "password": PASSWORD}
    tokens = [Rest()("POST", "auth/login", login)[1]["access_token"] for _ in range(2)]
    assert Rest(tokens[0])("POST", "auth/logout")[0] == 204
    status, refused = Rest(tokens[0])("GET", "auth/me")
    assert (status, refused["code"]) == (401, "INVALID_TOKEN")
    status, me = Rest(tokens[1])("GET", "auth/me")
    assert (me["team_role"], me["business"]["name"], me["onboarding_complete"]) == ("owner", "Northwind", True)


@pytest.mark.parametrize("header", ["Bearer", "Bearer x y", "Bearer é", "Bearer " + "0" * 64, "bearer nonsense"])
def test_a_bad_token_is_refused(header: str) -> None:
    rest = Rest()
    rest.headers = {"Authorization": header}
    status, refused = rest("GET", "auth/me")
    assert (status, refused["code"]) == (401, "INVALID_TOKEN")


def test_without_credentials_there_is_no_answer() -> None:
    assert Rest()("GET", "auth/me")[1]["code"] == "MISSING_CREDENTIALS"
    assert Rest()("GET", "widget")[1]["code"] == "MISSING_CREDENTIALS"


def test_an_ended_token_and_one_of_an_inactive_person_are_refused_at_once(cast: Cast) -> None:
    ended, inactive = token_issue(cast.alice.user), token_issue(cast.bob.user)
    AuthToken.objects.filter(user=cast.alice.user).update(expiry=timezone.now() - timedelta(seconds=1))
    User.objects.filter(pk=cast.bob.user_id).update(is_active=False)
    for token in (ended, inactive):
        assert Rest(token)("GET", "auth/me")[0] == 401
    token_issue(cast.alice.user)
    assert AuthToken.objects.filter(user=cast.alice.user).count() == 1  # the ended one is swept


@pytest.mark.parametrize("email", ["alice", "nobody@example.com"])
@override_settings(LIMIT_LOGIN_PER_ACCOUNT="3/15 minutes")
def test_too_many_failed_logins_lock_the_account_for_a_while(cast: Cast, email: str) -> None:
    login = {"email": cast.alice.user.email if email == "alice" else email, "password": "wrong"}
    statuses = [Rest()("POST", "auth/login", login)[0] for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    answer = Client().post("/api/v1/auth/login", json.dumps(login), content_type="application/json")
    assert 0 < int(answer["Retry-After"]) <= 900
    assert Rest()("POST", "auth/login", {"email": cast.bob.user.email, "password": PASSWORD})[0] == 200
    page = Client().post("/sign-in/", {"username": login["email"], "password": PASSWORD})
    assert "Too many" in page.content.decode()  # it is the same account on the page


@override_settings(LIMIT_LOGIN_PER_ACCOUNT="3/15 minutes")
def test_many_attempts_at_once_are_no_more_than_one_by_one() -> None:
    login = {"email": "nobody@example.com", "password": "wrong"}

    def attempt(_: int) -> int:
        try:
            return Rest()("POST", "auth/login", login)[0]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        assert Counter(pool.map(attempt, range(12))) == {401: 3, 429: 9}


@override_settings(LIMIT_LOGIN_PER_IP="3/15 minutes")
def test_the_addresses_of_one_network_are_one() -> None:
    login = json.dumps({"email": "nobody@example.com", "password": "wrong"})
    statuses = [
        Client(REMOTE_ADDR=f"2001:db8::{number}").post("/api/v1/auth/login", login, "application/json").status_code
        for number in range(1, 5)
    ]
    assert statuses == [401, 401, 401, 429]
    assert limits.network_of("2001:db8:0:1::1") != limits.network_of("2001:db8::1")
    assert limits.network_of("192.0.2.1") == limits.network_of("::ffff:192.0.2.1") == "192.0.2.1"


@override_settings(LIMIT_LOGIN_PER_IP="3/15 minutes")
def test_too_many_failed_logins_from_one_address_lock_the_address(cast: Cast) -> None:
    for number in range(3):
        assert Rest()("POST", "auth/login", {"email": f"{number}@example.com", "password": "wrong"})[0] == 401
    login = {"email": cast.alice.user.email, "password": PASSWORD}
    assert Rest()("POST", "auth/login", login)[0] == 429
    forget_limits()  # as the window does
    assert Rest()("POST", "auth/login", login)[0] == 200


@override_settings(LIMIT_LOGIN_PER_ACCOUNT="2/2 seconds")
def test_after_the_window_a_login_is_right_again(cast: Cast) -> None:
    wrong = {"email": cast.alice.user.email, "password": "wrong"}
    assert [Rest()("POST", "auth/login", wrong)[0] for _ in range(3)] == [401, 401, 429]
    time.sleep(2.1)
    assert Rest()("POST", "auth/login", wrong | {"password": PASSWORD})[0] == 200


@override_settings(LIMIT_LOGIN_PER_ACCOUNT="2/15 minutes")
def test_logins_that_succeed_are_not_counted(cast: Cast) -> None:
    login = {"email": cast.alice.user.email, "password": PASSWORD}
    assert {Rest()("POST", "auth/login", login)[0] for _ in range(4)} == {200}


@override_settings(LIMIT_BEARER="2/minute")
def test_a_token_has_a_limit_of_its_own(cast: Cast) -> None:
    first, second = (Rest(token_issue(cast.alice.user)) for _ in range(2))
    assert [first("GET", "auth/me")[0] for _ in range(3)] == [200, 200, 429]
    assert second("GET", "auth/me")[0] == 200


def test_a_business_comes_with_its_owner_and_a_default_widget() -> None:
    rest = Rest(Rest()("POST", "auth/register", ADA)[1]["access_token"])
    assert rest("GET", "widget")[1]["code"] == "BUSINESS_REQUIRED"
    status, business = rest("POST", "auth/business/create", {"name": "Bell & Co", "industry": "Furniture"})
    assert status == 201
    assert (business["name"], business["industry"], business["website"]) == ("Bell & Co", "Furniture", "")
    keys = business.pop("keys")
    assert verify(keys["private_key"], sign(keys["private_key"], "1", "GET", "/"), "1", "GET", "/")
    (listed,) = rest("GET", "signing-keys")[1]["results"]
    assert (listed["public_key"], listed["last_four"]) == (keys["public_key"], keys["private_key"][-4:])
    me = rest("GET", "auth/me")[1]
    assert (me["business"], me["team_role"], me["onboarding_complete"]) == (business, "owner", True)
    widget = Widget.objects.get(business=business["id"])
    assert (widget.is_default, widget.domain) == (True, "")
    status, refused = rest("POST", "auth/business/create", {"name": "Another"})
    assert (status, refused["code"]) == (409, "ALREADY_IN_BUSINESS")
    assert Agent.objects.count() == 1
