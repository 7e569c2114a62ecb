"""Who a visitor is said to be, and what of it is believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import phonenumbers
from django.db.models import Q, QuerySet
from django.utils import timezone

from auth_signing.errors import IdentityInvalid, IdentityRequired
from auth_signing.identity import identity_proves, identity_secrets, identity_settings
from auth_signing.models import Business, Company, Contact, ContactType, IdentityMark
from pingback.errors import Invalid

MOST_ATTRIBUTES = 50


@dataclass(frozen=True)
class Claim:
    """What a page says of its visitor. `about`: name, phone, attributes, company; only what is named changes."""

    external_id: str
    email: str
    signature: str | None
    about: Mapping[str, Any]


@dataclass(frozen=True)
class Proof:
    """The one value that the signature matches. Both "" without a signature."""

    external_id: str = ""
    email: str = ""

    @property
    def mark(self) -> IdentityMark:
        return IdentityMark.VERIFIED if self.external_id or self.email else IdentityMark.CLAIMED


def proof_of(claim: Claim, business_id: UUID) -> Proof:
    """What of a claim is proven; a wrong signature is worth less than none."""
    rules = identity_settings(business_id)
    if claim.signature is None:
        if rules.require_signed:
            raise IdentityRequired
        return Proof()
    secrets = identity_secrets(rules)
    if claim.external_id and identity_proves(claim.signature, claim.external_id, secrets):
        return Proof(external_id=claim.external_id)
    if claim.email and identity_proves(claim.signature, claim.email, secrets):
        return Proof(email=claim.email)
    raise IdentityInvalid


def contact_for(claim: Claim, proof: Proof, business_id: UUID) -> Contact:
    """The person, known or new, with what may be believed of the claim. Inside a transaction.

    What is proven alone chooses the contact; the other value is only kept where there is none. Without a proof the id
    chooses, else the e-mail, and nothing of somebody who was ever verified is changed.
    """
    Business.objects.select_for_update(no_key=True).get(pk=business_id)  # of two at once one makes the contact
    own = Contact.objects.filter(business_id=business_id).select_for_update(no_key=True)
    if proof.external_id:
        contact = _by_proven_id(own, proof.external_id)
    elif proof.email:
        contact = _by_proven_email(own, proof.email)
    else:
        contact = _by_claim(own, claim)
    contact = contact or Contact(business_id=business_id)
    if contact.was_verified and proof.mark != IdentityMark.VERIFIED:
        return contact
    if proof.mark == IdentityMark.VERIFIED and not contact.was_verified:
        _forget_claims(contact, proof)
    if not contact.external_id and claim.external_id and not own.filter(external_id=claim.external_id).exists():
        contact.external_id = claim.external_id
    contact.email = contact.email or claim.email
    contact.id_is_proven |= bool(proof.external_id)
    contact.email_is_proven |= bool(proof.email)
    contact.type = ContactType.USER
    contact.last_seen_at = timezone.now()
    _apply(contact, claim.about, is_proven=proof.mark == IdentityMark.VERIFIED)
    contact.save()
    return contact


def leads_of(proof: Proof, business_id: UUID) -> QuerySet[Contact]:
    """Who left the proven e-mail in a chat. One who is blocked stays alone: the person is not blocked with them."""
    left = Contact.objects.filter(
        business_id=business_id, email=proof.email.lower(), type=ContactType.LEAD, blocked_at=None
    )
    return left.filter(id_is_proven=False, email_is_proven=False) if proof.email else left.none()


def _forget_claims(contact: Contact, proof: Proof) -> None:
    """What anybody may have said of this person before it was proven who they are."""
    contact.external_id, contact.email = proof.external_id or None, proof.email
    contact.name, contact.phone, contact.attributes, contact.company = "", "", {}, None
    contact.phone_is_valid = False


def _by_proven_id(own: QuerySet[Contact], external_id: str) -> Contact | None:
    """Somebody who proved an e-mail and only claimed this id has to give it up: it belongs to who proves it."""
    found = own.filter(external_id=external_id).first()
    if found and found.email_is_proven and not found.id_is_proven:
        found.external_id = None
        found.save(update_fields=["external_id"])
        return None
    return found


def _by_proven_email(own: QuerySet[Contact], email: str) -> Contact | None:
    """Who proved it before, else who claimed it and has proven nothing. A lead who left it in a chat is neither."""
    same = own.filter(email=email).exclude(type=ContactType.LEAD)
    proven = same.filter(email_is_proven=True).first()
    return proven or same.filter(id_is_proven=False).order_by("created_at").first()


def _by_claim(own: QuerySet[Contact], claim: Claim) -> Contact | None:
    by_id = own.filter(external_id=claim.external_id).first() if claim.external_id else None
    if by_id or not claim.email:
        return by_id
    same = own.filter(email=claim.email).exclude(type=ContactType.LEAD)
    same = same.exclude(id_is_proven=True, email_is_proven=False)  # it was only claimed there
    return same.order_by("-email_is_proven", "created_at").first()


def _apply(contact: Contact, about: Mapping[str, Any], *, is_proven: bool) -> None:
    if "name" in about:
        contact.name = about["name"]
    if "phone" in about:
        contact.phone = about["phone"]
        contact.phone_is_valid = is_phone_number(contact.phone)
    if "attributes" in about:
        contact.attributes = joined(contact.attributes, about["attributes"], field="user.attributes")
    if company := about.get("company"):
        contact.company = company_upsert(contact.business_id, is_proven=is_proven, **company)


def joined(known: dict[str, Any], new: Mapping[str, Any], *, field: str) -> dict[str, Any]:
    """`field` names what was sent, for the refusal."""
    both = {**known, **new}
    if len(both) > MOST_ATTRIBUTES:
        raise Invalid({field: [f"At most {MOST_ATTRIBUTES} attributes are kept."]})
    return both


def company_upsert(business_id: UUID, *, is_proven: bool, id: str, **about: Any) -> Company:  # noqa: A002 (its name)
    """A claim joins a company of people who were ever verified, but does not change it."""
    company, _ = Company.objects.select_for_update(no_key=True).get_or_create(
        business_id=business_id, external_id=id, defaults={"name": about["name"]}
    )
    proven = Q(id_is_proven=True) | Q(email_is_proven=True)
    if not is_proven and company.contacts.filter(proven).exists():
        return company
    new = about.get("attributes", {})
    about["attributes"] = joined(company.attributes, new, field="user.company.attributes")
    for name, value in about.items():
        setattr(company, name, value)
    company.save()
    return company


def is_text(value: str, longest: int) -> bool:
    """Without NUL and half surrogate pairs."""
    return 1 <= len(value) <= longest and "\x00" not in value and value == value.encode(errors="replace").decode()


def is_phone_number(digits: str) -> bool:
    """Whether it may be one, in international form. It is kept either way."""
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}")))
    except phonenumbers.NumberParseException:
        return False
