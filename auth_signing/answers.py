"""The answers that are kept of signed writes, so that the same one is not done twice."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from auth_signing.models import SignedWrite

KEPT = timedelta(minutes=11)  # a signature is good for ten: five before its time and five after


def answers_sweep() -> None:
    """Of all keys, what is too old to be asked for again. What somebody else sweeps at the moment is left to them."""
    old = SignedWrite.objects.filter(created_at__lt=timezone.now() - KEPT).select_for_update(skip_locked=True)
    SignedWrite.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()


def answers_forget(business_id: UUID, *, about: UUID) -> None:
    """Those that name this contact: such a write, sent again, is judged anew and finds nobody."""
    kept = SignedWrite.objects.filter(key__business_id=business_id).values_list("pk", "body")
    naming = [pk for pk, body in kept if str(about).encode() in bytes(body)]
    SignedWrite.objects.filter(pk__in=naming).delete()
