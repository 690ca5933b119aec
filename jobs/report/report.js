// Draws the figures in the colours that the reader's system asks for, on paper always in the light ones, and unfolds what is folded there.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paperPx = 680;
  let printing = false;
  const draw = () => {
    const theme = dark.matches && !printing ? "dark" : "light";
    for (const figure of document.querySelectorAll(".mw-figure")) {
      const { data, layout } = JSON.parse(figure.querySelector("script").textContent)[theme];
      const sized = printing ? { ...layout, width: paperPx } : layout;
      Plotly.react(figure.querySelector("div"), data, sized, { displayModeBar: false, responsive: true });
    }
  };
  let opened = [];
  dark.addEventListener("change", draw);
  addEventListener("beforeprint", () => {
    printing = true;
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const fold of opened) fold.open = true;
    draw();
  });
  addEventListener("afterprint", () => {
    printing = false;
    for (const fold of opened) fold.open = false;
    draw();
  });
  draw();
})();
