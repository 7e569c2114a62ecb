(() => {
  const CHAT = "{{static js/widget/chat.js}}";
  const SHEET = "{{static css/widget.css}}";
  /** @type {Record<string, string>} */
  const LATER = {
    home: "{{static js/widget/home.js}}",
    http: "{{static js/widget/http.js}}",
    sound: "{{static js/widget/sound.js}}",
    files: "{{static js/widget/files.js}}",
    prechat: "{{static js/widget/prechat.js}}",
    messenger: "{{static js/widget/messenger.js}}",
  };
  /** @type {Record<string, string>} */
  const LOCALES = {
    ar: "{{static js/locales/ar.json}}",
    de: "{{static js/locales/de.json}}",
    es: "{{static js/locales/es.json}}",
    fr: "{{static js/locales/fr.json}}",
    pt: "{{static js/locales/pt-BR.json}}",
  };
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
  const FIXED = `position:fixed;z-index:2147483000;inset-block-end:calc(20px + env(safe-area-inset-bottom,0px))`;
  // What is drawn at first has its styles on it: a style sheet costs a slow phone more than all of this.
  const STROKE = "fill:none;stroke:currentColor;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round";
  const LOOK = `appearance:none;${FIXED};inset-inline-end:20px;display:grid;padding:12px;
border:1px solid #0002;box-shadow:0 4px 16px #0003;cursor:pointer;${STROKE};`;
  const DOT = `position:absolute;inset-block-end:0;inset-inline-end:0;width:10px;height:10px;
border:2px solid #fff;border-radius:10px;background:#15803d`;
  const CSS = `button{appearance:none;margin:0;border:0;padding:0;background:none;color:inherit;font:inherit;text-align:inherit;cursor:pointer;
-webkit-tap-highlight-color:transparent}
svg{display:block;${STROKE}}
.launcher[aria-busy=true] svg{opacity:.6}
.launcher:focus-visible{outline:2px solid #1d1d24;outline-offset:2px;box-shadow:0 0 0 2px #fff,0 0 0 6px #fff!important}
@media print{.launcher,.help{display:none}}`;
  const BADGE_CSS = `b{position:absolute;inset-block-start:-6px;inset-inline-end:-6px;min-width:14px;padding:0 4px;
border:2px solid #fff;border-radius:11px;background:#b8283a;color:#fff;font:600 12px/18px system-ui,sans-serif;text-align:center}
b:empty{display:none}`;
  const HELP_CSS = `.help{${FIXED};inset-inline-end:88px;display:flex;align-items:center;min-height:56px;
max-width:min(280px,calc(100vw - 108px));box-sizing:border-box;border:1px solid #e3e3e9;border-radius:10px;
background:#fff;color:#1d1d24;font:500 14px/1.45 system-ui,sans-serif;
box-shadow:0 8px 28px #14102829;overflow-wrap:anywhere}
.help button{max-height:144px;padding-block:8px;padding-inline:12px 8px;overflow:hidden}
.help button+button{flex:none;padding:12px;align-self:start}
.help svg{width:20px;height:20px}
.help button:focus-visible{outline:2px solid;outline-offset:-4px;border-radius:8px}
@media(prefers-color-scheme:dark){.help{background:#1b1b22;color:#ececf1;border-color:#2c2c36}}`;

  const page = /** @type {any} */ (window);
  const script = document.currentScript;
  const isScript = script instanceof HTMLScriptElement; // markup can give such names to images
  const id = [isScript && script.dataset.widgetId, page.PingBackWidgetId, page.PIPEBACK_ID].find(
    (id) => id && typeof id === "string",
  );
  const base = isScript && script.src.split("/", 3).join("/");

  /** @param {unknown[]} why */
  const warn = (...why) => console.warn("PingBack:", ...why);

  if (page.PingBack?.attach) return page.PingBack.attach();
  let given = page.$pipeback;
  if (!base || !id) return warn("no widget id: set PingBackWidgetId or data-widget-id.");
  if (!document.adoptedStyleSheets || !page.CSS.supports("selector(:has(a))")) return warn("this browser is too old.");

  /** @type {import("../shared/types.js").PublicConfig} */
  let config;
  /** @type {HTMLElement | undefined} */
  let host;
  /** @type {ShadowRoot} */
  let shadow;
  /** @type {import("../shared/types.js").Known} */
  let conversations;
  /** @type {Promise<any> | undefined} */
  let loading;
  /** @type {import("./messenger.js").Shown | undefined} */
  let shown;
  let who = ""; // whose things are kept: nothing for somebody nameless, else ":" and a hash
  let isReady = false;
  let hasNothingToTake = false;
  let isGone = false;
  let lang = "en";
  /** @type {Record<string, string>} */
  let words = {};
  /** @type {Record<string, object | undefined>} */
  const memory = {}; // what the browser refuses to keep

  /** @type {import("../shared/words.js").Translate} */
  const t = (text, value) => (words[text] ?? text).replace("%", () => `${value ?? "%"}`);

  /** @type {Set<[string, (value?: unknown) => void]>} */
  const listeners = new Set();

  /**
   * @param {string} name
   * @param {unknown} [value]
   */
  const emit = (name, value) => {
    for (const [wanted, run] of listeners) if (wanted === name) queueMicrotask(() => run(value)); // theirs may fail
  };

  /** What the page may call. Most pages never do: what answers is fetched with the first call. */
  const api = /** @type {Record<string, any>} */ ({
    isReady: () => isReady,
    on(/** @type {string} */ name, /** @type {() => void} */ run) {
      const listener = /** @type {[string, () => void]} */ ([name, run]);
      listeners.add(listener);
      if (name === "loaded" && isReady) run();
      return () => listeners.delete(listener);
    },
    push(/** @type {any[][]} */ ...calls) {
      for (const [name, ...values] of calls.filter(Array.isArray)) api[name]?.(...values);
    },
  });
  /** @type {Promise<import("./messenger.js").Messenger> | undefined} */
  let messenger;
  const summon = () => (messenger ??= bring("messenger").then(
    ({ Messenger }) => new Messenger(tools),
    (error) => {
      messenger = undefined;
      throw error;
    },
  ));
  for (const name of "start destroy show hide open close navigate update".split(" ")) {
    api[name] = (/** @type {any[]} */ ...values) => summon().then((messenger) => messenger[name](...values)).catch(warn);
  }

  // Beside the body: pages replace theirs, and a transform on it would carry us along.
  const attach = () => {
    if (host && !isGone && !host.isConnected) document.documentElement.append(host);
  };
  api.attach = () => (isGone ? api.start() : attach());

  const isAllowed = () => {
    const port = location.port;
    const { hostname } = location;
    const page = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
    if (!config.domains.length || page === "localhost" || page === "127.0.0.1") return true;
    return config.domains.some((domain) => {
      const [, host, wanted] = /** @type {RegExpExecArray} */ (/^(?:www\.)?(.*?)(?::(\d+))?$/.exec(domain.toLowerCase()));
      return (page === host || page.endsWith("." + host)) && (!wanted || wanted === port);
    });
  };

  /** What is kept of somebody is kept under this name. */
  const name = (whose = who) => "pingback:" + config.id + whose;

  /**
   * What this browser keeps of a visitor.
   * @param {string} place
   * @param {string} [whose]
   */
  const read = (place, whose = who) => {
    const key = name(whose);
    let kept;
    try {
      kept = JSON.parse(page[place].getItem(key));
    } catch {}
    return kept || memory[place + key] || {};
  };

  /**
   * @param {string} place
   * @param {object} [what]
   * @param {string} [whose]
   */
  const keep = (place, what, whose = who) => {
    const key = name(whose);
    delete memory[place + key];
    try {
      if (what) page[place].setItem(key, JSON.stringify(what));
      else page[place].removeItem(key);
      return true;
    } catch {
      memory[place + key] = what;
      return false;
    }
  };

  /**
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {Partial<HTMLElementTagNameMap[Tag]>} properties
   * @param {(Node | string)[]} content
   */
  const make = (tag, properties, ...content) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...content);
    return element;
  };

  /** @param {string} path */
  const icon = (path) => {
    const [svg, shape] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("width", "30");
    shape.setAttribute("d", path);
    svg.append(shape);
    return svg;
  };

  /** @type {HTMLElement | undefined} */
  let badge;
  /** @type {HTMLElement | undefined} */
  let help;
  const button = make("button", { type: "button", className: "launcher", ariaHasPopup: "dialog", ariaExpanded: "false" });

  /** @type {HTMLElement | undefined} */
  let dot;
  let unread = 0;

  /**
   * @param {number} count of unread messages
   * @param {boolean} isOnline
   */
  const show = (count, isOnline) => {
    const isDotted = isOnline && config.show_online_badge;
    if (isDotted && !dot) {
      button.append((dot = make("i", {})));
      dot.style.cssText = DOT;
    }
    if (dot) dot.hidden = !isDotted;
    if (count && !badge) {
      addRules(BADGE_CSS);
      button.append((badge = make("b", { ariaHidden: "true" })));
    }
    if (badge) badge.textContent = count ? (count > 9 ? "9+" : `${count}`) : "";
    button.title = t("Chat");
    button.ariaLabel = [button.title, isDotted && t("online now"), count && t("% unread", count)].filter(Boolean).join(", ");
    if (count !== unread) emit("unread", (unread = count));
  };

  let isDressed = false;
  const dress = () => {
    if (!isDressed) addRules(CSS);
    isDressed = true;
  };

  /** @param {string} text */
  const say = (text) => {
    dress();
    addRules(HELP_CSS);
    const open = make("button", { type: "button", dir: "auto", onclick: press }, text);
    const close = make("button", { type: "button", title: t("Dismiss"), ariaLabel: t("Dismiss") }, icon("m6 6 12 12M18 6 6 18"));
    close.onclick = () => help?.remove();
    help?.remove();
    button.before((help = make("div", { className: "help" }, open, close)));
  };

  /**
   * Some browsers never try again to import what once failed: so it is fetched first.
   * @param {string} path
   */
  const fetched = async (path) => {
    const answer = await fetch(base + path);
    if (!answer.ok) throw answer.status;
    return answer.text();
  };

  /** @param {string} name */
  const bring = (name) => fetched(LATER[name]).then(() => import(base + LATER[name]));

  /**
   * Another tab has ended what this browser kept of who sits here. Listened to once there is a chat or a token: it
   * costs a slow phone 4 ms.
   * @param {StorageEvent} event
   */
  const hear = ({ key, oldValue, newValue }) => {
    const isForgotten = !key || (key === name() && !newValue && /token/.test(`${oldValue}`));
    if (isForgotten) become("", false, () => keep("sessionStorage"), true);
  };

  const load = () => {
    dress();
    addEventListener("storage", hear);
    return (loading ??= Promise.all([SHEET, CHAT].map(fetched))
      .then(([css]) => Promise.all([import(base + CHAT), settled]).then(([{ mount }]) => {
        addRules(css);
        button.append(icon("m6 9.5 6 6 6-6"));
        return (shown = mount({ shadow, config, base, read, keep, bring, addRules, icon, conversations, show, emit, t, lang, launcherButton: button }));
      }))
      .catch((error) => {
        loading = undefined;
        warn("the chat could not be loaded.", error);
      }));
  };

  const press = async () => {
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    const shown = await load();
    button.ariaBusy = "false";
    help?.remove();
    if (isGone) return;
    if (shown) shown.chat.isOpen ? shown.close() : shown.open();
    else say(t("The chat can't be reached. Try again."));
  };

  /** @param {string} css */
  const addRules = (css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets.push(sheet);
  };

  const draw = () => {
    const { style } = button;
    host = document.createElement("pingback-widget");
    host.style.cssText = "all:initial!important;display:contents!important";
    shadow = host.attachShadow({ mode: "open" });
    style.cssText = LOOK;
    style.background = config.primary_color;
    style.color = config.secondary_color;
    style.borderRadius = RADIUS[config.background_shape];
    button.append(icon(ICONS[config.chat_icon] || ICONS.receptionist));
    button.onpointerenter = button.onfocus = load;
    button.onclick = press;
    addEventListener("beforeprint", dress);
    show(0, config.online);
    shadow.append(button);
    attach();
    new MutationObserver(attach).observe(document.documentElement, { childList: true });
    settle();
  };

  /** @type {Promise<unknown>} until the visitor's name and language are known */
  let settled;

  const settle = async () => {
    const said = given;
    given = undefined;
    hasNothingToTake = !isCalled && !messenger;
    settled = (async () => hasNothingToTake || (await summon()).take(said))()
      .catch((error) => warn(error, (hasNothingToTake = true)))
      .then(speak)
      .catch(warn);
    await settled;
    if (isGone) return;
    greet();
    if (config.show_help_prompt && !read("localStorage").token) say(config.initial_message || t("Questions? Chat with us."));
    isReady = true;
    emit("loaded");
  };

  /** In the words of the page's settings, else of the page, else of the browser. */
  const speak = async () => {
    const { documentElement } = document;
    const { languages } = navigator;
    const known = [tools.locale, documentElement.lang, ...languages].map((tag) => `${tag}`.toLowerCase().replace("_", "-").split("-", 1)[0]);
    const language = known.find((two) => two === "en" || LOCALES[two]) || "en";
    lang = languages.find((tag) => tag.startsWith(language)) || language;
    words = LOCALES[language] ? JSON.parse(await fetched(LOCALES[language])) : {};
    const dir = language === "ar" ? "rtl" : "";
    if (host && host.dir !== dir) host.dir = dir;
    show(unread, config.online);
  };

  const greet = () => {
    const { isUnsent, token } = read("localStorage");
    if (isUnsent) load();
    if (token) ask(token).catch(warn);
  };

  /**
   * Who has been here before learns what came meanwhile, and waits for an answer that is due.
   * @param {string} token
   */
  const ask = async (token) => {
    addEventListener("storage", hear);
    const headers = { Authorization: "Visitor " + token };
    const answer = await fetch(base + "/api/v1/visitor/conversations", { headers, credentials: "omit" });
    const { results } = await answer.json();
    if (!results || read("localStorage").token !== token) return;
    conversations = results;
    let count = 0;
    let isAwaited = false;
    for (const { last_seq, visitor_read_seq, status, last_message: last } of results) {
      count += last_seq - visitor_read_seq;
      isAwaited ||= status === "open" && last?.sender_type === "customer" && Date.now() - Date.parse(last.created_at) < AWAITED;
    }
    if (shown) shown.chat.know(results);
    else show(count, config.online);
    if (isAwaited) load();
  };

  /**
   * From now on somebody else's things are kept and shown.
   * @param {string} next
   * @param {boolean} [isSame] they only have a name now
   * @param {() => void} [move] what was kept
   * @param {boolean} [isForgotten]
   */
  const become = (next, isSame, move, isForgotten) => {
    const change = () => {
      move?.();
      who = next;
      conversations = undefined;
    };
    if (shown) shown.chat.become(change, isSame, isForgotten);
    else change();
    if (!isSame) show(0, config.online);
  };

  const tools = {
    base, read, keep, memory, warn, emit, api, become, greet, load, button,
    now: () => ({ config, hasNothingToTake, isGone: !host || isGone, shown, who }),
    locale: "",
    begin: () => (isGone ? ((isGone = false), attach(), settle()) : begin()),
    leave() {
      help?.remove();
      isGone = true;
      isReady = false;
      host?.remove();
    },
  };

  const start = async () => {
    const answer = await fetch(`${base}/api/v1/widget/${encodeURIComponent(id)}`, { credentials: "omit" });
    config = await answer.json();
    if (!answer.ok) throw /** @type {any} */ (config).detail;
    if (!isAllowed()) return warn(`this widget is not allowed on ${location.host}.`);
    if (document.body) draw();
    else addEventListener("DOMContentLoaded", draw);
  };

  let hasBegun = false;
  const begin = () => {
    if (hasBegun) return;
    hasBegun = true;
    start().catch((error) => {
      delete page.PingBack; // the script may run again
      delete page.$pipeback;
      page.$pipeback = given;
      warn("the settings could not be loaded.", error);
    });
  };

  page.PingBack = api;
  try {
    Object.defineProperty(page, "$pipeback", {
      configurable: true,
      get: () => api,
      set: (value) => value === api || api.update(value),
    });
  } catch {
    page.$pipeback = api; // declared by `var`: later assignments are not heard
  }
  const isCalled = given && Object.keys(given).length;
  if (given?.boot !== false) {
    if (isCalled) summon().catch(warn);
    begin();
  }
})();
