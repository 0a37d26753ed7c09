// Patches of functions that observe requests and console errors. All of them are undone when errors
// are not collected (any more).

const patches = (state, core, take) => {
  const done = [];
  // A patch that another script has wrapped cannot be undone: it stays, but records nothing.
  const stuck = patches.stuck ??= {};
  patches.isOn = true;
  state.patchedAt = now();
  // Nothing is patched if the object is frozen or another script protects the function.
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
    // The page gets the promise of our handlers, so that a failure that the page does not handle is
    // still unhandled.
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
  // Method and address of each request; an object may be used repeatedly.
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
