"""Files that come with messages: what is taken, what is handed out, and to whom."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from auth_signing.tokens import token_issue
from conversations.files import clean_name
from conversations.models import Attachment, Message
from conversations.services import message_post
from pingback.errors import StoreUnavailable
from tests.cast import Cast
from tests.clients import Person, Visitor, new_owner
from tests.conversations.samples import MB, PNG, SVG
from tests.rest import forget_limits
from tests.server import Server


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def kept(folder: Path) -> list[Path]:
    return [file for file in (folder / "files").rglob("*") if file.is_file()]


class Uploads:
    def __init__(self, cast: Cast) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {token_issue(cast.alice.user)}"}
        self.conversation = cast.conversation()

    def post(self, name: str, data: bytes, **fields: str) -> tuple[int, dict[str, Any]]:
        body = {"file": SimpleUploadedFile(name, data), **fields}
        path = f"/api/v1/conversations/{self.conversation.pk}/upload"
        answer = self.client.post(path, body, headers=self.headers)
        return answer.status_code, answer.json()

    def get(self, file: dict[str, Any]) -> Any:
        return self.client.get(f"/api/v1/files/{file['id']}", headers=self.headers)


@pytest.fixture
def uploads(cast: Cast) -> Uploads:
    return Uploads(cast)


def test_an_image_is_stored_once_and_shown_in_place(uploads: Uploads, tmp_path: Path) -> None:
    client_id = str(uuid4())
    status, message = uploads.post("chair.png", PNG, client_id=client_id, content="Look")
    assert status == 201
    (file,) = message["attachments"]
    assert file == {"id": file["id"], "name": "chair.png", "content_type": "image/png", "size": len(PNG)}
    assert message["content"] == "Look"
    answer = uploads.get(file)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, PNG, "image/png")
    assert answer["Content-Disposition"] == 'inline; filename="chair.png"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"].startswith("private")
    assert uploads.post("chair.png", PNG, client_id=client_id) == (200, message)
    assert len(kept(tmp_path)) == Attachment.objects.count() == 1


def test_without_words_the_message_is_the_files_name(uploads: Uploads) -> None:
    _, message = uploads.post("plan.pdf", b"%PDF-1.4")
    assert message["content"] == "plan.pdf"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photo.png", b"<script>alert(1)</script>"),
        ("photo.png", SVG),
        ("drawing.svg", SVG),
        ("page.html", b"<!doctype html><script>alert(1)</script>"),
        ("notes.txt", b"hello"),
        ("plan.pdf", b"%PDF-1.4"),
        ("run.exe", b"MZ" + bytes(100)),
    ],
)
def test_what_is_no_safe_image_is_bytes_to_be_downloaded(uploads: Uploads, name: str, content: bytes) -> None:
    _, message = uploads.post(name, content)
    (file,) = message["attachments"]
    assert file["content_type"] == "application/octet-stream"
    answer = uploads.get(file)
    assert (answer.content, answer["Content-Type"]) == (content, "application/octet-stream")
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "file"),
        ("..", "file"),
        ("a\x00b\r\n.png", "ab.png"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("größe 😀.png", "größe 😀.png"),
        ("x" * 300 + ".png", "x" * 235 + ".png"),
        ('"quoted".png', '"quoted".png'),
    ],
)
def test_a_name_is_only_a_name(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@pytest.mark.parametrize("name", ['a"b.png', "größe 😀.png", "a;b.png", "a%0d%0aX: y.png"])
def test_a_name_breaks_no_header(uploads: Uploads, name: str) -> None:
    _, message = uploads.post(name, PNG)
    answer = uploads.get(message["attachments"][0])
    assert "\n" not in answer["Content-Disposition"]
    assert "X" not in answer.headers


def test_an_accept_header_for_images_is_no_obstacle(uploads: Uploads) -> None:
    uploads.headers["Accept"] = "application/json"
    _, message = uploads.post("chair.png", PNG)
    uploads.headers["Accept"] = "image/avif,image/webp,*/*;q=0.8"
    assert uploads.get(message["attachments"][0]).status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{}", "application/json", 415, "NOT_MULTIPART"),
        (b"nonsense", "multipart/form-data; boundary=x", 422, "VALIDATION_ERROR"),
        (b"nonsense", "multipart/form-data", 400, "BAD_FORM"),
    ],
)
def test_what_is_no_form_is_refused(uploads: Uploads, body: bytes, content_type: str, status: int, code: str) -> None:
    path = f"/api/v1/conversations/{uploads.conversation.pk}/upload"
    answer = uploads.client.post(path, body, content_type=content_type, headers=uploads.headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "fields", [{"content": "x" * 10_001}, {"content": "\x00"}, {"client_id": "x"}, {"other": "x"}, {"file": "text"}]
)
def test_a_refused_file_leaves_nothing_behind(uploads: Uploads, tmp_path: Path, fields: dict[str, str]) -> None:
    path = f"/api/v1/conversations/{uploads.conversation.pk}/upload"
    body = {"file": SimpleUploadedFile("a.png", PNG), **fields}
    answer = uploads.client.post(path, body, headers=uploads.headers)
    assert answer.status_code == 422
    assert kept(tmp_path) == []
    assert Message.objects.count() == 1


def test_an_empty_file_and_one_for_a_closed_conversation_are_refused(
    cast: Cast, uploads: Uploads, tmp_path: Path
) -> None:
    assert uploads.post("empty.png", b"")[0] == 422
    uploads.conversation.status = "closed"
    uploads.conversation.save()
    assert uploads.post("late.png", PNG)[1]["code"] == "CONVERSATION_CLOSED"
    assert kept(tmp_path) == []


def test_only_who_may_read_the_conversation_may_read_the_file(cast: Cast, uploads: Uploads) -> None:
    (file,) = uploads.post("chair.png", PNG)[1]["attachments"]
    charlie = {"Authorization": f"Bearer {token_issue(cast.charlie.user)}"}
    path = f"/api/v1/files/{file['id']}"
    assert uploads.client.get(path, headers=charlie).status_code == 404
    assert uploads.client.get(path).status_code == 401
    assert uploads.client.get(f"/inbox/files/{file['id']}/").status_code == 302
    uploads.client.force_login(cast.bob.user)
    assert uploads.client.get(f"/inbox/files/{file['id']}/").content == PNG
    uploads.client.force_login(cast.charlie.user)
    assert uploads.client.get(f"/inbox/files/{file['id']}/").status_code == 404
    upload = f"/api/v1/conversations/{uploads.conversation.pk}/upload"
    answer = uploads.client.post(upload, {"file": SimpleUploadedFile("a.png", PNG)}, headers=charlie)
    assert answer.status_code == 404


def test_a_file_whose_commit_was_not_heard_of_stays(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def committed_but_cut(draft: Any) -> Any:
        message_post(draft)
        raise StoreUnavailable

    monkeypatch.setattr("conversations.services.files.message_post", committed_but_cut)
    client_id = str(uuid4())
    assert uploads.post("chair.png", PNG, client_id=client_id)[0] == 503
    monkeypatch.undo()
    status, message = uploads.post("chair.png", PNG, client_id=client_id)
    assert status == 200
    assert uploads.get(message["attachments"][0]).content == PNG
    assert len(kept(tmp_path)) == 1


def test_a_file_goes_with_its_conversation(
    cast: Cast, uploads: Uploads, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    uploads.post("chair.png", PNG)
    assert len(kept(tmp_path)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        cast.business.contacts.all().delete()
    assert kept(tmp_path) == []


@override_settings(LIMIT_UPLOADS="2/hour")
def test_files_have_a_limit(uploads: Uploads, tmp_path: Path) -> None:
    forget_limits()
    assert [uploads.post("a.txt", b"a")[0] for _ in range(3)] == [201, 201, 429]
    assert len(kept(tmp_path)) == 2


# Against a running server: what the edge lets in


@pytest.fixture(scope="module")
def owner(server: Server) -> Person:
    return new_owner(server)


@pytest.fixture
def visitor(owner: Person) -> Visitor:
    business = owner.call("GET", "auth/me").json()["business"]["id"]
    return Visitor(owner.server, business)


def send(visitor: Visitor, conversation: int, content: bytes, name: str = "a.bin") -> httpx.Response:
    url = f"{visitor.server.url}/api/v1/visitor/conversations/{conversation}/upload"
    headers = {"Authorization": f"Visitor {visitor.token}"}
    return httpx.post(url, files={"file": (name, content)}, headers=headers, timeout=60)


def test_ten_megabytes_and_not_a_byte_more(visitor: Visitor) -> None:
    conversation = visitor.write_first()["conversation_id"]
    taken = send(visitor, conversation, bytes(10 * MB))
    assert taken.status_code == 201
    assert taken.json()["attachments"][0]["size"] == 10 * MB
    for size in (10 * MB + 1, 30 * MB):
        refused = send(visitor, conversation, bytes(size))
        assert (refused.status_code, refused.json()["code"]) == (413, "BODY_TOO_LARGE")


def test_files_reach_the_other_side_and_no_other_visitor(owner: Person, visitor: Visitor) -> None:
    conversation = visitor.write_first()["conversation_id"]
    with owner.connect() as inbox:
        inbox.expect("ready")
        sent = send(visitor, conversation, PNG, "chair.png").json()
        heard = inbox.expect("message")
        assert heard["attachments"] == sent["attachments"]
    file = f"files/{sent['attachments'][0]['id']}"
    assert owner.call("GET", file).content == PNG
    url = f"{visitor.server.url}/api/v1/visitor/{file}"
    assert httpx.get(url, headers={"Authorization": f"Visitor {visitor.token}"}).content == PNG
    other = Visitor(visitor.server, visitor.widget_id)
    other.write_first()
    assert httpx.get(url, headers={"Authorization": f"Visitor {other.token}"}).status_code == 404
    assert send(other, conversation, PNG).status_code == 404
    with visitor.connect() as browser:
        (mine,) = [frame for frame in browser.seen if frame.get("attachments")]
        assert mine["attachments"] == sent["attachments"]


def test_a_foreign_page_gets_no_file(owner: Person, visitor: Visitor) -> None:
    conversation = visitor.write_first()["conversation_id"]
    sent = send(visitor, conversation, PNG).json()
    owner.call("POST", "widget/create", {"domain": "shop.example"})
    url = f"{visitor.server.url}/api/v1/visitor/files/{sent['attachments'][0]['id']}"
    for origin, status in (("https://shop.example", 200), ("https://evil.example", 403)):
        headers = {"Authorization": f"Visitor {visitor.token}", "Origin": origin}
        assert httpx.get(url, headers=headers).status_code == status


def test_a_hundred_files_at_once_all_arrive_or_are_told_to_wait(owner: Person, visitor: Visitor) -> None:
    conversation = visitor.write_first()["conversation_id"]
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda number: send(visitor, conversation, bytes(100_000), f"{number}"), range(100)))
    assert {answer.status_code for answer in answers} <= {201, 503}
    taken = [answer.json() for answer in answers if answer.status_code == 201]
    assert len(taken) >= 16
    assert sorted(message["seq"] for message in taken) == list(range(2, len(taken) + 2))
