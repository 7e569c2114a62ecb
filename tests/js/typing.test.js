import assert from "node:assert/strict";
import { test } from "node:test";
import { TypingLine, TypingTeller } from "../../static/js/inbox/typing.js";

/** Time that passes only when told to. */
function clock() {
  let now = 0;
  let timers = [];
  return {
    now: () => now,
    setTimeout: (run, ms) => {
      const timer = { run, at: now + ms };
      timers.push(timer);
      return timer;
    },
    clearTimeout: (timer) => (timers = timers.filter((other) => other !== timer)),
    pass(ms) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}

function teller() {
  const time = clock();
  const line = { isUp: true, said: [] };
  const say = (isTyping) => line.isUp && line.said.push([time.now(), isTyping]) > 0;
  return { typing: new TypingTeller({ say, timers: time, now: time.now }), time, line };
}

test("while the text changes it is said again every three seconds at most", () => {
  const { typing, time, line } = teller();
  for (let at = 0; at <= 7_000; at += 500) {
    typing.changed("Hello");
    time.pass(500);
  }
  assert.deepEqual(line.said, [[0, true], [3_000, true], [6_000, true]]);
});

test("five seconds without a key end it, once", () => {
  const { typing, time, line } = teller();
  typing.changed("Hel");
  time.pass(4_000);
  typing.changed("Hello");
  time.pass(4_999);
  assert.deepEqual(line.said, [[0, true], [4_000, true]]);
  time.pass(1);
  time.pass(60_000);
  assert.deepEqual(line.said.slice(2), [[9_000, false]]);
});

test("a sent or emptied text ends it at once, and what was never said is not ended", () => {
  const { typing, line } = teller();
  typing.stop();
  typing.changed("  ");
  assert.deepEqual(line.said, []);
  typing.changed("H");
  typing.changed("");
  typing.stop();
  assert.deepEqual(line.said, [[0, true], [0, false]]);
});

test("emptying and typing again says no more than every three seconds", () => {
  const { typing, time, line } = teller();
  for (let key = 0; key < 10; key++) {
    typing.changed("H");
    typing.changed("");
    time.pass(100);
  }
  assert.deepEqual(line.said, [[0, true], [0, false]]);
});

test("what could not leave is said with the next key", () => {
  const { typing, time, line } = teller();
  line.isUp = false;
  typing.changed("H");
  line.isUp = true;
  time.pass(100);
  typing.changed("He");
  assert.deepEqual(line.said, [[100, true]]);
});

function shown() {
  const time = clock();
  const line = { hidden: true };
  const name = { textContent: "" };
  return { typing: new TypingLine(line, name, time), time, line, name };
}

test("somebody types for six seconds after they last said so", () => {
  const { typing, time, line, name } = shown();
  typing.onTyping({ name: "Ada", is_typing: true });
  time.pass(5_999);
  typing.onTyping({ name: "Ada", is_typing: true });
  time.pass(5_999);
  assert.deepEqual([line.hidden, name.textContent], [false, "Ada"]);
  time.pass(1);
  assert.equal(line.hidden, true);
});

test("it ends at once when they say so or have written", () => {
  const { typing, line } = shown();
  typing.onTyping({ name: "Ada", is_typing: true });
  typing.onTyping({ name: "Ada", is_typing: false });
  assert.equal(line.hidden, true);
  typing.onTyping({ name: "Ada", is_typing: true });
  typing.hide();
  assert.equal(line.hidden, true);
});
