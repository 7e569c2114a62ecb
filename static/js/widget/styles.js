/** @import { PublicConfig } from "../shared/types.js" */

const LIGHT_SURFACE = "#ffffff";
const DARK_SURFACE = "#1b1b22";

const CSS = `
.panel {
  --surface: #ffffff; --sunken: #f1f1f4; --text: #1d1d24; --muted: #5d5d6b; --line: #e3e3e9; --bad: #b8283a;
  --edge: var(--edge-light); --ring: var(--ring-light);
  position: fixed; z-index: 2147483000; inset-block-end: 88px; inset-inline-end: 20px;
  display: flex; flex-direction: column; overflow: hidden; box-sizing: border-box;
  width: 380px; height: 640px; max-width: calc(100vw - 40px); max-height: calc(100dvh - 104px);
  border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 12px 40px #0000002e;
  background: var(--surface); color: var(--text); text-align: start;
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  animation: rise .16s ease-out;
}
.panel[hidden] { display: none }
.panel * { box-sizing: border-box; margin: 0 }
.panel :focus-visible { outline: 2px solid var(--ring); outline-offset: 2px }
@keyframes rise { from { opacity: 0; transform: translateY(8px) } }
@keyframes show { from { opacity: 0 } }

.panel button {
  font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer;
  -webkit-tap-highlight-color: transparent;
}
.panel svg {
  display: block; width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.5;
  stroke-linecap: round; stroke-linejoin: round;
}
.round { flex: none; display: grid; place-items: center; width: 44px; height: 44px; border-radius: 50% }

header {
  flex: none; display: flex; align-items: center; gap: 12px; padding: 16px; padding-inline-end: 8px;
  background: var(--primary); color: var(--on-primary); border-block-end: 1px solid var(--edge);
}
header :focus-visible { outline-color: currentColor; outline-offset: -4px }
header img { flex: none; width: 40px; height: 40px; border-radius: 6px; object-fit: contain }
header div { flex: 1; min-width: 0; overflow-wrap: anywhere }
h2, header p { text-align: match-parent }
h2 { font-size: 16px; font-weight: 600; line-height: 1.3 }
header p { margin-block-start: 4px; font-size: 13px; line-height: 1.4 }

.log {
  flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 16px;
  display: flex; flex-direction: column;
}
.log:focus-visible { outline-offset: -2px }
.log:empty::before { content: attr(data-empty); margin: auto; color: var(--muted); text-align: center }
.row { display: flex; flex-direction: column; align-items: start; max-width: 86%; align-self: start; margin-block-start: 4px }
.row.first { margin-block-start: 12px }
.row:first-child { margin-block-start: 0 }
.row.mine { align-self: end; align-items: end }
.row.activity { align-self: center; align-items: center; max-width: 100% }
.row:not(.first) .who, .row:not(.last) .meta, .mine .who, .activity .who, .activity .meta { display: none }
.who { max-width: 100%; overflow-wrap: anywhere; padding-inline: 12px; margin-block-end: 4px; font-size: 12px; font-weight: 500; color: var(--muted) }
.bubble {
  max-width: 100%; padding: 8px 12px; border: 1px solid transparent; border-radius: 18px; background: var(--sunken);
  white-space: pre-wrap; overflow-wrap: anywhere;
}
.mine .bubble { background: var(--primary); color: var(--on-primary); border-color: var(--edge) }
.theirs.last .bubble { border-end-start-radius: 6px }
.mine.last .bubble { border-end-end-radius: 6px }
.activity .bubble { padding: 0; background: none; font-size: 12px; color: var(--muted); text-align: center }
.bubble a { color: inherit; text-underline-offset: 2px }
.mine a:focus-visible { outline-color: currentColor }
.meta {
  min-height: 18px; padding-inline: 12px; margin-block-start: 4px; font-size: 12px; color: var(--muted);
  font-variant-numeric: tabular-nums;
}
.meta:empty { display: none }
.meta .wait { animation: show .12s .6s both }
.failed .meta { color: var(--bad) }
.meta button { padding-block: 12px; margin-block: -12px; color: var(--text); text-decoration: underline; text-underline-offset: 2px }

.state { flex: none; min-height: 24px; padding: 4px 16px 0; font-size: 12px; color: var(--muted) }
.state.bad { color: var(--bad) }
form { flex: none; display: flex; align-items: end; gap: 8px; padding: 4px 12px 12px }
textarea {
  flex: 1; min-width: 0; display: block; height: 46px; max-height: 138px; padding: 10px 12px; resize: none;
  border: 1px solid var(--line); border-radius: 6px; background: var(--surface); color: inherit;
  font: inherit; font-size: 16px;
}
.panel textarea:focus-visible { outline-offset: -1px }
textarea::placeholder { color: var(--muted); opacity: 1 }
.panel .send { margin-block-end: 1px; background: var(--primary); color: var(--on-primary); border: 1px solid var(--edge) }
.panel .send:disabled { background: var(--sunken); color: var(--muted); border-color: transparent; cursor: default }

@media (prefers-color-scheme: dark) {
  .panel {
    --surface: #1b1b22; --sunken: #16161c; --text: #ececf1; --muted: #a3a3b2; --line: #2c2c36; --bad: #ff7a85;
    --edge: var(--edge-dark); --ring: var(--ring-dark); color-scheme: dark;
  }
  .theirs .bubble { border-color: var(--line) }
}
@media (max-width: 479px) {
  .panel { inset: 0; width: 100%; max-width: none; height: 100dvh; max-height: none; border: 0; border-radius: 0 }
}
@media (prefers-reduced-motion: reduce) { .panel, .meta:empty { display: none }
.meta .wait { animation-duration: 0s } }
@media print { .panel { display: none } }
`;

export function chatSheet() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  return sheet;
}

/**
 * The owner's colours as custom properties, readable in both schemes.
 * @param {PublicConfig} config
 * @returns {Record<string, string>}
 */
export function palette({ primary_color: primary, secondary_color: secondary }) {
  const [light, dark] = [contrast(primary, LIGHT_SURFACE), contrast(primary, DARK_SURFACE)];
  return {
    "--primary": primary,
    "--on-primary": textOn(primary, secondary),
    "--edge-light": light < 1.6 ? "#00000040" : "transparent",
    "--edge-dark": dark < 1.6 ? "#ffffff4d" : "transparent",
    "--ring-light": light < 3 ? "#1d1d24" : primary,
    "--ring-dark": dark < 3 ? "#ececf1" : primary,
  };
}

/**
 * @param {string} background
 * @param {string} wished
 */
export function textOn(background, wished) {
  if (contrast(background, wished) >= 4.5) return wished;
  return contrast(background, "#000000") > contrast(background, "#ffffff") ? "#000000" : "#ffffff";
}

/**
 * @param {string} one
 * @param {string} other
 */
function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** @param {string} colour `#rrggbb` */
function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
