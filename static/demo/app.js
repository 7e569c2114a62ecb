// The demo's single-page app. A link is followed in the way it asks for: "draw" fills <main> from a template;
// "replace" fetches the page, replaces the whole body and runs its scripts again, as Turbo does.
(() => {
  const draw = () => {
    const template = /** @type {HTMLTemplateElement} */ (
      document.querySelector(`template[data-path="${location.pathname}"]`)
    );
    document.title = template.dataset.title ?? "";
    document.querySelector("main")?.replaceChildren(template.content.cloneNode(true));
    for (const link of document.querySelectorAll("nav a")) {
      if (/** @type {HTMLAnchorElement} */ (link).pathname === location.pathname) link.ariaCurrent = "page";
      else link.ariaCurrent = null;
    }
  };

  const replaceBody = async () => {
    const answer = await fetch(location.href);
    const { body } = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.body.replaceWith(body);
    for (const script of body.querySelectorAll("script")) {
      const again = document.createElement("script");
      for (const { name, value } of script.attributes) again.setAttribute(name, value);
      again.textContent = script.textContent;
      script.replaceWith(again);
    }
    draw();
  };

  const arrive = () => (history.state === "replace" ? replaceBody() : draw());

  addEventListener("click", async (event) => {
    const link = event.target instanceof Element && event.target.closest("a");
    if (!link || !link.dataset.way || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(link.dataset.way, "", link.href);
    await arrive();
    scrollTo(0, 0);
    document.querySelector("main")?.focus({ preventScroll: true });
  });
  addEventListener("popstate", arrive);
  draw();
})();
