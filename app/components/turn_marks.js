// The marks of the replies on screen: which are pressed, kept for as long as their card is there, and told to the server.
export default function ({ data, parentElement, setStateValue }) {
  // This is called again for other data and another theme, and what it then gave back before is not: what listened goes first. What is
  // pressed stands on the element, which stays.
  parentElement.mwStop?.();
  if (parentElement.mwCard?.name !== data.card) parentElement.mwCard = { name: data.card, given: { ...data.given } };
  const card = parentElement.mwCard;
  const buttons = () => document.querySelectorAll(".mw-marks button[data-reply]");
  const paint = () => {
    for (const button of buttons()) {
      const pressed = String(card.given[button.dataset.reply] === button.dataset.mark);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
  };
  const press = (event) => {
    const button = event.target instanceof Element && event.target.closest(".mw-marks button[data-reply]");
    if (!button) return;
    const { reply, mark } = button.dataset;
    const given = { ...card.given };
    if (given[reply] === mark) delete given[reply];
    else given[reply] = mark;
    card.given = given;
    paint();
    setStateValue("marks", { card: card.name, given });
  };
  // Another window of turns brings other buttons, which know what was pressed when the card appeared.
  const arrived = new MutationObserver(paint);
  arrived.observe(document.body, { childList: true, subtree: true });
  document.addEventListener("click", press);
  paint();
  parentElement.mwStop = () => {
    arrived.disconnect();
    document.removeEventListener("click", press);
  };
  return parentElement.mwStop;
}
