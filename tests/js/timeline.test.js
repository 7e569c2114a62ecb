import assert from "node:assert/strict";
import { test } from "node:test";
import { textPieces, Timeline } from "../../static/js/shared/messages.js";

const message = (seq, { id = seq * 10, rev = seq } = {}) => ({ id, seq, rev, conversation_id: 7, content: `${seq}` });

function setUp() {
  const world = { gaps: 0, timers: [] };
  const timeline = new Timeline({
    onGap: () => world.gaps++,
    timers: {
      setTimeout: (run, ms) => world.timers.push({ run, ms }),
      clearTimeout: (timer) => timer && delete world.timers[timer - 1],
    },
  });
  const contents = () => timeline.messages.map(({ content }) => content).join(" ");
  return { world, timeline, contents };
}

test("messages in order are added, repeated ones known", () => {
  const { timeline, contents } = setUp();
  assert.deepEqual(timeline.after, { seq: 0, rev: 0 });
  assert.equal(timeline.apply(message(1)), "added");
  assert.equal(timeline.apply(message(2, { rev: 5 })), "added");
  assert.equal(timeline.apply(message(2)), "known");
  assert.equal(contents(), "1 2");
  assert.deepEqual(timeline.after, { seq: 2, rev: 5 });
});

test("a message that came too early is held until the missing one is there", () => {
  const { world, timeline, contents } = setUp();
  timeline.apply(message(1));
  assert.equal(timeline.apply(message(4)), "held");
  assert.equal(timeline.apply(message(3)), "held");
  assert.deepEqual(timeline.held.map(({ seq }) => seq), [3, 4]);
  assert.equal(timeline.apply(message(2)), "added");
  assert.equal(contents(), "1 2 3 4");
  assert.deepEqual(timeline.held, []);
  assert.equal(world.timers.filter(Boolean).length, 0, "the gap closed in time");
});

test("a gap that stays open for 200 ms is reported once", () => {
  const { world, timeline } = setUp();
  timeline.apply(message(1));
  timeline.apply(message(3));
  timeline.apply(message(4));
  assert.deepEqual(world.timers.map(({ ms }) => ms), [200]);
  world.timers[0].run();
  assert.equal(world.gaps, 1);
});

test("while a gap is open, after stays before it", () => {
  const { timeline } = setUp();
  timeline.apply(message(1, { rev: 3 }));
  timeline.apply({ ...message(1, { id: 15, rev: 9 }), seq: null });
  assert.deepEqual(timeline.after, { seq: 1, rev: 9 });
  timeline.apply(message(3, { rev: 10 }));
  assert.deepEqual(timeline.after, { seq: 1, rev: 3 });
  timeline.apply(message(2, { rev: 8 }));
  assert.deepEqual(timeline.after, { seq: 3, rev: 10 });
});

test("a conversation may start in its middle and take older pages later", () => {
  const { timeline, contents } = setUp();
  for (const seq of [51, 52, 49, 50]) assert.equal(timeline.apply(message(seq)), "added");
  assert.equal(contents(), "49 50 51 52");
  assert.deepEqual(timeline.after, { seq: 52, rev: 52 });
});

test("notes have no seq and stand where they were written", () => {
  const { timeline } = setUp();
  for (const seq of [1, 2]) timeline.apply(message(seq));
  assert.equal(timeline.apply({ ...message(1, { id: 15, rev: 4 }), seq: null, content: "note" }), "added");
  assert.deepEqual(timeline.messages.map(({ id }) => id), [10, 15, 20]);
});

const links = (content) => textPieces(content).filter(({ href }) => href).map(({ text }) => text);

test("links are http and https only, and lose the sentence's punctuation", () => {
  assert.deepEqual(links("see https://a.example/x?y=1#z, or (http://b.example/c_(d)). javascript:alert(1) ftp://c.example"), [
    "https://a.example/x?y=1#z",
    "http://b.example/c_(d)",
  ]);
  assert.deepEqual(links("http:// https://] no links, xhttp://a.example neither"), []);
});

test("an address that begins with www. is a link, to https", () => {
  const { href, text } = textPieces("see www.a.example/x, not awww.b.example").find((piece) => piece.href);
  assert.deepEqual([text, href], ["www.a.example/x", "https://www.a.example/x"]);
  assert.deepEqual(links("www. and awww.b.example"), []);
});

test("the pieces together are the text", () => {
  for (const content of ["", "plain", "https://a.example", "a https://a.example b https://b.example.\n<b>c</b>"]) {
    assert.equal(textPieces(content).map(({ text }) => text).join(""), content);
  }
});

test("hostile text is cut quickly", () => {
  const began = performance.now();
  for (const tail of [")", ".", "http://"]) textPieces("http://a.example/" + tail.repeat(10_000));
  assert.ok(performance.now() - began < 500);
});
