// The feedback widget, loaded when it is opened for the first time. It lives in a shadow root, so
// that its styles and those of the page do not affect each other, and needs no inline style, so
// that it works under a strict policy. A modal dialog supports keyboards and screen readers.

const TEXTS = {
  title: 'Your feedback', titleNps: 'One question', kind: 'What is it about?', rating: 'How it feels', bug: 'Something is broken', idea: 'An idea',
  howGood: 'How do you like it?', star: 'of 5', low: '1: not at all', high: '5: very much', nps: 'How likely are you to recommend us to a friend or colleague?', npsLow: '0: not at all', npsHigh: '10: very likely',
  message: 'Tell us more', messageBug: 'What happened, and what did you expect?', messageIdea: 'What would help you?', missing: 'Please choose a rating or write something.',
  picture: 'Screenshot, if you like', pictureLost: 'The screenshot could not be sent; what you wrote was.',
  refused: 'That could not be sent. Please change it, or try again later.', send: 'Send', sending: 'Sending …', cancel: 'Cancel', close: 'Close', thanks: 'Thank you! It has been sent.', later: 'Thank you! It will be sent as soon as the connection is back.',
};

const STYLE = `
:host { all: initial }
dialog { box-sizing: border-box; inline-size: min(26rem, calc(100vw - 2rem)); max-block-size: calc(100vh - 2rem); overflow: auto; border: 0; border-radius: 12px; padding: 1.25rem; font: 16px/1.5 system-ui, sans-serif; color: #1d2433; background: #fff; box-shadow: 0 10px 40px rgb(0 0 0 / .3); color-scheme: light dark }
dialog::backdrop { background: rgb(0 0 0 / .45) }
h2 { margin: 0 0 .75rem; font-size: 1.2rem }
fieldset { border: 0; margin: 0 0 1rem; padding: 0 }
legend { padding: 0 }
legend, label.field { font-weight: 600; margin-block-end: .35rem }
.row { display: flex; flex-wrap: wrap; gap: .4rem }
.choice { position: relative }
.choice input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer }
.choice span { display: block; min-inline-size: 1.2rem; padding: .35rem .6rem; border: 1px solid #8a93a6; border-radius: 8px; text-align: center }
.choice input:checked + span { background: #1f5eff; border-color: #1f5eff; color: #fff }
.choice input:focus-visible + span, button:focus-visible, textarea:focus-visible, input:focus-visible { outline: 3px solid #7aa2ff; outline-offset: 2px }
label.field { display: block; margin-block-end: 1rem }
input[type=file] { display: block; margin-block-start: .3rem; max-inline-size: 100%; font: inherit; font-weight: 400 }
textarea { display: block; box-sizing: border-box; inline-size: 100%; margin-block-start: .3rem; padding: .5rem; border: 1px solid #8a93a6; border-radius: 8px; font: inherit; color: inherit; background: inherit }
.ends { display: flex; justify-content: space-between; font-size: .85rem; color: #555f73 }
.error { color: #b3121d; min-block-size: 1.5em; margin: 0 0 .5rem }
.end { display: flex; justify-content: flex-end; gap: .6rem }
button { font: inherit; font-weight: 600; padding: .5rem 1rem; border-radius: 8px; border: 1px solid #8a93a6; color: inherit; background: transparent; cursor: pointer }
button.main { background: #1f5eff; border-color: #1f5eff; color: #fff }
[hidden] { display: none }
@media (prefers-color-scheme: dark) { dialog { color: #e8ecf5; background: #1a2030 } .ends { color: #a9b2c6 } .error { color: #ff8d93 } }
`;

const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

const choices = (name, values, labels = values) => values.map((value, index) => make('label', { className: 'choice' },
  make('input', { type: 'radio', name, value }), make('span', { textContent: labels[index] })));

// Maximum width and height of a screenshot, in pixels: a screen's text can still be read.
const MAX_SIDE = 1920;

