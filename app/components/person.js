// Keeps the local name in this browser only, so that a reload does not ask again, and the address while somebody signs in.
const KEY = "music-workbench.person";
const BACK = "music-workbench.back";
const BACK_MS = 15 * 60 * 1000;

export default function ({ data, setTriggerValue }) {
  try {
    if (data.forget) {
      window.localStorage.removeItem(KEY);
    } else if (data.name) {
      window.localStorage.setItem(KEY, data.name);
    } else if (data.ask && !data.here) {
      const known = window.localStorage.getItem(KEY);
      if (known) setTriggerValue("name", known.slice(0, 60));
    }
    if (data.here) goBack();
  } catch (error) {
    // A browser that refuses storage asks for the name once per visit.
  }
  // The provider sends everybody to the first page; whoever came by a link wants that one.
  const leave = (event) => {
    const button = event.target instanceof Element && event.target.closest('[class*="st-key-mw-sign-in-"] button');
    if (!button) return;
    try {
      const here = window.location.pathname + window.location.search;
      window.sessionStorage.setItem(BACK, JSON.stringify({ here, at: Date.now() }));
    } catch (error) {
      // Without storage one lands on the first page.
    }
  };
  document.addEventListener("click", leave, true);
  return () => document.removeEventListener("click", leave, true);
}

function goBack() {
  const kept = window.sessionStorage.getItem(BACK);
  if (!kept) return;
  window.sessionStorage.removeItem(BACK);
  const { here, at } = JSON.parse(kept);
  const target = new URL(here, window.location.origin);
  if (target.origin !== window.location.origin || Date.now() - at > BACK_MS || target.href === window.location.href) return;
  window.history.replaceState({}, "", target);
  window.dispatchEvent(new PopStateEvent("popstate"));
}
