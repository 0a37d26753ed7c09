const here = new URL(import.meta.url).origin;
const start = ({ key, origin = here, ...settings }) => window.phasegate?.ready ? window.phasegate : window.phasegate = install(key, origin, settings);
export { start, start as default };
