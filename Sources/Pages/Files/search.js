// The search page: passages with the words of the query marked, and filters made from the collection's fields.
import { bar, language, make, offerCollections, place, say, send, teach } from "./common.js";

teach({
  es: {
    hint: "Palabras o una pregunta", filters: "Filtros", count: "{n} pasajes", none: "Nada encontrado.", any: "cualquiera", from: "{name} desde",
    to: "{name} hasta", source: "Origen", language_: "Idioma", space: "Espacio", label: "Etiqueta", author: "Autor", date: "Fecha",
  },
  en: {
    hint: "Words or a question", filters: "Filters", count: "{n} passages", none: "Nothing found.", any: "any", from: "{name} from",
    to: "{name} to", source: "Source", language_: "Language", space: "Space", label: "Label", author: "Author", date: "Date",
  },
});

const tell = bar("search");
const form = document.querySelector("#find");
const query = document.querySelector("#query");
const collection = document.querySelector("#collection");
const filters = document.querySelector("#filters");
// On a phone what was found comes first.
document.querySelector("#fold").open = matchMedia("(min-width: 48rem)").matches;
const hits = document.querySelector("#hits");
const count = document.querySelector("#count");
let running = null;

const called = (name) => ({ language: say("language_") })[name] ?? say(name);

/** Fields to filter by, as the collection declares them. */
async function offerFilters() {
  let known = [];
  try { known = (await (await send("/collections")).json()).collections ?? []; } catch (trouble) { return tell(trouble.message, true); }
  const one = known.find((each) => each.name === collection.value) ?? known[0];
  const inputs = [];
  for (const [name, kind] of Object.entries(one?.fields ?? {})) {
    const field = { name, kind };
    if (field.name === "url") continue;
    if (field.kind === "date") {
      for (const end of ["from", "to"]) {
        inputs.push(make("label", {}, say(end, { name: called(field.name) }), make("input", { type: "date", "data-field": field.name, "data-end": end })));
      }
    } else if (field.kind === "keyword") {
      const choices = field.name === "language" ? one.languages ?? [] : null;
      inputs.push(make("label", {}, called(field.name), choices
        ? make("select", { "data-field": field.name }, make("option", { value: "" }, say("any")), ...choices.map((value) => make("option", {}, value)))
        : make("input", { type: "text", "data-field": field.name, maxlength: 200 })));
    } else {
      for (const end of ["from", "to"]) {
        inputs.push(make("label", {}, say(end, { name: called(field.name) }), make("input", { type: "text", inputmode: "decimal", size: 8, "data-field": field.name, "data-end": end, "data-number": "" })));
      }
    }
  }
  filters.replaceChildren(...inputs);
}

function conditions() {
  const made = {};
  for (const input of filters.querySelectorAll("[data-field]")) {
    const text = input.value.trim();
    if (!text) continue;
    const value = "number" in input.dataset ? Number(text.replace(",", ".")) : text;
    if (Number.isNaN(value)) continue;
    if (input.dataset.end) (made[input.dataset.field] ??= {})[input.dataset.end] = value;
    else made[input.dataset.field] = value;
  }
  return made;
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** A text with the query's words marked, accents and case not counted. */
function marked(text, words) {
  return text.split(/([\p{L}\p{N}_]+)/u).map((part, index) => {
    if (index % 2 === 0) return part;
    const bare = plain(part);
    return words.some((word) => bare === word || (word.length > 3 && bare.startsWith(word.slice(0, -1)))) ? make("mark", {}, part) : part;
  });
}

async function find() {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const body = { query: query.value.trim(), top_k: 20, per_page: 2 };
  const wanted = conditions();
  if (Object.keys(wanted).length) body.filters = wanted;
  if (collection.value) body.collection = collection.value;
  hits.setAttribute("aria-busy", "true");
  try {
    const { results } = await (await send("/search", { body, signal })).json();
    const words = (plain(body.query).match(/[\p{L}\p{N}_]+/gu) ?? []).filter((word) => word.length > 2);
    hits.replaceChildren(...results.map((hit) => {
      const href = place({ ...hit, quote: "" });
      return make("li", { class: "hit" },
        make("h2", {}, href ? make("a", { href, target: "_blank", rel: "noopener noreferrer" }, hit.title || hit.url) : hit.title),
        make("div", { class: "where" }, [hit.heading, hit.url].filter(Boolean).join(" · ")),
        make("blockquote", {}, ...marked(hit.text.length > 600 ? hit.text.slice(0, 600) + "…" : hit.text, words)));
    }));
    count.textContent = results.length ? say("count", { n: results.length }) : say("none");
    tell("");
  } catch (trouble) {
    if (!signal.aborted) tell(trouble.message, true);
  } finally {
    hits.removeAttribute("aria-busy");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  history.replaceState(null, "", "?q=" + encodeURIComponent(query.value));
  find();
});
document.title = language === "es" ? "Acervo: buscar" : "Acervo: search";
await offerCollections(collection);
collection.addEventListener("change", offerFilters);
await offerFilters();
const asked = new URLSearchParams(location.search).get("q");
if (asked) { query.value = asked.slice(0, 8000); find(); } else query.focus();
