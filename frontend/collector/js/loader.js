// The loader: one small script that a page embeds.
//
//   <script async src="https://…/collector.js" data-key="pk_…"></script>
//
// It observes from the first millisecond (entries shorter than 104 ms are lost to observers
// that come later), offers the whole API at once, and brings the collector when the page is
// idle. Until then everything is kept in bounded buffers.
//
// Comments stand on lines of their own: the build drops such lines.
(() => {
  const page = window, script = document.currentScript;
  // An element with that id would be found here too; it is not us.
  if (page.phasegate?.ready || !script) return;
  const now = () => performance.now();
  const state = {
    key: script.dataset.key,
    origin: new URL(script.src).origin,
    wasHidden: document.hidden && !document.prerendering,
    seen: [],
    observers: [],
    flags: {},
    phase: null,
    // Takes a bulk answer: of the server, embedded in the page, or kept from the last time.
    answers: ({ flags, metadata }, user) => {
      state.user = user;
      state.flags = Object.fromEntries(flags.map((flag) => [flag.key, flag]));
      state.phase = metadata?.phase ? { number: metadata.phase, name: metadata.phaseName, percentage: metadata.phasePercentage } : null;
    },
    // While the server is away, what it said to the same user the last time is the best there is;
    // what it said to somebody else is nothing.
    recall: (user) => attempt(() => {
      user ??= localStorage['phasegate.visitor'];
      if (state.user && state.user != user) state.flags = {};
      const [known, bulk] = JSON.parse(localStorage['phasegate.flags']);
      known == state.key + user && state.answers(bulk, user);
    }),
  };
  const attempt = (work) => {
    try {
      work();
    } catch {
      // Storage that is forbidden, or a text that is not ours.
    }
  };
  // A server that renders the page may embed the answers, so that nothing flickers.
  attempt(() => state.answers(JSON.parse(document.getElementById('phasegate-flags').textContent)));
  // `state.take` is put there by the collector; before, a bounded buffer keeps what comes.
  const send = (...what) => state.take ? state.take(what) : state.seen.length < 500 && state.seen.push(what);
  // Nobody waits for ever: after five seconds the app goes on with what is there.
  const within = (work) => new Promise((done) => { work(done); setTimeout(done, 5000); });
  const asking = (name, ...what) => within((done) => send(name, now(), ...what, done));
  const timer = (kind) => (name) => {
    const start = now();
    return () => send('timing', now(), kind, name, now() - start);
  };

  for (const type of ['paint', 'largest-contentful-paint', 'layout-shift', 'first-input', 'event', 'visibility-state']) {
    try {
      const pass = (entries) => entries.forEach((entry) => send('entry', entry));
      const observer = new PerformanceObserver((list) => pass(list.getEntries()));
      observer.observe({ type, buffered: true, durationThreshold: 40 });
      state.observers.push(() => pass(observer.takeRecords()));
    } catch {
      // An old browser that does not know the type.
    }
  }
  const listen = (type, listener) => addEventListener(type, listener, true);
  listen('error', (event) => event.message && send('error', now(), event.error || event));
  listen('unhandledrejection', (event) => send('error', now(), event.reason));
  listen('visibilitychange', (event) => document.hidden && send('hidden', event.timeStamp));
  listen('pagehide', (event) => send('hidden', event.timeStamp));
  for (const type of ['keydown', 'click']) listen(type, (event) => event.isTrusted && send('input', event.timeStamp));

  const answer = (key) => {
    const flag = state.flags[key];
    flag && send('exposure', now(), key, flag.variant);
    return flag;
  };
  page.phasegate = {
    ready: within((done) => state.ready = done),
    identify: (user, attributes) => asking('identify', user, attributes),
    isFeatureEnabled: (key, fallback = false) => answer(key)?.value ?? fallback,
    getVariant: (key, fallback) => answer(key)?.variant ?? fallback,
    getCurrentPhase: () => state.phase,
    featureUsed: (key) => send('use', now(), key),
    track: (name) => send('custom', now(), name),
    getPerformanceMonitor: () => ({ startApiTimer: timer('api'), startRenderTimer: timer('render') }),
    getErrorTracker: () => ({ captureError: (error, where) => send('error', now(), error, where) }),
    getUserFeedback: () => ({ submit: (feedback) => asking('feedback', feedback) }),
    explain: (key) => asking('explain', key),
  };
  if (!state.key) return console.warn('phasegate: the script tag needs data-key="pk_…"');

  // Without the collector (blocked, offline) the last answers hold, or the app's fallbacks.
  const giveUp = () => {
    state.recall();
    state.take = (what) => {
      what[0] == 'identify' && state.recall(what[2]);
      typeof what.at(-1) == 'function' && what.at(-1)();
    };
    state.seen.splice(0).forEach(state.take);
    state.ready();
  };
  let begun;
  const load = () => begun ||= import(state.origin + '/collector/__BUILD__/bridge.js').then((bridge) => bridge.start(state)).catch(giveUp);
  const idle = () => page.requestIdleCallback ? requestIdleCallback(load, { timeout: 2000 }) : setTimeout(load, 200);
  const begin = () => {
    document.readyState == 'complete' ? idle() : addEventListener('load', idle);
    // One image that hangs must not keep the flags away.
    setTimeout(load, 3000);
  };
  document.prerendering ? document.addEventListener('prerenderingchange', begin) : begin();
})();
