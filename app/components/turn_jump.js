// Scrolls to #turn-N and gives its heading the focus, so that a key or a screen reader goes on from there.
const MOST_LOOKS = 200;
const EVERY_MS = 50;
const done = new WeakMap();

export default function ({ data, parentElement }) {
  const wanted = `${data.pair} ${data.turn}`;
  if (!data.turn) done.delete(parentElement);
  if (!data.turn || done.get(parentElement) === wanted) return;
  let looks = 0;
  const look = () => {
    const heading = document.querySelector(`#turn-${Number(data.turn)}.mw-asked > h3`);
    looks += 1;
    // The turn is marked by the server, so a page that is still the former one is not taken for the new one.
    if (!heading) {
      if (looks > MOST_LOOKS) window.clearInterval(timer);
      return;
    }
    window.clearInterval(timer);
    done.set(parentElement, wanted);
    heading.scrollIntoView({ block: "start" });
    const link = heading.querySelector("a");
    if (link) link.focus({ preventScroll: true });
  };
  const timer = window.setInterval(look, EVERY_MS);
  return () => window.clearInterval(timer);
}
