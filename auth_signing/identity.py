"""The identity secret of a business: with it the business's own backend proves who a visitor is.

A signature is HMAC-SHA256 in lower-case hex of the e-mail, or of the id, exactly as they are sent (UTF-8, nothing
trimmed or folded). The secret before the last rotation stays good until it is revoked.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

from auth_signing.audit import audit
from auth_signing.callers import Caller
from auth_signing.models import AuditEntry, Business, IdentitySettings, VisitorSession
from auth_signing.roles import Permission
from auth_signing.sealing import Unreadable, seal, unseal
from auth_signing.signing import same
from pingback.errors import NotFound

logger = logging.getLogger(__name__)

trust_changed = Signal()  # sender: the class; business_id. Once committed: what visitors may read is another


def identity_sign(secret: str, value: str) -> str:
    """What the business's backend computes. `value`: the e-mail or the id."""
    return hmac.new(secret.encode(), value.encode(), hashlib.sha256).hexdigest()


def identity_proves(signature: str, value: str, good: Iterable[str]) -> bool:
    """Whether one of the secrets that are `good` has signed this value. All are tried."""
    found = [same(identity_sign(secret, value), signature) for secret in good]
    return any(found)


def identity_settings(business_id: UUID) -> IdentitySettings:
    """Not stored before anything is set."""
    found = IdentitySettings.objects.filter(business_id=business_id).first()
    return found or IdentitySettings(business_id=business_id)


def identity_secrets(settings: IdentitySettings) -> list[str]:
    """Those that are good now, the current one first; none that can't be read any more."""
    sealed = [bytes(one) for one in (settings.sealed, settings.previous_sealed) if one]
    try:
        return [unseal(one, row=_row(settings.business_id)) for one in sealed]
    except Unreadable:
        logger.exception("an identity secret can't be decrypted: was ENCRYPTION_KEY changed?")
        return []


@transaction.atomic
def identity_rotate(*, caller: Caller) -> str:
    """A new secret, which is nowhere to be read again. The one before stays good; the one before that ends."""
    settings = _locked(caller)
    secret = f"is_live_{secrets.token_urlsafe(32)}"
    settings.previous_sealed = settings.sealed
    settings.sealed, settings.last_four = seal(secret, row=_row(caller.business_id)), secret[-4:]
    settings.save()
    audit(caller, AuditEntry.Act.IDENTITY_ROTATED, f"identity secret ...{settings.last_four}")
    return secret


@transaction.atomic
def identity_revoke_previous(*, caller: Caller) -> None:
    """From now on only the current secret is good."""
    settings = _locked(caller)
    if not settings.has_previous:
        raise NotFound
    settings.previous_sealed = None
    settings.save()
    audit(caller, AuditEntry.Act.IDENTITY_REVOKED, "previous identity secret")


@transaction.atomic
def identity_change(*, caller: Caller, **switches: bool) -> IdentitySettings:
    """`switches`: require_signed, trust_unsigned."""
    settings = _locked(caller)
    for name, value in switches.items():
        setattr(settings, name, value)
    settings.save()
    if "trust_unsigned" in switches:
        claimed = VisitorSession.objects.filter(business_id=caller.business_id).claimed()
        claimed.update(sees_history=settings.trust_unsigned)
        transaction.on_commit(lambda: trust_changed.send(IdentitySettings, business_id=caller.business_id), robust=True)
    if switches:
        audit(caller, AuditEntry.Act.IDENTITY_CHANGED, ", ".join(f"{name}: {on}" for name, on in switches.items()))
    return settings


def _locked(caller: Caller) -> IdentitySettings:
    caller.require(Permission.KEYS_MANAGE)
    Business.objects.select_for_update(no_key=True).get(pk=caller.business_id)
    return identity_settings(caller.business_id)


def _row(business_id: UUID) -> str:
    return f"identity secret of {business_id}"
