import { invokeRemote } from '@forge/bridge';

// Forge ends a call after 25 s; the service answers within this with what it has, and says so.
export const deadline = 20_000;

/** What went wrong, in words for the person who asked. */
export class Trouble extends Error {}

const words = {
  es: { auth: 'El servicio no reconoce esta aplicación: avise a su administrador.', forbidden: 'No tiene permiso para preguntar aquí.',
    busy: 'El servicio está ocupado. Pruebe en unos segundos.', late: 'El servicio tardó demasiado. Pruebe otra vez.',
    network: 'No se llega al servicio. Avise a su administrador.', other: 'No se pudo responder ({status}).' },
  en: { auth: 'The service does not know this app: tell your administrator.', forbidden: 'You may not ask here.',
    busy: 'The service is busy. Try again in a few seconds.', late: 'The service took too long. Try again.',
    network: 'The service cannot be reached. Tell your administrator.', other: 'No answer could be had ({status}).' },
};

/**
 * Asks a question as whoever is looking at the page.
 *
 * @returns the answer: `answer`, `citations`, `snapshot`.
 * @throws {Trouble} with a message for that person.
 */
export async function ask(question, history, locale, send = invokeRemote) {
  const say = words[locale?.startsWith('es') ? 'es' : 'en'];
  let response;
  try {
    response = await send({
      path: '/forge/ui/ask', method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: { question, history, deadline_ms: deadline },
    });
  } catch (error) {
    // Forge rejects only where no answer of the service came through; its messages are told apart by their words.
    const text = String(error?.message ?? error);
    if (/Invocation Token/i.test(text)) throw new Trouble(say.auth);
    if (/timed out/i.test(text)) throw new Trouble(say.late);
    throw new Trouble(say.network);
  }
  if (response.status >= 200 && response.status < 300 && response.body) return response.body;
  if (response.status === 403) throw new Trouble(say.forbidden);
  if (response.status === 504) throw new Trouble(say.late);
  if (response.status === 429 || response.status === 503) throw new Trouble(say.busy);
  throw new Trouble(response.body?.detail ?? say.other.replace('{status}', response.status));
}
