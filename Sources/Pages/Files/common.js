// What every page of Acervo shares: words in two languages, theme, sign-in, requests, events of a stream.

const words = {
  es: {
    skip: "Ir al contenido", chat: "Preguntar", search: "Buscar", dashboard: "Panel", theme: "Tema claro u oscuro",
    language: "Idioma", collection: "Colección", signIn: "Entrar", signOut: "Salir",
    keyAsked: "Este servicio pide una clave o un token.", key: "Clave o token", keyWrong: "El servicio no acepta esa clave.",
    keyKept: "Se guarda solo en esta pestaña.", cancel: "Cancelar", offline: "Sin conexión. Se reintenta solo.",
    back: "Conexión recuperada.", retryIn: "Se reintenta en {n} s.", busy: "El servicio está ocupado ahora mismo.",
    tooMany: "Demasiadas preguntas seguidas.", forbidden: "Su clave no permite esto.",
    failed: "No se pudo responder: {why}", unreachable: "No se llega al servicio.", noScope: "Hace falta otro permiso.",
  },
  en: {
    skip: "Skip to content", chat: "Ask", search: "Search", dashboard: "Dashboard", theme: "Light or dark theme",
    language: "Language", collection: "Collection", signIn: "Sign in", signOut: "Sign out",
    keyAsked: "This service asks for a key or a token.", key: "Key or token", keyWrong: "The service does not take that key.",
    keyKept: "It is kept in this tab only.", cancel: "Cancel", offline: "No connection. Trying again by itself.",
    back: "The connection is back.", retryIn: "Trying again in {n} s.", busy: "The service is busy just now.",
    tooMany: "Too many questions in a row.", forbidden: "Your key does not allow this.",
    failed: "No answer could be had: {why}", unreachable: "The service cannot be reached.", noScope: "Another permission is needed.",
  },
};

/** Adds a page's own words, by language. */
export function teach(more) {
  for (const language of Object.keys(words)) Object.assign(words[language], more[language]);
}

const remembered = {
  read(name) { try { return localStorage.getItem("acervo." + name); } catch { return null; } },
  write(name, value) {
    try {
      if (value === null) localStorage.removeItem("acervo." + name);
      else localStorage.setItem("acervo." + name, value);
    } catch { /* Storage that is full or forbidden: the page works without its memory. */ }
  },
};
export { remembered };

/** The language of the page: chosen before, else the browser's, else Spanish. */
export const language = (() => {
  const chosen = remembered.read("language");
  if (chosen in words) return chosen;
  return (navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => tag in words) ?? "es";
})();

