// What outlives the page. Storage may be forbidden or full; then it lasts as long as the page.

const VISIT = 'phasegate.visit', VISITOR = 'phasegate.visitor', FLAGS = 'phasegate.flags', UNSENT = 'phasegate.unsent.';

const read = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    // Forbidden.
  }
};

const write = (name, value) => {
  try {
    localStorage.setItem(name, value);
    return true;
  } catch {
    // Forbidden or full.
  }
};

const forget = (name) => {
  try {
    localStorage.removeItem(name);
  } catch {
    // Forbidden: then it is not there.
  }
};

// One transaction on the bodies that wait; `undefined` where there is no database.
const database = (mode, work) => new Promise((done) => {
  try {
    const opening = indexedDB.open('phasegate', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('unsent', { keyPath: 'id' });
    opening.onerror = opening.onblocked = () => done();
    opening.onsuccess = () => {
      try {
        const transaction = opening.result.transaction('unsent', mode), asked = work(transaction.objectStore('unsent'));
        // Only then it is there: a full disk shows at the very end.
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
