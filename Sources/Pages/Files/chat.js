// The chat page: questions, streamed answers, the evidence beside them, past conversations in this browser.
import { bar, events, language, make, offerCollections, pause, place, remembered, say, send, teach, Trouble } from "./common.js";

teach({
  es: {
    conversations: "Conversaciones", begin: "Nueva conversación", question: "Pregunta", hint: "Escriba su pregunta…",
    ask: "Preguntar", stop: "Parar", welcome: "Pregunte con sus palabras, en español o en inglés. Cada respuesta cita las páginas de las que sale.",
    typing: "Escribiendo la respuesta…", sources: "Fuentes", copy: "Copiar", copied: "Copiado", up: "Útil", down: "No útil", thanks: "Gracias por su opinión.", comment: "¿Qué falta o está mal? (opcional)", tell: "Enviar", again: "Volver a preguntar", remove: "Borrar la conversación «{title}»", weak: "Las páginas no dan una respuesta segura a esto.",
    doubts: "{n} frases sin apoyo en las páginas, marcadas con «?».", fallback: "El modelo no respondió: esta respuesta son citas de las páginas.",
    stopped: "Parado.", unsupported: "Sin apoyo en las páginas", openQuote: "Fuente {n}: {title}. Abre la página en la cita.",
    cut: "Se cortó la conexión. Se reintenta.", more: "Puede seguir con", about: "¿Qué dice «{title}»?",
  },
  en: {
    conversations: "Conversations", begin: "New conversation", question: "Question", hint: "Type your question…",
    ask: "Ask", stop: "Stop", welcome: "Ask in your own words, in English or Spanish. Every answer cites the pages that it comes from.",
    typing: "Writing the answer…", sources: "Sources", copy: "Copy", copied: "Copied", up: "Helpful", down: "Not helpful", thanks: "Thank you for telling.", comment: "What is missing or wrong? (optional)", tell: "Send", again: "Ask again", remove: "Delete the conversation “{title}”", weak: "The pages give no sure answer to this.",
    doubts: "{n} sentences without support in the pages, marked with “?”.", fallback: "The model did not answer: this answer is quoted from the pages.",
    stopped: "Stopped.", unsupported: "Not supported by the pages", openQuote: "Source {n}: {title}. Opens the page at the quote.",
    cut: "The connection was cut. Trying again.", more: "You may go on with", about: "What does “{title}” say?",
  },
});

const tell = bar("chat");
const turns = document.querySelector("#turns");
const spoken = document.querySelector("#spoken");
const form = document.querySelector("#ask");
const field = document.querySelector("#question");
const stop = document.querySelector("#stop");
const submit = document.querySelector("#send");
const collection = document.querySelector("#collection");
// On a phone the conversation comes first.
document.querySelector("#fold").open = matchMedia("(min-width: 64rem)").matches;
const maximumTurns = 10;
const maximumConversations = 30;

// Conversations, newest first: { id, title, turns: [{ question, answer }] }. They never leave this browser as a whole;
// a question goes out with its last turns.
let past = [];
try { past = JSON.parse(remembered.read("conversations") ?? "[]"); } catch { past = []; }
if (!Array.isArray(past)) past = [];
let current = null;
let running = null;

function save() {
  past = past.slice(0, maximumConversations);
  remembered.write("conversations", JSON.stringify(past));
  list();
}

function list() {
  document.querySelector("#conversations").replaceChildren(...past.map((one) => make("li", {},
    make("button", {
      class: "button quiet", type: "button", "aria-current": one === current ? "true" : null, onclick: () => show(one),
    }, one.title),
    make("button", {
      class: "button quiet", type: "button", "aria-label": say("remove", { title: one.title }),
      onclick: () => { past = past.filter((other) => other !== one); save(); if (one === current) show(null); },
    }, "×"))));
}

function show(conversation) {
  running?.abort();
  current = conversation;
  turns.replaceChildren();
  if (!conversation?.turns.length) turns.append(make("p", { class: "welcome" }, say("welcome")));
  for (const turn of conversation?.turns ?? []) {
    const view = new Turn(turn.question);
    view.finish(turn.answer);
  }
  list();
  field.focus();
}

/** One question with its answer on the page. */
class Turn {
  constructor(question) {
    document.querySelector(".welcome")?.remove();
    this.question = question;
    this.citations = [];
    this.found = [];
    this.text = "";
    this.body = make("div", { class: "text", lang: "" });
    this.typing = make("span", { class: "typing", role: "img", "aria-label": say("typing") }, make("i"), make("i"), make("i"));
    this.notes = make("div");
    this.tools = make("div", { class: "tools" });
    this.evidence = make("ol", { class: "sources" });
    this.beside = make("aside", { "aria-label": say("sources"), hidden: true }, make("h2", {}, say("sources")), this.evidence);
    this.element = make("article", { class: "turn", "aria-label": question },
      make("p", { class: "asked" }, question),
      make("div", { class: "answer" }, this.body, this.typing, this.notes, this.tools), this.beside);
    turns.append(this.element);
    this.element.scrollIntoView({ block: "end" });
  }

