// Between the page and the collector's WASM: passes on what the loader saw, delivers what the
// collector makes of it, and keeps the flags' answers.
import init, { Collector } from './core.js';

// Bodies that wait for another try.
const MAX_UNSENT = 8;

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
const page = window;

export async function start(state) {
  await init({ module_or_path: new URL('core_bg.wasm', import.meta.url) });
  const navigation = performance.getEntriesByType('navigation')[0];
  const core = new Collector(kept('sessionStorage', 'phasegate.session'), location.pathname, navigation?.activationStart ?? 0);
  let context = { targetingKey: kept('localStorage', 'phasegate.visitor') };
  const unsent = [];
  let timer = 0, delay = 1000;

  const post = (path, body, headers) => fetch(state.origin + path, { method: 'POST', body, headers, keepalive: body.length < 60000 });
  const collect = '/collect?key=' + encodeURIComponent(state.key);

  // Visitors who ask not to be measured get their flags and nothing else.
  const isQuiet = navigator.globalPrivacyControl || navigator.doNotTrack == 1;

  const flush = async () => {
    timer = 0;
    if (isQuiet) return;
    for (let body; unsent.length < MAX_UNSENT && (body = core.batch(performance.now(), random()));) unsent.push(body);
    while (unsent.length) {
      const status = await post(collect, unsent[0]).then((response) => response.status, () => 0);
      // What the server refuses for good is not sent again.
      if (status == 0 || status == 429 || status >= 500) {
        delay = Math.min(delay * 2, 60000);
        return schedule();
      }
      unsent.shift();
      delay = 1000;
    }
  };
  // Together with what else comes within a second, when the page is idle.
  const schedule = () => {
    timer ||= setTimeout(() => page.requestIdleCallback ? requestIdleCallback(flush, { timeout: 500 }) : flush(), delay);
  };
  // The last chance: a beacon outlives the page.
  const flushNow = () => {
    if (isQuiet) return;
    for (let body; (body = core.batch(performance.now(), random()));) {
      navigator.sendBeacon?.(state.origin + collect, body) || unsent.length < MAX_UNSENT && unsent.push(body);
    }
  };

  let evaluated;
  const evaluate = () => evaluated = ask();
  const ask = async () => {
    const headers = { authorization: 'Bearer ' + state.key, 'content-type': 'application/json' };
    try {
      const response = await post('/ofrep/v1/evaluate/flags', JSON.stringify({ context }), headers);
      const { flags, metadata } = await response.json();
      state.flags = Object.fromEntries(flags.map((flag) => [flag.key, flag]));
      state.phase = metadata.phase ? { number: metadata.phase, name: metadata.phaseName, percentage: metadata.phasePercentage } : null;
    } catch {
      // The server is away: the app goes on with its fallbacks.
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
      case 'event': return core.event_timing(e.duration, e.interactionId || 0, performance.interactionCount || 0);
      case 'visibility-state': return e.name == 'hidden' && core.hidden(e.startTime);
    }
  };
  const error = (at, error, where = {}) => {
    const message = error?.message ?? (typeof error == 'string' ? error : 'Rejected with something that is not an error');
    const name = error?.name && !message.startsWith(error.name) && !message.startsWith('Uncaught') ? error.name + ': ' : '';
    core.error(at, name + message, String(error?.stack ?? ''), where.feature ?? '', where.component ?? '');
  };
  const handlers = {
    entry,
    error,
    hidden: (at) => { core.hidden(at); flushNow(); },
    input: (at) => core.input(at),
    exposure: (at, flag, variant) => core.exposure(at, flag, variant),
    use: (at, flag) => core.feature_used(at, flag),
    custom: (at, name) => core.custom(at, name),
    timing: (at, kind, name, duration) => core.timing(at, kind, name, duration),
    feedback: (at, { rating = 0, message = '' }, done) => { core.feedback(at, rating, message); done(); },
    identify: (at, user, attributes, done) => { context = { ...attributes, targetingKey: user }; evaluate().then(done); },
    explain: (at, key, done) => { const flag = state.flags[key]; console.table(flag && { ...flag, ...flag.metadata }); done(flag); },
  };
  const take = ([name, ...rest]) => { handlers[name](...rest); schedule(); };

  // A visitor whose identity is already known is asked for once, not first as a stranger.
  const isKnown = state.seen.some(([name]) => name == 'identify');
  state.seen.splice(0).forEach(take);
  state.take = take;
  if (document.hidden) core.hidden(0);
  if (navigation?.responseStart > 0) core.first_byte(navigation.responseStart, navigation.responseStart);
  isKnown || evaluate();
  await evaluated;
  state.ready();
}
