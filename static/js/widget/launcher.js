(() => {
  const MODULES = [
    "{{static js/widget/chat.js}}",
    "{{static js/widget/view.js}}",
    "{{static js/widget/log.js}}",
    "{{static js/shared/connection.js}}",
    "{{static js/shared/messages.js}}",
  ];
  const SHEET = "{{static css/widget.css}}";
  const AWAITED = 864e5; // how long an answer is waited for, in ms
  const BUBBLE =
    "M6 4.5h12A2.5 2.5 0 0 1 20.5 7v7.5A2.5 2.5 0 0 1 18 17h-6l-4.5 3.5V17H6a2.5 2.5 0 0 1-2.5-2.5V7A2.5 2.5 0 0 1 6 4.5Z";
  /** @type {Record<string, string>} */
  const ICONS = {
    receptionist:
      "M12 5.25a3.25 3.25 0 1 0 0 6.5 3.25 3.25 0 0 0 0-6.5ZM5.75 7.25v3m12.5-3v3M5.75 8.5a6.25 6.25 0 0 1 12.5 0v1.75A4 4 0 0 1 14.25 14.25H12.5M4.5 21.5a7.5 5 0 0 1 15 0",
    "send-1": "M20.5 3.5 3.5 9.75l6.75 4 4 6.75 6.25-17ZM10.25 13.75l4.25-4.25",
    "send-2": BUBBLE + "M8 9h8m-8 3.5h5",
    "send-3": BUBBLE + "M8.25 10.75h7.5m-3-3 3 3-3 3",
  };
  /** @type {Record<string, string>} */
  const RADIUS = { circle: "50%", rounded: "16px", square: "4px" };
  const CSS = `:host{all:initial!important}
button{all:unset;box-sizing:border-box;cursor:pointer;-webkit-tap-highlight-color:transparent}
.launcher,.help{position:fixed;z-index:2147483000;inset-block-end:calc(20px + env(safe-area-inset-bottom,0px));
font:500 14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
.launcher{inset-inline-end:20px;width:56px;height:56px;display:grid;place-items:center;
border:1px solid #0002;border-radius:var(--radius);background:var(--primary);color:var(--secondary);box-shadow:0 4px 16px #0003}
svg{width:30px;height:30px;fill:none;stroke:currentColor;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.launcher svg{transition:transform .15s ease-out}
.launcher:hover svg{transform:scale(1.08)}
.launcher[aria-busy=true] svg{opacity:.6}
.launcher svg+svg,.launcher[aria-expanded=true] svg{display:none}
.launcher[aria-expanded=true] svg+svg{display:block}
.launcher i,b{position:absolute;box-sizing:border-box;border:2px solid #fff;border-radius:10px;background:#15803d}
.launcher i{inset-block-end:0;inset-inline-end:0;width:14px;height:14px}
b{inset-block-start:-6px;inset-inline-end:-6px;min-width:22px;padding:0 4px;font:600 12px/18px inherit;
font-family:inherit;text-align:center;color:#fff;background:#b8283a}
b:empty,.help:empty{display:none}
.help{inset-inline-end:88px;display:flex;align-items:center;min-height:56px;max-width:min(280px,calc(100vw - 108px));
box-sizing:border-box;border:1px solid #e3e3e9;border-radius:10px;background:#fff;color:#1d1d24;
box-shadow:0 8px 28px #14102829;overflow-wrap:anywhere;animation:in .15s .8s ease-out both}
.help button{padding:8px 0 8px 16px;padding-inline:16px 0;max-height:144px;overflow:hidden}
.help button+button{padding:12px;align-self:start}
.help svg{display:block;width:20px;height:20px}
@keyframes in{from{opacity:0;transform:translateY(4px);visibility:hidden}}
button:focus-visible{outline:2px solid #1d1d24;outline-offset:2px;box-shadow:0 0 0 2px #fff,0 0 0 6px #fff}
.help button:focus-visible{outline-offset:-4px;border-radius:8px;box-shadow:none}
@media(prefers-color-scheme:dark){.help{background:#1b1b22;color:#ececf1;border-color:#2c2c36}
.help button:focus-visible{outline-color:#ececf1}}
@media print{.launcher,.help{display:none}}
@media(prefers-reduced-motion:reduce){.help{animation-duration:0s}.launcher svg{transition:none;transform:none!important}}`;

  const page = /** @type {any} */ (window);
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  const id = page.PingBackWidgetId || page.PIPEBACK_ID || script?.dataset.widgetId;
  const base = script?.src && new URL(script.src).origin;
  const root = document.documentElement;

  /** @param {unknown[]} why */
  const warn = (...why) => console.warn("PingBack:", ...why);

  if (page.PingBackAttach) return page.PingBackAttach();
  if (!base || !id) return warn("no widget id: set window.PingBackWidgetId, or data-widget-id on the script tag.");

  const host = document.createElement("pingback-widget");
  let isDrawn = false;
  // Beside the body: pages replace theirs, and a transform on it would carry us along.
  const attach = (page.PingBackAttach = () => {
    if (isDrawn && !host.isConnected) document.documentElement.append(host);
  });

  /** @param {string[]} domains */
  const isAllowed = (domains) => {
    const port = location.port;
    const name = location.hostname.replace(/\.$/, "");
    if (!domains.length || name === "localhost" || name === "127.0.0.1") return true;
    return domains.some((domain) => {
      const [, host, wanted] = /** @type {RegExpExecArray} */ (/^(?:www\.)?(.*?)(?::(\d+))?$/.exec(domain.toLowerCase()));
      return (name === host || name.endsWith("." + host)) && (!wanted || wanted === port);
    });
  };


  /** @param {string} path */
  const icon = (path) => {
    const [svg, shape] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    shape.setAttribute("d", path);
    svg.append(shape);
    return svg;
  };

  /**
   * @param {string} className
   * @param {string} name
   * @param {(Node | string)[]} content
   */
  const newButton = (className, name, ...content) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = className;
    if (name) button.title = button.ariaLabel = name;
    button.append(...content);
    return button;
  };

  /** @param {import("../shared/types.js").PublicConfig} config */
  const draw = (config) => {
    const key = "pingback:" + config.id;
    /**
     * What this browser keeps of the visitor; nothing where it refuses.
     * @param {string} place
     */
    const read = (place) => {
      try {
        return JSON.parse(page[place].getItem(key)) || {};
      } catch {
        return {};
      }
    };
    /**
     * @param {string} place
     * @param {object} [what]
     */
    const keep = (place, what) => {
      try {
        if (what) page[place].setItem(key, JSON.stringify(what));
        else page[place].removeItem(key);
        return true;
      } catch {
        return false;
      }
    };
    const kept = read("localStorage");
    const unsent = read("sessionStorage");
    const shadow = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    shadow.adoptedStyleSheets = [sheet];

    const button = newButton("launcher", "Chat", icon(ICONS[config.chat_icon] || ICONS.receptionist), icon("m6 9.5 6 6 6-6"));
    const badge = document.createElement("b");
    const help = document.createElement("div");
    help.className = "help";
    button.ariaHasPopup = "dialog";
    button.ariaExpanded = "false";
    button.style.setProperty("--primary", config.primary_color);
    button.style.setProperty("--secondary", config.secondary_color);
    button.style.setProperty("--radius", RADIUS[config.background_shape]);
    const isOnline = config.online && config.show_online_badge;
    if (isOnline) button.append(document.createElement("i"));
    badge.ariaHidden = "true";
    button.append(badge);

    /** @param {number} count */
    const showUnread = (count) => {
      badge.textContent = count ? (count > 9 ? "9+" : `${count}`) : "";
      button.ariaLabel = "Chat" + (isOnline ? ", online now" : "") + (count ? `, ${count} unread` : "");
    };

    /** @param {string} text */
    const say = (text) => {
      const close = newButton("", "Dismiss", icon("m6 6 12 12M18 6 6 18"));
      const open = newButton("", "", text);
      open.dir = "auto";
      open.onclick = press;
      close.onclick = () => help.replaceChildren();
      help.replaceChildren(open, close);
    };

    /** @type {import("../shared/types.js").Known} */
    let conversations;
    /** @type {Promise<any> | undefined} */
    let loading;
    // Fetched first, all at once: some browsers never try again to import what once failed.
    const load = () =>
      (loading ??= Promise.all(
        [SHEET, ...MODULES].map((path) =>
          fetch(base + path).then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status))),
        ),
      )
        .then(([css]) => Promise.all(MODULES.map((path) => import(base + path))).then(([{ mount }]) => {
          const rules = new CSSStyleSheet();
          rules.replaceSync(css);
          shadow.adoptedStyleSheets.push(rules);
          return mount({ shadow, config, base, kept, unsent, keep, conversations, showUnread, launcherButton: button });
        }))
        .catch((error) => {
          loading = undefined;
          warn("the chat could not be loaded.", error);
        }));
    const press = async () => {
      if (button.ariaBusy === "true") return;
      button.ariaBusy = "true";
      const chat = await load();
      button.ariaBusy = "false";
      help.replaceChildren();
      if (chat) chat.toggle();
      else say("The chat can't be reached. Try again.");
    };
    button.onpointerenter = button.onfocus = load;
    button.onclick = press;

    showUnread(0);
    if (kept.token) {
      const headers = { Authorization: "Visitor " + kept.token };
      fetch(base + "/api/v1/visitor/conversations", { headers, credentials: "omit" })
        .then((answer) => answer.json())
        .then(({ results }) => {
          if (!results || loading) return;
          conversations = results;
          let count = 0;
          for (const one of results) count += one.last_seq - one.visitor_read_seq;
          showUnread(count);
          const isAwaited = results.some(
            (/** @type {any} */ { status, last_message: { sender_type, created_at } }) =>
              sender_type === "customer" && status === "open" && Date.now() - Date.parse(created_at) < AWAITED,
          );
          if (isAwaited) load();
        })
        .catch(() => {}); // the chat tells of it when it is opened
    } else if (config.show_help_prompt && !unsent.items) say(config.initial_message || "Questions? Chat with us.");
    if (unsent.items) load();

    shadow.append(help, button);
    isDrawn = true;
    attach();
    new MutationObserver(attach).observe(root, { childList: true });
  };

  const start = async () => {
    const answer = await fetch(`${base}/api/v1/widget/${encodeURIComponent(id)}`, { credentials: "omit" });
    const config = await answer.json();
    if (!answer.ok) return warn(config.detail);
    if (!isAllowed(config.domains)) return warn(`this widget is not allowed on ${location.host}, so it stays hidden.`);
    if (document.body) draw(config);
    else addEventListener("DOMContentLoaded", () => draw(config));
  };

  start().catch((error) => {
    delete page.PingBackAttach; // the script may run again
    warn("the widget's settings could not be loaded.", error);
  });
})();
