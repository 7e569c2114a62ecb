// The reference: a bare relay, as small and as fast as one Node process with `ws` and `pg` gets.
// Each message is stored together with its conversation's summary row, then acknowledged to its sender and handed to the
// other side. No accounts, tokens, limits, validation, idempotency, resume, or message to any but the one other socket.
//
// Use: node server.js PORT DATABASE_URL POOL_SIZE statement|transaction
import pg from "pg";
import { WebSocketServer } from "ws";

const [port, connectionString, poolSize, way] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: Number(poolSize) });
const store = way === "transaction" ? storeInTransaction : storeInStatement;

// One statement is one transaction, and one round trip instead of four.
const STORE = {
  name: "store",
  text: `WITH conversation AS (
           UPDATE conversations SET last_seq = last_seq + 1, last_text = $2, last_sender = $3, last_at = now()
           WHERE id = $1 RETURNING id, last_seq, last_at)
         INSERT INTO messages (conversation_id, seq, sender_type, client_id, content, created_at)
         SELECT id, last_seq, $3, $4, $2, last_at FROM conversation RETURNING id, seq, created_at`,
};

async function storeInStatement(conversation, content, side, clientId) {
  const { rows } = await pool.query({ ...STORE, values: [conversation, content, side, clientId] });
  return rows[0];
}

// The same as it is usually written.
const SUMMARISE = {
  name: "summarise",
  text: `UPDATE conversations SET last_seq = last_seq + 1, last_text = $2, last_sender = $3, last_at = now()
         WHERE id = $1 RETURNING last_seq, last_at`,
};
const INSERT = {
  name: "insert",
  text: `INSERT INTO messages (conversation_id, seq, sender_type, client_id, content, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, seq, created_at`,
};

async function storeInTransaction(conversation, content, side, clientId) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const summary = (await client.query({ ...SUMMARISE, values: [conversation, content, side] })).rows[0];
    const values = [conversation, summary.last_seq, side, clientId, content, summary.last_at];
    const { rows } = await client.query({ ...INSERT, values });
    await client.query("COMMIT");
    return rows[0];
  } finally {
    client.release();
  }
}

await pool.query(`
  CREATE TABLE conversations (
    id bigint PRIMARY KEY, last_seq int NOT NULL DEFAULT 0, last_text text, last_sender text, last_at timestamptz);
  CREATE TABLE messages (
    id bigserial PRIMARY KEY, conversation_id bigint NOT NULL REFERENCES conversations, seq int NOT NULL,
    sender_type text NOT NULL, client_id uuid NOT NULL, content text NOT NULL, created_at timestamptz NOT NULL,
    UNIQUE (conversation_id, seq))`);

/** @type {Map<number, Record<string, WebSocket>>} conversation id -> its customer's and its agent's socket */
const rooms = new Map();

const server = new WebSocketServer({ port: Number(port), host: "127.0.0.1", perMessageDeflate: false });
server.on("connection", (socket) => {
  let conversation = 0;
  let side = "";
  socket.on("message", async (data) => {
    const frame = JSON.parse(data);
    if (frame.type === "hello") {
      ({ conversation, side } = frame);
      await pool.query("INSERT INTO conversations (id) VALUES ($1) ON CONFLICT DO NOTHING", [conversation]);
      rooms.set(conversation, { ...rooms.get(conversation), [side]: socket });
      socket.send('{"type":"ready"}');
      return;
    }
    const { client_id, content } = frame;
    const { id, seq, created_at } = await store(conversation, content, side, client_id);
    const message = { id: Number(id), conversation_id: conversation, seq, sender_type: side, content, created_at };
    socket.send(JSON.stringify({ type: "ack", client_id, ...message }));
    const other = rooms.get(conversation)[side === "agent" ? "customer" : "agent"];
    other.send(JSON.stringify({ type: "message", ...message }));
  });
});
server.on("listening", () => console.log("ready"));
