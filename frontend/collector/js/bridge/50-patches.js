// What can only be seen by standing in between: requests, and what is written to the console. All
// of it is put back as it was when errors are not wanted (any more).

const patches = (state, core, take) => {
  const done = [];
  // Where an object is frozen or another script defends its own, nothing is done.
  const patch = (object, name, around) => state.attempt(() => {
    const original = object[name];
    if (typeof original != 'function') return;
    const ours = around(original);
    object[name] = ours;
    if (object[name] == ours) done.push(() => { if (object[name] == ours) object[name] = original; });
  });
  const isOurs = (address) => {
    const { origin, pathname } = new URL(address, location);
    return origin == state.origin && /^\/(collect|ofrep)/.test(pathname);
  };
  const request = (method, address, status, begun) => state.attempt(() => isOurs(address) || take(['request', now(), method, address, status, now() - begun]));
  patch(page, 'fetch', (original) => function (input, init) {
    const begun = now(), result = original.apply(this, arguments);
    state.attempt(() => {
      const method = text(init?.method ?? input?.method ?? 'GET'), address = text(input?.url ?? input);
      result.then(
        ({ status, type }) => type == 'opaque' || request(method, address, status, begun),
        (problem) => problem?.name == 'AbortError' || request(method, address, 0, begun),
      );
    });
    return result;
  });
  patch(page.XMLHttpRequest?.prototype ?? {}, 'open', (original) => function (method, address) {
    state.attempt(() => {
      let begun = now();
      this.addEventListener('loadstart', () => { begun = now(); });
      for (const type of ['load', 'error', 'timeout']) this.addEventListener(type, () => request(text(method), text(address), this.status, begun), { once: true });
    });
    return original.apply(this, arguments);
  });
  patch(console, 'error', (original) => function (...said) {
    take(['crumb', now(), 'console', said.map(text).join(' ')]);
    return original.apply(this, said);
  });
  return () => done.splice(0).forEach((undo) => state.attempt(undo));
};
