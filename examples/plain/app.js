// A page that shows a new library to those whose flag is on, and the old list to all others.

const LIBRARY = 'ENHANCED_EXERCISE_LIBRARY';
const EXERCISES = ['Plank', 'Squat', 'Lunge'];

/** The collector; it may come after this script, or not at all. */
const arrived = new Promise((done) => {
  if (window.phasegate) done(window.phasegate);
  else document.querySelector('script[data-key]').addEventListener('load', () => done(window.phasegate));
});

function show(phasegate) {
  // Answers at once from what is known; asking records the exposure.
  const isNew = phasegate?.isFeatureEnabled(LIBRARY) ?? false;
  const phase = phasegate?.getCurrentPhase();
  document.querySelector('#phase').textContent = phase ? `Phase ${phase.number}: ${phase.name}` : 'No rollout yet';
  const items = EXERCISES.map((name) => {
    const item = document.createElement('li');
    item.textContent = name;
    if (isNew) {
      item.className = 'card';
      const button = document.createElement('button');
      button.textContent = `Log a set of ${name}`;
      button.addEventListener('click', () => log(phasegate, name));
      item.append(' ', button);
    }
    return item;
  });
  document.querySelector('#list').replaceChildren(...items);
}

function log(phasegate, exercise) {
  const task = phasegate.startTask('log_set');
  phasegate.featureUsed(LIBRARY);
  phasegate.track('set_logged', { exercise });
  task.complete();
}

// Without the collector the old list is there from the start.
show();
arrived.then(async (phasegate) => {
  const user = new URLSearchParams(location.search).get('user');
  if (user) await phasegate.identify(user, { groups: ['internal'] });
  else await phasegate.ready;
  show(phasegate);
  // Somebody has changed a flag: show what holds now.
  addEventListener('phasegate:change', () => show(phasegate));
  document.querySelector('#feedback').addEventListener('click', () => phasegate.getUserFeedback().open());
});
