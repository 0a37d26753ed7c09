// What can only be seen by standing in between: requests, and what is written to the console. All
// of it is put back as it was when errors are not wanted (any more).

const patches = (state, core, take) => {
  const done = [];
  // Where another script stands around ours, ours cannot be taken out again: it stays, and is quiet.
  const stuck = patches.stuck ??= {};
  patches.isOn = true;
  state.patchedAt = now();
  // Where an object is frozen or another script defends its own, nothing is done.
  const patch = (object, name, around) => state.attempt(() => {
    const original = object[name];
    if (typeof original != 'function' || stuck[name]) return;
    const ours = around(original);
    object[name] = ours;
    if (object[name] == ours) done.push(() => { if (object[name] == ours) object[name] = original; else stuck[name] = true; });
  });
  const isOurs = (address) => address.startsWith(state.origin) && /^\/(collect|ofrep)/.test(address.slice(state.origin.length));
  const request = (method, given, status, begun) => state.attempt(() => {
    const address = new URL(given, document.baseURI).href;
    isOurs(address) || patches.isOn && take(['request', now(), method, address, status, now() - begun]);
  });
  patch(page, 'fetch', (original) => function (input, init) {
    const begun = now(), result = original.apply(this, arguments);
    // What the page waits for comes out of our hands, so that a failure that nobody handles is still
    // nobody's.
    return state.attempt(() => {
      const method = text(init?.method ?? input?.method ?? 'GET'), address = text(input?.url ?? input);
      return result.then(
        (response) => {
          response.type == 'opaque' || request(method, address, response.status, begun);
          return response;
        },
        (problem) => {
          problem?.name == 'AbortError' || request(method, address, 0, begun);
          throw problem;
        },
      );
    }) ?? result;
  });
  // What each is about; one may be used again and again.
  const about = new WeakMap();
  patch(page.XMLHttpRequest?.prototype ?? {}, 'open', (original) => function (method, address) {
    state.attempt(() => {
      const isKnown = about.has(this);
      about.set(this, [text(method), text(address)]);
      if (isKnown) return;
      let begun = now();
      this.addEventListener('loadstart', () => { begun = now(); });
      for (const type of ['load', 'error', 'timeout']) this.addEventListener(type, () => request(...about.get(this), this.status, begun));
    });
    return original.apply(this, arguments);
  });
  patch(console, 'error', (original) => function (...said) {
    patches.isOn && take(['crumb', now(), 'console', said.map(text).join(' ')]);
    return original.apply(this, said);
  });
  return () => {
    patches.isOn = false;
    done.splice(0).forEach((undo) => state.attempt(undo));
  };
};
