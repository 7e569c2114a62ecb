"""What a browser downloads: bodies as they travel and as they are read, and what they make it fetch next."""

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

import brotli  # type: ignore[import-untyped]
import httpx

UNPACK: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
AT_ONCE = re.compile(r"""(?<!:)["'](/static/[\w./-]+\.[0-9a-f]{12}\.(?:js|css))""")  # `name:"..."` is for later
STATIC_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*["']([^"']+)["']""")
CSS_ADDRESS = re.compile(r"""url\(\s*["']?(?!data:)([^"')]+)""")
LOCALE = re.compile(r"/locale")


@dataclass(frozen=True)
class Download:
    url: str
    status: int
    headers: httpx.Headers
    wire: bytes

    @property
    def encoding(self) -> str:
        return str(self.headers.get("Content-Encoding", ""))

    @property
    def body(self) -> bytes:
        return UNPACK[self.encoding](self.wire)

    @property
    def text(self) -> str:
        return self.body.decode()

    def imports(self) -> set[str]:
        """What a module or a style sheet pulls in by itself."""
        pattern = CSS_ADDRESS if self.url.endswith(".css") else STATIC_IMPORT
        return {urljoin(self.url, found) for found in pattern.findall(self.text)}


def download(url: str, encoding: str = "br", *, method: str = "GET", **headers: str) -> Download:
    """`encoding` is the Accept-Encoding header; `if_none_match` becomes If-None-Match."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.stream(method, url, headers={"Accept-Encoding": encoding, **sent}) as answer:
        return Download(url, answer.status_code, answer.headers, b"".join(answer.iter_raw()))


def chat_files(origin: str) -> Iterator[Download]:
    """The launcher, then what opening the chat fetches: what the launcher names, and their imports.

    Left out: locale files, of which a visitor gets one or none, and modules that the chat brings when it needs them.
    """
    launcher = download(f"{origin}/widget.js")
    yield launcher
    waiting = [urljoin(origin, path) for path in AT_ONCE.findall(launcher.text)]
    seen = set()
    while waiting:
        url = waiting.pop()
        if url in seen or LOCALE.search(url):
            continue
        seen.add(url)
        file = download(url)
        yield file
        waiting += file.imports()
