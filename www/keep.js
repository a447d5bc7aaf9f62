// Files that the visitor has opened, kept in this browser (IndexedDB) until others are opened, so that a reload finds
// them. Loaded when there is something to keep or to find.

const STORE = 'files';

function open() {
  return new Promise((opened, failed) => {
    const request = indexedDB.open('sdann', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => opened(request.result);
    request.onerror = () => failed(request.error);
  });
}

async function within(mode, work) {
  const database = await open();
  try {
    return await new Promise((done, failed) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request.result);
      transaction.onerror = transaction.onabort = () => failed(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const keep = (key, value) => within('readwrite', (store) => store.put(value, key));
export const find = (key) => within('readonly', (store) => store.get(key));
export const forget = () => within('readwrite', (store) => store.clear());
