"""What people do with their accounts."""

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from auth_signing import limits
from auth_signing.errors import AlreadyInBusiness, BadCredentials
from auth_signing.models import Agent, Business, User
from auth_signing.roles import Role
from pingback.errors import Invalid

EMAIL_TAKEN = "There is an account with this e-mail already."


def user_register(*, email: str, full_name: str, password: str) -> User:
    user = user_prepare(email=email, full_name=full_name, password=password)
    user_store(user)
    return user


def user_prepare(*, email: str, full_name: str, password: str) -> User:
    """A user that is not stored. Hashing takes a while, in which nobody must wait for a lock."""
    user = User(email=email.strip().lower(), full_name=full_name)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": list(error.messages)}) from error
    user.set_password(password)
    return user


def user_store(user: User) -> None:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        if User.objects.filter(email=user.email).exists():
            raise Invalid({"email": [EMAIL_TAKEN]}) from error
        raise


def user_authenticate(*, email: str, password: str, address: str) -> User:
    """Who knows this password. Failures are counted for the account and for the address, whether or not it exists."""
    limits.spend_login(email, address=address)
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        limits.login_failed(address=address)
        raise BadCredentials
    limits.login_succeeded(email)
    return user


@transaction.atomic
def business_create(*, owner: User, name: str, **about: str) -> Agent:
    """A business, and its owner's place in it. `about`: website, industry, team_size, goal."""
    User.objects.select_for_update().get(pk=owner.pk)  # of two calls at once one waits, and is refused
    if Agent.objects.filter(user=owner).exists():
        raise AlreadyInBusiness
    business = Business.objects.create(name=name, **about)
    return Agent.objects.create(user=owner, business=business, role=Role.OWNER)
