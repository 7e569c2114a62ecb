"""Invitations to a team: a link by e-mail, good once and for a week, for whoever has that e-mail."""

import logging
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from auth_signing import limits
from auth_signing.callers import Caller
from auth_signing.errors import AlreadyInBusiness, AlreadyMember, MailUnavailable
from auth_signing.models import Agent, Invitation, User
from auth_signing.roles import Permission, Role
from auth_signing.services import user_prepare, user_store
from auth_signing.visitors import token_hash
from pingback.errors import NotFound

logger = logging.getLogger(__name__)

LIFE = timedelta(days=7)
WHAT_CHANGES = ("role", "token_hash", "expires_at", "invited_by_id")


def agent_invite(*, caller: Caller, email: str, role: Role, address: str) -> Invitation:
    """Send the link. Inviting again sends a new one, and the old one ends. `address`: the caller's."""
    caller.require(Permission.TEAM_MANAGE)
    email = email.strip().lower()
    limits.spend_invitation(caller, email, address=address)
    token = secrets.token_urlsafe(32)
    fresh = (role, token_hash(token), timezone.now() + LIFE, caller.agent_id)
    invitation, before = _store(caller, email, dict(zip(WHAT_CHANGES, fresh, strict=True)))
    try:
        _send(invitation, caller.name, settings.PUBLIC_URL + reverse("join", args=[token]))
    except Exception as error:
        logger.exception("an invitation could not be sent")
        _take_back(invitation, before)
        raise MailUnavailable from error
    limits.invitation_sent(caller, email)
    return invitation


@transaction.atomic
def _store(caller: Caller, email: str, fresh: dict[str, Any]) -> tuple[Invitation, dict[str, Any] | None]:
    """Also what the invitation was before, if there was one."""
    if caller.agent_id and not Agent.objects.select_for_update(no_key=True).filter(pk=caller.agent_id).first():
        raise NotFound  # taken off the team a moment ago
    if Agent.objects.filter(business_id=caller.business_id, user__email=email).exists():
        raise AlreadyMember
    same = Invitation.objects.filter(business_id=caller.business_id, email=email)
    before = same.select_for_update().values(*WHAT_CHANGES).first()
    invitation, _ = same.select_related("business").update_or_create(
        business_id=caller.business_id, email=email, defaults=fresh
    )
    return invitation, before


def _send(invitation: Invitation, inviter: str, link: str) -> None:
    business = " ".join(invitation.business.name.split())  # a subject is one line
    text = render_to_string("account/invitation.txt", {"business": business, "inviter": inviter, "link": link})
    send_mail(f"Join {business} on PingBack", text, None, [invitation.email])


def _take_back(invitation: Invitation, before: dict[str, Any] | None) -> None:
    """Nobody has got the link: as if it had not been made, unless there is another one by now."""
    ours = Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash)
    inviter_id = before["invited_by_id"] if before else None
    if before and (inviter_id is None or Agent.objects.filter(pk=inviter_id).exists()):
        ours.update(**before)
    else:
        ours.delete()


def invitation_find(token: str) -> Invitation:
    found = Invitation.objects.select_related("business").filter(token_hash=token_hash(token)).first()
    if found is None or found.expires_at < timezone.now() or not found.business.is_active:
        raise NotFound("This invitation is not good any more. Ask for another one.")
    return found


@transaction.atomic
def invitation_accept(*, token: str, user: User) -> Agent:
    """`user` has the invited e-mail. Of two who come at once one is let in."""
    User.objects.select_for_update().get(pk=user.pk)
    invitation = invitation_find(token)
    if user.email != invitation.email:
        raise NotFound("This invitation is for somebody else.")
    if Agent.objects.filter(user=user).exists():
        raise AlreadyInBusiness
    if not Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash).delete()[0]:
        raise NotFound("This invitation was used already.")
    return Agent.objects.create(user=user, business=invitation.business, role=invitation.role)


def invitation_join(*, token: str, full_name: str, password: str) -> User:
    """A new account for the invited e-mail, and its place in the team: both or neither."""
    user = user_prepare(email=invitation_find(token).email, full_name=full_name, password=password)
    with transaction.atomic():
        user_store(user)
        invitation_accept(token=token, user=user)
    return user
