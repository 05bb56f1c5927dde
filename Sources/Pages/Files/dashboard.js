// The dashboard: what was asked, how it was answered, what the collections hold. Needs the scope “admin”.
import { bar, language, make, say, send, teach } from "./common.js";

teach({
  es: {
    period: "Periodo", day: "hoy", week: "siete días", month: "treinta días", questions: "Preguntas", answered: "Respondidas",
    unknown: "«No lo sé»", replaced: "Con citas en lugar del modelo", unsupported: "Frases sin apoyo", failures: "Fallos del servicio",
    limited: "Rechazadas por exceso", helpful: "Útiles", unhelpful: "No útiles", traffic: "Preguntas por día",
    trafficTold: "Barra entera: preguntas; parte rayada: sin respuesta.", latency: "Tiempo por paso", step: "Paso",
    half: "mediana (ms)", most: "95 % (ms)", count: "veces", providers: "Respuestas por modelo", provider: "Modelo",
    answers: "respuestas", tokens: "tokens", cost: "coste", models: "Llamadas a modelos desde el inicio", tries: "fallidas",
    kind: "para", key: "clave", calls: "llamadas", asked: "Lo más preguntado", unanswered: "Preguntado y sin respuesta",
    question: "Pregunta", collection: "Colección", similar: "y parecidas: {list}", intents: "Intenciones", intent: "Intención",
    feedback: "Opiniones", opinion: "Opinión", comment: "Comentario", when: "Cuándo", answer: "Respuesta",
    collections: "Colecciones", name: "Nombre", snapshot: "instantánea", age: "edad", documents: "páginas", chunks: "fragmentos",
    size: "tamaño", change: "último cambio", changed: "+{added} ~{changed} −{removed}, {moved} movidas, {readers} con otros lectores",
    run: "Última ejecución: {name}", outcome: "Resultado", ended: "Terminó", took: "Duró", lost: "{n} páginas fallaron",
    failed: "Fallos: {name}", place: "Dirección", stage: "Paso", reason: "Motivo", incomplete: "Fuentes leídas a medias: {name}",
    source: "Fuente", refused: "«{name}» se publicó pero no responde: {why}", nothing: "Nada todavía.", since: "Desde el inicio: {when}.",
    noJournal: "El servicio no guarda un diario: ponga «journal» en serve.yaml para ver lo que se pregunta.",
    retrieve: "buscar", answer_: "responder", whole: "todo", rewrite: "reescribir", orchestrate: "varios modelos", moderate: "moderar",
    journal: "diario", extractive: "citas", catalogue: "catálogo", refresh: "Actualizar",
  },
  en: {
    period: "Period", day: "today", week: "seven days", month: "thirty days", questions: "Questions", answered: "Answered",
    unknown: "“I don't know”", replaced: "Quotes in place of the model", unsupported: "Unsupported sentences", failures: "Faults of the service",
    limited: "Refused as too many", helpful: "Helpful", unhelpful: "Not helpful", traffic: "Questions a day",
    trafficTold: "Whole bar: questions; hatched part: not answered.", latency: "Time per step", step: "Step",
    half: "median (ms)", most: "95 % (ms)", count: "count", providers: "Answers by model", provider: "Model",
    answers: "answers", tokens: "tokens", cost: "cost", models: "Calls of models since the start", tries: "failed",
    kind: "for", key: "key", calls: "calls", asked: "Most asked", unanswered: "Asked and not answered",
    question: "Question", collection: "Collection", similar: "and alike: {list}", intents: "Intents", intent: "Intent",
    feedback: "Opinions", opinion: "Opinion", comment: "Comment", when: "When", answer: "Answer",
    collections: "Collections", name: "Name", snapshot: "snapshot", age: "age", documents: "pages", chunks: "chunks",
    size: "size", change: "last change", changed: "+{added} ~{changed} −{removed}, {moved} moved, {readers} with other readers",
    run: "Last run: {name}", outcome: "Outcome", ended: "Ended", took: "Took", lost: "{n} pages failed",
    failed: "Failures: {name}", place: "Address", stage: "Stage", reason: "Reason", incomplete: "Sources read in part: {name}",
    source: "Source", refused: "“{name}” was published and does not answer: {why}", nothing: "Nothing yet.", since: "Since the start: {when}.",
    noJournal: "The service keeps no journal: write “journal” in serve.yaml to see what is asked.",
    retrieve: "search", answer_: "answer", whole: "everything", rewrite: "rewrite", orchestrate: "several models", moderate: "moderate",
    journal: "journal", extractive: "quotes", catalogue: "catalogue", refresh: "Refresh",
  },
});

