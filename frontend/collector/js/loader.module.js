const here = new URL(import.meta.url).origin;
const start = ({ key, origin = here, ...settings }) => {
  const before = window.phasegate;
  if (before?.ready && !before.said) return before;
  const phasegate = window.phasegate = install(key, origin, settings);
  // What the page's stub was told.
  before?.said?.forEach((say) => say(phasegate));
  return phasegate;
};
export { start, start as default };
