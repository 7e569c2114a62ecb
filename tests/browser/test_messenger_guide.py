"""What the seed and `docs/messenger.md` tell to paste, pasted whole but for ids, hosts and signatures."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from auth_signing.identity import identity_sign
from tests.pages import Pages
from tests.server import Server
from tests.shop import OnePage, html, new_customer
from tests.visitors import SEED_COMPANY
from tests.widget import Widget

pytestmark = pytest.mark.page_only

GUIDE = (Path(__file__).parents[2] / "docs" / "messenger.md").read_text()
SEED_ANONYMOUS = """
<script>
  window.PIPEBACK_ID = 'YOUR_PIPEBACK_WORKSPACE_ID'
</script>
<script async src="https://widget.pipeback.com/l.js"></script>
"""
SEED_IDENTIFIED = """
<script>
  window.PIPEBACK_ID = 'YOUR_PIPEBACK_WORKSPACE_ID';
  window.$pipeback = {
    user: {
      id: '9f7618a2',
      name: 'Paulo Castellano',
      email: 'paulo@pipeback.com',
      phone: 17866001518, // numbers only
      attributes: {
          plan: 'pro',
          monthly_spend: 5000,
      },
      company: {
        id: '8f4618a2', // required when is sending company data
        name: 'Pipeback', // required when is sending company data
        website: 'pipeback.com',
        created_at: 1234567891, // unix time
        plan: "scale",
        monthly_spend: 199, // integer
        industry: "software",
        size: 100,
         address: '15th avenue',
         postal_code: '60160',
         city: 'Melrose Park',
         state: 'NY',
         country: 'US',
         attributes: {
             high_ticket: false,
             is_gov: true,
         },
      }
    },
  };
