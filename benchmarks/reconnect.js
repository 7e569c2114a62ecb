// Many visitors, each with the widget's own Connection: they write once, lose the server, and come back by themselves.
//
// Reads {"url", "widget", "visitors"} as JSON, prints {"connected": true} once everybody is stored, and
// {"resumedAt": [milliseconds since 1970, ...]} once everybody has been brought the second message.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import WebSocket from "ws";

import { Connection } from "../static/js/shared/connection.js";

const AT_ONCE = 50;

class Line extends WebSocket {
  constructor(url) {
    super(url, { perMessageDeflate: false });
    this.on("error", () => {}); // the close that follows says it, too
  }
}

class Visitor {
  /** @param {{url: string, widget: string}} job */
  constructor({ url, widget }) {
    this.after = {};
    this.seq = 0;
    this.stored = new Promise((done) => (this.onStored = done));
    this.resumed = new Promise((done) => (this.onResumed = done));
    this.connection = new Connection({
      url: `${url}/ws/visitor/`,
      hello: () => ({ type: "hello", widget, token: this.token, after: this.after }),
      onFrame: (frame) => this.onFrame(frame),
      onState: (state) => state === "stopped" && process.exit(1),
      WebSocket: Line,
      window: new EventTarget(),
      document: new EventTarget(),
    });
    this.connection.open();
  }

  onFrame(frame) {
    if (frame.type === "error") throw new Error(JSON.stringify(frame));
    if (frame.type === "message" || frame.type === "ack") {
      this.seq = frame.seq;
      this.after = { [frame.conversation_id]: { seq: frame.seq } };
    }
    if (frame.type === "ack") {
      this.token = frame.token;
      this.onStored();
    }
    if (frame.type !== "ready") return;
    if (!this.token) this.connection.send({ type: "send", client_id: randomUUID(), content: "Hello" });
    if (this.seq > 1) this.onResumed(Date.now());
  }
}

const lines = createInterface({ input: process.stdin });
const job = JSON.parse((await once(lines, "line"))[0]);
const visitors = [];
while (visitors.length < job.visitors) {
  const some = Array.from({ length: Math.min(AT_ONCE, job.visitors - visitors.length) }, () => new Visitor(job));
  await Promise.all(some.map(({ stored }) => stored));
  visitors.push(...some);
}
console.log(JSON.stringify({ connected: true }));
console.log(JSON.stringify({ resumedAt: await Promise.all(visitors.map(({ resumed }) => resumed)) }));
process.exit(0);
