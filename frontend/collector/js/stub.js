// The stub answers before the collector loads, and if it never does: it returns the page's
// fallbacks, and records calls for the collector. `ready` and `identify` wait for the collector,
// but only until its script is known to be blocked, and five seconds at most.
//
// Pages embed it as one line before the script tag. It does not replace a collector that is already
// there.
window.phasegate?.ready || (window.phasegate = ((said) => {
  // Records a call for the collector. The promise resolves with its result, or when the collector
  // does not come.
  const later = (say) => new Promise((done) => {
    said.push((collector) => done(say(collector)));
    setTimeout(done, 5000);
    for (const type of ['load', 'error'])
      document.addEventListener(type, ({ target }) => target.dataset?.key && phasegate.said && done(), true);
  });
  const proxy = (get, of = {}) => new Proxy(of, { get: (_, name) => of[name] ?? (/^then$|^Sym/.test(String(name)) ? undefined : get(name)) });
  // Timers and tasks that begin before the collector is there are not measured.
  const begun = proxy(() => () => {}, () => {});
  const call = (pick) => (name) => (...what) => /^start/.test(name) ? begun
    : /^(is|getV)/.test(name) ? what[1] ?? (name[0] == 'i' ? false : undefined)
    : name == 'getCurrentPhase' ? null
    : /^get/.test(name) ? proxy(call((collector) => pick(collector)[name]()))
    : later((collector) => pick(collector)[name](...what));
  const told = call((collector) => collector);
  // An app may keep a reference to the stub: once the collector is there, it passes calls on.
  return proxy((name) => phasegate.said ? told(name) : phasegate[name], { said, ready: later((collector) => collector.ready) });
})([]));
