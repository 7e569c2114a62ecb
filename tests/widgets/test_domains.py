"""Domains as owners write them."""

import pytest

from widgets.domains import domain_normalise


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://Example.com:443/path", "example.com"),
        ("example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        (" http://www.example.com/?q=1 ", "example.com"),
        ("example.com:8080", "example.com:8080"),
        ("http://example.com:80", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("https://Bücher.example/", "xn--bcher-kva.example"),
        ("日本語。jp", "xn--wgv71a119e.jp"),
        ("shop_1.example.com", "shop_1.example.com"),
        ("www.com", "www.com"),
        ("localhost:3000", "localhost:3000"),
        ("192.0.2.7", "192.0.2.7"),
        ("[::1]:8000", "[::1]:8000"),
    ],
)
def test_ways_to_write_a_domain_are_one_host(text: str, host: str) -> None:
    assert domain_normalise(text) == host
    assert domain_normalise(host) == host


@pytest.mark.parametrize(
    "text",
    ["", " ", "http://", "a b", "ftp://example.com", "me@example.com", "a..b", "-a.com", "example.com:99999",
     "javascript:alert(1)", "☃.net", "a" * 300, "<b>.com", "[::1", "//example.com"],
)  # fmt: skip
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (of several libraries)
        domain_normalise(text)
