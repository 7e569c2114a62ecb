"""Rules of signed requests that need a clock, a lock or a key of the test's own: inside the test's process."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from auth_signing import signed_requests
from auth_signing.keys import NewPair, key_create, private_keys
from auth_signing.models import SignedWrite, SigningKey
from auth_signing.sealing import Unreadable, seal, unseal
from auth_signing.signing import sign
from tests.cast import Cast
from tests.rest import forget_limits

NOW = 1_767_225_600
PATH = "/api/v1/web-chat-settings"
Call = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    forget_limits()


@pytest.fixture
def pair(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> NewPair:
    monkeypatch.setattr(signed_requests, "clock", lambda: NOW + 0.9)
    return key_create(caller=cast.caller(cast.alice), name="Backend")


@pytest.fixture
def call(pair: NewPair) -> Call:
    def call(timestamp: str = str(NOW), method: str = "GET", body: str = "") -> tuple[int, str]:
        signature = sign(pair.private_key, timestamp, method, PATH, body.encode())
        headers = {"X-Public-Key": pair.key.public_key, "X-Timestamp": timestamp, "X-Signature": signature}
        answer = Client().generic(method, PATH, body, "application/json", headers=headers)
        return answer.status_code, answer.json().get("code", "")

    return call


@pytest.mark.parametrize(
    ("timestamp", "answer"),
    [
        (str(NOW), (200, "")),
        (str(NOW - 300), (200, "")),
        (str(NOW + 300), (200, "")),
        (str(NOW - 301), (401, "REQUEST_EXPIRED")),
        (str(NOW + 301), (401, "REQUEST_EXPIRED")),
        (str(NOW * 1_000), (401, "REQUEST_EXPIRED")),
        ("9" * 5_000, (401, "REQUEST_EXPIRED")),
        ("0", (401, "REQUEST_EXPIRED")),
        (f"0{NOW}", (200, "")),
        (f"+{NOW}", (401, "INVALID_CREDENTIALS")),
        (f"-{NOW}", (401, "INVALID_CREDENTIALS")),
        (f"{NOW}.0", (401, "INVALID_CREDENTIALS")),
        (f"{NOW} 0", (401, "INVALID_CREDENTIALS")),
        ("١٧٦٧٢٢٥٦٠٠", (401, "INVALID_CREDENTIALS")),  # digits, but not these
        ("now", (401, "INVALID_CREDENTIALS")),
    ],
)
def test_five_minutes_either_way(call: Call, timestamp: str, answer: tuple[int, str]) -> None:
    assert call(timestamp) == answer


def test_a_key_of_another_business_signs_for_that_one(cast: Cast, call: Call, pair: NewPair) -> None:
    theirs = key_create(caller=cast.caller(cast.charlie))
    signature = sign(theirs.private_key, str(NOW), "GET", PATH)
    headers = {"X-Public-Key": pair.key.public_key, "X-Timestamp": str(NOW), "X-Signature": signature}
    assert Client().get(PATH, headers=headers).json()["code"] == "INVALID_CREDENTIALS"


def test_private_keys_are_encrypted_and_bound_to_their_row(cast: Cast, pair: NewPair, call: Call) -> None:
    stored = SigningKey.objects.get(pk=pair.key.pk)
    assert pair.private_key.encode() not in bytes(stored.sealed)
    assert private_keys(stored) == [pair.private_key]
    other = key_create(caller=cast.caller(cast.alice)).key
    SigningKey.objects.filter(pk=pair.key.pk).update(sealed=bytes(SigningKey.objects.get(pk=other.pk).sealed))
    with pytest.raises(Unreadable):
        private_keys(SigningKey.objects.get(pk=pair.key.pk))
    assert call() == (401, "INVALID_CREDENTIALS")


def test_another_encryption_key_reads_nothing(settings: Any) -> None:
    sealed = seal("secret", row="a")
    assert unseal(sealed, row="a") == "secret"
    settings.ENCRYPTION_KEY = "z" * 50
    with pytest.raises(Unreadable):
        unseal(sealed, row="a")


def test_a_key_that_was_used_says_when_to_the_minute(pair: NewPair, call: Call) -> None:
    call()
    used = SigningKey.objects.get(pk=pair.key.pk).last_used_at
    call()
    assert used == SigningKey.objects.get(pk=pair.key.pk).last_used_at


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_worked_on_the_second_waits_and_is_refused(
    cast: Cast, call: Call, pair: NewPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_requests, "WAIT_SECONDS", 1)
    body = '{"chat_icon": "send-1"}'
    is_held, may_end = threading.Event(), threading.Event()

    def first() -> None:
        """As a request that takes long."""
        with transaction.atomic():
            signature = sign(pair.private_key, str(NOW), "PATCH", PATH, body.encode())
            SignedWrite.objects.create(key_id=pair.key.pk, signature=signature)
            is_held.set()
            may_end.wait(10)
            transaction.set_rollback(True)
        connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    is_held.wait(10)
    try:
        assert call(method="PATCH", body=body) == (409, "REQUEST_IN_PROGRESS")
    finally:
        may_end.set()
        thread.join()
    assert call(method="PATCH", body=body) == (200, "")  # the first one failed, so that this one is the first
    connection.close()
