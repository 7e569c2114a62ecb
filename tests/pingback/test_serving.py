"""How the widget's files travel, from outside: each encoding, each header, and that what arrives can be run."""

import json
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from pingback.pages import QUICK, Page
from tests.conftest import MakeServer
from tests.downloads import Download, download
from tests.prepare import NODE, must_be_complete
from tests.server import Server, Sites

pytestmark = pytest.mark.page_only

SOURCE = Path(__file__).parents[2] / "static"
ONLY_TYPES = "js/shared/types.js"  # comments for the type checker: no page loads it
NOT_WORTH_PACKING = 500  # bytes
CONTENT_TYPES = {"css": "text/css", "js": "text/javascript", "json": "application/json"}
YEAR = 31_536_000
ANY_SITE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
DELETED_WIDGET = """
from django.utils import timezone
from auth_signing.models import Business
from widgets.models import Widget
business = Business.objects.create(name="Gone")
print(Widget.objects.create(business=business, deleted_at=timezone.now()).pk)
"""


@pytest.fixture(scope="module", params=["/widget.js", "/l.js", "the config"])
def page_url(request: pytest.FixtureRequest, server: Server) -> str:
    path = f"/api/v1/widget/{server.demo()['widget_id']}" if request.param == "the config" else request.param
    return server.url + path


@pytest.fixture(scope="module")
def own_files(server: Server) -> list[str]:
    """The hashed addresses of all that is ours in js/ and css/."""
    manifest = json.loads((server.site.folder / "static" / "staticfiles.json").read_text())["paths"]
    ours = [hashed for name, hashed in manifest.items() if name.startswith(("js/", "css/")) and name != ONLY_TYPES]
    assert len(ours) > 10
    return [f"{server.url}/static/{hashed}" for hashed in ours]


@pytest.fixture(scope="session")
def node() -> str:
    if not NODE.is_there():
        (pytest.fail if must_be_complete() else pytest.skip)("Node is missing: see tests/prepare.py")
    return shutil.which("node") or ""


def assert_runs(node: str, script: Download, folder: Path, *, kind: str) -> None:
    file = folder / f"script.{kind}"
    file.write_bytes(script.body)
    said = subprocess.run([node, "--check", file], check=False, capture_output=True, text=True)
    assert said.returncode == 0, f"{script.url} as {script.encoding or 'plain'}: {said.stderr}"


# The script and the config, which the edge keeps


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("BR", "br"),
        ("gzip;q=1.0, br;q=0.5", "br"),
        ("gzip", "gzip"),
        ("gzip, br;q=0", "gzip"),
        ("gzip,br; q=0.000", "gzip"),
        ("br;q=0", ""),
        ("gzip;q=0, identity", ""),
        ("identity", ""),
        ("broken, xgzip, br-like", ""),
        ("br;q=high", ""),
        ("*", ""),
        ("", ""),
    ],
)
def test_a_page_comes_in_the_smallest_encoding_that_is_accepted(page_url: str, accept: str, encoding: str) -> None:
    page = download(page_url, accept)
    assert (page.status, page.encoding) == (200, encoding)
    assert page.body == download(page_url, "identity").body
    assert page.headers["Content-Length"] == str(len(page.wire))
    assert page.headers["Cache-Control"] == "public, no-cache"
    assert page.headers["Vary"] == "Accept-Encoding"
    assert {name: page.headers[name] for name in ANY_SITE} == ANY_SITE


def test_compression_makes_a_page_smaller(page_url: str) -> None:
    plain, gzipped, packed = (len(download(page_url, encoding).wire) for encoding in ("identity", "gzip", "br"))
    assert packed < gzipped < plain


def test_what_compression_makes_larger_stays_plain() -> None:
    status, headers, body = Page(b"{}", "application/json", quality=QUICK).answer(
        accept_encoding="br, gzip", if_none_match=""
    )
    assert (status, body, dict(headers).get(b"content-encoding")) == (200, b"{}", None)


def test_each_encoding_has_its_own_etag(page_url: str) -> None:
    etags = {download(page_url, encoding).headers["ETag"] for encoding in ("identity", "gzip", "br")}
    assert len(etags) == 3


@pytest.mark.parametrize("wording", ["{}", "W/{}", '"other", {}', '"other" ,W/{} , "third"', "*"])
def test_a_known_page_is_a_304(page_url: str, wording: str) -> None:
    for encoding in ("identity", "gzip", "br"):
        etag = download(page_url, encoding).headers["ETag"]
        again = download(page_url, encoding, if_none_match=wording.format(etag))
        assert (again.status, again.wire) == (304, b"")
        assert again.headers["ETag"] == etag
        assert again.headers["Vary"] == "Accept-Encoding"
        assert again.headers["Cache-Control"] == "public, no-cache"
        assert {name: again.headers[name] for name in ANY_SITE} == ANY_SITE
        assert not {"Content-Length", "Content-Type", "Content-Encoding"} & set(again.headers)


