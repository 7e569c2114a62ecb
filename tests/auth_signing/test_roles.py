"""The role table, and the people it speaks of."""

import re
from itertools import chain
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from auth_signing.callers import Caller, caller_for_agent, newcomer
from auth_signing.models import Agent, Business, User
from auth_signing.roles import ROLE_TABLE, Permission, Role
from pingback.errors import AccountInactive, Forbidden
from tests.cast import new_agent

DOCS = Path(__file__).parents[2] / "docs" / "api.md"


def test_every_role_and_permission_stands_in_the_table() -> None:
    assert set(ROLE_TABLE) == set(Role)
    assert set(chain.from_iterable(ROLE_TABLE.values())) == set(Permission)


def test_the_documented_table_is_the_table() -> None:
    rows = re.findall(r"^\| (?:start|write|resolve|manage)[^|]*\|(.*)\|$", DOCS.read_text(), re.MULTILINE)
    documented = [[cell.strip() == "yes" for cell in row.split("|")] for row in rows]
    assert documented == [[permission in ROLE_TABLE[role] for role in Role] for permission in Permission]


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_a_caller_may_what_its_role_may(role: Role, permission: Permission) -> None:
    caller = Caller(business_id=newcomer(Business().pk).business_id, role=role)
    if permission in ROLE_TABLE[role]:
        caller.require(permission)
    else:
        with pytest.raises(Forbidden):
            caller.require(permission)


@pytest.mark.django_db
def test_an_inactive_business_has_no_callers() -> None:
    agent = new_agent(Business.objects.create(name="Closed", is_active=False), "Alice", Role.OWNER)
    with pytest.raises(AccountInactive):
        caller_for_agent(agent)


@pytest.mark.django_db
def test_a_user_belongs_to_one_business() -> None:
    agent = new_agent(Business.objects.create(name="One"), "Alice", Role.OWNER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Agent.objects.create(user=agent.user, business=Business.objects.create(name="Two"), role=Role.AGENT)


@pytest.mark.django_db
def test_an_email_is_one_account_whatever_its_case() -> None:
    User.objects.create_user("Ada@Example.com", "x", full_name="Ada")
    assert User.objects.get_by_natural_key("ADA@example.COM").full_name == "Ada"
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("ada@example.com", "x", full_name="Ada again")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="Eve@example.com", full_name="Eve")
