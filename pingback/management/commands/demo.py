import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from pingback.demo import demo_ensure, demo_keys, demo_token


class Command(BaseCommand):
    help = "Create the demo business once and print how to sign in to it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        demo = demo_ensure()
        if options["json"]:
            self.stdout.write(json.dumps({**demo, "token": demo_token(), **demo_keys()}))
            return
        for name in ("owner", "agent"):
            self.stdout.write(f"demo {name}: {demo[name]['email']}  password: {demo[name]['password']}")
