// Keeps the local name in this browser only, so that a reload does not ask again.
const KEY = "music-workbench.person";

export default function ({ data, setTriggerValue }) {
  try {
    if (data.forget) {
      window.localStorage.removeItem(KEY);
    } else if (data.name) {
      window.localStorage.setItem(KEY, data.name);
    } else if (data.ask) {
      const known = window.localStorage.getItem(KEY);
      if (known) setTriggerValue("name", known.slice(0, 60));
    }
  } catch (error) {
    // A browser that refuses storage asks for the name once per visit.
  }
}
