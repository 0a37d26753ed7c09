{
  const script = document.currentScript;
  // An element with that id would be found here too; it is not us.
  const before = window.phasegate;
  if (!before?.ready && script) {
    window.phasegate = install(script.dataset.key, new URL(script.src).origin, script.dataset);
    // What the page's stub was told; what it was asked was answered with the fallbacks.
    before?.said?.forEach(([name, said]) => /^(is|get)/.test(name) || window.phasegate[name]?.(...said));
  }
}
