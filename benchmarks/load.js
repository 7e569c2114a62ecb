// The load: pairs of a visitor and an agent in a closed loop. The visitor sends, the agent receives and answers, the
// visitor receives, and so on. It reads a job as JSON on standard input and prints the result as JSON:
//
// {"url": "ws://127.0.0.1:8000", "origin": "http://127.0.0.1:8000", "warmup": 2, "seconds": 10,
//  "pairs": [{"widget": "...", "cookie": "..."}]}     without "widget" and "cookie": the reference
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import WebSocket from "ws";

const job = JSON.parse(readFileSync(0, "utf8"));
const WORDS = "Hello, I have a question about my order: when will it arrive? ";
let measuring = false;
let stopped = false;

/** Over the whole run, to be compared with what the database holds. */
const total = { acknowledged: 0, delivered: 0 };
/** In the measured time alone. */
const measured = { acknowledged: 0, delivered: 0, /** @type {number[]} */ milliseconds: [] };

function count(word) {
  total[word]++;
  if (measuring) measured[word]++;
}

class Side {
  constructor(path, hello, headers) {
    this.hello = hello;
    this.socket = new WebSocket(job.url + path, { headers, perMessageDeflate: false });
    this.conversation = undefined;
    this.sentAt = 0;
    this.sent = 0;
  }

  /** Connects, says hello, and waits for `ready`; from then on `other` is who gets what this side sends. */
  async meet(other) {
    await new Promise((ready, refuse) => {
      this.socket.on("open", () => this.socket.send(JSON.stringify(this.hello)));
      this.socket.on("error", refuse);
      this.socket.on("close", (code) => stopped || fail(`closed with ${code}`));
      this.socket.on("message", (data) => {
        const frame = JSON.parse(data);
        if (frame.type === "message") this.received(frame, other);
        else if (frame.type === "ack") this.acknowledged(frame);
        else if (frame.type === "ready") ready();
        else if (frame.type === "error") fail(JSON.stringify(frame));
      });
    });
  }

  send() {
    if (stopped) return;
    this.sent++;
    this.sentAt = performance.now();
    const frame = { type: "send", client_id: randomUUID(), conversation_id: this.conversation, content: WORDS + this.sent };
    this.socket.send(JSON.stringify(frame));
  }

  acknowledged(frame) {
    this.conversation = frame.conversation_id;
    count("acknowledged");
  }

  received(frame, other) {
    if (measuring) measured.milliseconds.push(performance.now() - other.sentAt);
    this.conversation = frame.conversation_id;
    count("delivered");
    this.send();
  }
}

function makePair({ widget, cookie }, index) {
  if (!widget) {
    const conversation = index + 1;
    const side = (name) => new Side("/", { type: "hello", conversation, side: name }, {});
    return { visitor: side("customer"), agent: side("agent") };
  }
  return {
    visitor: new Side("/ws/visitor/", { type: "hello", widget }, {}),
    agent: new Side("/ws/inbox/", { type: "hello" }, { Cookie: cookie, Origin: job.origin }),
  };
}

function fail(reason) {
  console.error(`load: ${reason}`);
  process.exit(1);
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const pairs = job.pairs.map(makePair);
await Promise.all(pairs.flatMap(({ visitor, agent }) => [visitor.meet(agent), agent.meet(visitor)]));
for (const { visitor } of pairs) visitor.send();
await sleep(job.warmup);

measuring = true;
const start = performance.now();
await sleep(job.seconds);
measuring = false;
const seconds = (performance.now() - start) / 1000;

stopped = true; // no new messages; those on their way still arrive
await sleep(1);

const slowest = measured.milliseconds.sort((a, b) => a - b);
const percentile = (share) => slowest[Math.floor((slowest.length - 1) * share)] ?? NaN;
console.log(
  JSON.stringify({
    perSecond: Math.min(measured.acknowledged, measured.delivered) / seconds,
    p50: percentile(0.5),
    p99: percentile(0.99),
    ...total,
  }),
);
process.exit(0);
