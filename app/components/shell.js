// Two handlers on the document, which stay when the component goes: it is mounted until it has reached the browser, and no longer.
export default function () {
  if (window.mwShell) return;
  window.mwShell = true;
  // A plain click on a.mw-link changes the address and lets Streamlit follow, as its own back and forward do.
  const follow = (event) => {
    const at = event.target instanceof Element ? event.target : null;
    if (at?.closest(".mw-skip")) {
      event.preventDefault();
      const title = document.querySelector(".stMain h1");
      title?.setAttribute("tabindex", "-1");
      title?.focus();
      return;
    }
    const link = at?.closest("a.mw-link");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const target = new URL(link.getAttribute("href"), window.location.href);
    if (target.origin !== window.location.origin) return;
    event.preventDefault();
    window.history.pushState({}, "", target);
    window.dispatchEvent(new PopStateEvent("popstate"));
    if (link.closest(".mw-nav")) keepPlace(link, Date.now() + 5000);
  };
  // The row of pages is drawn anew with every page: the focus stays on the link that was followed, unless it has gone elsewhere.
  const keepPlace = (link, until) => {
    if (document.activeElement === document.body && !link.isConnected) {
      const now = document.querySelector(`.mw-nav a[href="${link.getAttribute("href")}"]`);
      now?.focus({ preventScroll: true });
      now?.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else if (document.activeElement === link && Date.now() < until) setTimeout(() => keepPlace(link, until), 30);
  };
  // A letter or digit held down would press its button again and again: on one pair after the other.
  const once = (event) => {
    const field = event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]");
    if (event.repeat && event.key.length === 1 && event.key !== " " && !field) event.stopImmediatePropagation();
  };
  document.addEventListener("click", follow);
  window.addEventListener("keydown", once, true);
}
