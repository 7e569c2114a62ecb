import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Connection } from "../../static/js/shared/connection.js";
import { Outbox, Timeline } from "../../static/js/shared/messages.js";
import { palette } from "../../static/js/widget/view.js";

globalThis.crypto ??= webcrypto; // Node 18
const WIRE = new URL("../wire/", import.meta.url);
const SAID_BY_US = /^(.*_in|.*_hello|ping|send|public_config)$/;
const read = (name) => readFileSync(new URL(`${name}.json`, WIRE), "utf8");
const shape = (name) => JSON.parse(read(name));

/** A connection whose socket says what a file holds. */
function connected() {
  const frames = [];
  const states = [];
  const sent = [];
  let socket;
  const connection = new Connection({
    url: "ws://host/ws/visitor/",
    hello: () => shape("visitor_hello"),
    onFrame: (frame) => frames.push(frame),
    onState: (state, detail) => states.push([state, detail]),
    WebSocket: function () {
      return (socket = { readyState: 1, send: (text) => sent.push(JSON.parse(text)), close() {} });
    },
    timers: { setTimeout: (run, ms) => ms <= 2_000 && run(), clearTimeout() {} },
  });
  connection.open();
  socket.onopen();
  return { connection, frames, states, sent, says: (name) => socket.onmessage({ data: read(name) }), ends: (code) => socket.onclose({ code }) };
}

test("the first frame is the pinned hello, and ready makes it ready", () => {
  const { sent, says, states } = connected();
  says("ready");
  assert.deepEqual(sent, [shape("visitor_hello")]);
  assert.equal(states.at(-1)[0], "ready");
});

const names = readdirSync(WIRE).map((file) => file.replace(".json", ""));
for (const name of names.filter((name) => !SAID_BY_US.test(name))) {
  test(`${name} reaches the owner as it was said`, () => {
    const { says, frames } = connected();
    says("ready");
    says(name);
    assert.deepEqual(frames.at(-1), shape(name));
  });
}

test("resume brings the hello again", () => {
  const { says, sent } = connected();
  says("ready");
  says("resume");
  assert.deepEqual(sent, [shape("visitor_hello"), shape("visitor_hello")]);
});

test("a closing error is told with the stop", () => {
  const { says, ends, states } = connected();
  says("error_closing");
  ends(4400);
  assert.deepEqual(states.at(-1), ["stopped", { code: 4400, error: shape("error_closing") }]);
});

test("a quiet line is asked with the pinned ping", () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const sent = [];
  const socket = { readyState: 1, send: (text) => sent.push(JSON.parse(text)), close() {} };
  const connection = new Connection({
    url: "",
    hello: () => shape("inbox_hello"),
    onFrame() {},
    onState() {},
    WebSocket: function () {
      return socket;
    },
    timers: { setTimeout() {}, clearTimeout() {} },
    document: page,
  });
  connection.open();
  socket.onopen();
  socket.onmessage({ data: read("ready") });
  page.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(sent, [shape("inbox_hello"), shape("ping")]);
});

/** An outbox whose one item has the files' client_id. */
function outboxWith(send) {
  const outbox = new Outbox({ send, onChange() {}, timers: { setTimeout() {}, clearTimeout() {} } });
  const item = outbox.add({ conversation_id: 7, content: shape("send").content });
  item.client_id = shape("send").client_id;
  return { outbox, item };
}

test("a message leaves as the pinned send", () => {
  const sent = [];
  let isOpen = false;
  const { outbox } = outboxWith((frame) => isOpen && sent.push(frame) > 0);
  isOpen = true;
  outbox.resend();
  assert.deepEqual(sent, [shape("send")]);
});

test("ack settles the message, error refuses it", () => {
  for (const name of ["ack", "ack_new_visitor"]) assert.equal(outboxWith(() => true).outbox.onAck(shape(name))?.state, "sent");
  const refused = outboxWith(() => true).outbox.onError(shape("error"));
  assert.deepEqual([refused?.state, refused?.code], ["failed", "VALIDATION_ERROR"]);
});

test("a timeline orders acks and messages, and after is what hello carries", () => {
  const timeline = new Timeline({ onGap() {} });
  for (const name of ["ack", "visitor_message"]) assert.equal(timeline.apply(shape(name)), "added");
  assert.equal(timeline.apply(shape("inbox_message")), "known");
  assert.deepEqual(timeline.after, { seq: 4, rev: 10 });
  const early = new Timeline({ onGap() {} });
  early.apply(shape("ack"));
  assert.deepEqual({ [shape("ack").conversation_id]: early.after }, shape("visitor_hello").after);
});

test("the public config gives readable colours", () => {
  const colours = palette(shape("public_config"));
  assert.equal(colours["--primary"], "#7650FF");
  assert.equal(colours["--on-primary"], "#FFFFFF");
  const pale = palette({ ...shape("public_config"), primary_color: "#FFF7C2" });
  assert.equal(pale["--on-primary"], "#000000");
  assert.notEqual(pale["--edge-light"], "transparent");
});
