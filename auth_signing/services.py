"""What people do with their accounts."""

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from auth_signing import limits
from auth_signing.errors import AlreadyInBusiness, BadCredentials
from auth_signing.models import Agent, Business, User
from auth_signing.roles import Role
from pingback.errors import Invalid

EMAIL_TAKEN = "There is an account with this e-mail already."


@transaction.atomic
def user_register(*, email: str, full_name: str, password: str) -> User:
    email = email.strip().lower()
    check_password(password, User(email=email, full_name=full_name))
    user, is_new = User.objects.get_or_create(email=email, defaults={"full_name": full_name})
    if not is_new:
        raise Invalid({"email": [EMAIL_TAKEN]})
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


def check_password(password: str, user: User) -> None:
    """The rules of AUTH_PASSWORD_VALIDATORS."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": list(error.messages)}) from error


def user_authenticate(*, email: str, password: str, address: str) -> User:
    """Who knows this password. Failures are counted for the account and for the address, whether or not it exists."""
    limits.check_login(email, address=address)
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        limits.spend_failed_login(email, address=address)
        raise BadCredentials
    return user


@transaction.atomic
def business_create(*, owner: User, name: str, **about: str) -> Agent:
    """A business, and its owner's place in it. `about`: website, industry, team_size, goal."""
    User.objects.select_for_update().get(pk=owner.pk)  # of two calls at once one waits, and is refused
    if Agent.objects.filter(user=owner).exists():
        raise AlreadyInBusiness
    business = Business.objects.create(name=name, **about)
    return Agent.objects.create(user=owner, business=business, role=Role.OWNER)
