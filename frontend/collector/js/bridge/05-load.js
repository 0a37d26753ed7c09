// Loads the WASM. `imports` are the functions that it calls, which the build collects from
// wasm-bindgen's glue code.
const load = async (fetch) => {
  const answer = await fetch(new URL('core_bg.wasm', import.meta.url));
  const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer(), { './core_bg.js': imports });
  __wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();
};
