// Storage that outlives the page. It may be forbidden or full; then values last only as long as the
// page.

const VISIT = 'phasegate.visit', VISITOR = 'phasegate.visitor', FLAGS = 'phasegate.flags', UNSENT = 'phasegate.unsent.';

const read = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    // Storage is forbidden.
  }
};

const write = (name, value) => {
  try {
    localStorage.setItem(name, value);
    return true;
  } catch {
    // Storage is forbidden or full.
  }
};

const forget = (name) => {
  try {
    localStorage.removeItem(name);
  } catch {
    // Storage is forbidden, so there is nothing to remove.
  }
};

// Runs one transaction on the unsent bodies; resolves with `undefined` if there is no database.
const database = (mode, work) => new Promise((done) => {
  try {
    const opening = indexedDB.open('phasegate', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('unsent', { keyPath: 'id' });
    opening.onerror = opening.onblocked = () => done();
    opening.onsuccess = () => {
      try {
        const transaction = opening.result.transaction('unsent', mode), asked = work(transaction.objectStore('unsent'));
        // Data is stored only now: a full disk is noticed at the very end.
        transaction.oncomplete = () => done(asked.result);
        transaction.onabort = () => done();
        opening.result.close();
      } catch {
        done();
      }
    };
  } catch {
    done();
  }
});
