"""Invitations to a team: a link by e-mail, good once and for a week, for whoever has that e-mail."""

import secrets
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from auth_signing import limits
from auth_signing.callers import Caller
from auth_signing.errors import AlreadyInBusiness, AlreadyMember, MailUnavailable
from auth_signing.models import Agent, Business, Invitation, User
from auth_signing.roles import Permission, Role
from auth_signing.visitors import token_hash
from pingback.errors import NotFound

LIFE = timedelta(days=7)


@transaction.atomic
def agent_invite(*, caller: Caller, email: str, role: Role) -> Invitation:
    """Send the link. Inviting again sends a new one, and the old one ends."""
    caller.require(Permission.TEAM_MANAGE)
    limits.spend_invitation(caller)
    email = email.strip().lower()
    if Agent.objects.filter(business_id=caller.business_id, user__email=email).exists():
        raise AlreadyMember
    token = secrets.token_urlsafe(32)
    fresh = {"role": role, "token_hash": token_hash(token), "expires_at": timezone.now() + LIFE}
    invitation, _ = Invitation.objects.update_or_create(business_id=caller.business_id, email=email, defaults=fresh)
    business = Business.objects.get(pk=caller.business_id)
    link = settings.PUBLIC_URL + reverse("join", args=[token])
    text = render_to_string("account/invitation.txt", {"business": business, "inviter": caller.name, "link": link})
    try:
        send_mail(f"Join {business.name} on PingBack", text, None, [email])
    except (SMTPException, OSError) as error:
        raise MailUnavailable from error
    return invitation


def invitation_find(token: str) -> Invitation:
    found = Invitation.objects.select_related("business").filter(token_hash=token_hash(token)).first()
    if found is None or found.expires_at < timezone.now() or not found.business.is_active:
        raise NotFound("This invitation is not good any more. Ask for another one.")
    return found


@transaction.atomic
def invitation_accept(*, token: str, user: User) -> Agent:
    """`user` has the invited e-mail. Of two who come at once one is let in."""
    invitation = invitation_find(token)
    if user.email != invitation.email:
        raise NotFound("This invitation is for somebody else.")
    if Agent.objects.filter(user=user).exists():
        raise AlreadyInBusiness
    if not Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash).delete()[0]:
        raise NotFound("This invitation was used already.")
    return Agent.objects.create(user=user, business=invitation.business, role=invitation.role)