  add(text) {
    this.text += text;
    this.write();
  }

  /** The text so far, with `[n]` as a link to its citation. */
  write() {
    const parts = this.text.split(/\[(\d{1,3}|\?)\]/);
    this.body.replaceChildren(...parts.map((part, index) => {
      if (index % 2 === 0) return document.createTextNode(part);
      if (part === "?") return make("span", { class: "cite doubt", role: "img", title: say("unsupported"), "aria-label": say("unsupported") }, "?");
      const citation = this.citations[Number(part) - 1];
      const href = citation && place(citation);
      if (!href) return make("span", { class: "cite" }, part);
      const light = (isLit) => () => this.evidence.children[Number(part) - 1]?.classList.toggle("lit", isLit);
      return make("a", {
        class: "cite", href, target: "_blank", rel: "noopener noreferrer",
        "aria-label": say("openQuote", { n: part, title: citation.title }), title: citation.quote,
        onmouseenter: light(true), onmouseleave: light(false), onfocus: light(true), onblur: light(false),
      }, part);
    }));
  }

  /** A citation that has come: `number` is its n in the text. */
  cited(citation) {
    const citations = [...this.citations];
    citations[citation.number - 1] = citation;
    this.cite(Array.from(citations, (one) => one ?? { url: "", title: "…" }));
  }

  /** What was told so far does not count: another model begins. */
  restart() {
    this.text = "";
    this.cite([]);
  }

  /** Shows the evidence: what was cited, or the pages that were found while nothing is cited yet. */
  cite(citations, areCited = true) {
    this.citations = areCited ? citations : [];
    this.evidence.replaceChildren(...citations.map((citation) => {
      const href = place(citation);
      const title = citation.title || citation.url;
      return make("li", {},
        href ? make("a", { href, target: "_blank", rel: "noopener noreferrer" }, title) : title,
        citation.heading ? make("div", { class: "where" }, citation.heading) : null,
        citation.quote ? make("blockquote", {}, citation.quote) : null);
    }));
    this.beside.hidden = citations.length === 0;
    this.element.classList.toggle("told", citations.length > 0);
    this.write();
  }

  note(text) { this.notes.append(make("p", { class: "note" }, text)); }

  finish(answer) {
    this.typing.remove();
    this.answer = answer;
    this.text = answer.answer ?? this.text;
    this.cite(answer.citations ?? []);
    if (answer.language) this.body.lang = answer.language;
    this.body.classList.toggle("weak", answer.answered === false);
    if (answer.answered === false) this.note(say("weak"));
    if (answer.notice) this.note(answer.notice);
    else if (answer.fallback) this.note(say("fallback"));
    if (answer.checks.unsupported > 0) this.note(say("doubts", { n: answer.checks.unsupported }));
    const copy = make("button", {
      class: "button quiet", type: "button", onclick: async () => {
        const lines = (answer.citations ?? []).map((citation, index) => `[${index + 1}] ${citation.title} ${citation.url}`);
        try { await navigator.clipboard.writeText([this.text, ...lines].join("\n")); copy.textContent = say("copied"); } catch { /* Not allowed here: nothing was copied, and the button says nothing else. */ }
      },
    }, say("copy"));
    this.tools.append(copy);
    if (answer.interaction_event_id) this.judge(answer.interaction_event_id);
    const next = answer.suggested_questions ?? [];
    if (next.length) {
      this.tools.after(make("div", { class: "follow" }, make("span", { class: "note" }, say("more")),
        ...next.map((text) => make("button", { class: "button", type: "button", onclick: () => ask(text) }, text))));
    }
  }

  /** Buttons for what the person thinks of the answer; a comment can follow where it did not help. */
  judge(id) {
    const buttons = {};
    const tellVerdict = async (verdict, comment) => {
      try {
        await send("/api/v1/feedback", { body: { interaction_event_id: id, verdict, ...(comment ? { comment } : {}) } });
        for (const [name, button] of Object.entries(buttons)) button.setAttribute("aria-pressed", String(name === verdict));
        spoken.textContent = say("thanks");
        return true;
      } catch (trouble) {
        tell(trouble.message, true);
        return false;
      }
    };
    const field = make("input", { type: "text", maxlength: 500, "aria-label": say("comment"), placeholder: say("comment") });
    const form = make("form", { class: "comment", hidden: true, onsubmit: async (event) => {
      event.preventDefault();
      if (field.value.trim() && !await tellVerdict("down", field.value.trim())) return;
      form.replaceChildren(make("p", { class: "note", role: "status" }, say("thanks")));
    } }, field, make("button", { class: "button", type: "submit" }, say("tell")));
    for (const verdict of ["up", "down"]) {
      buttons[verdict] = make("button", {
        class: "button quiet", type: "button", "aria-pressed": "false", onclick: async () => {
          if (!await tellVerdict(verdict)) return;
          form.hidden = verdict === "up";
          if (verdict === "down") field.focus();
        },
      }, say(verdict));
      this.tools.append(buttons[verdict]);
    }
    this.tools.after(form);
  }

