const here = new URL('.', import.meta.url).href.slice(0, -1);
const start = ({ key, origin = here, ...settings }) => {
  const before = window.phasegate;
  if (before?.ready && !before.said) return before;
  // Performance entries have absolute addresses, so the origin that is excluded must be absolute,
  // too.
  const whole = new URL(origin, document.baseURI).href.replace(/\/+$/, '');
  const phasegate = window.phasegate = install(key, whole, settings);
  // Replays the calls that the page's stub has recorded.
  before?.said?.forEach((say) => say(phasegate));
  return phasegate;
};
export { start, start as default };
