const docs = /** @type {HTMLElement} */ (document.getElementById("docs"));
const { SwaggerUIBundle } = /** @type {any} */ (window);
SwaggerUIBundle({ domNode: docs, url: docs.dataset.schema, deepLinking: true, syntaxHighlight: false });
