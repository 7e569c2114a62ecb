"""`python -m auth_signing sign METHOD PATH`: the three headers of a signed request, for a shell."""

import argparse
import os
import sys
import time

from auth_signing.signing import sign


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m auth_signing", description=__doc__)
    verbs = parser.add_subparsers(required=True)
    headers = verbs.add_parser("sign", help="print the headers X-Public-Key, X-Timestamp and X-Signature")
    headers.add_argument("method", metavar="METHOD", type=str.upper)
    headers.add_argument("path", metavar="PATH", help="with its query string, as it is sent")
    headers.add_argument("--body", default="", help="exactly as it is sent; @- reads standard input")
    headers.add_argument("--timestamp", default=str(int(time.time())), help="Unix seconds; now without it")
    headers.add_argument("--public-key", default=os.environ.get("PUBLIC_KEY"), help="PUBLIC_KEY without it")
    headers.add_argument("--private-key", default=os.environ.get("PRIVATE_KEY"), help="PRIVATE_KEY without it")
    asked = parser.parse_args(arguments)
    if not (asked.public_key and asked.private_key):
        parser.error("name the keys, or set PUBLIC_KEY and PRIVATE_KEY")
    body = sys.stdin.buffer.read() if asked.body == "@-" else asked.body.encode()
    print(f"X-Public-Key: {asked.public_key}")
    print(f"X-Timestamp: {asked.timestamp}")
    print(f"X-Signature: {sign(asked.private_key, asked.timestamp, asked.method, asked.path, body)}")


if __name__ == "__main__":
    main(sys.argv[1:])
