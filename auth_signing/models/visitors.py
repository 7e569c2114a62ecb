"""Who asks: the contacts of a business, their companies, and the browsers they come with."""

import uuid

from django.db import models
from django.utils import timezone

from auth_signing.models.people import Business
from auth_signing.querysets import VisitorSessionQuerySet


class Company(models.Model):
    """The company a contact works for, as the site tells us."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="companies")
    external_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    website = models.CharField(max_length=500, blank=True)
    signed_up_at = models.DateTimeField(null=True, blank=True, help_text="As the site says: its `created_at`.")
    plan = models.CharField(max_length=255, blank=True)
    monthly_spend = models.BigIntegerField(null=True, blank=True)
    industry = models.CharField(max_length=255, blank=True)
    size = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=500, blank=True)
    postal_code = models.CharField(max_length=50, blank=True)
    city = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=255, blank=True)
    country = models.CharField(max_length=255, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
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


class IdentityMark(models.TextChoices):
    """How far it is known who a visitor is."""

    ANONYMOUS = "anonymous"
    CLAIMED = "claimed"  # the page says so
    VERIFIED = "verified"  # the business has signed it


class Contact(models.Model):
    """A person on the other side of a conversation. Of one who was ever verified, unsigned claims change nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="contacts")
    type = models.CharField(max_length=8, choices=ContactType.choices, default=ContactType.VISITOR)
    external_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (null = none, so that it is unique)
    name = models.CharField(max_length=255, blank=True)
    email = models.EmailField(blank=True)
    id_is_proven = models.BooleanField(default=False, help_text="A signature of the id has chosen this contact.")
    email_is_proven = models.BooleanField(default=False, help_text="A signature of the e-mail has chosen it.")
    phone = models.CharField(max_length=32, blank=True, help_text="Digits.")
    phone_is_valid = models.BooleanField(default=False)
    attributes = models.JSONField(default=dict, blank=True)
    blocked_at = models.DateTimeField(null=True, blank=True, help_text="They can write no more since then.")
    last_seen_at = models.DateTimeField(null=True, blank=True)
    company = models.ForeignKey(Company, on_delete=models.SET_NULL, null=True, blank=True, related_name="contacts")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "external_id"], name="contact_external_id_unique"),
            models.UniqueConstraint(
                fields=["business", "email"],
                condition=models.Q(email_is_proven=True),
                name="contact_proven_email_unique",
            ),
            models.CheckConstraint(condition=models.Q(type__in=ContactType.values), name="contact_type_known"),
        ]
        indexes = [models.Index(fields=["business", "email"], name="contact_by_email")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def was_verified(self) -> bool:
        return self.id_is_proven or self.email_is_proven

    @property
    def display_name(self) -> str:
        return self.name or self.email or visitor_name(self.id)


def visitor_name(contact_id: uuid.UUID) -> str:
    """What agents call a person who has not said a name."""
    return f"Visitor {contact_id.hex[:4].upper()}"


class Segment(models.Model):
    """Conditions on contacts, saved under a name. `conditions` as `PeopleFilter` takes them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="segments")
    name = models.CharField(max_length=100)
    conditions = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "name"], name="segment_name_unique")]

    def __str__(self) -> str:
        return self.name


class VisitorSession(models.Model):
    """One browser of one contact. The token it holds is stored as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="visitor_sessions")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="sessions")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    mark = models.CharField(max_length=9, choices=IdentityMark.choices, default=IdentityMark.ANONYMOUS)
    sees_history = models.BooleanField(
        default=False, help_text="What its contact said in other browsers that are marked the same, too."
    )
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
            models.CheckConstraint(condition=models.Q(mark__in=IdentityMark.values), name="visitor_session_mark_known"),
        ]

    def __str__(self) -> str:
        return f"session of {self.contact_id}"
