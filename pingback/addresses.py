"""E-mail addresses."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.encoding import punycode


def email_address(text: str) -> str:
    """As it is kept: in lower case, which may be longer. Django's ValidationError says that it is none."""
    address = text.strip().lower()
    validate_email(address)
    try:
        punycode(address.rpartition("@")[2])
    except UnicodeError:
        raise ValidationError(validate_email.message, validate_email.code) from None
    return address