def test_repeated_headers_are_one_list(page_url: str) -> None:
    etag = download(page_url, "gzip").headers["ETag"]
    headers = [
        ("Accept-Encoding", "zstd"),
        ("Accept-Encoding", "gzip"),
        ("If-None-Match", '"x"'),
        ("If-None-Match", etag),
    ]
    assert httpx.get(page_url, headers=headers).status_code == 304


def test_another_etag_is_no_304(page_url: str) -> None:
    etag = download(page_url, "br").headers["ETag"]
    of_gzip = download(page_url, "gzip").headers["ETag"]
    for other in (of_gzip, etag.strip('"'), etag[:-1] + '0"', f'"{etag}"', '"*"', "", '"'):
        assert download(page_url, "br", if_none_match=other).status == 200


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
def test_head_says_what_get_would(page_url: str, encoding: str) -> None:
    get, head = (download(page_url, encoding, method=method) for method in ("GET", "HEAD"))
    assert (head.status, head.wire) == (200, b"")
    names = {*ANY_SITE, "Content-Length", "Content-Encoding", "Content-Type", "ETag", "Vary", "Cache-Control"}
    assert {name: head.headers.get(name) for name in names} == {name: get.headers.get(name) for name in names}
    again = download(page_url, encoding, method="HEAD", if_none_match=get.headers["ETag"])
    assert again.status == 304


def test_the_script_is_minified_and_runs(server: Server, node: str, tmp_path: Path) -> None:
    source = (SOURCE / "js/widget/launcher.js").read_text()
    for encoding in ("identity", "gzip", "br"):
        script = download(f"{server.url}/widget.js", encoding)
        assert len(script.text) < 0.9 * len(source)
        assert "@param" not in script.text
        assert_runs(node, script, tmp_path, kind="cjs")


def test_a_launcher_that_names_a_missing_file_stops_the_start(sites: Sites, make_server: MakeServer) -> None:
    site = sites.new()
    static = site.folder / "static"
    collected = static.resolve()
    static.unlink()
    shutil.copytree(collected, static)
    with (static / "js/widget/launcher.js").open("a") as launcher:
        launcher.write('\n"{{static js/widget/gone.js}}";\n')
    with pytest.raises(RuntimeError, match=r"names js/widget/gone\.js, but there is no such static file"):
        make_server(site=site)


@pytest.mark.parametrize("kind", ["unknown", "mistyped", "deleted"])
def test_a_page_can_read_that_its_widget_is_not_there(server: Server, kind: str) -> None:
    widget_id = str(uuid4())
    if kind == "mistyped":
        widget_id = widget_id[:-1]
    elif kind == "deleted":
        widget_id = server.site.manage("shell", "--no-imports", "-c", DELETED_WIDGET).strip()
    answer = httpx.get(f"{server.url}/api/v1/widget/{widget_id}", headers={"Origin": "https://shop.example"})
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


# Collected files


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
def test_our_files_come_compressed_and_for_ever(own_files: list[str], encoding: str) -> None:
    for url in own_files:
        plain, file = download(url, "identity"), download(url, encoding)
        assert file.status == 200
        if len(plain.body) > NOT_WORTH_PACKING:
            assert file.encoding == ("" if encoding == "identity" else encoding), url
            assert file.headers["Vary"] == "Accept-Encoding"
        assert file.headers["Content-Length"] == str(len(file.wire))
        assert "immutable" in file.headers["Cache-Control"]
        assert max_age(file) >= YEAR
        assert {name: file.headers[name] for name in ANY_SITE} == ANY_SITE
        assert file.headers["Content-Type"].startswith(CONTENT_TYPES[url.rpartition(".")[2]])
        assert file.body == plain.body
        if file.encoding:
            assert len(file.wire) < len(file.body)


def test_a_refused_encoding_is_not_sent(own_files: list[str]) -> None:
    assert download(own_files[0], "br;q=0, gzip").encoding == "gzip"
    assert download(own_files[0], "br;q=0").encoding == ""


def test_a_name_without_a_hash_is_not_for_ever(server: Server) -> None:
    file = download(f"{server.url}/static/css/tokens.css")
    assert file.status == 200
    assert "immutable" not in file.headers["Cache-Control"]
    assert max_age(file) <= 60


def test_a_known_file_is_a_304(own_files: list[str]) -> None:
    file = download(own_files[0])
    by_etag = download(own_files[0], if_none_match=file.headers["ETag"])
    by_date = download(own_files[0], if_modified_since=file.headers["Last-Modified"])
    for again in (by_etag, by_date):
        assert (again.status, again.wire) == (304, b"")
        assert again.headers["Access-Control-Allow-Origin"] == "*"
        assert "immutable" in again.headers["Cache-Control"]


def test_every_module_runs_and_imports_hashed_files_that_exist(own_files: list[str], node: str, tmp_path: Path) -> None:
    modules = [url for url in own_files if url.endswith(".js") and "/widget/launcher." not in url]
    imported = set()
    for url in modules:
        for encoding in ("identity", "gzip", "br"):
            module = download(url, encoding)
            assert_runs(node, module, tmp_path, kind="mjs")
        imported |= module.imports()
    assert imported
    assert imported <= set(own_files)


def max_age(file: Download) -> int:
    return int(file.headers["Cache-Control"].split("max-age=")[1].split(",")[0])
