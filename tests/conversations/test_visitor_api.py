"""The widget's REST calls."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client, override_settings

from conversations.models import Message
from tests.cast import Cast
from tests.visitors import START, Api


@pytest.fixture
def api(cast: Cast, client: Client) -> Api:
    return Api(cast, client)


def test_a_newcomer_starts_a_conversation_and_goes_on_with_its_token(api: Api) -> None:
    status, first = api.start()
    assert (status, first["seq"], first["sender_type"]) == (201, 1, "customer")
    status, second = api.reply(first["conversation_id"], first["token"])
    assert (status, second["seq"]) == (201, 2)
    assert "token" not in second


def test_a_businesss_id_stands_for_its_default_widget(api: Api) -> None:
    status, _ = api.start(widget_id=str(api.cast.business.pk))
    assert status == 201
    assert Message.objects.get().conversation.widget == api.cast.widget


def test_repeating_a_client_id_returns_the_first_message(api: Api) -> None:
    client_id = str(uuid4())
    _, first = api.start(client_id=client_id)
    status, again = api.start(client_id=client_id)
    assert (status, again) == (200, first)


def test_another_visitors_conversation_does_not_exist(api: Api) -> None:
    _, first = api.start()
    _, stranger = api.start()
    assert api.reply(first["conversation_id"], stranger["token"])[0] == 404
    assert api.reply(10_000, stranger["token"])[0] == 404
    assert Message.objects.count() == 2


def test_a_token_is_of_one_business(api: Api) -> None:
    _, first = api.start()
    status, error = api.start(first["token"], widget_id=str(api.cast.foreign_widget.pk))
    assert (status, error["code"]) == (401, "INVALID_TOKEN")


def test_a_field_without_a_printable_name_is_named_all_the_same(api: Api) -> None:
    status, error = api.post(START, b'{"\\ud800": 1}')
    assert (status, error["code"]) == (422, "VALIDATION_ERROR")
    assert error["errors"]["?"] == ["This field is unknown."]


@pytest.mark.parametrize("authorization", ["Visitor forged", "Bearer x", "Visitor", "Visitor \xff"])
def test_bad_credentials_are_refused(api: Api, authorization: str) -> None:
    status, error = api.post(f"{START}/1/messages", {"content": "x"}, Authorization=authorization)
    assert (status, error["code"]) == (401, "INVALID_TOKEN")


def test_a_message_without_a_token_is_refused(api: Api) -> None:
    status, error = api.post(f"{START}/1/messages", {"content": "x"})
    assert (status, error["code"]) == (401, "MISSING_CREDENTIALS")


def test_an_inactive_business_takes_no_messages(api: Api) -> None:
    _, first = api.start()
    api.cast.business.is_active = False
    api.cast.business.save()
    for status, error in (api.start(), api.reply(first["conversation_id"], first["token"])):
        assert (status, error["code"]) == (403, "ACCOUNT_INACTIVE")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"content": ""}, "content"),
        ({"content": "x" * 10_001}, "content"),
        ({"content": "NUL \x00"}, "content"),
        ({"content": "half \ud800"}, "content"),
        ({"content": 7}, "content"),
        ({"content": None}, "content"),
        ({"content": ["x"]}, "content"),
        ({"client_id": "no uuid"}, "client_id"),
        ({"client_id": 7}, "client_id"),
        ({"widget_id": None}, "widget_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_field_is_named(api: Api, fields: dict[str, Any], field: str) -> None:
    status, error = api.start(**fields)
    assert (status, error["code"], list(error["errors"])) == (422, "VALIDATION_ERROR", [field])
    assert error["error"] == error["detail"]
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "BAD_JSON"),
        (b'{"content": NaN}', 400, "BAD_JSON"),
        (b"\xff\xfe", 400, "BAD_JSON"),
        (b"[" * 50_000, 400, "BAD_JSON"),
        (b'{"content": ' + b"9" * 5000 + b"}", 400, "BAD_JSON"),
        (b"[]", 422, "VALIDATION_ERROR"),
        (b'"text"', 422, "VALIDATION_ERROR"),
        (b"", 422, "VALIDATION_ERROR"),
    ],
)
def test_a_body_that_is_no_object_is_refused(api: Api, body: bytes, status: int, code: str) -> None:
    answer, error = api.post(START, body)
    assert (answer, error["code"]) == (status, code)


def test_other_content_types_and_methods_are_refused_in_json(client: Client, cast: Cast) -> None:
    form = client.post(START, {"content": "x"})
    assert (form.status_code, form.json()["code"]) == (415, "NOT_JSON")
    put = client.put(START, {}, content_type="application/json")
    assert (put.status_code, put.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_a_page_of_another_site_may_not_use_the_widget(api: Api) -> None:
    _, first = api.start()
    api.cast.widget.domain = "shop.example"
    api.cast.widget.save()
    body = {"widget_id": str(api.cast.widget.pk), "content": "x"}
    assert api.post(START, body, Origin="https://www.shop.example")[0] == 201
    assert api.post(START, body)[0] == 201  # no browser
    for origin in ("https://evil.example", "https://shop.example.evil.example", "null"):
        status, error = api.post(START, body, Origin=origin)
        assert (status, error["code"]) == (403, "ORIGIN_REFUSED")
        path = f"{START}/{first['conversation_id']}/messages"
        status, error = api.post(path, {"content": "x"}, Origin=origin, Authorization=f"Visitor {first['token']}")
        assert (status, error["code"]) == (403, "ORIGIN_REFUSED")


def test_any_site_may_read_the_answer(cast: Cast, client: Client) -> None:
    answer = client.options(START, headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@override_settings(LIMIT_VISITOR="2/hour")
def test_a_visitor_over_the_limit_waits(api: Api) -> None:
    _, first = api.start()
    for expected in (201, 201, 429):
        status, error = api.reply(first["conversation_id"], first["token"])
        assert status == expected
    assert error["code"] == "RATE_LIMITED"
    assert Message.objects.count() == 3


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [(RuntimeError("secret"), 500, "INTERNAL_ERROR"), (OperationalError("secret"), 503, "STORE_UNAVAILABLE")],
)
def test_a_fault_of_ours_is_answered_in_the_one_shape_and_tells_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int, code: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr("conversations.api.visitors.widget_for_page", fail)
    api.client.raise_request_exception = False
    answered, error = api.start()
    assert (answered, error["code"]) == (status, code)
    assert "secret" not in json.dumps(error)
