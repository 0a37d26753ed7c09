{
  const script = document.currentScript;
  // An element with that id would be found here too, but it is not the collector.
  const before = window.phasegate;
  if ((!before?.ready || before.said) && script) {
    const phasegate = window.phasegate = install(script.dataset.key, new URL('.', script.src).href.slice(0, -1), script.dataset);
    // Replays the calls that the page's stub has recorded.
    before?.said?.forEach((say) => say(phasegate));
  }
}
