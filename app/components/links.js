// A plain click on a.mw-link changes the address and lets Streamlit follow, as its own back and forward do.
export default function () {
  const follow = (event) => {
    const link = event.target instanceof Element ? event.target.closest("a.mw-link") : null;
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const target = new URL(link.getAttribute("href"), window.location.href);
    if (target.origin !== window.location.origin) return;
    event.preventDefault();
    window.history.pushState({}, "", target);
    window.dispatchEvent(new PopStateEvent("popstate"));
  };
  document.addEventListener("click", follow);
  return () => document.removeEventListener("click", follow);
}
