(() => {
  const CHAT = "{{static js/widget/chat.js}}";
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
.launcher{all:unset;box-sizing:border-box;position:fixed;z-index:2147483000;inset-block-end:20px;inset-inline-end:20px;
width:56px;height:56px;display:grid;place-items:center;cursor:pointer;border:1px solid #0001;border-radius:var(--radius);
background:var(--primary);color:var(--secondary);box-shadow:0 4px 16px #0003;-webkit-tap-highlight-color:transparent}
.launcher:focus-visible{outline:2px solid var(--primary);outline-offset:2px;box-shadow:0 0 0 2px #fff,0 0 0 5px #1d1d24}
.launcher svg{width:30px;height:30px;fill:none;stroke:currentColor;stroke-width:1.5;stroke-linecap:round;
stroke-linejoin:round;transition:transform .15s ease-out}
.launcher:hover svg{transform:scale(1.08)}
.launcher[aria-busy=true] svg{opacity:.6}
.launcher svg+svg,.launcher[aria-expanded=true] svg{display:none}
.launcher[aria-expanded=true] svg+svg{display:block}
.launcher i{position:absolute;inset-block-start:0;inset-inline-end:0;width:10px;height:10px;border:2px solid #fff;
border-radius:50%;background:#15803d}
@media print{.launcher{display:none}}
@media(prefers-reduced-motion:reduce){.launcher svg{transition:none;transform:none!important}}`;

  const page = /** @type {any} */ (window);
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  const id = page.PingBackWidgetId || page.PIPEBACK_ID || script?.dataset.widgetId;
  const base = script?.src && new URL(script.src).origin;

  /** @param {unknown[]} why */
  const warn = (...why) => console.warn("PingBack:", ...why);

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

  /** @param {import("../shared/types.js").PublicConfig} config */
  const draw = (config) => {
    const host = document.createElement("div");
    const shadow = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    shadow.adoptedStyleSheets = [sheet];

    const button = document.createElement("button");
    button.type = "button";
    button.className = "launcher";
    button.title = "Chat";
    button.ariaLabel = "Chat";
    button.ariaHasPopup = "dialog";
    button.ariaExpanded = "false";
    button.style.setProperty("--primary", config.primary_color);
    button.style.setProperty("--secondary", config.secondary_color);
    button.style.setProperty("--radius", RADIUS[config.background_shape]);
    button.append(icon(ICONS[config.chat_icon] || ICONS.receptionist), icon("m6 9.5 6 6 6-6"));
    if (config.online && config.show_online_badge) {
      button.ariaLabel = "Chat, online now";
      button.append(document.createElement("i"));
    }

    /** @type {Promise<any> | undefined} */
    let loading;
    /** @type {{toggle(): void} | undefined} */
    let chat;
    const load = () =>
      (loading ??= import(base + CHAT).catch((error) => {
        loading = undefined;
        warn("the chat could not be loaded.", error);
      }));
    const press = async () => {
      if (button.ariaBusy === "true") return;
      button.ariaBusy = "true";
      const module = await load();
      button.ariaBusy = "false";
      chat ??= module?.mount({ shadow, config, base, launcherButton: button });
      chat?.toggle();
    };
    button.addEventListener("pointerenter", load);
    button.addEventListener("focus", load);
    button.addEventListener("click", press);
    shadow.append(button);
    document.body.append(host);
  };

  const start = async () => {
    const answer = await fetch(`${base}/api/v1/widget/${encodeURIComponent(id)}`, { credentials: "omit" });
    const config = await answer.json();
    if (!answer.ok) return warn(config.detail);
    if (!isAllowed(config.domains)) return warn(`this widget is not allowed on ${location.host}, so it stays hidden.`);
    if (document.body) draw(config);
    else addEventListener("DOMContentLoaded", () => draw(config));
  };

  if (page.PingBackStarted) return;
  if (!base || !id) return warn("no widget id: set window.PingBackWidgetId, or data-widget-id on the script tag.");
  page.PingBackStarted = true;
  start().catch((error) => warn("the widget's settings could not be loaded.", error));
})();
