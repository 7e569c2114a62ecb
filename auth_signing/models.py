"""WHO is calling: people, businesses, and the visitors of their sites."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from auth_signing.querysets import HEARTBEAT_LIFE, AgentQuerySet, VisitorSessionQuerySet
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


class SigningKey(models.Model):
    """A pair with which a business's own backend signs its requests. The private part is sealed (`sealing.py`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="signing_keys")
    name = models.CharField(max_length=100, blank=True, help_text="The author of messages that it signs.")
    public_key = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField(editable=False)
    last_four = models.CharField(max_length=4, help_text="Of the private key.")
    previous_sealed = models.BinaryField(null=True, editable=False)
    previous_until = models.DateTimeField(
        null=True, help_text="Until then the private key before the last rotation is good."
    )
    created_by = models.CharField(max_length=255, help_text="Who made it, as they were called.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name or self.public_key


class SignedWrite(models.Model):
    """A signed write that was done, with its answer: for a while it is answered, not done, again."""

    key = models.ForeignKey(SigningKey, on_delete=models.CASCADE, related_name="writes")
    signature = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "signature"], name="signed_write_once")]
        indexes = [models.Index(fields=["key", "created_at"], name="signed_write_by_age")]

    def __str__(self) -> str:
        return f"signed write {self.pk}"


class AuditEntry(models.Model):
    """Who did something that matters for safety."""

    class Act(models.TextChoices):
        KEY_CREATED = "signing_key.created"
        KEY_ROTATED = "signing_key.rotated"
        KEY_REVOKED = "signing_key.revoked"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="audit_entries")
    act = models.CharField(max_length=30, choices=Act.choices)
    subject = models.CharField(max_length=200, help_text="What it was done to.")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="audit_entries")
    agent_name = models.CharField(max_length=255, help_text="As they were called.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["business", "-id"], name="audit_by_business")]

    def __str__(self) -> str:
        return f"{self.agent_name}: {self.act} {self.subject}"


class Company(models.Model):
    """The company a contact works for, as the site tells us."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="companies")
    external_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(fields=["business", "external_id"], name="company_external_id_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class ContactType(models.TextChoices):
    VISITOR = "visitor"  # neither e-mail nor id
    LEAD = "lead"  # gave an e-mail in chat
    USER = "user"  # identified by the page


class Contact(models.Model):
    """A person on the other side of a conversation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="contacts")
    type = models.CharField(max_length=8, choices=ContactType.choices, default=ContactType.VISITOR)
    external_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (null = none, so that it is unique)
    name = models.CharField(max_length=255, blank=True)
    email = models.EmailField(blank=True)
    company = models.ForeignKey(Company, on_delete=models.SET_NULL, null=True, blank=True, related_name="contacts")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "external_id"], name="contact_external_id_unique"),
            models.CheckConstraint(condition=models.Q(type__in=ContactType.values), name="contact_type_known"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name or self.email or visitor_name(self.id)


def visitor_name(contact_id: uuid.UUID) -> str:
    """What agents call a person who has not said a name."""
    return f"Visitor {contact_id.hex[:4].upper()}"


class VisitorSession(models.Model):
    """One browser of one contact. The token it holds is stored as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="visitor_sessions")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="sessions")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    opening_id = models.UUIDField(
        null=True,
        editable=False,
        help_text="client_id of the message that began it, for its retry.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = VisitorSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opening_id", "business"], name="visitor_session_opening_id_unique"),
        ]

    def __str__(self) -> str:
        return f"session of {self.contact_id}"
