// Puts Swagger UI into the page: it reads the API's own document, and nothing from elsewhere.

const place = document.getElementById("swagger");
const token = document.querySelector("meta[name=csrf]")?.content;
const dark = matchMedia("(prefers-color-scheme: dark)");

function colour() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

/** Lets the keyboard scroll the examples, names tables and choices; Swagger UI does neither. */
function complete() {
  for (const example of place.querySelectorAll("pre:not([tabindex])")) example.tabIndex = 0;
  for (const table of place.querySelectorAll(".responses-table:not([aria-label])")) {
    table.setAttribute("aria-label", `Answers of ${table.id}`);
  }
  for (const choice of place.querySelectorAll("[data-param-name] select:not([aria-label])")) {
    choice.setAttribute("aria-label", choice.closest("[data-param-name]").dataset.paramName);
  }
}

dark.addEventListener("change", colour);
colour();
new MutationObserver(complete).observe(place, {childList: true, subtree: true});
window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  validatorUrl: null, // the default one is elsewhere
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // Who is signed in tries a call as the site's own pages make it.
  requestInterceptor: (request) => {
    if (token) request.headers["X-CSRF-Token"] = token;
    return request;
  },
});
