// The page's state in its address, such as #T=4&alpha=0.9&image=12.

// Fields: {default, min, max, integer} or {default, choices}. Returns {state, problems}: problems
// are sentences on values that were replaced.
export function readAddress(hash, fields) {
  const given = new URLSearchParams(hash.replace(/^#/, "")), state = {}, problems = [];
  for (const [name, field] of Object.entries(fields)) {
    const text = given.get(name);
    state[name] = field.default;
    if (text === null) continue;
    const value = field.choices ? text : Number(text);
    const problem = field.choices ? checkChoice(value, field) : checkNumber(text, value, field);
    if (!problem) state[name] = value;
    else problems.push(`${name} = ${text.slice(0, 20)} in the address ${problem}: shown is ${field.default === "" ? "none" : field.default}.`);
  }
  return {state, problems};
}

function checkChoice(value, {choices}) {
  return choices.includes(value) ? "" : `is none of ${choices.filter(Boolean).join(", ")}`;
}

function checkNumber(text, value, {min, max, integer}) {
  if (!text.trim() || !Number.isFinite(value)) return "is not a number";
  if (value < min || value > max) return `lies outside ${min} to ${max}`;
  return integer && !Number.isInteger(value) ? "is not a whole number" : "";
}

// the address's fragment of the values that differ from their defaults
export function writeAddress(state, fields) {
  const parts = Object.keys(fields).filter((name) => state[name] !== fields[name].default);
  return parts.length ? `#${parts.map((name) => `${name}=${encodeURIComponent(state[name])}`).join("&")}` : "";
}
