// Flag evaluations: requested in bulk, cached beyond the end of the page, and requested again when
// the server announces a change.

const flags = (state, { send, onAnswer, onRefused }) => {
  let visitor = read(VISITOR), isNew = !visitor, newest = 0, latest, stream, retry = 5000, timer = 0, silence = 0, patience = 120_000;
  visitor ||= random();
  // Without storage, each view would be a new visitor. Then no visitor is sent, so that user sets
  // do not grow.
  const isKept = write(VISITOR, visitor);
  if (!isKept) isNew = true;
  let context = { targetingKey: visitor };
  const contextJson = () => state.attempt(() => jsonOf(context)) ?? JSON.stringify({ targetingKey: context.targetingKey });
  const headers = () => ({ authorization: 'Bearer ' + state.key, 'content-type': 'application/json' });
  const ask = (path, more) => send(state.origin + path, {
    method: 'POST', body: `{"context":${contextJson()}}`, headers: { ...headers(), ...more }, signal: AbortSignal.timeout?.(5000),
  });
  // The cached answers, if they are for the same key, user and attributes.
  const kept = () => state.attempt(() => {
    const [known, bulk, etag, asked] = JSON.parse(read(FLAGS));
    return known == state.key + context.targetingKey && asked == contextJson() ? { bulk, etag } : {};
  }) ?? {};
  const want = ({ metadata = {} }) => {
    const { collectAnalytics = true, collectPerformance = true, collectErrors = true, collectRate = 1, segments } = metadata;
    onAnswer({ collectAnalytics, collectPerformance, collectErrors, collectRate, segments });
  };
  // A request that a newer one has overtaken ends with that one, so that `identify` never resolves
  // before its answers apply.
  const evaluate = (isUnconditional) => latest = request(isUnconditional);
  const request = async (isUnconditional) => {
    const mine = ++newest, known = kept();
    try {
      const response = await ask('/ofrep/v1/evaluate/flags', !isUnconditional && known.etag && { 'if-none-match': known.etag });
      const bulk = response.status == 304 ? known.bulk : await response.json();
      if (response.status == 401 || response.status == 403) return onRefused(bulk.errorDetails);
      // A late answer may be for a previous user, so it is ignored; an error has no flags.
      if (mine != newest) return latest;
      if (!bulk.flags) throw 0;
      state.answers(bulk, context.targetingKey);
      state.changed();
      want(bulk);
      if (response.ok) write(FLAGS, JSON.stringify([state.key + context.targetingKey, bulk, response.headers.get('etag'), contextJson()]));
      retry = 5000;
      listen(bulk.eventStreams?.[0]);
    } catch {
      if (mine != newest) return latest;
      // The server is unreachable: the cached answers apply, or the app's fallbacks.
      state.recall(context.targetingKey);
      state.changed();
      want(known.bulk ?? {});
      again();
    }
  };
  // The delay is random, so that not all pages reconnect at once.
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => document.hidden || evaluate(), retry * (0.5 + Math.random()));
    retry = Math.min(retry * 2, 300_000);
  };
  const listen = (found) => {
    const { endpoint, inactivityDelaySec } = found ?? {};
    if (stream || !endpoint || document.hidden || !page.EventSource) return;
    patience = (inactivityDelaySec || 120) * 1000;
    stream = new EventSource((endpoint.origin ?? state.origin) + endpoint.requestUri);
    stream.onmessage = ({ data }) => (heard(), data.includes('refetchEvaluation') && evaluate());
    // The server sends a ping from time to time.
    stream.addEventListener('ping', heard);
    stream.onopen = heard;
    heard();
    // The browser reconnects by itself, unless the ticket was refused.
    stream.onerror = () => stream?.readyState == 2 && (rest(), again());
  };
  // A stream may die silently (a laptop that slept, a router that lost its state): after a long
  // silence it is opened again, and the flags are requested unconditionally.
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      rest();
      document.hidden || evaluate(true);
    }, patience);
  };
  // A hidden page requests nothing, so it can be kept in the back/forward cache.
  const rest = () => {
    clearTimeout(timer);
    clearTimeout(silence);
    stream?.close();
    stream = undefined;
  };
  const explain = async (name) => {
    try {
      const answer = await (await ask('/ofrep/v1/explain/' + encodeURIComponent(name))).json();
      console.log([name + ': ' + (answer.errorDetails ?? answer.variant)].concat(answer.steps ?? []).join('\n  '));
      return answer;
    } catch (problem) {
      console.warn('phasegate: the server could not be asked', problem);
      return state.flags[name];
    }
  };
  return {
    evaluate, explain, rest, visitor: isKept ? visitor : undefined, isNew,
    identify: (user, attributes) => {
      context = { ...attributes, targetingKey: text(user) };
      state.who = text(user);
      state.recall(text(user));
      return evaluate();
    },
  };
};