</script>
<script async src="https://widget.pipeback.com/l.js"></script>
"""
SEED_SIGNED = """
window.$pipeback = {
  user: {
     id: '9f7618a2',
     name: 'Paulo Castellano',
     email: 'paulo@pipeback.com',
    signature: 'SIGNATURE_FROM_BACKEND',
  }
};
"""
SEED_NODE = """
const crypto = require('crypto');
const secretKey = process.env.PIPEBACK_SECRET_KEY;
function signEmail(email) {
  return crypto.createHmac('sha256', secretKey).update(email).digest('hex');
}
const signature = signEmail(currentUser.email);
"""


class Site:
    """A site of a business of its own."""

    def __init__(self, server: Server, site: OnePage, page: Page) -> None:
        self.server, self.site, self.page = server, site, page
        self.customer = new_customer(server)
        self.owner, self.business_id, self.secret = self.customer.owner, self.customer.business_id, self.customer.secret

    def filled_in(self, text: str) -> str:
        values = {
            "YOUR_PIPEBACK_WORKSPACE_ID": self.business_id,
            "YOUR_BUSINESS_ID": self.business_id,
            "https://widget.pipeback.com": self.server.url,
            "https://YOUR_HOST": self.server.url,
            "SIGNATURE_FROM_YOUR_SERVER": identity_sign(self.secret, "9f7618a2"),
        }
        for name, value in values.items():
            text = text.replace(name, value)
        return text

    def visit(self, snippet: str, *, head: str = "") -> Widget:
        self.site.html = html(head=head, body=self.filled_in(snippet))
        self.page.goto(f"http://shop.localhost:{self.site.server_port}/")
        return Widget(self.page, self.server)

    def contact(self) -> dict[str, Any]:
        return self.customer.contact("9f7618a2")


@pytest.fixture
def customer(server: Server, site: OnePage, page_factory: Pages) -> Site:
    return Site(server, site, page_factory())


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_seeds_first_snippet_gives_an_anonymous_chat(customer: Site) -> None:
    customer.visit(SEED_ANONYMOUS).open().say("Hello from the seed")
    [talk] = customer.owner.call("GET", "conversations/").json()["results"]
    [contact] = customer.owner.call("GET", "contacts/").json()["results"]
    assert (talk["mark"], contact["type"]) == ("anonymous", "visitor")


def test_the_seeds_second_snippet_gives_a_contact_with_every_field_and_a_segment_finds_it(customer: Site) -> None:
    customer.visit(SEED_IDENTIFIED)
    contact = customer.contact()
    assert (contact["name"], contact["email"], contact["phone"]) == (
        "Paulo Castellano",
        "paulo@pipeback.com",
        "17866001518",
    )
    assert (contact["type"], contact["verified"]) == ("user", False)
    assert contact["attributes"] == {"plan": "pro", "monthly_spend": 5000}
    company = customer.owner.call("GET", f"companies/{contact['company']['id']}").json()
    expected = {**SEED_COMPANY, "size": "100", "external_id": SEED_COMPANY["id"], "id": contact["company"]["id"]}
    assert {name: company[name] for name in expected} == expected
    segment = {"name": "Pro", "conditions": {"attributes": {"plan": "pro"}}}
    made = customer.owner.call("POST", "segments/", segment)
    assert made.status_code == 201, made.text
    found = customer.owner.call("GET", f"contacts/?segment={made.json()['id']}").json()["results"]
    assert [person["id"] for person in found] == [contact["id"]]


def test_the_seeds_node_sample_signs_a_verified_contact(customer: Site) -> None:
    script = "const currentUser = { email: 'paulo@pipeback.com' };" + SEED_NODE + "console.log(signature)"
    signature = run(["node", "-e", script], PIPEBACK_SECRET_KEY=customer.secret)
    settings = SEED_SIGNED.replace("SIGNATURE_FROM_BACKEND", signature)
    customer.visit(SEED_ANONYMOUS.replace("window.PIPEBACK_ID", settings + "window.PIPEBACK_ID"))
    assert customer.contact()["verified"]


def run(command: list[str], **env: str) -> str:
    done = subprocess.run(
        command, env={"PATH": "/usr/local/bin:/usr/bin:/bin", **env}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


SAMPLES = {  # how each of the guide's samples says what it computed
    "php": ["php", "-r", "$email = 'paulo@example.com'; {} echo $signature;"],
    "js": ["node", "-e", "const email = 'paulo@example.com'; {}; console.log(signature)"],
    "python": [sys.executable, "-c", "email = 'paulo@example.com'\n{}\nprint(signature)"],
    "ruby": ["ruby", "-e", "email = 'paulo@example.com'\n{}\nputs signature"],
}


@pytest.mark.parametrize("language", [language for language, [program, *_] in SAMPLES.items() if shutil.which(program)])
def test_each_signing_sample_whose_runtime_is_here_gives_the_guides_vector(language: str) -> None:
    *program, wrapper = SAMPLES[language]
    said = run([*program, wrapper.replace("{}", blocks(language)[0])], IDENTITY_SECRET="is_live_example")
    assert said == identity_sign("is_live_example", "paulo@example.com")
    assert said in GUIDE


def test_the_guides_snippet_gives_a_verified_contact(customer: Site) -> None:
    [snippet, *_] = blocks("html")
    customer.visit(snippet)
    assert customer.contact()["verified"]


def test_under_a_strict_policy(customer: Site, page_factory: Pages) -> None:
    host = customer.server.url
    sources = f"script-src 'nonce-NONCE'; connect-src {host} {host.replace('http', 'ws')}"
    policy = f"""<meta http-equiv="Content-Security-Policy" content="default-src 'none'; {sources}">"""
    chat = customer.visit(blocks("html")[2], head=policy)
    assert customer.contact()["verified"]
    chat.open().say("Under a strict policy")
    assert page_factory.console_errors == []


def test_by_a_tag_manager(customer: Site) -> None:
    values = {"{{User ID}}": "'9f7618a2'", "{{User Email}}": "'p@example.com'"}
    tag = blocks("html")[1].replace("{{User Signature}}", f"'{identity_sign(customer.secret, '9f7618a2')}'")
    for name, value in values.items():
        tag = tag.replace(name, value)
    chat = customer.visit("")
    chat.page.evaluate(
        """(tag) => {
            const found = document.createRange().createContextualFragment(tag);
            document.body.append(found);
        }""",
        customer.filled_in(tag),
    )
    assert customer.contact()["verified"]
    chat.launcher.wait_for()


@pytest.mark.parametrize(
    ("language", "effect"),
    [
        pytest.param("jsx", r"useEffect\(\(\) => \{(.*?)\n  \}, \[user\]", id="react"),
        pytest.param("vue", r"\(user\) => \{(.*?)\n\}, \{ imm", id="vue"),
    ],
)
def test_in_an_app(customer: Site, language: str, effect: str) -> None:
    """What React and Vue call with each user: nobody, somebody, nobody again."""
    [body] = re.findall(effect, blocks(language)[0], re.DOTALL)
    chat = customer.visit("")
    chat.page.evaluate(f"window.show = (user) => {{ {customer.filled_in(body)} }}")
    chat.page.evaluate("show(null)")
    chat.open().say("As nobody")
    user = {"id": "9f7618a2", "signature": identity_sign(customer.secret, "9f7618a2"), "name": "Paulo"}
    chat.page.evaluate(f"show({json.dumps(user)})")
    assert customer.contact()["verified"]
    expect(chat.log).to_contain_text("As nobody")
    chat.page.evaluate("show(null)")
    expect(chat.dialog).not_to_contain_text("As nobody")


def test_signing_out(customer: Site) -> None:
    sample = next(block for block in blocks("js") if "sign-out" in block)
    button = '<button id="sign-out">Sign out</button>'
    chat = customer.visit(f"{blocks('html')[0]}{button}<script>{sample}</script>")
    assert customer.contact()["verified"]
    chat.page.get_by_role("button", name="Sign out").click()
    expect(chat.launcher).to_have_count(0)
    assert chat.page.evaluate("Object.keys(localStorage)") == []
