// Shows one of the documents that the application serves, and sends what is tried to where it came from.
"use strict";

const APIS = [
  ["Accounts (TMF666) v5", "tmf-api/accountManagement/v5"],
  ["Accounts (TMF666) v4", "tmf-api/accountManagement/v4"],
  ["Bills (TMF678) v5", "tmf-api/customerBillManagement/v5"],
  ["Bills (TMF678) v4", "tmf-api/customerBillManagement/v4"],
];

/** Where the application is, whatever a proxy has put before it. */
const application = new URL("..", document.baseURI);

function chosen() {
  const wanted = location.hash.slice(1).split("?")[0];
  return APIS.find(([, base]) => wanted.startsWith(base)) ?? APIS[0];
}

async function show() {
  const [, base] = chosen();
  for (const link of document.querySelectorAll("#apis a")) {
    const isShown = link.hash === `#${base}`;
    if (isShown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const address = new URL(base, application);
  const response = await fetch(`${address}/openapi.json`);
  if (!response.ok) {
    throw new Error(`The document is answered with ${response.status}.`);
  }
  const spec = await response.json();
  // Another one may have been chosen meanwhile.
  if (chosen()[1] !== base) return;
  spec.servers = [{ url: address.href, description: "This application." }];
  SwaggerUIBundle({
    spec,
    dom_id: "#document",
    // Ctrl-F finds all, and nothing has to be opened to be counted.
    docExpansion: "list",
    filter: true,
    tryItOutEnabled: true,
    persistAuthorization: false,
    displayRequestDuration: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
  });
}

function begin() {
  const links = APIS.map(([title, base]) => {
    const link = document.createElement("a");
    link.href = `#${base}`;
    link.textContent = title;
    return link;
  });
  document.getElementById("apis").replaceChildren(...links);
  const attempt = () =>
    show().catch((error) => {
      document.getElementById("document").textContent = `${error.message} Reload to try again.`;
    });
  addEventListener("hashchange", attempt);
  attempt();
}

begin();
