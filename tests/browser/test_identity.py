"""The contract's identity table in a real browser: who the page says its visitor is, and what it then shows."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from auth_signing.identity import identity_sign
from tests.clients import Person, wait_until
from tests.desk import Desk
from tests.pages import Pages
from tests.server import Server
from tests.shop import Customer, OnePage, html, new_customer, snippet
from tests.widget import Widget

PAULO = {"id": "p1", "email": "paulo@example.com", "name": "Paulo Castellano"}
OLGA = {"id": "o2", "email": "olga@example.com", "name": "Olga Petrova"}


@dataclass
class Shop:
    """The site of a business of its own. Its pages say who is signed in there."""

    server: Server
    site: OnePage
    pages: Pages
    customer: Customer
    identified: list[Request] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def serve(self, settings: dict[str, Any] | None) -> None:
        """What every page says from now on; None: nothing."""
        given = f"window.$pipeback = {json.dumps(settings)};" if settings is not None else ""
        self.site.html = html(body=snippet(self.server, self.customer.business_id, given))

    def visit(self, settings: dict[str, Any] | None, page: Page | None = None) -> Widget:
        """Opens a page that says so, in a browser of its own unless one is given."""
        self.serve(settings)
        if page is None:
            page = self.pages()
            page.context.on("request", self.note_request)
            page.context.on("console", self.note_message)
        page.goto(f"http://shop.localhost:{self.site.server_port}/")
        chat = Widget(page, self.server)
        chat.launcher.wait_for()
        return chat

    def visit_as(self, page: Page | None = None, /, **user: Any) -> Widget:
        chat = self.visit({"user": user}, page)
        chat.page.wait_for_function("PingBack.isReady()")
        return chat

    def note_request(self, request: Request) -> None:
        if request.url.endswith("/visitor/identify") and request.method == "POST":
            self.identified.append(request)

    def note_message(self, message: ConsoleMessage) -> None:
        if message.type == "warning":
            self.warnings.append(message.text)

    def signed(self, user: dict[str, Any], value: str) -> dict[str, Any]:
        return {**user, "signature": identity_sign(self.customer.secret, value)}

    def marks(self) -> list[str]:
        """Of the conversations, the newest first."""
        return [talk["mark"] for talk in self.customer.owner.call("GET", "conversations/").json()["results"]]


@pytest.fixture
def shop(server: Server, site: OnePage, page_factory: Pages) -> Shop:
    return Shop(server, site, page_factory, new_customer(server))


def stored_tokens(chat: Widget) -> list[str]:
    return [json.loads(kept)["token"] for kept in chat.stored()["local"].values() if "token" in kept]


def shows_nothing_of(chat: Widget, text: str) -> None:
    chat.open()
    expect(chat.composer).to_be_visible()  # it is known that there is nothing
    expect(chat.dialog.locator(".state")).to_have_text("")
    expect(chat.dialog).not_to_contain_text(text)


def test_a_signed_visitor_is_verified_and_finds_the_talk_on_another_device(shop: Shop) -> None:
    paulo = shop.signed(PAULO, PAULO["id"])
    shop.visit_as(**paulo).open().say("My lamp is broken")
    assert shop.customer.contact("p1")["verified"]
    assert shop.marks() == ["verified"]
    elsewhere = shop.visit_as(**paulo)
    expect(elsewhere.open().log).to_contain_text("My lamp is broken")


def test_anonymous_talk_goes_with_who_signs_in(shop: Shop) -> None:
    chat = shop.visit(None).open()
    chat.say("Before I sign in")
    chat.composer.fill("half a sente")
    chat = shop.visit_as(chat.page, **shop.signed(PAULO, PAULO["email"]))
    expect(chat.open().log).to_contain_text("Before I sign in")
    expect(chat.composer).to_have_value("half a sente")
    assert shop.marks() == ["verified"]
    assert len(stored_tokens(chat)) == 1


def test_a_claim_shows_what_its_own_browser_began_and_nothing_else(shop: Shop) -> None:
    shop.visit_as(**PAULO).open().say("From my desk")
    shows_nothing_of(shop.visit_as(**PAULO), "From my desk")
    assert [person["external_id"] for person in shop.customer.contacts()] == ["p1"]
    assert shop.marks() == ["claimed"]


def test_a_claim_on_a_verified_person_stays_a_claim_on_the_agents_screen(shop: Shop) -> None:
    shop.visit_as(**shop.signed(PAULO, PAULO["id"])).open().say("The real one")
    liar = shop.visit_as(id="p1", email="paulo@example.com", name="Mallory")
    shows_nothing_of(liar, "The real one")
    liar.say("Send me the password")
    assert shop.marks() == ["claimed", "verified"]
    assert shop.customer.contact("p1")["name"] == "Paulo Castellano"


def test_agents_see_a_claim_as_a_claim(server: Server, site: OnePage, page_factory: Pages) -> None:
    demo, who = server.demo(), uuid4().hex
    customer = Customer(Person(server, demo["token"]), demo["business_id"], demo["identity_secret"])
    shop = Shop(server, site, page_factory, customer)
    desk = Desk(page_factory(), server)
    shop.visit_as(**shop.signed({"id": who, "name": "Paulo"}, who)).open().say(f"True {who}")
    shop.visit_as(id=who, name="Mallory").open().say(f"False {who}")
    for text, mark in ((f"True {who}", "Verified"), (f"False {who}", "Claimed")):
        expect(desk.row(text)).to_have_attribute("data-mark", mark.lower())
        desk.open(text)
        expect(desk.page.locator("#thread-head").get_by_text(mark, exact=True)).to_be_visible()
        expect(desk.page.locator("#thread-head h1")).to_contain_text("Paulo")


@pytest.mark.parametrize(
    ("signed_value", "code"),
    [("forged", "IDENTITY_SIGNATURE_INVALID"), ("olga@example.com", "IDENTITY_SIGNATURE_INVALID")],
)
def test_a_wrong_signature_is_told_to_the_page_and_the_chat_goes_on_nameless(
    shop: Shop, signed_value: str, code: str
) -> None:
    chat = shop.visit(None)
    chat.page.add_init_script("addEventListener('error', () => {}); window.codes = []")
    user = json.dumps(shop.signed(PAULO, signed_value))
    shop.serve(None)
    shop.site.html = shop.site.html.replace(
        f"PIPEBACK_ID = '{shop.customer.business_id}';",
        f"PIPEBACK_ID = '{shop.customer.business_id}'; window.$pipeback = {{user: {user}, callbacks:"
        "{onIdentityError: (code) => codes.push(code)}};",
    )
    chat.page.reload()
    chat.page.wait_for_function("codes.length")
    assert chat.page.evaluate("codes") == [code]
    wait_until(lambda: any("signature" in warning for warning in shop.warnings))
    chat.open().say("Hello all the same")
    assert shop.marks() == ["anonymous"]
    assert {person["external_id"] for person in shop.customer.contacts()} == {None}


@pytest.mark.parametrize("proven", ["id", "email"])
def test_an_own_right_signature_with_another_persons_other_value_takes_nothing_of_them(shop: Shop, proven: str) -> None:
    other = "email" if proven == "id" else "id"
    shop.visit_as(**shop.signed(PAULO, PAULO[other])).open().say("Private to Paulo")
    mixed = {**OLGA, other: PAULO[other]}
    olga = shop.visit_as(**shop.signed(mixed, OLGA[proven]))
    shows_nothing_of(olga, "Private to Paulo")
    olga.say("I am Olga")
    names = {talk["contact"]["name"] for talk in shop.customer.owner.call("GET", "conversations/").json()["results"]}
    assert names == {"Paulo Castellano", "Olga Petrova"}


def test_two_people_at_one_browser_see_nothing_of_each_other_and_find_their_own_again(shop: Shop) -> None:
    chat = shop.visit_as(**PAULO)
    chat.open().say("Paulo was here")
    chat.composer.fill("Paulo's secret draft")
    olga = shop.visit_as(chat.page, **OLGA)
    shows_nothing_of(olga, "Paulo")
    expect(olga.composer).to_have_value("")
    olga.say("Olga was here")
    again = shop.visit_as(chat.page, **PAULO)
    expect(again.open().log).to_contain_text("Paulo was here")
    expect(again.log).not_to_contain_text("Olga")
    expect(again.composer).to_have_value("Paulo's secret draft")


def test_a_page_without_a_user_after_one_with_it_is_somebody_else(shop: Shop) -> None:
    chat = shop.visit_as(**PAULO)
    chat.open().say("Paulo was here")
    nobody = shop.visit(None, chat.page)
    shows_nothing_of(nobody, "Paulo was here")
    nobody.say("Somebody at the counter")
    assert shop.marks() == ["anonymous", "claimed"]


def test_what_a_signature_opened_is_not_opened_again_by_a_claim(shop: Shop) -> None:
    chat = shop.visit_as(**shop.signed(PAULO, PAULO["id"]))
    chat.open().say("Only for the signed")
    shows_nothing_of(shop.visit_as(chat.page, **PAULO), "Only for the signed")


def test_signing_out_in_another_tab_ends_the_chat_here_and_forgets_everybody(shop: Shop) -> None:
    chat = shop.visit_as(**shop.signed(PAULO, PAULO["id"]))
    chat.open().say("Paulo was here")
    chat.composer.fill("a draft of Paulo")
    chat.page.evaluate("dispatchEvent(new Event('visibilitychange'))")  # what is not sent is kept in the tab
    unopened = shop.visit_as(chat.page.context.new_page(), **shop.signed(PAULO, PAULO["id"]))
    other = chat.page.context.new_page()
    tab = shop.visit_as(other, **shop.signed(PAULO, PAULO["id"]))
    [token] = stored_tokens(tab)
    tab.page.evaluate("PingBack.destroy()")
    expect(tab.launcher).to_have_count(0)
    expect(chat.log).not_to_contain_text("Paulo was here")
    expect(chat.composer).to_have_value("")
    wait_until(lambda: stored_tokens(chat) == [])
    headers = {"Authorization": f"Visitor {token}"}
    wait_until(lambda: httpx.get(f"{shop.server.url}/api/v1/visitor/conversations", headers=headers).status_code == 401)
    shows_nothing_of(unopened, "Paulo")
    chat.say("The next person")
    shows_nothing_of(shop.visit(None, other), "Paulo")
    assert shop.marks() == ["anonymous", "verified"]
    expect(shop.visit_as(other, **shop.signed(PAULO, PAULO["email"])).open().log).to_contain_text("The next person")


def test_the_chat_of_a_deleted_contact_goes_on_under_the_same_name(shop: Shop) -> None:
    """The page says the same as before, and the person is told to the server once more."""
    chat = shop.visit_as(**PAULO)
    chat.open().say("Forget me")
    shop.customer.owner.call("DELETE", f"contacts/{shop.customer.contact('p1')['id']}").raise_for_status()
    expect(chat.log).not_to_contain_text("Forget me")
    chat.say("Who am I now?")
    again = shop.visit_as(chat.page, **PAULO)
    expect(again.open().log).to_contain_text("Who am I now?")
    shop.customer.contact("p1")
    assert shop.marks() == ["claimed"]


def test_who_could_not_be_told_to_the_server_is_not_told_once_signed_out(shop: Shop) -> None:
    chat = shop.visit(None)
    chat.page.clock.install()
    chat.page.route("**/identify", lambda route: route.abort())
    chat.page.evaluate(
        "(user) => Promise.all([PingBack.update({ user }), PingBack.update({ user: null })])",
        PAULO,
    )
    chat.page.unroute_all()
    shop.identified.clear()
    chat.page.clock.fast_forward(60_000)
    chat.page.wait_for_timeout(500)
    assert shop.identified == []
    chat.page.route("**/identify", lambda route: route.abort())
    chat.page.evaluate("(user) => PingBack.update({ user })", PAULO)
    chat.page.unroute_all()
    chat.page.clock.fast_forward(60_000)
    shop.customer.contact("p1")


def test_a_user_that_is_no_json_is_refused_and_the_one_before_set_aside(shop: Shop) -> None:
    chat = shop.visit_as(**PAULO)
    chat.open().say("Paulo was here")
    codes = chat.page.evaluate("""async () => {
        const codes = [];
        PingBack.on("identityError", (code) => codes.push(code));
        await PingBack.update({ user: { id: "o2", phone: 17866001518n } });
        return codes;
    }""")
    assert codes == ["VALIDATION_ERROR"]
    expect(chat.log).not_to_contain_text("Paulo was here")


def test_signing_out_before_the_chat_is_there_forgets_and_shows_nothing(shop: Shop) -> None:
    chat = shop.visit_as(**PAULO)
    chat.open().say("Paulo was here")
    shop.serve({"user": PAULO, "boot": False})
    chat.page.reload()
    chat.page.wait_for_function("window.PingBack")
    chat.page.evaluate("PingBack.destroy()")
    assert stored_tokens(chat) == []
    chat.page.evaluate("PingBack.start()")
    shows_nothing_of(chat, "Paulo was here")
    assert stored_tokens(chat) == []


def test_a_first_message_on_its_way_goes_with_who_signs_in_meanwhile(shop: Shop) -> None:
    chat = shop.visit(None).open()
    expect(chat.dialog.locator(".state")).to_have_text("")
    chat.composer.fill("Sent at the same moment")
    chat.page.evaluate(
        """(user) => {
            const { shadowRoot } = document.querySelector("pingback-widget");
            shadowRoot.querySelector("form").requestSubmit();
            return PingBack.update({ user });
        }""",
        shop.signed(PAULO, PAULO["id"]),
    )
    expect(chat.log).to_contain_text("Sent at the same moment")
    expect(chat.log).to_contain_text("Sent")
    chat.say("And one more")
    assert shop.marks() == ["verified"]


def test_where_nothing_can_be_stored_an_identified_chat_works_too(shop: Shop) -> None:
    chat = shop.visit(None)
    chat.page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full') }")
    chat = shop.visit_as(chat.page, **shop.signed(PAULO, PAULO["id"]))
    chat.open().say("From a locked browser")
    expect(chat.dialog).to_contain_text("keeps nothing")
    assert shop.marks() == ["verified"]


def test_the_token_of_a_deleted_contact_starts_over(shop: Shop) -> None:
    chat = shop.visit_as(**PAULO)
    chat.open().say("Forget me")
    shop.customer.owner.call("DELETE", f"contacts/{shop.customer.contact('p1')['id']}").raise_for_status()
    renamed = {**PAULO, "name": "Paulo C."}
    again = shop.visit_as(chat.page, **renamed)
    shows_nothing_of(again, "Forget me")
    again.say("Hello anew")
    assert shop.customer.contact("p1")["name"] == "Paulo C."


def test_a_business_may_require_signatures(shop: Shop) -> None:
    shop.customer.owner.call("PATCH", "identity", {"require_signed": True}).raise_for_status()
    chat = shop.visit(None)
    chat.page.evaluate(
        """(user) => new Promise((done) => {
        PingBack.on("identityError", done);
        PingBack.update({ user });
    }).then((code) => { window.code = code })""",
        PAULO,
    )
    assert chat.page.evaluate("code") == "IDENTITY_SIGNATURE_REQUIRED"
    chat.open().say("Nobody in particular")
    assert shop.marks() == ["anonymous"]


def test_the_previous_secret_is_good_until_it_is_revoked(shop: Shop) -> None:
    old = shop.signed(PAULO, PAULO["id"])
    shop.customer.owner.call("POST", "identity/rotate").raise_for_status()
    shop.visit_as(**old).open().say("Signed with the one before")
    assert shop.marks() == ["verified"]
    shop.customer.owner.call("DELETE", "identity/previous").raise_for_status()
    refused = shop.visit_as(**{**old, "name": "P."})
    wait_until(lambda: any("IDENTITY_SIGNATURE_INVALID" in warning for warning in shop.warnings))
    refused.open().say("Refused, and here")
    assert shop.marks() == ["anonymous", "verified"]


def test_a_single_page_application_signs_in_changes_hands_and_signs_out_without_a_reload(shop: Shop) -> None:
    chat = shop.visit(None)
    chat.open().say("As nobody")
    chat.page.evaluate("(user) => { window.$pipeback = { user } }", PAULO)
    shop.customer.contact("p1")
    expect(chat.log).to_contain_text("As nobody")
    chat.say("As Paulo")
    chat.composer.fill("a draft of Paulo")
    chat.page.evaluate("(user) => PingBack.update({ user })", shop.signed(OLGA, OLGA["id"]))
    expect(chat.log).not_to_contain_text("As Paulo")
    expect(chat.composer).to_have_value("")
    chat.say("As Olga")
    chat.page.evaluate("PingBack.update({ user: null })")
    expect(chat.log).not_to_contain_text("As Olga")
    chat.say("As nobody again")
    chat.page.evaluate("(user) => $pipeback.update({ user })", PAULO)
    expect(chat.log).to_contain_text("As Paulo")
    expect(chat.composer).to_have_value("a draft of Paulo")
    assert shop.marks() == ["anonymous", "verified", "claimed"]


def test_late_injection_keeps_the_identity_that_the_page_says_last(shop: Shop) -> None:
    chat = shop.visit(None)
    shop.site.html = html()
    chat.page.goto(chat.page.url)
    chat.page.evaluate(
        """([host, id, paulo, olga]) => {
        window.PIPEBACK_ID = id;
        window.$pipeback = { user: paulo };
        const script = Object.assign(document.createElement("script"), { src: host + "/l.js" });
        script.onload = () => { window.$pipeback = { user: olga } };
        document.head.append(script);
    }""",
        [shop.server.url, shop.customer.business_id, PAULO, OLGA],
    )
    chat.open().say("Who am I?")
    talk = shop.customer.owner.call("GET", "conversations/").json()["results"][0]
    assert talk["contact"]["name"] == "Olga Petrova"


def test_an_unchanged_payload_is_written_once_however_many_pages_are_viewed(shop: Shop) -> None:
    chat = shop.visit_as(**PAULO)
    shop.customer.contact("p1")
    wait_until(lambda: len(shop.identified) == 1)
    writes = chat.page.evaluate(
        """async (url) => {
        const frame = document.body.appendChild(document.createElement("iframe"));
        const { setItem } = Storage.prototype;
        let writes = 0;
        for (let view = 0; view < 100; view++) {
            await new Promise((done) => {
                frame.onload = () => {
                    const inside = frame.contentWindow;
                    inside.Storage.prototype.setItem = function (...what) { writes++; setItem.apply(this, what) };
                    inside.PingBack.on("loaded", done);
                };
                frame.src = url + "?view=" + view;
            });
        }
        return writes;
    }""",
        chat.page.url,
    )
    assert (len(shop.identified), writes) == (1, 0)


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"attributes": {f"a{number}": 1 for number in range(51)}}, "at most 50"),
        ({"attributes": {"x" * 65: 1}}, "1 to 64 characters"),
        ({"attributes": {"note": "x" * 1025}}, "at most 1024"),
        ({"attributes": {"deep": {"er": 1}}}, "string of at most"),
        ({"company": {"id": "c1"}}, "name"),
        ({"phone": "call me"}, "digits"),
    ],
    ids=["too many", "long name", "long value", "not flat", "nameless company", "no phone number"],
)
def test_the_console_says_what_breaks_a_rule_and_nothing_is_stored(shop: Shop, user: dict[str, Any], said: str) -> None:
    shop.visit_as(id="p1", **user)
    wait_until(lambda: any(said in text for text in shop.warnings))
    assert shop.customer.contacts() == []


def test_unknown_fields_are_left_out_and_named(shop: Shop) -> None:
    shop.visit_as(**PAULO, favourite="blue", company={"id": "c", "name": "C", "mascot": "cat"})
    assert shop.customer.contact("p1")["company"]["name"] == "C"
    for name in ("favourite", "mascot"):
        assert any(name in text for text in shop.warnings)
