"""Pages that belong to no app."""

import json
import stat

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from auth_signing.tokens import token_find
from tests.cast import Cast, new_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return new_cast()


def test_the_root_leads_to_sign_in_or_the_inbox(client: Client, cast: Cast) -> None:
    assert client.get("/", follow=True).redirect_chain[-1][0].startswith("/sign-in/")
    client.force_login(cast.alice.user)
    assert client.get("/", follow=True).redirect_chain == [("/inbox/", 302)]


def test_a_foreign_host_is_refused_in_the_words_of_its_path(client: Client) -> None:
    api = client.get("/api/v1/nothing", headers={"Host": "evil.example"})
    assert (api.status_code, api.json()["code"]) == (400, "BAD_REQUEST")
    assert client.get("/sign-in/", headers={"Host": "evil.example"}).status_code == 400


def test_a_page_is_found_without_its_final_slash(client: Client) -> None:
    assert client.get("/sign-in").headers["Location"] == "/sign-in/"


def test_the_admin_is_for_superusers(client: Client, cast: Cast) -> None:
    pages = [
        "/admin/auth_signing/user/",
        "/admin/auth_signing/user/add/",
        "/admin/auth_signing/business/add/",
        f"/admin/widgets/widget/{cast.widget.pk}/change/",
    ]
    client.force_login(cast.alice.user)
    assert [client.get(page).status_code for page in pages] == [302] * 4
    client.force_login(get_user_model().objects.create_superuser("root@example.com", "x", full_name="Root"))
    assert [client.get(page).status_code for page in pages] == [200] * 4


def test_the_schema_is_openapi_and_names_the_visitor_calls(client: Client) -> None:
    schema = client.get("/api/schema", headers={"Accept": "application/vnd.oai.openapi+json"})
    described = json.loads(schema.content)
    assert described["openapi"].startswith("3.1")
    assert "/api/v1/visitor/conversations" in described["paths"]
    assert client.get("/api/docs").status_code == 200


def test_the_demo_is_made_once_and_signs_in(client: Client, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo", "--json")
    call_command("demo", "--json")
    first, again = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    tokens = [told.pop("token") for told in (first, again)]
    assert first == again
    assert [token_find(token).user.email for token in tokens] == [first["owner"]["email"]] * 2
    assert stat.S_IMODE((settings.DATA_DIR / "demo.json").stat().st_mode) == 0o600
    assert set(first) == {
        "business_id",
        "widget_id",
        "base_url",
        "owner",
        "agent",
        "public_key",
        "private_key",
        "identity_secret",
    }
    for person in (first["owner"], first["agent"]):
        assert client.login(username=person["email"], password=person["password"])
