"""Secrets that we must be able to read again, at rest: AES-GCM under ENCRYPTION_KEY, each bound to its row."""

import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12


class Unreadable(Exception):
    """Sealed with another ENCRYPTION_KEY, moved from another row, or damaged."""


def seal(secret: str, *, row: str) -> bytes:
    """`row` names where it will stand, and nowhere else can it be unsealed."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(settings.ENCRYPTION_KEY).encrypt(nonce, secret.encode(), row.encode())


def unseal(sealed: bytes, *, row: str) -> str:
    nonce, encrypted = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return _cipher(settings.ENCRYPTION_KEY).decrypt(nonce, encrypted, row.encode()).decode()
    except InvalidTag as error:
        raise Unreadable from error


@cache
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=b"pingback: secrets at rest").derive(key.encode()))
