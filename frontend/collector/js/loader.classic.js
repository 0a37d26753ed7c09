{
  const script = document.currentScript;
  // An element with that id would be found here too; it is not us.
  if (!window.phasegate?.ready && script) window.phasegate = install(script.dataset.key, new URL(script.src).origin, script.dataset);
}
