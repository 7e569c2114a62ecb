"""With what a business's own backend calls, and what was done with it."""

import uuid

from django.db import models
from django.utils import timezone

from auth_signing.models.people import Agent, Business


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


class IdentitySettings(models.Model):
    """How a business says who its visitors are: its secret, sealed, and how far a claim without it is believed."""

    business = models.OneToOneField(Business, on_delete=models.CASCADE, primary_key=True, related_name="identity")
    sealed = models.BinaryField(null=True, editable=False)
    last_four = models.CharField(max_length=4, blank=True)
    previous_sealed = models.BinaryField(null=True, editable=False)
    require_signed = models.BooleanField(default=False, help_text="Claims without a signature are refused.")
    trust_unsigned = models.BooleanField(
        default=False, help_text="Who claims to be somebody sees that person's conversations, unless ever verified."
    )

    class Meta:
        verbose_name_plural = "identity settings"

    def __str__(self) -> str:
        return f"identity of {self.business_id}"

    @property
    def has_previous(self) -> bool:
        return self.previous_sealed is not None


class AuditEntry(models.Model):
    """Who did something that matters for safety."""

    class Act(models.TextChoices):
        KEY_CREATED = "signing_key.created"
        KEY_ROTATED = "signing_key.rotated"
        KEY_REVOKED = "signing_key.revoked"
        IDENTITY_ROTATED = "identity_secret.rotated"
        IDENTITY_REVOKED = "identity_secret.revoked"
        IDENTITY_CHANGED = "identity.changed"

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
