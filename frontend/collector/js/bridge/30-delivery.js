// Bodies on their way: sent until the server has them, kept over the end of the page, never counted
// twice (each has an id), and bounded: what is lost is counted.

// All bodies that wait, in characters.
const MAX_UNSENT = 1_000_000;
// Of those, what is written at the very end of a page.
const MAX_LAST = 200_000;
// Browsers take so much from a page that ends.
const MAX_KEEPALIVE = 60_000;
// The server takes nothing older than a week.
const MAX_HELD = 604_800_000;

const delivery = (state, core, { send, onRefused }) => {
  const url = state.origin + '/collect?key=' + encodeURIComponent(state.key);
  let unsent = [], timer = 0, delay = 1000, isFlushing = false, isAsked = false, isReady = false;

  const eventsOf = (body) => body.split('{"t":').length - 1;
  const remove = (item) => {
    unsent = unsent.filter((other) => other != item);
    forget(UNSENT + item.id);
    if (item.isStored) database('readwrite', (store) => store.delete(item.id));
  };
  const lose = (item) => {
    core.note(LOST, 0, eventsOf(item.body), 0, 0, 0, '');
    remove(item);
  };
  const add = (item) => {
    unsent.push(item);
    let size = unsent.reduce((sum, { body }) => sum + body.length, 0);
    // The oldest go first: what happens now is worth more.
    while (size > MAX_UNSENT) {
      size -= unsent[0].body.length;
      lose(unsent[0]);
    }
  };
  // What the app wants to see before it leaves, or to keep.
  const hooked = (body) => {
    if (!state.hook) return body;
    try {
      const batch = JSON.parse(body);
      batch.events = batch.events.map((event) => state.hook(event)).filter(Boolean);
      return batch.events.length || batch.dropped ? JSON.stringify(batch) : '';
    } catch (problem) {
      // Whatever the hook meant to take out must not leave because it failed.
      console.warn('phasegate: onBeforeSend failed, so nothing was sent;', problem);
      return '';
    }
  };
  const gather = () => {
    for (let taken; (taken = core.take(now()));) {
      const start = taken.indexOf('['), id = random();
      const frame = JSON.stringify({ v: 1, batch: id, dropped: +taken.slice(0, start), ...state.frame(id) });
      const body = hooked(frame.slice(0, -1) + ',"events":' + taken.slice(start) + '}');
      if (body) add({ id, body, at: wall() });
    }
  };
  const store = (item) => {
    if (item.isStored) return;
    item.isStored = true;
    database('readwrite', (store) => store.put({ id: item.id, body: item.body, at: item.at })).then((done) => done && forget(UNSENT + item.id));
  };
  const post = async (item, isLast) => {
    const held = Math.max(wall() - item.at, 0);
    if (held > MAX_HELD) return 410;
    if (state.isDebugging) console.log('phasegate sends', JSON.parse(item.body));
    try {
      const signal = isLast ? undefined : AbortSignal.timeout?.(20_000);
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
    if (status == 0 || status == 429 || status >= 500) {
      delay = Math.max(item.retryAfter || 0, Math.min(delay * 2, 300_000)) * (1 + Math.random() / 5);
      unsent.forEach(store);
      return false;
    }
    delay = 1000;
    // What the server refuses for good is not sent again.
    status == 202 ? remove(item) : lose(item);
    return true;
  };
  const flush = async () => {
    timer = 0;
    // What comes while a flush is under way must not wait for the next thing to happen.
    isAsked = isFlushing;
    if (isFlushing || !isReady || state.hasStopped) return;
    isFlushing = true;
    gather();
    for (const item of unsent) if (!item.isUnderWay && !settle(item, await post(item))) break;
    isFlushing = false;
    if (unsent.length || isAsked) schedule();
  };
  // Together with what else comes within a second, when the page is idle.
  const schedule = () => {
    if (!state.hasStopped) timer ||= setTimeout(() => whenIdle(flush, 500), delay);
  };
  // Perhaps the last chance. Nobody can know whether what is sent now arrives, so it is kept until
  // the server has said so, and the next page sends it again if need be.
  const flushNow = () => {
    if (!isReady || state.hasStopped) return;
    gather();
    let kept = 0, underWay = 0;
    for (const item of unsent) {
      kept += item.body.length;
      if (!item.isStored && kept < MAX_LAST) write(UNSENT + item.id, JSON.stringify([item.body, item.at]));
      underWay += item.body.length;
      if (item.isUnderWay || underWay > MAX_KEEPALIVE) continue;
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
  // What an earlier page could not deliver, or does not know to have delivered.
  const recover = async () => {
    const found = (await database('readonly', (store) => store.getAll())) ?? [];
    const items = found.map((item) => ({ ...item, isStored: true }));
    const names = state.attempt(() => Object.keys(localStorage)) ?? [];
    for (const name of names) if (name.startsWith(UNSENT)) try {
      const id = name.slice(UNSENT.length);
      const [body, at] = JSON.parse(read(name));
      [...unsent, ...items].some((item) => item.id == id) || items.push({ id, body, at });
    } catch {
      // Not ours, or cut off: it can never be sent.
      forget(name);
    }
    items.forEach(add);
    items.length && schedule();
  };
  return {
    schedule,
    flush,
    flushNow,
    // The server has said what it wants, or is away: from now on there is something to go by.
    ready: () => {
      if (isReady) return;
      isReady = true;
      schedule();
      recover();
    },
  };
};
