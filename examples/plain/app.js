// A page that shows a new library to those whose flag is on, and the old list to all others.

const LIBRARY = 'ENHANCED_EXERCISE_LIBRARY';
const EXERCISES = ['Plank', 'Squat', 'Lunge'];

function show() {
  // Answers at once from what is known; asking records the exposure.
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

// The old list is there from the start, and stays where the collector never comes.
show();
document.querySelector('#feedback').addEventListener('click', () => phasegate.getUserFeedback().open());
// Flags have changed: for this user, or because they were changed on the server.
addEventListener('phasegate:change', show);
const user = new URLSearchParams(location.search).get('user');
await (user ? phasegate.identify(user, { groups: ['internal'] }) : phasegate.ready);
show();
