import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';

// forge variables set --encrypt ACERVO_KEY …: made by `acervo keys new`. Everybody who sees the macro asks with this
// one key, so give it no principals, or only those of a group that all of them are in.
const address = 'https://acervo.example.com/ask';
const deadline = 20_000;
// Forge ends the function after 25 s without a word for the person: by then it has said so itself.
const patience = 23_000;

const resolver = new Resolver();
resolver.define('ask', async ({ payload }) => {
  const question = String(payload?.question ?? '').trim().slice(0, 4000);
  if (!question) return { status: 422, body: { detail: 'empty' } };
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, patience, { status: 504, body: { detail: 'late' } }); });
  try {
    return await Promise.race([late, answer(question, payload?.history ?? [])]);
  } catch {
    // The service cannot be reached: the key and the address stay out of what is said.
    return { status: 503, body: { detail: 'unreachable' } };
  } finally {
    clearTimeout(timer);
  }
});

async function answer(question, history) {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-API-Key': process.env.ACERVO_KEY },
    body: JSON.stringify({ question, history, deadline_ms: deadline }),
  });
  const text = await response.text();
  // Forge's page is told the service's own refusal of the key as what it is: nothing that the person can mend.
  if (response.status === 401) return { status: 503, body: { detail: 'key' } };
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    // A proxy's own page is no answer of the service.
    return { status: 503, body: { detail: `HTTP ${response.status}` } };
  }
}

export const handler = resolver.getDefinitions();
