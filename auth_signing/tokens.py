"""Bearer tokens: opaque, stored as a hash, with an end; revoked by deleting the row."""

from django.utils import timezone
from knox.crypto import hash_token
from knox.models import AuthToken

from auth_signing.models import User
from pingback.errors import InvalidToken


def token_issue(user: User) -> str:
    """A new token of this person; nobody sees it again. Their ended ones are swept."""
    AuthToken.objects.filter(user=user, expiry__lt=timezone.now()).delete()
    _, token = AuthToken.objects.create(user)
    return str(token)


def token_find(token: str) -> AuthToken:
    """The live token of an active person, its user loaded."""
    found = AuthToken.objects.select_related("user").filter(digest=hash_token(token)).first()
    if found is None or found.expiry < timezone.now() or not found.user.is_active:
        raise InvalidToken
    return found


def tokens_revoke(user: User) -> None:
    AuthToken.objects.filter(user=user).delete()
