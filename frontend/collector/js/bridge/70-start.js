// Starts the collector: first visitor, page and visit, then the buffer of the loader, then new
// events.

export const start = async (state) => {
  const { seen, attempt, settings } = state;
  // The original function, even if the app replaces it later.
  const fetch = page.fetch.bind(page);
  await load(fetch);
  if (document.prerendering) await new Promise((shown) => document.addEventListener('prerenderingchange', shown, { once: true }));
  const navigation = performance.getEntriesByType('navigation')[0];
  const activation = navigation?.activationStart ?? 0;
  const kind = document.wasDiscarded ? 'restore' : activation > 0 ? 'prerender' : (navigation?.type ?? 'navigate').replaceAll('_', '-');
  const response = navigation?.responseStart ?? 0;
  let place = location.pathname;
  const inner = new Collector(activation, response, [location.origin, place, kind].join('\x1f'));
  // A trap leaves the WASM in an unknown state: the collector stops, and the page goes on.
  const guarded = (name) => (...what) => {
    try {
      return state.hasStopped ? '' : inner[name](...what);
    } catch (problem) {
      onRefused(problem);
      return '';
    }
  };
  const core = { note: guarded('note'), take: guarded('take') };
  const note = (what, at = 0, a = 0, b = 0, c = 0, d = 0, ...texts) =>
    core.note(what, at, a, b, c, d, texts.map((said) => SCRUBBED.has(what) ? scrub(text(said)) : said).join('\x1f'));
  const count = () => performance.interactionCount || 0;
  const send = (...what) => Promise.resolve().then(() => fetch(...what));
  let unpatch;

  const onRefused = (problem) => {
    if (state.hasStopped) return;
    state.hasStopped = true;
    console.warn('phasegate: nothing is collected;', problem ?? 'the server does not take this data-key');
    unpatch?.();
    asked.rest();
    // Promises that the app waits for still resolve.
    state.take = (what) => what.done?.();
  };
  const sending = delivery(state, core, { send, onRefused });
  state.schedule = sending.schedule;
  // Until the server sends its settings, everything is collected.
  let wanted = { collectAnalytics: true, collectPerformance: true, collectErrors: true, collectRate: 1 };
  const want = () => {
    const { collectAnalytics, collectPerformance, collectErrors, collectRate } = wanted;
    // Visitors who opt out or are not in the sample can still send feedback.
    const isOut = state.isQuiet || visit.touch().roll >= collectRate;
    note(WANT, 0, +collectAnalytics, +collectPerformance, +collectErrors, +isOut);
    if (collectErrors && !isOut) unpatch ??= patches(state, core, take);
    else unpatch = unpatch?.();
  };
  const asked = flags(state, {
    send,
    onRefused,
    onAnswer: (answer) => {
      wanted = answer;
      want();
      sending.ready();
    },
  });
  const visit = visits(asked.isNew, () => sending.isReady() && want());
  state.isQuiet || visit.touch(true);
  const touched = matchMedia('(pointer: coarse)').matches;
  const device = !touched ? 'desktop' : Math.min(screen.width, screen.height) < 600 ? 'phone' : 'tablet';
  // The common fields of a batch. Nothing links the feedback of visitors who opt out to a visit.
  state.frame = (batch) => {
    if (state.isQuiet) return { session: batch, device };
    const { id, returning, exposed } = visit.touch();
    const known = (value) => cut(value) || undefined, rate = wanted.collectRate;
    return {
      session: id, returning, exposed, device, rate: rate < 1 ? Math.max(Math.round(rate * 1e6), 1) : undefined,
      visitor: asked.visitor, user: known(state.who), release: known(settings.release), segments: wanted.segments, connection: known(navigator.connection?.effectiveType),
    };
  };
  note(VIEW, activation, 0, 0, 0, 0, place, kind, attempt(() => document.referrer && new URL(document.referrer).origin) ?? '');
  response > 0 && response < now() && note(FIRST_BYTE);
  state.sent && note(SENT);
  state.lost && note(LOST, 0, state.lost);

  // Records a navigation within a single-page app.
  state.locate = (at, kind = 'navigate') => {
    if (location.pathname == place) return;
    place = location.pathname;
    state.isQuiet || visit.touch(true);
    note(VIEW, at, 0, 0, 0, 0, place, kind);
  };
  const entry = entries(state, core, note);
  // An error may be captured, thrown again, and end up as a rejection, but is reported once.
  const known = new WeakMap(), ended = new WeakSet();
  // Tells the app that answers of flags have changed.
  state.changed = () => dispatchEvent(new Event('phasegate:change'));
  const error = (at, kind, problem, where, fallback) => {
    if (problem && typeof problem == 'object') {
      if (at - known.get(problem) < 1000) return;
      known.set(problem, at);
    }
    const inner = [problem?.error, problem?.reason, problem?.detail].find((one) => one?.message);
    if (inner && inner != problem) return error(at, kind, inner, where);
    const said = problem?.message ?? (typeof problem == 'string' ? problem : describe(problem, kind) ?? fallback);
    const [name, message] = [text(problem?.name), text(said)];
    const prefix = name && !message.startsWith(name) && !message.startsWith('Uncaught') ? name + ': ' : '';
    const severity = /^(info|warning|error|critical)$/.test(where?.severity) ? where.severity : '';
    note(ERROR, at, 0, 0, 0, 0, kind, prefix + message, text(problem?.stack), text(where?.feature), text(where?.component), severity);
  };
  // Describes a thrown or rejected value that is not an error: enough to distinguish two of them,
  // but without the values of objects, which may be private.
  const describe = (problem, kind) => {
    const verb = kind == 'rejection' ? 'Rejected' : 'Thrown';
    if (typeof problem != 'object' || !problem) return `${verb} with ${typeof problem == 'symbol' ? 'a symbol' : text(problem) || typeof problem}`;
    const name = attempt(() => problem.constructor.name) || 'Object';
    if (problem.nodeType) return `${verb} with the element ${selector(problem)}`;
    if (attempt(() => problem instanceof Event)) return `${verb} with the event ${name} ${text(problem.type)} at ${selector(problem.target) || 'nothing'}`;
    if (Array.isArray(problem)) return `${verb} with a list of ${problem.length}`;
    return `${verb} with an ${name} with the keys ${attempt(() => Object.keys(problem).sort().slice(0, 10).map(cut).join(', ')) || '(none)'}`;
  };
  const isForeign = (address) => /^(chrome|moz|ms-browser|safari-web|safari)(-extension)?(:|$)|-extension/.test(text(address));
  const hidden = (at) => {
    // Entries that the browser has not delivered yet belong to this report.
    state.drain();
    note(HIDDEN, at, count());
    sending.flushNow();
    asked.rest();
  };
  const events = {
    error: (e, at) => {
      const { target } = e;
      // A falsy value may be thrown, too: then the browser's message describes it.
      if (e.message) return error(at, 'error', e.error?.message || !e.error || typeof e.error == 'string' ? e.error || e.message : e.error);
      const address = target?.src ?? target?.href;
      address && note(ERROR, at, 0, 0, 0, 0, 'resource', text(target.localName) + ' could not be loaded: ' + text(address));
    },
    unhandledrejection: (e, at) => error(at, 'rejection', e.reason),
    // Violations by extensions, and of policies that only report, are not errors of the app.
    securitypolicyviolation: (e, at) => e.disposition == 'report' || isForeign(e.sourceFile) || isForeign(e.blockedURI) || note(ERROR, at, 0, 0, 0, 0, 'csp', e.effectiveDirective + ' refused ' + (e.blockedURI || 'inline')),
    visibilitychange: (e) => {
      if (document.hidden) return hidden(e.timeStamp);
      note(VISIBLE, e.timeStamp);
      asked.evaluate();
      sending.schedule();
    },
    pagehide: (e) => hidden(e.timeStamp),
    pageshow: (e) => {
      if (!e.persisted) return;
      note(CONTINUED, e.timeStamp, count(), 0, 0, 0, 'back-forward-cache');
      note(VIEW, e.timeStamp, 0, 0, 0, 0, place, 'back-forward-cache');
      requestAnimationFrame(() => requestAnimationFrame(() => note(RESTORED, 0, now() - e.timeStamp)));
    },
    keydown: (e) => input(e),
    scroll: (e) => alive(e),
    pointermove: (e) => alive(e),
    timeupdate: (e) => alive(e),
    click: (e, at) => {
      input(e);
      e.isTrusted && note(CRUMB, at, 0, 0, 0, 0, 'click', selector(e.composedPath()[0] ?? e.target));
      // By then a router has changed the address.
      setTimeout(() => state.locate(at));
    },
  };
  // Reading and watching count as activity, too.
  let lastAlive = -1000;
  const alive = (e) => {
    if (!e.isTrusted || e.timeStamp - lastAlive < 1000) return;
    lastAlive = e.timeStamp;
    note(ACTIVE, e.timeStamp);
    state.isQuiet || visit.touch(true);
  };
  const input = (e) => {
    if (!e.isTrusted) return;
    alive(e);
    whenIdle(() => { note(INPUT); sending.schedule(); }, 1000);
  };
  const widget = () => import(new URL('widget.js', import.meta.url));
  // Resolves with whether the feedback is sent and complete: if the screenshot is lost, the rest is
  // still sent.
  const submit = async (feedback) => {
    const at = now(), { kind, message, screenshot } = feedback ?? {};
    // Accepts a whole number or a text of digits. Anything else is refused with a message, because
    // rounding would falsify it.
    const whole = (name, low, high) => {
      const given = feedback?.[name];
      if (given == null || given === '') return -1;
      const number = typeof given == 'string' && /^\s*\d+\s*$/.test(given) ? +given : given;
      if (!Number.isInteger(number) || number < low || number > high) throw new RangeError(`${name}: a whole number from ${low} to ${high}, not ${text(given)}`);
      return number;
    };
    const rating = whole('rating', 1, 5), score = whole('score', 0, 10);
    const picture = screenshot && await widget().then(({ upload }) => upload(screenshot, state.origin + '/collect/screenshot?key=' + state.key)).catch(() => '');
    sending.refusal();
    note(FEEDBACK, at, rating, score, 0, 0, text(kind), text(message), text(picture));
    // Unsent feedback is kept, but not if the server rejects it permanently.
    const isSent = await sending.flush(), refusal = sending.refusal();
    if (refusal) throw new Error('the feedback was refused: ' + refusal);
    return { isSent, isComplete: !screenshot || !!picture };
  };
  const open = async (kind, options) => (await widget()).open(kind, options ?? {}, submit);
  const handlers = {
    entry,
    on: (e) => events[e.type](e, e.timeStamp),
    crumb: (at, kind, said) => note(CRUMB, at, 0, 0, 0, 0, kind, said),
    request: (at, method, address, status, duration) => note(REQUEST, at, status, duration, 0, 0, method, address),
    captured: (at, problem, where) => error(at, 'captured', problem, where, text(problem)),
    exposure: (at, name, variant) => !state.isQuiet && wanted.collectAnalytics && visit.expose(text(name), text(variant)) && note(EXPOSURE, at, 0, 0, 0, 0, text(name), text(variant)),
    use: (at, name, given) => note(USE, at, 0, 0, 0, 0, text(name), properties(given)),
    custom: (at, name, given) => note(CUSTOM, at, 0, 0, 0, 0, text(name), properties(given)),
    task: (at, task, outcome) => {
      // A task ends only once.
      if (outcome != 'started' && ended.has(task)) return;
      if (outcome != 'started') ended.add(task);
      note(TASK, at, at - task.start, 0, 0, 0, text(task.name), outcome);
    },
    timing: (at, kind, name, start, failed) => note(TIMING, at, at - start, failed === true ? 1 : 0, 0, 0, kind, text(name)),
    debug: (at, on = true) => { state.isDebugging = on; },
  };
  // Calls that return a promise to the app.
  const questions = {
    identify: (user, attributes) => asked.identify(user, attributes).then(state.ready),
    explain: (name) => asked.explain(text(name)),
    feedback: submit,
    open: (options) => open('', options),
    askNps: (options) => open('nps', options),
  };
  // An error in here must not reach the app or affect later events.
  const take = (what) => {
    const [name, ...rest] = what, { done } = what;
    try {
      const question = questions[name];
      if (question) {
        const [, ...said] = rest;
        const answer = new Promise((settle) => settle(question(...said))).catch((problem) => {
          console.warn('phasegate:', problem);
          // The app must learn that feedback did not arrive.
          if (name == 'feedback') throw problem;
        });
        // A dialog may be open for long, so the app's promise follows the answer at once; others
        // end after the loader's timeout.
        /open|Nps|feedback/.test(name) ? done(answer) : answer.then(done);
      } else handlers[name](...rest);
      state.locate(now());
    } catch (problem) {
      console.warn('phasegate:', problem);
    }
    sending.schedule();
  };

  // A visitor who is already identified is evaluated once, not first as an anonymous one.
  const isKnown = seen.some(([name]) => name == 'identify');
  // Visibility events are left out: the browser's entries have told about them.
  seen.splice(0).filter(([name, { type }]) => name != 'on' || !/^(visibility|page)/.test(type)).forEach(take);
  if (!state.hasStopped) state.take = take;
  for (const type of ['pageshow', 'keydown', 'click', 'scroll', 'pointermove', 'timeupdate']) addEventListener(type, (event) => state.take(['on', event]), true);
  page.navigation?.addEventListener?.('currententrychange', () => attempt(() => state.locate(now())));
  addEventListener('popstate', () => setTimeout(() => state.locate(now())));
  isKnown || asked.evaluate().then(state.ready);
};
