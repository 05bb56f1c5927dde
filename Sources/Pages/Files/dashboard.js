// The dashboard: what was asked, how it was answered, what the collections hold. Needs the scope “admin”.
import { bar, language, make, say, send, teach } from "./common.js";

teach({
  es: {
    period: "Periodo", day: "un día", week: "siete días", month: "treinta días", questions: "Preguntas", answered: "Respondidas",
    unknown: "«No lo sé»", failures: "Errores", helpful: "Útiles", unhelpful: "No útiles", traffic: "Preguntas por día",
    latency: "Tiempo por paso", step: "Paso", half: "mediana (ms)", most: "95 % (ms)", count: "veces", providers: "Respuestas por modelo",
    model: "Modelo", answers: "respuestas", fallbacks: "sustituidas", tokens: "tokens", cost: "coste", asked: "Lo más preguntado",
    unanswered: "Preguntado y sin respuesta", question: "Pregunta", similar: "y parecidas: {list}", intents: "Intenciones", intent: "Intención",
    collections: "Colecciones", name: "Nombre", age: "edad", documents: "páginas", chunks: "fragmentos", size: "tamaño",
    change: "último cambio", added: "+{added} ~{changed} −{removed}", failed: "Fallos de la última ejecución", place: "Dirección", reason: "Motivo",
    nothing: "Nada todavía.", noJournal: "El servicio no guarda un diario: ponga «journal» en serve.yaml para ver preguntas.",
  },
  en: {
    period: "Period", day: "one day", week: "seven days", month: "thirty days", questions: "Questions", answered: "Answered",
    unknown: "“I don't know”", failures: "Errors", helpful: "Helpful", unhelpful: "Not helpful", traffic: "Questions a day",
    latency: "Time per step", step: "Step", half: "median (ms)", most: "95 % (ms)", count: "count", providers: "Answers by model",
    model: "Model", answers: "answers", fallbacks: "replaced", tokens: "tokens", cost: "cost", asked: "Most asked",
    unanswered: "Asked and not answered", question: "Question", similar: "and alike: {list}", intents: "Intents", intent: "Intent",
    collections: "Collections", name: "Name", age: "age", documents: "pages", chunks: "chunks", size: "size",
    change: "last change", added: "+{added} ~{changed} −{removed}", failed: "Failures of the last run", place: "Address", reason: "Reason",
    nothing: "Nothing yet.", noJournal: "The service keeps no journal: write “journal” in serve.yaml to see questions.",
  },
});

const tell = bar("dashboard");
const days = document.querySelector("#days");
const sections = document.querySelector("#sections");
const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const bytes = (count) => numbers.format(count / 1e6) + " MB";
const span = (seconds) => seconds < 5400 ? numbers.format(seconds / 60) + " min"
  : seconds < 172800 ? numbers.format(seconds / 3600) + " h" : numbers.format(seconds / 86400) + " d";

/** A table, numbers to the right; says so where there are no rows. */
function table(caption, heads, rows) {
  return make("section", {}, rows.length === 0
    ? make("div", {}, make("h2", {}, caption), make("p", { class: "note" }, say("nothing")))
    : make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...heads.map((head, index) => make("th", { scope: "col", class: typeof rows[0][index] === "number" ? "number" : null }, head)))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) =>
        make("td", { class: typeof cell === "number" ? "number" : null }, typeof cell === "number" ? numbers.format(cell) : cell))))))));
}

/** Bars with their values written on them: readable without colour. */
function bars(caption, values) {
  const [width, height, bottom, top] = [720, 190, 22, 18];
  const most = Math.max(1, ...values.map(({ value }) => value));
  const step = width / Math.max(1, values.length);
  const chart = make("svg:svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": caption + ": " + values.map(({ label, value }) => `${label} ${value}`).join(", ") });
  values.forEach(({ label, value }, index) => {
    const tall = (height - bottom - top) * value / most;
    const middle = index * step + step / 2;
    chart.append(
      make("svg:rect", { class: "bar", x: index * step + step * .15, y: height - bottom - tall, width: step * .7, height: tall, rx: 2 }));
    if (values.length <= 14 || index % 5 === 0) {
      chart.append(
        make("svg:text", { x: middle, y: height - bottom - tall - 4, "text-anchor": "middle" }, numbers.format(value)),
        make("svg:text", { x: middle, y: height - 6, "text-anchor": "middle" }, label));
    }
  });
  chart.append(make("svg:line", { class: "axis", x1: 0, x2: width, y1: height - bottom, y2: height - bottom }));
  return make("section", {}, make("h2", {}, caption), values.length ? chart : make("p", { class: "note" }, say("nothing")));
}

const tile = (name, value) => make("div", { class: "tile" }, make("b", {}, numbers.format(value)), make("span", {}, name));

function draw(data) {
  const sum = (name) => (data.traffic ?? []).reduce((total, day) => total + (day[name] ?? 0), 0);
  const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
  sections.replaceChildren(
    data.journal === false ? make("p", { class: "note" }, say("noJournal")) : "",
    make("div", { class: "tiles" }, tile(say("questions"), sum("requests")), tile(say("answered"), sum("answered")),
      tile(say("unknown"), sum("unknown")), tile(say("failures"), sum("failed")),
      tile(say("helpful"), data.feedback?.helpful ?? 0), tile(say("unhelpful"), data.feedback?.not_helpful ?? 0)),
    bars(say("traffic"), (data.traffic ?? []).map((day) => ({ label: date.format(new Date(day.day + "T00:00Z")), value: day.requests }))),
    table(say("latency"), [say("step"), say("count"), say("half"), say("most")], (data.steps ?? []).map((step) => [step.name, step.count, step.p50_ms, step.p95_ms])),
    table(say("providers"), [say("model"), say("answers"), say("fallbacks"), say("tokens"), say("cost")],
      (data.providers ?? []).map((one) => [[one.provider, one.model].filter(Boolean).join(" "), one.answers, one.fallbacks, one.tokens, one.cost])),
    table(say("unanswered"), [say("question"), say("count")], (data.unanswered ?? []).map((one) => [
      make("span", {}, one.question, one.similar?.length ? make("span", { class: "note" }, " " + say("similar", { list: one.similar.join(" · ") })) : null), one.count])),
    table(say("asked"), [say("question"), say("count")], (data.asked ?? []).map((one) => [one.question, one.count])),
    data.intents?.length ? table(say("intents"), [say("intent"), say("count")], data.intents.map((one) => [one.intent, one.count])) : "",
    table(say("collections"), [say("name"), say("age"), say("documents"), say("chunks"), say("size"), say("change")],
      (data.collections ?? []).map((one) => [one.name, span(one.age_seconds), one.documents, one.chunks, bytes(one.bytes), one.diff ? say("added", one.diff) : "–"])),
    ...(data.collections ?? []).filter((one) => one.failures?.length).map((one) =>
      table(`${say("failed")}: ${one.name}`, [say("place"), say("reason")], one.failures.map((failure) => [failure.url, failure.reason]))));
}

async function load() {
  try {
    draw(await (await send("/api/v1/dashboard?days=" + days.value)).json());
    tell("");
  } catch (trouble) { tell(trouble.message, true); }
}
days.addEventListener("change", load);
document.title = language === "es" ? "Acervo: panel" : "Acervo: dashboard";
load();
