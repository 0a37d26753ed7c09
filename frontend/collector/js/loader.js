// The loader: one small script that a page embeds.
//
//   <script async src="https://…/collector.js" data-key="pk_…"></script>
//
// It observes from the first millisecond (observers that are added later miss entries shorter than
// 104 ms), offers the whole API at once, and loads the collector when the page is idle. Until then,
// bounded buffers keep everything. If the collector never loads, the loader sends vitals and errors
// itself when the page is left.
//
// `collector.js` and `collector.mjs` are made from this function, and differ in how it is called.
const install = (key, origin, settings) => {
  const seen = [];
  const now = () => performance.now();
  const attempt = (work) => {
    try {
      return work();
    } catch {
      // Forbidden storage, a type that an old browser does not know, or a text in another format.
    }
  };
  const state = {
    key, origin, settings, seen, attempt,
    lost: 0,
    flags: {},
    phase: null,
    isQuiet: settings.dnt != 'ignore' && (navigator.globalPrivacyControl || navigator.doNotTrack == 1),
    // Applies a bulk answer: from the server, embedded in the page, or cached.
    answers: ({ flags, metadata }, user) => {
      state.flags = Object.fromEntries(flags.map((flag) => [flag.key, flag]));
      const { phase: number, phaseName: name, phasePercentage: percentage } = metadata ?? {};
      state.phase = number ? { number, name, percentage } : null;
      state.user = user;
    },
    // The cached answers for the same user apply until the server answers; answers for another user
    // do not.
    recall: (user) => attempt(() => {
      user ??= localStorage['phasegate.visitor'];
      if (state.user && state.user != user) state.flags = {};
      const [known, bulk] = JSON.parse(localStorage['phasegate.flags']);
      known == key + user && state.answers(bulk, user);
    }),
  };
  state.recall();
  // A server that renders the page may embed the answers, so that nothing flickers.
  attempt(() => state.answers(JSON.parse(document.getElementById('phasegate-flags').textContent)));
  // The collector sets `state.take`; until then, a bounded buffer keeps the calls.
  const send = (what) => {
    if (state.take) return state.take(what);
    if (state.isAlone && what.done) return what[0] == 'identify' && state.recall(what[2]), what[0] == 'feedback' ? what.fail(Error('phasegate: not sent, its script is missing')) : what.done();
    seen.length < 500 ? seen.push(what) : state.lost++;
  };
  const pass = (name) => (...what) => send([name, now(), ...what]);
  // Promises resolve after five seconds at the latest, so that the app can go on.
  const within = (work) => new Promise((done, fail) => { work(done, fail); setTimeout(done, 5000); });
  const asking = (name) => (...what) => within((done, fail) => send(Object.assign([name, now(), ...what], { done, fail })));
  const timer = (kind) => (name) => pass('timing').bind(0, kind, name, now());

  const drains = [];
  for (const type of ['paint', 'largest-contentful-paint', 'layout-shift', 'first-input', 'event']) attempt(() => {
    const observer = new PerformanceObserver((list) => drain(list.getEntries()));
    const drain = (entries = observer.takeRecords()) => entries.forEach((entry) => send(['entry', entry]));
    observer.observe({ type, buffered: true, durationThreshold: 40 });
    drains.push(drain);
  });
  state.drain = () => drains.forEach((drain) => drain());
  for (const type of ['error', 'unhandledrejection', 'securitypolicyviolation', 'visibilitychange', 'pagehide'])
    addEventListener(type, (event) => {
      send(['on', event]);
      state.take || (document.hidden || type[0] == 'p' ? alone() : state.isAlone && load());
    }, true);

  // Sends what a page knows without the collector: the browser's entries, errors, and calls of the
  // app (such as an exposure right before a redirect). The server turns them into the events of the
  // collector. Vitals are sent once.
  const alone = () => {
    state.drain();
    const events = [], exposed = {};
    // The app's hook may remove anything, and only the collector calls it.
    if (state.isQuiet || state.hook) return;
    for (const what of seen.splice(0)) attempt(() => {
      const [name, event, given, more] = what, { type, target, entryType } = event;
      const isRejection = type == 'unhandledrejection', isCaptured = name == 'captured';
      const problem = isRejection ? event.reason : isCaptured ? given : event.error;
      // Values that are not errors are described by kind or keys, a short form of the collector's
      // `describe`.
      const isObject = Object(problem) === problem;
      const message = problem?.message ?? (isRejection || isCaptured || isObject
        ? problem && typeof problem == 'string' ? problem : (isRejection ? 'Rejected with ' : 'Thrown with ') + (isObject ? problem.localName ?? problem.constructor?.name + ' ' + (problem instanceof Event ? problem.type : Object.keys(problem)) : String(problem) || 'nothing')
        : event.message || (type == 'securitypolicyviolation' ? event.disposition != 'report' && !/-extension/.test(event.sourceFile + event.blockedURI) && event.effectiveDirective + ' refused ' + event.blockedURI : type == 'error' && (target.src || target.href)));
      if (name == 'identify') state.who = given + '';
      if (name == 'exposure') exposed[given] = more;
      if (/^(exp|use|cus|tas|tim)/.test(name)) events.push([name, event, given.name ?? given, more, event - (given.start ?? what[4])]);
      // Only the fields that the server needs, because an entry may contain private data.
      else if (entryType) state.sent || events.push([entryType, event.startTime, event.duration, event.value, event.hadRecentInput, event.processingStart, event.interactionId, event.name]);
      else if (message) events.push(['error', event.timeStamp ?? event, (message + '').slice(0, 300), problem?.stack?.slice(0, 300)]);
      // Everything else is kept for the collector, in case it still loads.
      else seen.push(what);
    });
    state.sent = 1;
    const { responseStart, activationStart } = performance.getEntriesByType('navigation')[0] ?? {}, random = () => Math.random() + '';
    const visitor = attempt(() => localStorage['phasegate.visitor'] ||= random());
    const session = attempt(() => JSON.parse(localStorage['phasegate.visit']).id) ?? random();
    // Browsers accept a limited number of bytes from pages that end: halves may be accepted if the
    // whole is not, and rejected ones are stored for the next page, under the names that the
    // collector uses.
    const tell = (events) => {
      const batch = random(), body = JSON.stringify({
        v: 1, batch, session, visitor, user: state.who, exposed, dropped: state.lost, page: location.pathname, now: now(), responseStart, activationStart, hidden: state.wasHidden, alone: events,
      });
      if (navigator.sendBeacon?.(origin + '/collect?key=' + key, body)) return state.lost = 0;
      events[9] ? [events.splice(0, events.length / 2), events].map(tell) : attempt(() => localStorage[`phasegate.unsent.${key}.${batch}`] = JSON.stringify([body, Date.now()])) || (state.lost += events.length);
    };
    while (events[0]) tell(events.splice(0, 99));
  };
  state.wasHidden = document.hidden && !document.prerendering;

  const answer = (name) => {
    const flag = state.flags[name];
    // Properties that every object inherits are not flags.
    flag?.key && pass('exposure')(name, flag.variant);
    return flag;
  };
  const api = {
    ready: within((done) => state.ready = done),
    identify: asking('identify'),
    isFeatureEnabled: (name, fallback = false) => answer(name)?.value ?? fallback,
    getVariant: (name, fallback) => answer(name)?.variant ?? fallback,
    getCurrentPhase: () => state.phase,
    featureUsed: pass('use'),
    track: pass('custom'),
    startTask: (name) => {
      const end = pass('task').bind(0, { name, start: now() });
      end('started');
      return { complete: () => end('completed'), abandon: () => end('abandoned') };
    },
    getPerformanceMonitor: () => ({ startApiTimer: timer('api'), startRenderTimer: timer('render') }),
    getErrorTracker: () => ({ captureError: pass('captured') }),
    getUserFeedback: () => ({ open: asking('open'), askNps: asking('askNps'), submit: asking('feedback') }),
    onBeforeSend: (hook) => { state.hook = hook; },
    explain: asking('explain'),
    debug: pass('debug'),
  };

  // Without the collector (blocked, offline), the cached answers or the app's fallbacks apply.
  const giveUp = () => {
    state.ready();
    state.isAlone = true;
    seen.splice(0).forEach(send);
    // The visitor may be online again when the page is next visible.
    begun = 0;
  };
  let begun;
  const load = () => begun ||= import(origin + '/collector/__BUILD__/bridge.js').then((bridge) => bridge.start(state)).catch(giveUp);
  const idle = () => (window.requestIdleCallback ?? setTimeout)(load, { timeout: 2000 });
  document.readyState == 'complete' ? idle() : addEventListener('load', idle);
  // An image that hangs must not delay the flags.
  setTimeout(load, 3000);
  return api;
};
