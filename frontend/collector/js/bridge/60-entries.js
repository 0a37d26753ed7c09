// Passes the browser's performance entries on as numbers.

const entries = (state, core, note) => {
  const activation = performance.getEntriesByType('navigation')[0]?.activationStart ?? 0;
  // A prerendered page is hidden until its activation, which does not count.
  const hidden = performance.getEntriesByType('visibility-state').find((e) => e.name == 'hidden' && e.startTime >= activation);
  if (hidden || state.wasHidden) note(WAS_HIDDEN, hidden?.startTime);
  // The entry of the current soft navigation, if any.
  let soft = 0;
  const largest = (at, element, url) => {
    const found = url ? performance.getEntriesByName(url, 'resource').filter((e) => (e.requestStart || e.startTime) <= at).at(-1) : undefined;
    note(LARGEST, at, found ? found.requestStart || found.startTime : 0, found?.responseEnd ?? 0, 0, 0, selector(element), url);
  };
  const handlers = {
    'paint': (e) => e.name == 'first-contentful-paint' && note(PAINT, e.startTime),
    'largest-contentful-paint': (e) => largest(e.startTime, e.element, e.url),
    'layout-shift': (e) => e.hadRecentInput || note(SHIFT, e.startTime, e.value, 0, 0, 0, selector(e.sources?.find(({ node }) => node?.nodeType == 1)?.node)),
    'first-input': (e) => {
      note(FIRST_INPUT, e.startTime, e.processingStart);
      // The input may have come before our listeners were there.
      whenIdle(() => { note(INPUT); state.schedule(); }, 1000);
      // The first input is also an event of its interaction.
      handlers.event(e);
    },
    'event': (e) => note(EVENT, e.startTime, e.interactionId || 0, e.duration, e.processingStart, e.processingEnd, e.interactionId ? selector(e.target) || text(e.targetSelector) : ''),
    'long-animation-frame': (e) => e.scripts?.forEach((s) => note(SCRIPT, s.startTime, s.duration, 0, 0, 0, s.sourceURL + ' ' + (s.sourceFunctionName || s.invoker))),
    'resource': (e) => {
      if (!/^(fetch|xmlhttprequest)$/.test(e.initiatorType) || e.name.startsWith(state.origin + '/collect') || e.name.startsWith(state.origin + '/ofrep')) return;
      // Measured up to the head of the answer: the duration of a stream or a download says nothing
      // about the server.
      const taken = e.responseStart > e.startTime ? e.responseStart - e.startTime : e.duration;
      // Requests from before the patches: their failures are only known from their entries.
      e.responseStatus >= 400 && !(e.startTime > state.patchedAt) && note(REQUEST, e.startTime + taken, e.responseStatus, taken, 0, 0, e.initiatorType, e.name);
      note(TIMING, e.startTime + taken, taken, e.responseStatus >= 400 ? 1 : 0, 0, 0, 'api', e.name);
    },
    'soft-navigation': (e) => {
      const interactions = performance.interactionCount || 0;
      // The long frame of the interaction that caused it is reported right after it, and belongs to
      // the previous view.
      setTimeout(() => {
        state.locate(e.startTime, 'soft-navigation');
        note(CONTINUED, e.startTime, interactions, 0, 0, 0, 'soft-navigation');
        note(SOFT, 0, (e.presentationTime || e.paintTime || e.startTime) - e.startTime);
        soft = e;
        const first = e.getLargestInteractionContentfulPaint?.();
        first && handlers['interaction-contentful-paint'](first);
      });
    },
    'interaction-contentful-paint': (e) => {
      const paint = e.largestContentfulPaint;
      if (soft && paint && e.interactionId == soft.interactionId) largest(soft.startTime + Math.max(paint.renderTime - e.startTime, 0), paint.element, paint.url);
    },
  };
  for (const type of ['resource', 'long-animation-frame', 'soft-navigation', 'interaction-contentful-paint']) state.attempt(() => {
    PerformanceObserver.supportedEntryTypes.includes(type) && new PerformanceObserver((list) => list.getEntries().forEach((e) => state.take(['entry', e]))).observe({ type, buffered: true });
  });
  return (e) => handlers[e.entryType]?.(e);
};