const tell = bar("dashboard");
const days = document.querySelector("#days");
const sections = document.querySelector("#sections");
const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const amounts = new Intl.NumberFormat(language, { maximumFractionDigits: 4 });
const money = (amount) => ({ isNumber: true, text: amounts.format(amount) });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });
const at = (text) => moment.format(new Date(text));
const bytes = (count) => numbers.format(count / 1e6) + " MB";
const span = (seconds) => seconds < 90 ? numbers.format(seconds) + " s" : seconds < 5400 ? numbers.format(seconds / 60) + " min"
  : seconds < 172800 ? numbers.format(seconds / 3600) + " h" : numbers.format(seconds / 86400) + " d";
const steps = { retrieve: say("retrieve"), answer: say("answer_"), whole: say("whole"), rewrite: say("rewrite"),
  orchestrate: say("orchestrate"), moderate: say("moderate"), journal: say("journal") };
const who = (name) => ({ extractive: say("extractive"), catalogue: say("catalogue") })[name] ?? name;

/** A table, numbers to the right; says so where there are no rows. */
function table(caption, heads, rows) {
  const isNumber = (index) => typeof rows[0][index] === "number" || rows[0][index]?.isNumber;
  return make("section", {}, rows.length === 0
    ? make("div", {}, make("h2", {}, caption), make("p", { class: "note" }, say("nothing")))
    : make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...heads.map((head, index) => make("th", { scope: "col", class: isNumber(index) ? "number" : null }, head)))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) =>
        make("td", { class: typeof cell === "number" || cell.isNumber ? "number" : null },
          typeof cell === "number" ? numbers.format(cell) : cell.isNumber ? cell.text : cell))))))));
}

