"""The signing core, against the published vectors, and against everything that is one byte away."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_signing.signing import sign, signing_string, verify
from tests.isolation import ROOT

VECTORS = json.loads((Path(__file__).parent / "signing_vectors.json").read_text())
KEY, TIMESTAMP = VECTORS["private_key"], VECTORS["timestamp"]
GOOD = {vector["id"]: vector for vector in VECTORS["must_pass"]}


def parts(vector: dict[str, Any]) -> tuple[str, str, str, bytes]:
    body = bytes.fromhex(vector["body_hex"]) if "body_hex" in vector else vector["body"].encode()
    return TIMESTAMP, vector["method"], vector["path"], body


@pytest.mark.parametrize("vector", VECTORS["must_pass"], ids=lambda vector: vector["id"])
def test_what_must_pass_passes(vector: dict[str, Any]) -> None:
    assert sign(KEY, *parts(vector)) == vector["signature"]
    assert verify(KEY, vector["signature"], *parts(vector))


@pytest.mark.parametrize("vector", VECTORS["must_fail"], ids=lambda vector: vector["why"])
def test_what_must_fail_fails(vector: dict[str, Any]) -> None:
    assert not verify(KEY, vector["signature"], *parts(GOOD[vector["of"]]))


def test_an_empty_body_leaves_the_last_line_feed() -> None:
    assert signing_string("1", "GET", "/a?b=c") == b"1\nGET\n/a?b=c\n"


@pytest.mark.parametrize(
    "signature", ["", "0" * 63, "0" * 64, "0" * 65, GOOD["V1"]["signature"].upper(), f"{GOOD['V1']['signature']} ", "é"]
)
def test_any_other_signature_is_refused(signature: str) -> None:
    assert not verify(KEY, signature, *parts(GOOD["V1"]))


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@given(
    key=TEXT,
    timestamp=st.from_regex("[0-9]{1,12}", fullmatch=True),
    method=st.sampled_from(["GET", "PUT"]),
    path=TEXT,
    body=st.binary(max_size=60),
    data=st.data(),
)
def test_whatever_byte_is_changed_it_is_refused(
    key: str, timestamp: str, method: str, path: str, body: bytes, data: st.DataObject
) -> None:
    signature = sign(key, timestamp, method, path, body)
    assert verify(key, signature, timestamp, method, path, body)
    values = [part.encode() for part in (key, signature, timestamp, method, path)] + [body]
    which = data.draw(st.sampled_from([number for number, value in enumerate(values) if value]))
    at = data.draw(st.integers(0, len(values[which]) - 1))
    other = data.draw(st.integers(0, 127).filter(lambda byte: byte != values[which][at]))
    values[which] = values[which][:at] + bytes([other]) + values[which][at + 1 :]
    try:
        key, signature, timestamp, method, path = (value.decode() for value in values[:5])
    except UnicodeDecodeError:
        return  # no text any more: it can't even be written down
    assert not verify(key, signature, timestamp, method, path, values[5])


def test_the_command_prints_the_three_headers() -> None:
    command = [sys.executable, "-m", "auth_signing", "sign", "patch", GOOD["V2"]["path"], "--timestamp", TIMESTAMP]
    keys = {"PUBLIC_KEY": "pk_live_1", "PRIVATE_KEY": KEY}
    for body, said in ((GOOD["V2"]["body"], ""), ("@-", GOOD["V2"]["body"])):
        done = subprocess.run(
            [*command, "--body", body], cwd=ROOT, env=keys, input=said, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines() == [
            "X-Public-Key: pk_live_1",
            f"X-Timestamp: {TIMESTAMP}",
            f"X-Signature: {GOOD['V2']['signature']}",
        ]
    assert subprocess.run(command, cwd=ROOT, env={}, capture_output=True, check=False).returncode == 2
