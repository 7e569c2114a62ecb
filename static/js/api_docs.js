const docs = /** @type {HTMLElement} */ (document.getElementById("docs"));
const dark = matchMedia("(prefers-color-scheme: dark)");
const { SwaggerUIBundle } = /** @type {any} */ (window);

function showScheme() {
  document.documentElement.classList.toggle("dark-mode", dark.matches); // what Swagger UI calls it
}

showScheme();
dark.addEventListener("change", showScheme);
SwaggerUIBundle({ domNode: docs, url: docs.dataset.schema, deepLinking: true, syntaxHighlight: false });
