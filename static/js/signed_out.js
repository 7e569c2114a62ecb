/** Whoever sits here next has no business with what was written: `inbox/drafts.js` kept it. */

for (const key of Object.keys(sessionStorage)) if (key.startsWith("pingback:written:")) sessionStorage.removeItem(key);
