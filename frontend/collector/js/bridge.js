// Between the page and the collector's WASM: passes on what the loader saw, delivers what the
// collector makes of it, and keeps the flags' answers.
import init, { Collector } from './core.js';

// Bodies that wait for another try.
const MAX_UNSENT = 8;

const page = window;

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');

// Storage may be forbidden; then an id lasts as long as the page.
const kept = (storage, name) => {
  try {
    const found = page[storage].getItem(name) || random();
    page[storage].setItem(name, found);
    return found;
  } catch {
    return random();
  }
};

// Whatever an app hands over, a text comes out: WASM takes nothing else.
const text = (value) => {
  try {
    return String(value ?? '');
  } catch {
    return '';
  }
};
const whenIdle = (work, timeout) => page.requestIdleCallback ? requestIdleCallback(work, { timeout }) : setTimeout(work);

export async function start(state) {
  await init({ module_or_path: new URL('core_bg.wasm', import.meta.url) });
  const navigation = performance.getEntriesByType('navigation')[0];
  const activation = navigation?.activationStart ?? 0;
  const core = new Collector(kept('sessionStorage', 'phasegate.session'), location.pathname, activation);
  // Visitors who ask not to be measured get their flags and nothing else.
  const isQuiet = navigator.globalPrivacyControl || navigator.doNotTrack == 1;
  const collect = state.origin + '/collect?key=' + encodeURIComponent(state.key);
  let unsent = [], timer = 0, delay = 1000, isFlushing = false;

  const post = (url, body, more) => fetch(url, { method: 'POST', body, keepalive: body.length < 60000, ...more });
  const gather = () => {
    for (let body; unsent.length < MAX_UNSENT && (body = core.batch(performance.now(), random()));) unsent.push(body);
  };
  const remove = (body) => { unsent = unsent.filter((other) => other != body); };
  const flush = async () => {
    timer = 0;
    if (isQuiet || isFlushing) return;
    isFlushing = true;
    gather();
    for (const body of unsent) {
      const status = await post(collect, body).then((response) => response.status, () => 0);
      if (status == 401) console.warn('phasegate: the server does not know this data-key');
      // What the server refuses for good is not sent again.
      if (status == 0 || status == 429 || status >= 500) {
        delay = Math.min(delay * 2, 60000);
        break;
      }
      remove(body);
      delay = 1000;
    }
    isFlushing = false;
    if (unsent.length) schedule();
  };
  // Together with what else comes within a second, when the page is idle.
  const schedule = () => {
    timer ||= setTimeout(() => whenIdle(flush, 500), delay);
  };
  // The last chance: a beacon outlives the page. What is under way may arrive twice; it has an
  // id, so it counts once.
  const flushNow = () => {
    if (isQuiet) return;
    gather();
    unsent.forEach((body) => navigator.sendBeacon?.(collect, body) && remove(body));
  };

  let context = { targetingKey: kept('localStorage', 'phasegate.visitor') };
  let newest = 0;
  const evaluate = async () => {
    const mine = ++newest;
    const headers = { authorization: 'Bearer ' + state.key, 'content-type': 'application/json' };
    const signal = page.AbortSignal?.timeout?.(5000);
    try {
      const response = await post(state.origin + '/ofrep/v1/evaluate/flags', JSON.stringify({ context }), { headers, signal });
      const bulk = await response.json();
      // A late answer speaks of somebody that the visitor no longer is.
      if (mine != newest) return;
      state.answers(bulk, context.targetingKey);
      keep(state.key + context.targetingKey, bulk);
    } catch {
      // The server is away: what it said the last time holds, or the app's fallbacks.
      if (mine == newest) state.recall(context.targetingKey);
    }
  };
  const keep = (...last) => {
    try {
      localStorage['phasegate.flags'] = JSON.stringify(last);
    } catch {
      // Storage is forbidden or full: nothing is kept.
    }
  };
  const explain = async (key, done) => {
    try {
      const headers = { authorization: 'Bearer ' + state.key, 'content-type': 'application/json' };
      const response = await post(state.origin + '/ofrep/v1/explain/' + encodeURIComponent(key), JSON.stringify({ context }), { headers });
      const answer = await response.json();
      console.log([key + ': ' + (answer.errorDetails ?? answer.variant)].concat(answer.steps ?? []).join('\n  '));
      done(answer);
    } catch (problem) {
      console.warn('phasegate: the server could not be asked', problem);
      done(state.flags[key]);
    }
  };

  const entry = (e) => {
    switch (e.entryType) {
      case 'paint': return e.name == 'first-contentful-paint' && core.first_contentful_paint(e.startTime);
      case 'largest-contentful-paint': return core.largest_contentful_paint(e.startTime);
      case 'layout-shift': return core.layout_shift(e.startTime, e.value, e.hadRecentInput);
      case 'first-input':
        core.first_input(e.startTime, e.processingStart);
      // An interaction's first event is also one of its events.
      case 'event': return core.event_timing(e.duration, e.interactionId || 0);
      // A prerendered page is hidden until it is activated, and that does not count.
      case 'visibility-state': return e.name == 'hidden' && e.startTime >= activation && core.was_hidden(e.startTime);
    }
  };
  const error = (at, error, where) => {
    const known = error?.message ?? (typeof error == 'string' ? error : 'Rejected with something that is not an error');
    const [name, message] = [text(error?.name), text(known)];
    const prefix = name && !message.startsWith(name) && !message.startsWith('Uncaught') ? name + ': ' : '';
    core.error(at, prefix + message, text(error?.stack), text(where?.feature), text(where?.component));
  };
  const hidden = (at) => {
    // Entries that the browser has not delivered yet belong to what is final now.
    state.observers.forEach((drain) => drain());
    core.hidden(at, performance.interactionCount || 0);
    flushNow();
  };
  const handlers = {
    entry,
    error,
    hidden,
    input: (at) => whenIdle(() => { core.input(at); schedule(); }, 1000),
    exposure: (at, flag, variant) => core.exposure(at, text(flag), text(variant)),
    use: (at, flag) => core.feature_used(at, text(flag)),
    custom: (at, name) => core.custom(at, text(name)),
    timing: (at, kind, name, duration) => core.timing(at, kind, text(name), duration),
    feedback: (at, feedback, done) => { core.feedback(at, feedback?.rating | 0, text(feedback?.message)); done(); },
    identify: (at, user, attributes, done) => { context = { ...attributes, targetingKey: text(user) }; evaluate().then(() => { done(); state.ready(); }); },
    explain: (at, key, done) => explain(text(key), done),
  };
  // Nothing that goes wrong in here may reach the app, or spoil what comes after it.
  const take = ([name, ...rest]) => {
    try {
      handlers[name](...rest);
    } catch (problem) {
      console.warn('phasegate:', problem);
    }
    schedule();
  };

  // A visitor whose identity is already known is asked for once, not first as a stranger.
  const isKnown = state.seen.some(([name]) => name == 'identify');
  if (state.wasHidden) core.was_hidden(0);
  state.seen.splice(0).forEach(take);
  state.take = take;
  if (navigation?.responseStart > 0) core.first_byte(navigation.responseStart, navigation.responseStart);
  isKnown || evaluate().then(state.ready);
}
