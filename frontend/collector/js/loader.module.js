const here = new URL('.', import.meta.url).href.slice(0, -1);
const start = ({ key, origin = here, ...settings }) => {
  const before = window.phasegate;
  if (before?.ready && !before.said) return before;
  // What it measures has whole addresses; so must what it leaves out.
  const whole = new URL(origin, document.baseURI).href.replace(/\/+$/, '');
  const phasegate = window.phasegate = install(key, whole, settings);
  // What the page's stub was told.
  before?.said?.forEach((say) => say(phasegate));
  return phasegate;
};
export { start, start as default };