/** A text in the page's language, `{name}` replaced. */
export function say(key, values = {}) {
  const text = words[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Makes an element: attributes by name, `on…` functions as listeners, children as nodes or text. */
export function make(tag, attributes = {}, ...children) {
  const element = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Sign-in. The key stays in this tab: session storage ends with it.
const sessionKey = "acervo.key";
function key() { try { return sessionStorage.getItem(sessionKey); } catch { return null; } }
function keep(value) {
  try {
    if (value) sessionStorage.setItem(sessionKey, value); else sessionStorage.removeItem(sessionKey);
  } catch { /* Without session storage the key is asked for at each load. */ }
  document.querySelector("#sign-out")?.toggleAttribute("hidden", !value);
}

let asking = null;
/** Asks for a key; resolves to whether one was given. Several callers share one dialog. */
function signIn(wasWrong) {
  asking ??= new Promise((resolve) => {
    const field = make("input", { type: "password", id: "key", autocomplete: "current-password", required: true });
    const dialog = make("dialog", { "aria-labelledby": "key-title" },
      make("form", { method: "dialog", onsubmit: () => { keep(field.value.trim()); dialog.close("given"); } },
        make("h2", { id: "key-title" }, say("keyAsked")),
        wasWrong ? make("p", { class: "note", role: "alert" }, say("keyWrong")) : null,
        make("label", { for: "key" }, say("key")), field,
        make("p", { class: "note" }, say("keyKept")),
        make("div", { class: "tools" },
          make("button", { class: "button main", type: "submit" }, say("signIn")),
          make("button", { class: "button", type: "button", onclick: () => dialog.close("") }, say("cancel")))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      asking = null;
      resolve(dialog.returnValue === "given");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

/** What went wrong with a request, in words for the person. */
export class Trouble extends Error {
  constructor(message, { status = 0, after = 0, id = "" } = {}) {
    super(message);
    this.status = status;
    this.after = after;
    this.id = id;
  }
  /** Whether the same request may go well a little later. */
  get passes() { return this.status === 0 || this.status === 429 || this.status === 503; }
}

/** Sends a request; asks for a key where the service wants one; throws `Trouble`. */
export async function send(path, { body, signal, accept = "application/json" } = {}) {
  for (let tries = 0; ; tries++) {
    const headers = { Accept: accept };
    if (key()) headers.Authorization = "Bearer " + key();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(path, {
        method: body === undefined ? "GET" : "POST", headers, signal, credentials: "omit", cache: "no-store",
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Trouble(say("unreachable"));
    }
    if (response.ok) return response;
    if (response.status === 401 && tries < 5) {
      const wasWrong = key() !== null;
      keep(null);
      if (await signIn(wasWrong)) continue;
    }
    let detail = "";
    try { detail = (await response.json()).detail ?? ""; } catch { /* A proxy's own page: the status says enough. */ }
    const said = { 429: say("tooMany"), 503: say("busy"), 403: say("forbidden") }[response.status];
    const after = Number(response.headers.get("Retry-After")) || 0;
    throw new Trouble(said ?? say("failed", { why: detail || response.status }), {
      status: response.status, after, id: response.headers.get("X-Request-Id") ?? "",
    });
  }
}

/** The events of a `text/event-stream` response, as `{ event, data }`. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      for (let end; (end = rest.search(/\r?\n\r?\n/)) >= 0;) {
        const block = rest.slice(0, end);
        rest = rest.slice(end).replace(/^(\r?\n){2}/, "");
        let event = "message";
        const data = [];
        for (const line of block.split(/\r?\n/)) {
          const [, field, text] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
          if (field === "event") event = text;
          else if (field === "data") data.push(text ?? "");
        }
        if (data.length) yield { event, data: JSON.parse(data.join("\n")) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Waits, telling each second how long it still is. */
export async function pause(seconds, tell, signal) {
  for (let left = Math.ceil(seconds); left > 0; left--) {
    tell(left);
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, 1000);
      signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
    });
  }
}

/** A part of a text fragment: what stands between its separators is escaped, the hyphen too. */
const encoded = (text) => encodeURIComponent(text).replace(/-/g, "%2D");
const beginning = (text) => text.split(" ").slice(0, 6).join(" ");

/** Directives for a quote, the best one first; a browser goes to the first that it finds on the page. */
function directives(quote) {
  const words = quote.split(" ");
  const found = [words.length <= 12 ? encoded(quote) : encoded(words.slice(0, 5).join(" ")) + "," + encoded(words.slice(-5).join(" "))];
  // The row of a table is quoted as “header: cell; header: cell”, which stands nowhere on the page: its cells do.
  const parts = quote.replace(/[.;]$/, "").split("; ").map((part) => part.split(": "));
  if (parts.some((part) => part.length < 2) || parts.some(([header]) => header.split(" ").length > 6)) return found;
  const first = parts[0].length > 2 || parts.length === 1 ? [parts[0][0]] : [];
  const cells = [...first, ...parts.map((part) => beginning(part.at(-1)))].filter(Boolean);
  for (let index = 1; index < cells.length; index++) found.push(encoded(cells[index - 1]) + "-," + encoded(cells[index]));
  if (cells.length > 1) found.push(encoded(cells[0]) + "," + encoded(cells.at(-1)));
  found.push(encoded(cells.reduce((one, other) => other.length > one.length ? other : one)));
  return found.slice(0, 6);
}

/** Where a citation's quote stands on its page: the anchor, and the quote as a text fragment. */
export function place(citation) {
  let url;
  try { url = new URL(citation.url); } catch { return null; }
  if (!/^https?:$/.test(url.protocol)) return null;
  const quote = (citation.quote ?? "").trim().replace(/\s+/g, " ");
  const fragment = quote ? ":~:" + directives(quote).map((text) => "text=" + text).join("&") : "";
  url.hash = (citation.anchor ?? "") + fragment;
  return url.href;
}

/** The names of the collections that the caller may ask; empty while none can be had. */
export async function collections() {
  try { return ((await (await send("/collections")).json()).collections ?? []).map((one) => one.name); } catch { return []; }
}

/** Fills a `<select>` with the collections, hidden where there is only one. */
export async function offerCollections(select) {
  const names = await collections();
  const chosen = new URLSearchParams(location.search).get("collection") ?? remembered.read("collection");
  select.replaceChildren(...names.map((name) => make("option", { value: name, selected: name === chosen }, name)));
  select.closest("[data-choice]").hidden = names.length < 2;
  select.addEventListener("change", () => remembered.write("collection", select.value));
}

/** The bar at the top of every page. */
export function bar(current) {
  document.documentElement.lang = language;
  const theme = remembered.read("theme");
  if (theme) document.documentElement.dataset.theme = theme;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-say-label]")) element.setAttribute("aria-label", say(element.dataset.sayLabel));
  for (const element of document.querySelectorAll("[data-say-hint]")) element.placeholder = say(element.dataset.sayHint);
  const other = language === "es" ? "en" : "es";
  document.querySelector("header.bar").append(
    make("nav", { "aria-label": "Acervo" },
      ...[["/", "chat"], ["/search", "search"],
        // For whoever may have a use for it.
        ...(key() || current === "dashboard" ? [["/dashboard", "dashboard"]] : [])].map(([path, name]) =>
        make("a", { href: path, "aria-current": name === current ? "page" : null }, say(name)))),
    make("button", {
      class: "button", type: "button", "aria-label": `${other.toUpperCase()}: ${say("language")}, ${other === "en" ? "English" : "Español"}`,
      onclick: () => { remembered.write("language", other); location.reload(); },
    }, other.toUpperCase()),
    make("button", {
      class: "button", type: "button", "aria-label": say("theme"), onclick: () => {
        const isDark = (document.documentElement.dataset.theme
          ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
        document.documentElement.dataset.theme = isDark ? "light" : "dark";
        remembered.write("theme", document.documentElement.dataset.theme);
      },
    }, "◐"),
    make("button", {
      class: "button", type: "button", id: "sign-out", hidden: !key(),
      onclick: () => { keep(null); location.reload(); },
    }, say("signOut")));
  const notice = document.querySelector("#notice");
  const tell = (text, isBad) => {
    notice.textContent = text;
    notice.hidden = !text;
    notice.classList.toggle("bad", Boolean(isBad));
  };
  addEventListener("offline", () => tell(say("offline"), true));
  addEventListener("online", () => { tell(say("back")); setTimeout(() => tell(""), 3000); });
  return tell;
}