/** Bars with a hatched part and their values written on them: readable without colour. The table below says the same. */
function bars(caption, note, values) {
  // As wide as there is room, so that letters keep their size.
  const width = Math.max(300, Math.min(960, sections.clientWidth));
  const [height, bottom, top] = [190, 22, 18];
  const most = Math.max(1, ...values.map(({ value }) => value));
  const step = width / Math.max(1, values.length);
  const tall = (value) => (height - bottom - top) * value / most;
  const chart = make("svg:svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": caption + ": " + values.map(({ label, value, part }) => `${label} ${value} (${part})`).join(", ") });
  chart.append(make("svg:defs", {}, make("svg:pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    make("svg:rect", { class: "paper", width: 6, height: 6 }), make("svg:rect", { class: "bar", width: 2.5, height: 6 }))));
  const narrow = values.length > 10;
  values.forEach(({ label, value, part }, index) => {
    const left = index * step + step * .15;
    const middle = index * step + step / 2;
    chart.append(make("svg:rect", { class: "bar", x: left, y: height - bottom - tall(value), width: step * .7, height: tall(value) }));
    if (part) {
      chart.append(make("svg:rect", { class: "part", fill: "url(#hatch)", x: left, y: height - bottom - tall(part), width: step * .7, height: tall(part) }));
    }
    if (value) chart.append(make("svg:text", { x: middle, y: height - bottom - tall(value) - 4, "text-anchor": "middle" }, numbers.format(value)));
    if (!narrow || index % 5 === values.length % 5) chart.append(make("svg:text", { x: middle, y: height - 6, "text-anchor": "middle" }, label));
  });
  chart.append(make("svg:line", { class: "axis", x1: 0, x2: width, y1: height - bottom, y2: height - bottom }));
  return make("section", {}, make("h2", {}, caption), values.length ? chart : make("p", { class: "note" }, say("nothing")),
    values.length ? make("p", { class: "note" }, note) : null);
}

const tile = (name, value) => make("div", { class: "tile" }, make("b", {}, numbers.format(value)), make("span", {}, name));

function collectionParts(one) {
  const run = one.last_run;
  return [
    one.refused ? make("p", { class: "notice bad" }, say("refused", { name: one.name, why: one.refused })) : null,
    run ? table(say("run", { name: one.name }), [say("outcome"), say("ended"), say("took"), say("reason")],
      [[run.outcome, at(run.ended), span(run.seconds), [run.reason, run.failed ? say("lost", { n: run.failed }) : null].filter(Boolean).join(" ") || "–"]]) : null,
    run?.incomplete.length ? table(say("incomplete", { name: one.name }), [say("source"), say("reason")], run.incomplete.map((each) => [each.source, each.reason])) : null,
    run?.failures.length ? table(say("failed", { name: one.name }), [say("place"), say("stage"), say("reason")],
      run.failures.map((failure) => [failure.url, failure.stage, failure.reason])) : null,
  ].filter(Boolean);
}

function draw(data) {
  const { answers } = data;
  const since = { questions: answers.answered + answers.abstained + answers.fallback, answered: answers.answered, fallbacks: answers.fallback };
  // Without a journal there are only the numbers since the start.
  const sum = (name) => data.journal ? data.traffic.reduce((total, day) => total + day[name], 0) : since[name];
  const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
  const parts = [
    data.journal ? null : make("p", { class: "notice" }, say("noJournal")),
    make("div", { class: "tiles" }, tile(say("questions"), sum("questions")), tile(say("answered"), sum("answered")),
      tile(say("unknown"), data.journal ? sum("questions") - sum("answered") : answers.abstained), tile(say("replaced"), sum("fallbacks")),
      tile(say("unsupported"), data.unsupported), tile(say("helpful"), data.feedback.up), tile(say("unhelpful"), data.feedback.down),
      tile(say("failures"), data.requests.failed), tile(say("limited"), data.requests.limited)),
    make("p", { class: "note" }, say("since", { when: at(data.started) })),
    bars(say("traffic"), say("trafficTold"), data.traffic.map((day) => ({
      label: date.format(new Date(day.day + "T00:00Z")), value: day.questions, part: day.questions - day.answered }))),
    table(say("unanswered"), [say("question"), say("collection"), say("count")], data.unanswered.map((one) => [
      make("span", {}, one.question, one.similar.length ? make("span", { class: "note" }, " " + say("similar", { list: one.similar.join(" · ") })) : null),
      one.collection, one.count])),
    table(say("asked"), [say("question"), say("count")], data.asked.map((one) => [one.question, one.count])),
    table(say("feedback"), [say("opinion"), say("question"), say("comment"), say("answer"), say("when")],
      data.feedback.latest.map((one) => [say(one.verdict === "up" ? "helpful" : "unhelpful"), one.question, one.comment, make("code", {}, one.answer), at(one.time)])),
    table(say("latency"), [say("step"), say("count"), say("half"), say("most")],
      data.steps.map((one) => [steps[one.name] ?? one.name, one.count, one.p50_ms, one.p95_ms])),
    table(say("providers"), [say("provider"), say("answers"), say("tokens"), say("cost")],
      data.providers.map((one) => [who(one.provider), one.answers, one.prompt_tokens + one.completion_tokens, money(one.cost)])),
    data.models.length ? table(say("models"), [say("provider"), say("kind"), say("key"), say("calls"), say("tries"), say("tokens"), say("cost")],
      data.models.map((one) => [one.provider, one.kind, one.key, one.calls, one.failures, one.tokens, money(one.cost)])) : null,
    data.intents.length ? table(say("intents"), [say("intent"), say("count")], data.intents.map((one) => [one.intent, one.count])) : null,
    table(say("collections"), [say("name"), say("snapshot"), say("age"), say("documents"), say("chunks"), say("size"), say("change")],
      data.collections.map((one) => [one.name, one.snapshot ?? "–", span(one.age_seconds), one.documents, one.chunks, bytes(one.bytes),
        one.difference ? say("changed", one.difference) : "–"])),
    ...data.collections.flatMap(collectionParts),
  ];
  sections.replaceChildren(...parts.filter(Boolean));
}

async function load() {
  sections.setAttribute("aria-busy", "true");
  try {
    draw(await (await send("/api/v1/dashboard?days=" + days.value)).json());
    tell("");
  } catch (trouble) { tell(trouble.message, true); }
  sections.removeAttribute("aria-busy");
}
days.addEventListener("change", load);
document.querySelector("#refresh").addEventListener("click", load);
document.title = language === "es" ? "Acervo: panel" : "Acervo: dashboard";
load();
