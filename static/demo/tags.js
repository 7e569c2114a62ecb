// A tag manager in miniature: it runs the tags that the page's `dataLayer` asks for, late and in <head>.
(() => {
  /** @typedef {{tag: string, on: "load" | "scroll", after: number}} Wish */

  /** @param {Wish} wish */
  const fire = ({ tag, on }) => {
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById(tag));
    for (const script of template.content.querySelectorAll("script")) {
      const again = document.createElement("script");
      for (const { name, value } of script.attributes) again.setAttribute(name, value);
      again.textContent = script.textContent;
      document.head.append(again);
    }
    const line = document.createElement("li");
    line.textContent = `After ${on}: “${tag}” was put into <head>`;
    document.getElementById("fired")?.append(line);
  };

  const start = () => {
    const wishes = /** @type {Wish[]} */ (/** @type {any} */ (window).dataLayer);
    for (const wish of wishes) {
      const wait = () => setTimeout(fire, wish.after, wish);
      if (wish.on === "load") wait();
      else addEventListener(wish.on, wait, { once: true });
    }
  };

  if (document.readyState === "complete") start();
  else addEventListener("load", start);
})();
