/**
 * The frames of our sockets and the public config, as `docs/realtime.md` and `tests/wire/` pin them.
 *
 * @typedef {{id: string, name: string}} Person
 *
 * @typedef {{id: string, name: string, content_type: string, size: number}} Attachment
 *
 * @typedef {object} Message
 * @property {number} id
 * @property {number} conversation_id
 * @property {"message" | "note" | "activity"} kind
 * @property {number | null} seq null when the visitor may not see it
 * @property {number} rev
 * @property {string | null} client_id only for the side that sent it
 * @property {"customer" | "agent" | "system"} sender_type
 * @property {Person | null} author
 * @property {Attachment[]} [attachments]
 * @property {string} content
 * @property {string} created_at
 *
 * @typedef {Message & {type: "message"}} MessageFrame
 * @typedef {Message & {type: "ack", client_id: string, token?: string}} AckFrame
 *
 * @typedef {object} ConversationFrame
 * @property {"conversation"} type
 * @property {number} id
 * @property {"open" | "pending" | "resolved" | "closed"} status
 * @property {number} last_seq
 * @property {number} rev
 * @property {number} agent_read_seq
 * @property {number} visitor_read_seq
 * @property {number} visitor_delivered_seq
 * @property {Person | null} assignee
 * @property {{text: string, sender_type: Message["sender_type"], created_at: string} | null} last_message
 * @property {Person} [contact] agents only
 * @property {"anonymous" | "claimed" | "verified"} [mark] agents only
 * @property {boolean} [unread] agents only
 * @property {string | null} [waiting_since] agents only
 * @property {string} [widget_id] agents only
 * @property {string} [priority] agents only
 * @property {string[]} [tags] agents only
 * @property {string | null} [snoozed_until] agents only
 *
 * @typedef {object} TypingFrame
 * @property {"typing"} type
 * @property {number} conversation_id
 * @property {Message["sender_type"]} sender_type
 * @property {string} user_id
 * @property {string} name
 * @property {boolean} is_typing
 *
 * @typedef {object} MarkFrame
 * @property {"read" | "delivered"} type
 * @property {number} conversation_id
 * @property {Message["sender_type"]} sender_type
 * @property {number} seq
 * @property {number} rev
 *
 * @typedef {{type: "presence", online?: boolean, agent_id?: string, status?: "live" | "away" | "offline"}} PresenceFrame
 *   visitors hear whether anybody is there, agents hear of each colleague
 * @typedef {{type: "error", code: string, detail: string, client_id?: string,
 *   retry_after?: number}} ErrorFrame
 * @typedef {{type: "ready"} | {type: "resume"} | {type: "pong"}} PlainFrame
 *
 * @typedef {MessageFrame | AckFrame | ConversationFrame | TypingFrame | MarkFrame | PresenceFrame | ErrorFrame
 *   | PlainFrame} FrameOut what the server says
 *
 * @typedef {{seq: number, rev: number}} Position
 * @typedef {{type: "hello", widget?: string, token?: string, agent?: string, after: Record<string, Position>}} HelloFrame
 * @typedef {{type: "send", client_id: string, content: string, conversation_id?: number, name?: string, email?: string}} SendFrame
 * @typedef {HelloFrame | SendFrame | {type: "ping"}
 *   | {type: "typing", conversation_id: number, is_typing: boolean}
 *   | {type: "read" | "delivered", conversation_id: number, seq: number}} FrameIn what the browser says
 *
 * @typedef {object} PublicConfig
 * @property {string} id
 * @property {string} business_id
 * @property {string} welcome_heading
 * @property {string} welcome_tagline
 * @property {string} primary_color
 * @property {string} secondary_color
 * @property {boolean} show_online_badge
 * @property {string | null} logo_url
 * @property {string | null} initial_message
 * @property {"receptionist" | "send-1" | "send-2" | "send-3"} chat_icon
 * @property {"circle" | "rounded" | "square"} background_shape
 * @property {boolean} show_help_prompt
 * @property {Record<string, unknown>} config
 * @property {string[]} domains
 * @property {boolean} online
 * @property {{pre_chat?: {name: string, email: string}}} features
 *
 * @typedef {{token?: string, sound?: boolean, isUnsent?: boolean, said?: string, isIntroduced?: boolean}} Kept what the browser keeps of a visitor,
 *   under `pingback:<widget id>`, and the hash of a name; `isUnsent`: some tab has more; `said`: hash of what the page said
 * @typedef {{items?: import("./messages.js").Item[], drafts?: [number, string][], about?: Record<string, string>}} Unsent the same, of this tab only
 * @typedef {Omit<ConversationFrame, "type">[] | undefined} Known the visitor's conversations; undefined until they are known
 *
 * @typedef {{setTimeout(run: () => void, ms: number): any, clearTimeout(timer: any): void}} Timers
 */

export {};