  /** Questions to go on with: about pages that were found and not cited. */
  next(answer) {
    const cited = new Set((answer.citations ?? []).map((citation) => citation.title));
    const titles = this.found.map((page) => page.title).filter((title) => title && !cited.has(title));
    return answer.answered === false ? [] : [...new Set(titles)].slice(0, 3).map((title) => say("about", { title }));
  }

  fail(trouble) {
    this.typing.remove();
    this.notes.append(make("p", { class: "note", role: "alert" }, trouble.message + (trouble.id ? ` (${trouble.id})` : "")));
    this.tools.append(make("button", { class: "button", type: "button", onclick: () => { this.element.remove(); ask(this.question); } }, say("again")));
  }
}

/** Streams one answer into a turn; resolves to the whole answer. */
async function stream(turn, history, signal) {
  const body = { question: turn.question, stream: true };
  if (history.length) body.history = history;
  if (collection.value) body.collection = collection.value;
  const response = await send("/ask", { body, signal, accept: "text/event-stream" });
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return await response.json();
  for await (const { event, data } of events(response)) {
    if (event === "sources") turn.cite(turn.found = data.sources ?? [], false);
    else if (event === "token") turn.add(data.text ?? "");
    else if (event === "citation") turn.cited(data);
    else if (event === "restart") turn.restart();
    else if (event === "done") return { ...data, suggested_questions: data.suggested_questions ?? turn.next(data) };
    else if (event === "error") throw new Trouble(say("failed", { why: data.detail ?? "" }), { status: data.status ?? 500 });
  }
  throw new Trouble(say("cut"));
}

async function ask(question) {
  if (running) return;
  if (!current) {
    current = { id: crypto.randomUUID?.() ?? String(Math.random()), title: question.slice(0, 80), turns: [] };
    past.unshift(current);
  }
  const conversation = current;
  const history = conversation.turns.slice(-maximumTurns).flatMap((turn) => [
    { role: "user", content: turn.question.slice(0, 2000) }, { role: "assistant", content: (turn.answer.answer ?? "").slice(0, 2000) }]);
  const turn = new Turn(question);
  running = new AbortController();
  const { signal } = running;
  submit.hidden = true;
  stop.hidden = false;
  spoken.textContent = say("typing");
  try {
    for (let tries = 0; ; tries++) {
      try {
        const answer = await stream(turn, history, signal);
        turn.finish(answer);
        spoken.textContent = answer.answer ?? "";
        conversation.turns.push({ question, answer });
        past = [conversation, ...past.filter((one) => one !== conversation)];
        save();
        break;
      } catch (trouble) {
        if (signal.aborted || !(trouble instanceof Trouble) || !trouble.passes || tries >= 5) throw trouble;
        turn.restart();
        await pause(Math.max(trouble.after, Math.min(2 ** tries, 20)), (left) =>
          tell(trouble.message + " " + say("retryIn", { n: left }), trouble.status === 0), signal);
        tell("");
      }
    }
  } catch (trouble) {
    tell("");
    if (signal.aborted) {
      turn.typing.remove();
      turn.note(say("stopped"));
    } else {
      turn.fail(trouble instanceof Trouble ? trouble : new Trouble(say("failed", { why: String(trouble) })));
    }
    spoken.textContent = "";
  } finally {
    running = null;
    submit.hidden = false;
    stop.hidden = true;
    field.focus();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = field.value.trim();
  if (!question || running) return;
  field.value = "";
  grow();
  ask(question);
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
});
function grow() { field.rows = Math.min(8, field.value.split("\n").length); }
field.addEventListener("input", grow);
stop.addEventListener("click", () => running?.abort());
addEventListener("keydown", (event) => { if (event.key === "Escape") running?.abort(); });
document.querySelector("#new").addEventListener("click", () => show(null));

show(null);
offerCollections(collection);
const asked = new URLSearchParams(location.search).get("q");
if (asked) { history.replaceState(null, "", "/"); field.value = asked.slice(0, 8000); grow(); }
document.title = language === "es" ? "Acervo: preguntar" : "Acervo: ask";
