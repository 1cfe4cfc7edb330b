// Making elements. Text is always text: nothing here, or anywhere on the page, parses markup.

export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

// A small picture: strokes given as SVG paths, in the colour of the text around it.
export function icon(width, height, paths, attributes) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const all = { width, height, viewBox: `0 0 ${width} ${height}`, fill: "none", stroke: "currentColor", "stroke-width": 1.8,
    "stroke-linecap": "round", "aria-hidden": "true", ...attributes };
  for (const [name, value] of Object.entries(all)) svg.setAttribute(name, value);
  for (const d of paths) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

// Sets text only where it differs, so that an unchanged page costs no layout.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Quoted where it would not be seen where a value begins and ends.
function labelValue(value) {
  return /^[^\s"=,]+$/.test(value) ? value : JSON.stringify(value);
}

// `code=200 method=GET`: names dim, values plain.
export function labelNodes(labels, sample) {
  const nodes = sample ? [element("span", { class: "sample" }, sample), " "] : [];
  for (const [name, value] of Object.entries(labels)) {
    nodes.push(element("span", { class: "label" }, `${name}=`), `${labelValue(value)} `);
  }
  return nodes.length > 0 ? nodes : [element("span", { class: "dim" }, "no labels")];
}

export function labelText(labels) {
  return Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ");
}
