// Removes private data: queries of addresses, tokens, secrets, e-mail addresses, long numbers.
// `src/scrub.rs` does the same for pages on which only the loader ran; `scrub-vectors.json` tests
// both.

const scrub = (said) => said.slice(0, 6000)
  .replace(/(^|[^\w])data:[^\s"'`<>]*/g, '$1data:')
  .replace(/(\/[^\s"'`<>?#]*)[?#][^\s"'`<>]*/g, (all, path) => path + all.match(/(:\d+){0,2}[)\]},;.]*$/)[0])
  .replace(/eyJ[\w.+-]{18,}/g, (all) => '[token]' + all.match(/\.*$/)[0])
  .replace(/((?:password|passwd|secret|token|api_key)=)[^\s"'`<>()[\]{},;|&]+/gi, '$1[secret]')
  .replace(/[\w.+-]{1,64}(@|%40)[\w.+-]*\.[a-z]{2,}(?![\w+-])/gi, '[email]')
  .replace(/\d(?:[ -]?\d){12,}|\d{9,}/g, '[number]');
