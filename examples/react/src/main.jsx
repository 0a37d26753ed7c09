import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { ErrorBoundary, useFeature, useIdentity, useRenderTimer } from './phasegate.jsx';

const LIBRARY = 'ENHANCED_EXERCISE_LIBRARY';
const EXERCISES = ['Plank', 'Squat', 'Lunge'];

function Card({ exercise }) {
  const [isBroken, setBroken] = useState(false);
  if (isBroken) throw new Error(`The video of ${exercise} is broken`);
  const log = () => {
    phasegate.featureUsed(LIBRARY);
    phasegate.track('set_logged', { exercise });
  };
  return (
    <li>
      {exercise} <button onClick={log}>Log a set of {exercise}</button>
      <button onClick={() => setBroken(true)}>Play {exercise}</button>
    </li>
  );
}

function Exercises() {
  useRenderTimer('exercises');
  const isNew = useFeature(LIBRARY);
  if (!isNew) return <ul data-testid="old">{EXERCISES.map((exercise) => <li key={exercise}>{exercise}</li>)}</ul>;
  return (
    <ErrorBoundary feature="library" component="cards" fallback={<p role="alert">The library is having a bad day.</p>}>
      <ul data-testid="new">{EXERCISES.map((exercise) => <Card key={exercise} exercise={exercise} />)}</ul>
    </ErrorBoundary>
  );
}

function App() {
  const user = new URLSearchParams(location.search).get('user');
  useIdentity(user, { groups: ['internal'] });
  return (
    <main>
      <h1>Exercises</h1>
      <Exercises />
      <button onClick={() => phasegate.getUserFeedback().open()}>Tell us what you think</button>
    </main>
  );
}

createRoot(document.getElementById('root')).render(<App />);
