"""The identity secret: what it proves, how it is rotated and revoked, and who may."""

import hashlib
import hmac

import pytest
from django.test import override_settings

from auth_signing.identity import identity_proves, identity_secrets, identity_settings, identity_sign
from auth_signing.models import AuditEntry, IdentitySettings
from auth_signing.tokens import token_issue
from tests.cast import Cast
from tests.rest import Rest


@pytest.fixture
def rest(cast: Cast) -> Rest:
    return Rest(token_issue(cast.alice.user))


def rotate(rest: Rest) -> str:
    status, answer = rest("POST", "identity/rotate")
    assert status == 201
    return str(answer["secret"])


def good(cast: Cast) -> list[str]:
    return identity_secrets(identity_settings(cast.business.pk))


def test_a_signature_is_what_the_seeds_samples_compute() -> None:
    """`hash_hmac('sha256', $email, $secretKey)`, and `createHmac("sha256", secretKey).update(email).digest("hex")`."""
    expected = hmac.new(b"secret", b"paulo@pipeback.com", hashlib.sha256).hexdigest()
    assert identity_sign("secret", "paulo@pipeback.com") == expected
    assert identity_proves(expected, "paulo@pipeback.com", ["another", "secret"])
    for other in ("Paulo@pipeback.com", "paulo@pipeback.com ", ""):
        assert not identity_proves(expected, other, ["secret"])
    for other in (expected.upper(), expected[:-1], "", "é"):
        assert not identity_proves(other, "paulo@pipeback.com", ["secret"])
    assert not identity_proves(expected, "paulo@pipeback.com", [])


def test_the_secret_before_stays_good_until_it_is_revoked(cast: Cast, rest: Rest) -> None:
    assert good(cast) == []
    first = rotate(rest)
    assert rest("DELETE", "identity/previous")[0] == 404
    second = rotate(rest)
    assert good(cast) == [second, first]
    shown = rest("GET", "identity")[1]
    assert shown == {
        "last_four": second[-4:],
        "has_previous": True,
        "require_signed": False,
        "trust_unsigned": False,
    }
    assert rest("DELETE", "identity/previous") == (204, None)
    assert good(cast) == [second]
    third = rotate(rest)
    assert good(cast) == [third, second]
    acts = [entry.act for entry in AuditEntry.objects.filter(business=cast.business).order_by("pk")]
    assert acts == [f"identity_secret.{act}" for act in ("rotated", "rotated", "revoked", "rotated")]


def test_switches_are_turned_one_by_one(cast: Cast, rest: Rest) -> None:
    assert rest("PATCH", "identity", {"require_signed": True})[1]["require_signed"] is True
    changed = rest("PATCH", "identity", {"trust_unsigned": True})[1]
    assert (changed["require_signed"], changed["trust_unsigned"]) == (True, True)
    assert rest("PATCH", "identity", {"require_signed": "yes"})[0] == 422
    entry = AuditEntry.objects.latest("pk")
    assert (entry.act, entry.subject, entry.agent_name) == ("identity.changed", "trust_unsigned: True", "Alice")


def test_a_secret_is_kept_encrypted_and_for_one_business(cast: Cast, rest: Rest) -> None:
    secret = rotate(rest)
    stored = IdentitySettings.objects.get(business=cast.business)
    assert secret.encode() not in bytes(stored.sealed or b"")
    moved = IdentitySettings(business=cast.charlie.business, sealed=stored.sealed)
    assert identity_secrets(moved) == []
    with override_settings(ENCRYPTION_KEY="z" * 50):
        assert identity_secrets(stored) == []


def test_agents_neither_see_nor_change_it(cast: Cast) -> None:
    rest = Rest(token_issue(cast.bob.user))
    calls = [("GET", "identity"), ("POST", "identity/rotate"), ("DELETE", "identity/previous")]
    assert {rest(*call)[0] for call in calls} == {403}
    assert rest("PATCH", "identity", {"require_signed": True})[0] == 403
