// The flags' answers: asked for in bulk, kept over the end of the page, and asked for again when
// the server says that something has changed.

const flags = (state, { send, onAnswer, onRefused }) => {
  let visitor = read(VISITOR), isNew = !visitor, newest = 0, latest, stream, retry = 5000, timer = 0, silence = 0, patience = 120_000;
  visitor ||= random();
  // Without storage each view would be a new visitor: then it is nobody, who counts in no set of people.
  const isKept = write(VISITOR, visitor);
  if (!isKept) isNew = true;
  let context = { targetingKey: visitor };
  const contextJson = () => state.attempt(() => jsonOf(context)) ?? JSON.stringify({ targetingKey: context.targetingKey });
  const headers = () => ({ authorization: 'Bearer ' + state.key, 'content-type': 'application/json' });
  const ask = (path, more) => send(state.origin + path, {
    method: 'POST', body: `{"context":${contextJson()}}`, headers: { ...headers(), ...more }, signal: AbortSignal.timeout?.(5000),
  });
  // The kept answers, if they are of this very question.
  const kept = () => state.attempt(() => {
    const [known, bulk, etag, asked] = JSON.parse(read(FLAGS));
    return known == state.key + context.targetingKey && asked == contextJson() ? { bulk, etag } : {};
  }) ?? {};
  const want = ({ metadata = {} }) => {
    const { collectAnalytics = true, collectPerformance = true, collectErrors = true, collectRate = 1, segments } = metadata;
    onAnswer({ collectAnalytics, collectPerformance, collectErrors, collectRate, segments });
  };
  // A request that a newer one has overtaken ends with that one, so that `identify` never ends before its answers hold.
  const evaluate = (isUnconditional) => latest = request(isUnconditional);
  const request = async (isUnconditional) => {
    const mine = ++newest, known = kept();
    try {
      const response = await ask('/ofrep/v1/evaluate/flags', !isUnconditional && known.etag && { 'if-none-match': known.etag });
      const bulk = response.status == 304 ? known.bulk : await response.json();
      if (response.status == 401 || response.status == 403) return onRefused(bulk.errorDetails);
      // A late answer speaks of somebody that the visitor no longer is; an error says nothing.
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
      // The server is away: what it said the last time holds, or the app's fallbacks.
      state.recall(context.targetingKey);
      state.changed();
      want(known.bulk ?? {});
      again();
    }
  };
  // Not all pages at once when a server comes back.
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
    // The server says now and then that it is there.
    stream.addEventListener('ping', heard);
    stream.onopen = heard;
    heard();
    // The browser tries again by itself, unless it was told that the ticket is not good any more.
    stream.onerror = () => stream?.readyState == 2 && (rest(), again());
  };
  // A stream may die without a word (a laptop that slept, a router that forgot): after a long silence
  // there is a new one, and the flags are asked for whatever was known.
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      rest();
      document.hidden || evaluate(true);
    }, patience);
  };
  // A page that nobody sees asks for nothing, and can be kept in the back/forward cache.
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
