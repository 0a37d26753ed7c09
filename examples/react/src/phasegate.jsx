// All that a React app needs of Phasegate. The script tag in index.html brings the collector; until
// it is there, and where it never comes, the line before it answers with the fallbacks.
import { Component, useEffect, useState, useSyncExternalStore } from 'react';

function subscribe(changed) {
  addEventListener('phasegate:change', changed);
  return () => removeEventListener('phasegate:change', changed);
}

/** Whether a feature is on for the user; changes while the page is open. Records the exposure. */
export function useFeature(key, fallback = false) {
  const read = () => phasegate.isFeatureEnabled(key, fallback);
  return useSyncExternalStore(subscribe, read, () => fallback);
}

/** The name of the variant that the user has. Records the exposure. */
export function useVariant(key, fallback) {
  const read = () => phasegate.getVariant(key, fallback);
  return useSyncExternalStore(subscribe, read, () => fallback);
}

/** Says who the user is. */
export function useIdentity(user, attributes) {
  const said = JSON.stringify([user, attributes]);
  useEffect(() => {
    const [id, known] = JSON.parse(said);
    if (id) phasegate.identify(id, known);
  }, [said]);
}

/** Measures how long a component takes from its first render until it is on the page. */
export function useRenderTimer(component) {
  const [stop] = useState(() => phasegate.getPerformanceMonitor().startRenderTimer(component));
  useEffect(() => stop(), []);
}

/** Reports what breaks inside, and shows something else in its place. */
export class ErrorBoundary extends Component {
  state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  componentDidCatch(error) {
    const { feature, component } = this.props;
    phasegate.getErrorTracker().captureError(error, { feature, component, severity: 'error' });
  }

  render() {
    return this.state.hasFailed ? this.props.fallback : this.props.children;
  }
}
