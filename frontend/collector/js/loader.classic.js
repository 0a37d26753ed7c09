{
  const script = document.currentScript;
  // An element with that id would be found here too; it is not us.
  const before = window.phasegate;
  if ((!before?.ready || before.said) && script) {
    const phasegate = window.phasegate = install(script.dataset.key, new URL('.', script.src).href.slice(0, -1), script.dataset);
    // What the page's stub was told.
    before?.said?.forEach((say) => say(phasegate));
  }
}