// Sends a screenshot; resolves with its id. It is drawn again, scaled down if it is large, which
// removes metadata of cameras such as the location.
export const upload = async (file, address) => {
  const bitmap = await createImageBitmap(file), { width, height } = bitmap;
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  const canvas = make('canvas', { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
  canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const body = await new Promise((done) => canvas.toBlob(done, 'image/webp', 0.85));
  const response = await fetch(address, { method: 'POST', body, signal: AbortSignal.timeout?.(20000) });
  if (!response.ok) throw response.status;
  return (await response.json()).id;
};

// Opens the dialog; resolves when it is closed. `submit` sends the feedback. `kind` may be `nps`;
// otherwise the visitor chooses, beginning with `options.kind`. `options.texts` replaces texts, and
// `options.lang` is their language.
let shown;
export const open = (kind, options, submit) => shown ??= show(kind, options, submit).finally(() => { shown = undefined; });

const show = (kind, options, submit) => new Promise((closed) => {
  const texts = { ...TEXTS, ...options.texts };
  const host = make('div'), root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  if (options.lang) host.lang = options.lang;

  const isNps = kind == 'nps';
  const kinds = make('fieldset', { hidden: isNps }, make('legend', { textContent: texts.kind }),
    make('div', { className: 'row' }, ...choices('kind', ['rating', 'bug', 'idea'], [texts.rating, texts.bug, texts.idea])));
  const rating = make('fieldset', {}, make('legend', { textContent: texts.howGood }), make('div', { className: 'row' }, ...choices('rating', [1, 2, 3, 4, 5])),
    make('div', { className: 'ends' }, make('span', { textContent: texts.low }), make('span', { textContent: texts.high })));
  rating.querySelectorAll('input').forEach((input) => input.setAttribute('aria-label', `${input.value} ${texts.star}`));
  const nps = make('fieldset', { hidden: !isNps }, make('legend', { textContent: texts.nps }),
    make('div', { className: 'row' }, ...choices('score', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])),
    make('div', { className: 'ends' }, make('span', { textContent: texts.npsLow }), make('span', { textContent: texts.npsHigh })));
  const words = make('span'), message = make('textarea', { name: 'message', rows: 4, maxLength: 1000 });
  const file = make('input', { type: 'file', accept: 'image/*' });
  const picture = make('label', { className: 'field' }, texts.picture, file);
  const error = make('p', { className: 'error' });
  error.setAttribute('role', 'alert');
  const send = make('button', { className: 'main', textContent: texts.send });
  const cancel = make('button', { type: 'button', textContent: texts.cancel });
  const form = make('form', { method: 'dialog', noValidate: true }, kinds, rating, nps,
    make('label', { className: 'field' }, words, message), picture, error, make('div', { className: 'end' }, cancel, send));
  const title = make('h2', { id: 'title', textContent: isNps ? texts.titleNps : texts.title });
  // Part of the dialog from the start, so that screen readers announce its content.
  const done = make('p');
  done.setAttribute('role', 'status');
  const dialog = make('dialog', {}, title, done, form);
  dialog.setAttribute('aria-labelledby', 'title');
  root.append(dialog);

  const chosen = (name) => form.elements[name].value;
  const follow = () => {
    const about = chosen('kind');
    rating.hidden = isNps || about != 'rating';
    picture.hidden = isNps || about == 'rating';
    words.textContent = about == 'bug' ? texts.messageBug : about == 'idea' ? texts.messageIdea : texts.message;
  };
  form.elements.kind.value = ['bug', 'idea'].includes(options.kind) ? options.kind : 'rating';
  follow();
  kinds.addEventListener('change', follow);
  cancel.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    host.remove();
    closed();
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const about = isNps ? 'nps' : chosen('kind');
    const number = (name, isAsked) => isAsked && chosen(name) != '' ? +chosen(name) : undefined;
    const said = { kind: about, rating: number('rating', about == 'rating'), score: number('score', isNps), message: message.value.trim() };
    error.textContent = said.message || said.rating || said.score >= 0 ? '' : texts.missing;
    if (error.textContent) return (isNps ? nps : rating.hidden ? message : rating).querySelector?.('input')?.focus() ?? message.focus();
    send.disabled = true;
    done.textContent = texts.sending;
    let sent;
    try {
      sent = await submit({ ...said, screenshot: picture.hidden ? undefined : file.files[0] });
    } catch {
      send.disabled = false;
      done.textContent = '';
      error.textContent = texts.refused;
      return;
    }
    const { isSent, isComplete } = sent;
    const close = make('button', { className: 'main', textContent: texts.close });
    close.addEventListener('click', () => dialog.close());
    done.textContent = (isSent ? texts.thanks : texts.later) + (isComplete ? '' : ' ' + texts.pictureLost);
    form.replaceWith(make('div', { className: 'end' }, close));
    close.focus();
  });
  // Keys that are typed here must not trigger shortcuts of the page.
  for (const type of ['keydown', 'keypress', 'keyup']) host.addEventListener(type, (event) => event.stopPropagation());
  document.body.append(host);
  dialog.showModal();
});
