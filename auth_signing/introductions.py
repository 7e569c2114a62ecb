"""What anonymous visitors say of themselves with the first message of a conversation."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from auth_signing.contacts import is_text
from auth_signing.models import Contact, ContactType, IdentityMark, VisitorSession
from pingback.addresses import email_address
from pingback.errors import Invalid

LONGEST_NAME, LONGEST_EMAIL = 255, 254
WANTED = {"name": "Enter your name first.", "email": "Enter your e-mail address first."}


@dataclass(frozen=True, slots=True)
class Introduction:
    """What is not said is ""; false when nothing is. `required`: the fields without which nobody gets in."""

    name: str = ""
    email: str = ""
    required: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.name or self.email)

    def refusal_of(self, contact: Contact | None = None) -> Invalid | None:
        """What the contact said before counts. None: a newcomer's."""
        missing = [field for field in self.required if not (getattr(self, field) or getattr(contact, field, ""))]
        return Invalid({field: [WANTED[field]] for field in missing}) if missing else None

    def add_to(self, contact: Contact) -> None:
        """What the contact has stays."""
        contact.name = contact.name or self.name
        contact.email = contact.email or self.email
        if self.email and contact.type == ContactType.VISITOR:
            contact.type = ContactType.LEAD


def introduction_of(*, name: str | None, email: str | None, required: Sequence[str]) -> Introduction:
    """What a door was given, None for what it was not."""
    return Introduction("" if name is None else _name(name), "" if email is None else _email(email), required)


def visitor_introduce(session: VisitorSession, introduction: Introduction) -> bool:
    """Add what is said to the contact of an anonymous session. Whether they have another name since.

    Inside a transaction that has locked the session's conversations. Who was identified is asked nothing, and told
    nothing; so is the browser of a lead that went into a person.
    """
    if session.mark != IdentityMark.ANONYMOUS or session.contact.type == ContactType.USER:
        return False
    if introduction:
        own = Contact.objects.select_for_update(no_key=True).filter(pk=session.contact_id)
        session.contact = own.first() or session.contact  # one that is gone by now can't be saved
    if refusal := introduction.refusal_of(session.contact):
        raise refusal
    before = session.contact.display_name
    if introduction:
        introduction.add_to(session.contact)
        session.contact.save(update_fields=["name", "email", "type"])
    return session.contact.display_name != before


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not is_text(name, LONGEST_NAME):
        raise Invalid({"name": [f"A name has 1 to {LONGEST_NAME} characters."]})
    return name


def _email(text: str) -> str:
    try:
        address = email_address(text)
    except ValidationError as error:
        raise Invalid({"email": error.messages}) from None
    if len(address) > LONGEST_EMAIL:
        raise Invalid({"email": [f"An e-mail address has at most {LONGEST_EMAIL} characters."]})
    return address
