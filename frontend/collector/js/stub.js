// What a page has before the collector, and where it never comes: it answers with the page's fallbacks,
// and what it is told it tells the collector. `ready` and `identify` wait for the collector, but no longer
// than it takes to see that the script is blocked, and five seconds at most.
//
// Pages carry it in a line of their own before the script tag; a browser that has the collector
// already keeps that.
window.phasegate?.ready || (window.phasegate = ((said) => {
  // Told the collector when it comes; settled by then, or when it does not.
  const later = (say) => new Promise((done) => {
    said.push((collector) => done(say(collector)));
    setTimeout(done, 5000);
    for (const type of ['load', 'error'])
      document.addEventListener(type, ({ target }) => target.dataset?.key && phasegate.said && done(), true);
  });
  const proxy = (get, of = {}) => new Proxy(of, { get: (_, name) => of[name] ?? (/^then$|^Sym/.test(String(name)) ? undefined : get(name)) });
  // What begins before the collector is there is not timed.
  const begun = proxy(() => () => {}, () => {});
  const call = (pick) => (name) => (...what) => /^start/.test(name) ? begun
    : /^(is|getV)/.test(name) ? what[1] ?? (name[0] == 'i' ? false : undefined)
    : name == 'getCurrentPhase' ? null
    : /^get/.test(name) ? proxy(call((collector) => pick(collector)[name]()))
    : later((collector) => pick(collector)[name](...what));
  const told = call((collector) => collector);
  // An app may have kept this one: from then on it hands over.
  return proxy((name) => phasegate.said ? told(name) : phasegate[name], { said, ready: later((collector) => collector.ready) });
})([]));
