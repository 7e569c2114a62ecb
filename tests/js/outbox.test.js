import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { newId, Outbox } from "../../static/js/shared/messages.js";

globalThis.crypto ??= webcrypto; // Node 18
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function setUp() {
  const world = { isOpen: true, sent: [], changes: [], pauses: [] };
  const outbox = new Outbox({
    send: (frame) => {
      if (world.isOpen) world.sent.push(JSON.parse(JSON.stringify(frame)));
      return world.isOpen;
    },
    onChange: ({ content, state, code }) => world.changes.push([content, state, code]),
    timers: { setTimeout: (run, ms) => world.pauses.push({ run, ms }), clearTimeout: () => {} },
  });
  const contents = () => world.sent.map(({ content }) => content);
  const ack = (item, conversation_id = 7) => outbox.onAck({ client_id: item.client_id, conversation_id });
  const refuse = (item, code, detail = "", retry_after = undefined) =>
    outbox.onError({ type: "error", code, detail, client_id: item.client_id, retry_after });
  return { ...world, world, outbox, contents, ack, refuse };
}

test("one message is in flight at a time, so the order is kept", () => {
  const { outbox, contents, ack } = setUp();
  const one = outbox.add({ conversation_id: 7, content: "one" });
  const two = outbox.add({ conversation_id: 7, content: "two" });
  assert.deepEqual(contents(), ["one"]);
  assert.equal(ack(one), one);
  assert.equal(one.state, "sent");
  assert.deepEqual(contents(), ["one", "two"]);
  ack(two);
  assert.deepEqual(outbox.items, []);
});

test("a new visitor's first message names no conversation; the queued ones take the first answer's", () => {
  const { outbox, world, ack } = setUp();
  const one = outbox.add({ content: "one" });
  outbox.add({ content: "two" });
  assert.equal("conversation_id" in world.sent[0], false);
  ack(one, 12);
  assert.equal(world.sent[1].conversation_id, 12);
});

test("messages queued for a closed conversation follow the first one into the next", () => {
  const { outbox, world, ack } = setUp();
  const one = outbox.add({ conversation_id: 7, content: "one" });
  outbox.add({ conversation_id: 7, content: "two" });
  ack(one, 8);
  assert.equal(world.sent[1].conversation_id, 8);
});

test("what was not acknowledged is sent again in order, under the same client_id", () => {
  const { outbox, world, contents, ack } = setUp();
  const one = outbox.add({ conversation_id: 7, content: "one" });
  world.isOpen = false;
  const two = outbox.add({ conversation_id: 7, content: "two" });
  world.isOpen = true;
  outbox.resend();
  ack(one);
  ack(two);
  assert.deepEqual(contents(), ["one", "one", "two"]);
  assert.equal(world.sent[0].client_id, world.sent[1].client_id);
});

test("an answer to somebody else changes nothing", () => {
  const { outbox, refuse } = setUp();
  outbox.add({ content: "mine" });
  assert.equal(outbox.onAck({ client_id: null, conversation_id: 7 }), undefined);
  assert.equal(refuse({ client_id: newId() }, "NOT_FOUND"), undefined);
  assert.equal(outbox.onError({ type: "error", code: "BAD_FRAME", detail: "" }), undefined);
  assert.equal(outbox.items.length, 1);
});

for (const [code, retryAfter, ms] of [
  ["RATE_LIMITED", 12, 12_000],
  ["RATE_LIMITED", 86_400, 60_000],
  ["BUSY", undefined, 1_000],
  ["STORE_UNAVAILABLE", undefined, 1_000],
]) {
  test(`${code} waits ${ms} ms, then sends the same message first`, () => {
    const { outbox, world, contents, refuse } = setUp();
    const one = outbox.add({ conversation_id: 7, content: "one" });
    outbox.add({ conversation_id: 7, content: "two" });
    refuse(one, code, "Wait.", retryAfter);
    assert.deepEqual([one.state, one.code], ["sending", code]);
    assert.deepEqual(contents(), ["one"]);
    assert.equal(world.pauses[0].ms, ms);
    world.pauses[0].run();
    assert.deepEqual(contents(), ["one", "one"]);
  });
}

for (const code of ["VALIDATION_ERROR", "CONVERSATION_CLOSED", "NOT_FOUND"]) {
  test(`${code} keeps the message as failed and lets the next one go`, () => {
    const { outbox, contents, refuse, ack } = setUp();
    const one = outbox.add({ conversation_id: 7, content: "one" });
    const two = outbox.add({ conversation_id: 7, content: "two" });
    refuse(one, code);
    assert.deepEqual([one.state, one.code], ["failed", code]);
    ack(two);
    assert.deepEqual(outbox.items, [one]);
    outbox.retry(one.client_id);
    assert.deepEqual([one.state, one.code], ["sending", undefined]);
    assert.deepEqual(contents(), ["one", "two", "one"]);
  });
}

test("a visitor who became somebody new starts without a conversation", () => {
  const { outbox, world } = setUp();
  world.isOpen = false;
  outbox.add({ conversation_id: 7, content: "one" });
  outbox.forgetConversations();
  world.isOpen = true;
  outbox.resend();
  assert.equal("conversation_id" in world.sent[0], false);
});

test("an id is a UUID, also without crypto.randomUUID", (t) => {
  const { randomUUID } = crypto;
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  t.after(() => Object.defineProperty(crypto, "randomUUID", { value: randomUUID, configurable: true }));
  assert.match(newId(), UUID);
  assert.notEqual(newId(), newId());
});

test("NUL and halves of an emoji, which no server stores, are replaced before they are sent", () => {
  const { outbox, contents } = setUp();
  outbox.add({ content: "\ud83d cut, \0 nothing, \u{1f600} whole" });
  assert.deepEqual(contents(), ["\ufffd cut, \ufffd nothing, \u{1f600} whole"]);
});
