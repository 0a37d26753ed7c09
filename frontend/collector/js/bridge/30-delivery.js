// Delivery of bodies: they are sent until the server has them, kept beyond the end of the page,
// counted once (each has an id), and bounded; lost events are counted.

// Maximum size of all unsent bodies, in bytes.
const MAX_UNSENT = 1_000_000;
// Maximum size of the unsent bodies that are stored at the very end of a page, in bytes.
const MAX_LAST = 200_000;
// Bytes that browsers accept from a page that ends.
const MAX_KEEPALIVE = 60_000;
// Milliseconds after which the server accepts no body: a week.
const MAX_HELD = 604_800_000;

const delivery = (state, core, { send, onRefused }) => {
  const url = state.origin + '/collect?key=' + encodeURIComponent(state.key);
  let unsent = [], refused = '', timer = 0, delay = 1000, notBefore = 0, underWay = 0, noted = 0, isReady = false;
  const place = (item) => UNSENT + state.key + '.' + item.id;

  const eventsOf = (body) => body.split('{"t":').length - 1;
  const remove = (item) => {
    unsent = unsent.filter((other) => other != item);
    forget(place(item));
    if (item.isStored) database('readwrite', (store) => store.delete(item.id));
  };
  const lose = (item) => {
    core.note(LOST, 0, eventsOf(item.body), 0, 0, 0, '');
    remove(item);
  };
  const add = (item) => {
    item.size = new Blob([item.body]).size;
    unsent.push(item);
    let size = unsent.reduce((sum, { size }) => sum + size, 0);
    // The oldest are dropped first, because new events are worth more. A body that a hook made too
    // large would never be accepted.
    while (size > MAX_UNSENT) {
      size -= unsent[0].size;
      lose(unsent[0]);
    }
    if (item.size > MAX_KEEPALIVE + 5000) lose(item);
  };
  // Applies the app's hook, which may change events or drop them.
  const hooked = (body) => {
    if (!state.hook) return body;
    try {
      const batch = JSON.parse(body);
      batch.events = batch.events.map((event) => state.hook(event)).filter(Boolean);
      return batch.events.length || batch.dropped ? JSON.stringify(batch) : '';
    } catch (problem) {
      // Data that the hook was meant to remove must not be sent because it failed.
      core.note(LOST, 0, eventsOf(body), 0, 0, 0, '');
      console.warn('phasegate: onBeforeSend failed, so nothing was sent;', problem);
      return '';
    }
  };
  const gather = () => {
    noted = 0;
    for (let taken; (taken = core.take(now()));) {
      const start = taken.indexOf('['), id = random();
      const frame = JSON.stringify({ v: 1, batch: id, dropped: +taken.slice(0, start), ...state.frame(id) });
      const body = hooked(frame.slice(0, -1) + ',"events":' + taken.slice(start) + '}');
      if (body) add({ id, body, at: wall() });
    }
  };
  const store = (item) => {
    if (item.isStored) return;
    database('readwrite', (store) => store.put({ id: item.id, key: state.key, body: item.body, at: item.at })).then((done) => {
      item.isStored = !!done;
      done && forget(place(item));
    });
  };
  const post = async (item, isLast) => {
    const held = Math.max(wall() - item.at, 0);
    if (held > MAX_HELD) return 410;
    if (state.isDebugging) console.log('phasegate sends', JSON.parse(item.body));
    try {
      const signal = AbortSignal.timeout?.(20_000);
      const response = await send(url + '&held=' + held, { method: 'POST', body: item.body, keepalive: isLast, signal });
      item.retryAfter = response.headers.get('retry-after') * 1000;
      item.problem = response.ok || (await response.json().catch(() => ({}))).detail;
      return response.status;
    } catch {
      return 0;
    }
  };
  const settle = (item, status) => {
    if (status == 401 || status == 403) {
      onRefused(item.problem);
      return false;
    }
    if (status == 0 || status == 408 || status == 429 || status >= 500) {
      delay = Math.min(delay * 2, 300_000);
      notBefore = wall() + Math.max(item.retryAfter || 0, delay) * (1 + Math.random() / 5);
      unsent.forEach(store);
      return false;
    }
    delay = 1000;
    notBefore = 0;
    // Bodies that the server rejects permanently are not sent again.
    if (status != 202) refused = item.problem || 'the server does not take it';
    status == 202 ? remove(item) : lose(item);
    return true;
  };
  // Milliseconds until the server may be contacted again.
  const rest = () => Math.min(Math.max(notBefore - wall(), 0), 3_600_000);
  const run = async () => {
    if (!isReady || state.hasStopped) return;
    gather();
    for (const item of unsent) if (!item.isUnderWay && (rest() || !settle(item, await post(item)))) break;
    if (unsent.length) schedule();
  };
  // Sends one body after the other. Calls in the meantime start another run right after it.
  // Resolves with whether all bodies are sent.
  const flush = () => underWay ? underWay.then(flush) : underWay = run().catch(() => {}).then(() => { underWay = 0; return !unsent.length; });
  // Sends together with other events of the next second, when the page is idle; a burst is gathered
  // before the queue overflows.
  const schedule = () => {
    if (++noted > 150 && isReady) gather();
    if (!state.hasStopped) timer ||= setTimeout(() => {
      timer = 0;
      whenIdle(flush, 500);
    }, Math.max(1000, rest()));
  };
  // Possibly the last chance to send. The page cannot learn whether the bodies arrive, so they are
  // stored until the server acknowledges them, and the next page sends them again if necessary.
  const flushNow = () => {
    if (!isReady || state.hasStopped) return;
    gather();
    let kept = 0, sent = 0;
    for (const item of unsent) {
      kept += item.size;
      if (!item.isStored && kept < MAX_LAST) write(place(item), JSON.stringify([item.body, item.at]));
      sent += item.size;
      if (item.isUnderWay || rest() || sent > MAX_KEEPALIVE) continue;
      if (!('keepalive' in Request.prototype)) {
        navigator.sendBeacon?.(url, item.body);
        continue;
      }
      item.isUnderWay = true;
      post(item, true).then((status) => {
        item.isUnderWay = false;
        settle(item, status) || schedule();
      });
    }
  };
  // Adds bodies of earlier pages that were not delivered, or not known to be.
  const recover = async () => {
    const found = (await database('readonly', (store) => store.getAll())) ?? [];
    // Another app on this site has another key.
    const items = found.filter((item) => item.key == state.key).map((item) => ({ ...item, isStored: true }));
    const names = state.attempt(() => Object.keys(localStorage)) ?? [];
    for (const name of names) if (name.startsWith(place({ id: '' }))) try {
      const id = name.slice(place({ id: '' }).length);
      const [body, at] = JSON.parse(read(name));
      [...unsent, ...items].some((item) => item.id == id) || items.push({ id, body, at });
    } catch {
      // It has another format, or is cut off, and can never be sent.
      forget(name);
    }
    items.forEach(add);
    items.length && schedule();
  };
  return {
    isReady: () => isReady,
    // Returns and clears the reason for the last permanent rejection.
    refusal: () => {
      const why = refused;
      refused = '';
      return why;
    },
    schedule,
    flush,
    flushNow,
    // Sending may start: the server has sent its settings, or is unreachable.
    ready: () => {
      if (isReady) return;
      isReady = true;
      schedule();
      recover();
    },
  };
};
