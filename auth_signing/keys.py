"""Signing keys: made as a pair, rotated with an overlap, revoked. Each act is written into the audit log."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from auth_signing.audit import audit
from auth_signing.callers import Caller
from auth_signing.models import AuditEntry, SigningKey
from auth_signing.roles import Permission
from auth_signing.sealing import seal, unseal
from pingback.errors import NotFound

LONGEST_OVERLAP = timedelta(days=30)


@dataclass(frozen=True)
class NewPair:
    """`private_key` is nowhere to be read again."""

    key: SigningKey
    private_key: str


@transaction.atomic
def key_create(*, caller: Caller, name: str = "") -> NewPair:
    caller.require(Permission.KEYS_MANAGE)
    key = SigningKey(business_id=caller.business_id, name=name, created_by=caller.name)
    key.public_key = f"pk_live_{secrets.token_urlsafe(24)}"
    private_key = _renew(key)
    key.save(force_insert=True)
    audit(caller, AuditEntry.Act.KEY_CREATED, _subject(key))
    return NewPair(key, private_key)


@transaction.atomic
def key_rotate(*, caller: Caller, key_id: UUID, overlap: timedelta) -> NewPair:
    """A new private key for the same public one. The old one stays good for `overlap`, and the one before it ends."""
    key = _locked(caller, key_id)
    key.previous_sealed, key.previous_until = bytes(key.sealed), timezone.now() + overlap
    private_key = _renew(key)
    key.save(update_fields=["sealed", "last_four", "previous_sealed", "previous_until"])
    audit(caller, AuditEntry.Act.KEY_ROTATED, _subject(key))
    return NewPair(key, private_key)


@transaction.atomic
def key_revoke(*, caller: Caller, key_id: UUID) -> None:
    """For good, at once."""
    key = _locked(caller, key_id)
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    audit(caller, AuditEntry.Act.KEY_REVOKED, _subject(key))


def private_keys(key: SigningKey) -> list[str]:
    """Those that are good now, the newest first."""
    sealed = [key.sealed]
    if key.previous_sealed and key.previous_until and key.previous_until > timezone.now():
        sealed.append(key.previous_sealed)
    return [unseal(bytes(one), row=_row(key)) for one in sealed]


def _locked(caller: Caller, key_id: UUID) -> SigningKey:
    caller.require(Permission.KEYS_MANAGE)
    own = SigningKey.objects.filter(business_id=caller.business_id, revoked_at=None)
    key = own.select_for_update().filter(pk=key_id).first()
    if key is None:
        raise NotFound
    return key


def _renew(key: SigningKey) -> str:
    private_key = f"sk_live_{secrets.token_urlsafe(32)}"
    key.sealed = seal(private_key, row=_row(key))
    key.last_four = private_key[-4:]
    return private_key


def _row(key: SigningKey) -> str:
    return f"signing key {key.pk}"


def _subject(key: SigningKey) -> str:
    return f"{key.public_key} {key.name}".strip()
