"""Who answers: people, businesses, and their places in them."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from auth_signing.querysets import HEARTBEAT_LIFE, AgentQuerySet
from auth_signing.roles import Role


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, by e-mail."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True, help_text="Kept in lower case.")
    full_name = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case")]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password ends the person's tokens, wherever it was chosen; Django ends their sessions elsewhere."""
        is_new_password = self._password is not None and not self._state.adding  # type: ignore[attr-defined]  # no stub
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_new_password:
                self.auth_token_set.all().delete()  # type: ignore[attr-defined]  # of knox, which has no stubs


class Business(models.Model):
    """A tenant: every other row belongs to exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=150)
    website = models.CharField(max_length=500, blank=True)
    industry = models.CharField(max_length=100, blank=True)
    team_size = models.CharField(max_length=50, blank=True)
    goal = models.CharField(max_length=500, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "businesses"

    def __str__(self) -> str:
        return self.name


class Presence(models.TextChoices):
    LIVE = "live"
    AWAY = "away"
    OFFLINE = "offline"


TEAM_ROLES = {role.value: role.value.title() for role in (Role.OWNER, Role.ADMIN, Role.AGENT)}


class Agent(models.Model):
    """A user's place in a business; a user has at most one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="agent")
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="agents")
    role = models.CharField(max_length=8, choices=TEAM_ROLES)
    status = models.CharField(max_length=8, choices=Presence.choices, default=Presence.LIVE)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="Last heartbeat of an open inbox.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AgentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=TEAM_ROLES), name="agent_role_known"),
            models.CheckConstraint(condition=models.Q(status__in=Presence.values), name="agent_status_known"),
        ]

    def __str__(self) -> str:
        return self.user.full_name

    @property
    def is_present(self) -> bool:
        return self.seen_at is not None and self.seen_at > timezone.now() - HEARTBEAT_LIFE

    @property
    def presence(self) -> str:
        """live, away or offline, as others see it."""
        return self.status if self.is_present else "offline"


INVITED_ROLES = {role.value: role.value.title() for role in (Role.ADMIN, Role.AGENT)}


class Invitation(models.Model):
    """A link that makes whoever has this e-mail a member of the team, once. One of a business for each e-mail."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=8, choices=INVITED_ROLES)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField()
    invited_by = models.ForeignKey(
        Agent, on_delete=models.CASCADE, null=True, related_name="invitations", help_text="It ends with their place."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "email"], name="invitation_one_per_email"),
            models.CheckConstraint(condition=models.Q(role__in=INVITED_ROLES), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return f"invitation of {self.email}"
