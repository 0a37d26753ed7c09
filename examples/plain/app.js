// Shows the new library to users whose flag is on, and the old list to all others.

const LIBRARY = 'ENHANCED_EXERCISE_LIBRARY';
const EXERCISES = ['Plank', 'Squat', 'Lunge'];

function show() {
  // Returns the known answer synchronously, and records the exposure.
  const isNew = phasegate.isFeatureEnabled(LIBRARY);
  const phase = phasegate.getCurrentPhase();
  document.querySelector('#phase').textContent = phase ? `Phase ${phase.number}: ${phase.name}` : 'No rollout yet';
  const items = EXERCISES.map((name) => {
    const item = document.createElement('li');
    item.textContent = name;
    if (isNew) {
      item.className = 'card';
      const button = document.createElement('button');
      button.textContent = `Log a set of ${name}`;
      button.addEventListener('click', () => log(name));
      item.append(' ', button);
    }
    return item;
  });
  document.querySelector('#list').replaceChildren(...items);
}

function log(exercise) {
  const task = phasegate.startTask('log_set');
  phasegate.featureUsed(LIBRARY);
  phasegate.track('set_logged', { exercise });
  task.complete();
}

// The old list is shown from the start, and stays if the collector does not load.
show();
document.querySelector('#feedback').addEventListener('click', () => phasegate.getUserFeedback().open());
// The flags changed, for another user or on the server.
addEventListener('phasegate:change', show);
const user = new URLSearchParams(location.search).get('user');
await (user ? phasegate.identify(user, { groups: ['internal'] }) : phasegate.ready);
show();
