import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../../static/js/shared/connection.js";

const HELLO = { type: "hello", widget: "w", after: {} };

class FakeTimers {
  now = 0;
  waiting = [];
  setTimeout = (run, ms) => {
    const timer = { run, at: this.now + ms };
    this.waiting.push(timer);
    return timer;
  };
  clearTimeout = (timer) => {
    this.waiting = this.waiting.filter((other) => other !== timer);
  };
  pass(ms) {
    const end = this.now + ms;
    for (;;) {
      const [next] = this.waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.clearTimeout(next);
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}

class FakeSocket {
  readyState = 0;
  sent = [];
  constructor(url) {
    this.url = url;
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  accept() {
    this.readyState = 1;
    this.onopen();
  }
  says(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
  ends(code) {
    this.readyState = 3;
    this.onclose({ code });
  }
}

function setUp() {
  const timers = new FakeTimers();
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const sockets = [];
  const states = [];
  const frames = [];
  const connection = new Connection({
    url: "ws://host/ws/visitor/",
    hello: () => HELLO,
    onFrame: (frame) => frames.push(frame),
    onState: (state, detail) => states.push([state, detail]),
    WebSocket: function (url) {
      sockets.push(new FakeSocket(url));
      return sockets.at(-1);
    },
    timers,
    window,
    document,
    random: () => 1,
  });
  const ready = () => {
    sockets.at(-1).accept();
    sockets.at(-1).says({ type: "ready" });
  };
  return { connection, timers, window, document, sockets, states, frames, ready, names: () => states.map(([name]) => name) };
}

test("says hello first and is ready when the server says so", () => {
  const { connection, sockets, ready, names, frames } = setUp();
  connection.open();
  connection.open();
  assert.equal(sockets.length, 1);
  assert.equal(connection.send({ type: "ping" }), false);
  ready();
  assert.deepEqual(sockets[0].sent, [HELLO]);
  assert.deepEqual(names(), ["connecting", "ready"]);
  assert.deepEqual(frames, [{ type: "ready" }]);
  assert.equal(connection.send({ type: "typing", conversation_id: 7, is_typing: true }), true);
});

test("comes back after longer and longer waits, and quickly again once it was ready", () => {
  const { connection, timers, sockets, states, ready } = setUp();
  connection.open();
  const delays = [];
  for (let failure = 0; failure < 9; failure++) {
    sockets.at(-1).ends(1006);
    const { delay } = states.at(-1)[1];
    delays.push(delay);
    timers.pass(delay);
  }
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  ready();
  sockets.at(-1).ends(4000);
  assert.equal(states.at(-1)[1].delay, 500);
  timers.pass(499);
  const before = sockets.length;
  timers.pass(1);
  assert.equal(sockets.length, before + 1);
});

test("a flood waits longer before it comes back", () => {
  const { connection, sockets, states, ready } = setUp();
  connection.open();
  ready();
  sockets[0].ends(4429);
  assert.equal(states.at(-1)[1].delay, 8000);
});

for (const code of [4400, 4401, 4403, 4404, 1009]) {
  test(`stays away after ${code} and says why`, () => {
    const { connection, timers, window, sockets, states } = setUp();
    const error = { type: "error", code: "WHY", detail: "Because." };
    connection.open();
    sockets[0].accept();
    sockets[0].says(error);
    sockets[0].ends(code);
    assert.deepEqual(states.at(-1), ["stopped", { code, error }]);
    timers.pass(120_000);
    window.dispatchEvent(new Event("online"));
    assert.equal(sockets.length, 1);
  });
}

test("the owner may open it again from the stop", () => {
  const { connection, sockets } = setUp();
  const enter = connection.onState;
  connection.onState = (state, detail) => {
    enter(state, detail);
    if (detail.code === 4401) connection.open();
  };
  connection.open();
  sockets[0].accept();
  sockets[0].ends(4401);
  assert.equal(sockets.length, 2);
  assert.equal(connection.state, "connecting");
});

test("pings a quiet line and leaves a dead one", () => {
  const { connection, timers, sockets, ready, names } = setUp();
  connection.open();
  ready();
  timers.pass(25_000);
  assert.deepEqual(sockets[0].sent.at(-1), { type: "ping" });
  timers.pass(9_000);
  sockets[0].says({ type: "pong" });
  timers.pass(25_000);
  assert.equal(sockets[0].sent.filter(({ type }) => type === "ping").length, 2);
  timers.pass(10_000);
  assert.equal(names().at(-1), "reconnecting");
  assert.equal(sockets[0].readyState, 3);
});

test("asks sooner when a message gets no answer", () => {
  const { connection, timers, sockets, ready, names } = setUp();
  connection.open();
  ready();
  connection.send({ type: "send", client_id: "a", content: "Hello" });
  timers.pass(5_000);
  assert.deepEqual(sockets[0].sent.at(-1), { type: "ping" });
  timers.pass(10_000);
  assert.equal(names().at(-1), "reconnecting");
});

test("a connection attempt that hangs is given up", () => {
  const { connection, timers, sockets } = setUp();
  connection.open();
  timers.pass(10_500);
  assert.equal(sockets.length, 2);
});

test("a returning network reconnects at once, even when the socket looks open", () => {
  const { connection, window, sockets, ready } = setUp();
  connection.open();
  ready();
  window.dispatchEvent(new Event("online"));
  assert.equal(sockets.length, 2);
  assert.equal(sockets[0].readyState, 3);
  sockets[1].ends(1006);
  window.dispatchEvent(new Event("online"));
  assert.equal(sockets.length, 3);
});

test("a page that becomes visible reconnects a dead socket and tests a living one", () => {
  const { connection, document, sockets, ready } = setUp();
  connection.open();
  ready();
  document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(sockets[0].sent.at(-1), { type: "ping" });
  sockets[0].ends(1006);
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(sockets.length, 1);
  document.visibilityState = "visible";
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(sockets.length, 2);
});

test("resume says hello again on the same socket within two seconds", () => {
  const { connection, timers, sockets, ready, names } = setUp();
  connection.open();
  ready();
  sockets[0].says({ type: "resume" });
  assert.deepEqual(sockets[0].sent, [HELLO]);
  timers.pass(2_000);
  assert.deepEqual(sockets[0].sent, [HELLO, HELLO]);
  sockets[0].says({ type: "ready" });
  assert.deepEqual(names(), ["connecting", "ready"]);
});

test("nothing happens after close", () => {
  const { connection, timers, window, sockets, ready, names } = setUp();
  connection.open();
  ready();
  connection.close();
  timers.pass(120_000);
  window.dispatchEvent(new Event("online"));
  assert.equal(sockets.length, 1);
  assert.equal(connection.state, "stopped");
  assert.deepEqual(names(), ["connecting", "ready"]);
});
